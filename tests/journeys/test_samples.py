"""Documents by others, through the whole of the ingest path. Where there are none, there is nothing to test."""

import asyncio
import html
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lxml import etree

from tests.feeds import FeedServer, feed_server
from ticker.channel import Channel
from ticker.dead import Dead
from ticker.desk.desk import Desk
from ticker.settings import SourceSettings
from ticker.sources import Sources
from ticker.store import connect, new_clock
from ticker.stream import Keys, Stream
from ticker.text import fingerprint
from workers.fetch import fetcher
from workers.parse import parser
from workers.source import Source, Tools

FOLDER = Path(__file__).parents[3] / "shared" / "samples" / "feeds"
AT_ONCE = 8
POLLS = 30  # of one document, at most, until it leaves nothing for the next poll

# What the oracle reads and the document, by its own rules, does not say.
EXCUSED = {
    "feedparser/illformed/chardet/gb2312.xml": "nothing says its encoding: the oracle reads it as UTF-8",
    "feedvalidator/rss20/data-types-characterdata/amp-hex-name.xml": "a control character: cleaned away",
}


@dataclass
class Result:
    path: str
    titles: list[str] = field(default_factory=list)  # by the oracle
    missing: list[str] = field(default_factory=list)  # of them, on neither board nor desk
    board: int = 0
    desk: int = 0
    dead: int = 0
    error: str = ""
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def lost(self) -> int:
        return max(0, len(self.missing) - self.dead)

    @property
    def titled(self) -> int:
        return len(self.titles)


def documents() -> list[Path]:
    return sorted(path for path in FOLDER.rglob("*") if path.suffix in (".xml", ".json", ".rss", ".atom"))


def content_type(body: bytes) -> str:
    said = re.search(rb"Header:\s*Content-type:\s*([^\r\n]+)", body[:2000], re.IGNORECASE)
    return said[1].decode("latin-1").strip() if said else "application/xml"


def titles(body: bytes) -> list[str]:
    """The titles that somebody would find who knows nothing but element names."""
    root = etree.fromstring(body, etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False))
    entries = root.iter("{*}item", "{*}entry") if root is not None else ()
    found = []
    for entry in entries:
        texts = ["".join(title.itertext()) for title in entry if local(title) == "title"]
        found += [text for text in texts if text.strip()][:1]
    return found


def words(title: str) -> str:
    """Its letters and digits, without tags and references, however they were escaped."""
    return fingerprint(re.sub(r"<[^<>]+>", " ", html.unescape(title)))


def local(element: etree._Element) -> str:
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


async def poll(path: Path, number: int, server: FeedServer, tools: Tools) -> Result:
    body = path.read_bytes()  # noqa: ASYNC240
    name = str(path.relative_to(FOLDER))
    result = Result(name, titles(body))
    server.say(f"/{number}", body, Content_Type=content_type(body))
    settings = SourceSettings(
        name=f"s{number}", url=f"{server.url}/{number}", channel=f"c{number}", allow_private=True, limit=1000
    )
    source = Source(settings, tools)
    for _ in range(POLLS):
        outcome = await source.poll()
        result.error = outcome.error
        done = Counter(outcome.counts)
        done.pop("polls", None)
        done.pop("unchanged", None)
        result.outcomes += done
        if not done:
            break
    redis = tools.desk.stream.redis
    keys = Keys.of(settings.channel)
    board, desk = await redis.hvals(keys.board), await redis.hvals(keys.desk)
    shown = {words(json.loads(record)["text"]) for record in (*board, *desk)}
    result.board, result.desk = len(board), len(desk)
    result.missing = [title for title in result.titles if words(title) not in shown]
    return result


if FOLDER.is_dir():

    @pytest.mark.timeout(300)
    async def test_no_document_harms_the_worker_or_loses_an_entry(redis_url, capsys):
        paths = documents()
        channels = {f"c{n}": Channel(name=f"c{n}", lang="en", limit=2000) for n in range(len(paths))}
        turns = asyncio.Semaphore(AT_ONCE)
        async with connect(redis_url) as redis, feed_server() as server, fetcher() as fetching:
            with parser() as parsing:
                desk = Desk(Stream(redis, new_clock()), channels)
                tools = Tools(fetching, parsing, desk, Sources(redis), Dead(redis))

                async def one(number: int) -> Result:
                    async with turns:
                        return await poll(paths[number], number, server, tools)

                results = await asyncio.gather(*(one(number) for number in range(len(paths))))
            letters = await Dead(redis).list(10_000)
        dead = Counter(letter.source for letter in letters if letter.kind == "entry")
        for number, result in enumerate(results):
            result.dead = dead[f"s{number}"]

        with capsys.disabled():
            print(table(results))  # noqa: T201
        lost = [result for result in results if result.lost and result.path not in EXCUSED]
        assert not lost, "\n".join(f"{r.path}: {r.missing}" for r in lost)
        assert set(EXCUSED) == {result.path for result in results if result.lost}
        assert not [result for result in results if "fault of ours" in result.error]


def table(results: list[Result]) -> str:
    lines = [
        "",
        f"{'folder':26} {'files':>6} {'titled':>7} {'board':>6} {'desk':>5} {'dead':>5} {'unread':>6} {'lost':>5}",
    ]
    folders: dict[str, list[Result]] = {}
    for result in results:
        folders.setdefault("/".join(result.path.split("/")[:2]), []).append(result)
    for name, some in [*sorted(folders.items()), ("all", results)]:
        titled, board, desk, dead, lost = (
            sum(getattr(result, what) for result in some) for what in ("titled", "board", "desk", "dead", "lost")
        )
        unread = sum(bool(result.error) for result in some)
        lines.append(f"{name:26} {len(some):6} {titled:7} {board:6} {desk:5} {dead:5} {unread:6} {lost:5}")
    reasons = Counter(result.error for result in results if result.error)
    lines += [f"  {count:4} {reason}" for reason, count in reasons.most_common(12)]
    lines.append(f"  {dict(sum((result.outcomes for result in results), Counter()))}")
    return "\n".join(lines)
