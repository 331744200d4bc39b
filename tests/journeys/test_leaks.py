"""What may not be seen is looked for everywhere a reader can look: before its time, and after its kill."""

import json
import time
from pathlib import Path

import aiohttp

from tests.journeys.readers import (
    CHANNEL,
    IN_TIME,
    DeskReader,
    Poller,
    Reader,
    StreamReader,
    WebSocketReader,
    Writer,
    converged,
    listening,
    new_key,
    one_long_channel,
)
from tests.servers import Process, Web, eventually, running
from tests.test_counting import BROWSER
from ticker import instant
from ticker.channel import Channel, Undo
from ticker.desk.desk import Desk
from ticker.headline import Draft
from ticker.keys import Keys
from ticker.store import connect, new_clock
from ticker.stream import Stream
from ticker.urgency import Urgency
from ticker.writer import Role, rights_of
from ticker.writer import Writer as PersonOrKey

AGAIN = (
    ("wire", "Quixotic claim about a minister"),
    ("other", "QUIXOTIC claim about a minister"),
    ("third", "Quixotic claim, about a minister!"),
    ("wire", "Quixotic in other words"),
)
WAYS_TO_DESK = (
    "", "?section=none", "/stream", "/events", f"/events?after={'0' * 8}-0-0", "/audit", "/audit.csv", "/audit.jsonl",
)  # fmt: skip
ANA = PersonOrKey("Ana Ruiz (ana)", "session:1", rights_of({"*": Role.EDITOR}), login="ana")
FEEDS = ("rss", "atom", "json", "csv", "xml", "txt")
MOST_READ = '[channels.en.most_read]\nhosts = ["news.example.org"]\nleast_reads = 1\n'


def everywhere(headline_id: str, after: str | None) -> list[str]:
    """All that can be asked for without a key, what does not exist and what is not right too."""
    channel = f"/v1/channels/{CHANNEL}"
    headline = f"{channel}/headlines/{headline_id}"
    return [
        "/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/problems/killed", "/v1/channels",
        "/v1/channels/none", channel, f"{channel}?urgency=flash", f"{channel}?urgency=none", f"{channel}/events",
        f"{channel}/events?after={after}", f"{channel}/events?after=nothing", f"{channel}/headlines",
        headline, f"{headline}/hold", f"{headline}/nothing",
        *(f"{channel}/feed.{kind}" for kind in (*FEEDS, "none")), *(f"/v1/desk/{CHANNEL}{way}" for way in WAYS_TO_DESK),
    ]  # fmt: skip


async def search(session: aiohttp.ClientSession, web: Web, word: str, paths: list[str]) -> list[str]:
    """The addresses where the word is, in body or headers."""
    found = []
    for path in paths:
        async with session.get(web.url + path) as answer:
            if word in await answer.text() + json.dumps(dict(answer.headers)):
                found.append(path)
    return found


def told(word: str, *readers: Reader) -> list[str]:
    return [m["type"] for reader in readers for m in reader.messages if word in json.dumps(m, ensure_ascii=False)]


def logged(word: str, *processes: Process) -> list[str]:
    return [line for process in processes for line in process.said().splitlines() if word in line]


def scheduler(redis_url: str, folder: Path) -> Process:
    env = {"TICKER_REDIS_URL": redis_url, "TICKER_DATA": str(folder), "TICKER_LOG": "debug", **one_long_channel(folder)}
    return Process("ticker", "scheduler", env=env, log=folder / "scheduler.log")


async def test_an_embargoed_headline_is_nowhere_until_its_time_and_everywhere_then(
    redis_url: str, tmp_path: Path
) -> None:
    web = Web(redis_url, tmp_path, TICKER_LOG="debug", **one_long_channel(tmp_path))
    clock = scheduler(redis_url, tmp_path)
    readers = [WebSocketReader(web.url), StreamReader(web.url), Poller(web.url)]
    key = await new_key(redis_url)
    at_desk = DeskReader(key, web.url)
    async with running(web, clock), listening(*readers, at_desk) as session:
        await eventually(lambda: "at work" in clock.said(), "the scheduler is at work")
        writer = Writer(session, key, web.url)
        await writer.publish("Something to begin with")
        await converged(*readers[:2], on=writer.accepted.keys())
        after, board = readers[0].position, [*readers[0].board]
        draft = {"text": "Zanzibar elects a queen", "kicker": "Zanzibar", "link": "https://example.org/Zanzibar"}
        embargoed = await writer.publish(**draft, publish_at=instant.format(int((time.time() + 3600) * 1000)))
        await writer.send("POST", "/headlines", {"text": "Zanzibar twice", "urgency": "Zanzibar"})
        await eventually(lambda: told("Zanzibar", at_desk), "the desk sees it")
        paths = everywhere(embargoed["id"], after)
        for _ in range(3):
            assert await search(session, web, "Zanzibar", paths) == []
            late = StreamReader(web.url), WebSocketReader(web.url, after=after, showing=board)
            async with listening(*late):
                assert told("Zanzibar", *readers, *late) == []
        assert logged("Zanzibar", web, clock) == []

        at = time.time() + 4
        soon, version = {"publish_at": instant.format(int(at * 1000))}, {"If-Match": '"1"'}
        status, problem = await writer.send("PATCH", f"/headlines/{embargoed['id']}", soon, version)
        assert status == 200, problem
        await eventually(lambda: all(r.heard("published", embargoed["id"]) for r in readers), "it is published")
        for reader in readers:
            assert 0 <= (reader.heard("published", embargoed["id"]) or 0) - at < IN_TIME
        channel = f"/v1/channels/{CHANNEL}"
        shown = {channel, f"{channel}/events", f"{channel}/headlines/{embargoed['id']}"}
        assert set(await search(session, web, "Zanzibar", paths)) >= shown | {
            f"{channel}/feed.{kind}" for kind in FEEDS
        }


async def test_a_story_of_an_embargoed_headline_is_nowhere_until_its_time_and_everywhere_then(
    redis_url: str, tmp_path: Path
) -> None:
    """However close it is to what readers know, however much it is read, and though an editor has pinned it; and so one
    that has no headline and is published later.
    """
    web = Web(redis_url, tmp_path, TICKER_LOG="debug", **one_long_channel(tmp_path))
    clock = scheduler(redis_url, tmp_path)
    with (tmp_path / "ticker.toml").open("a") as config:
        config.write(MOST_READ)
    reader, key = WebSocketReader(web.url), await new_key(redis_url)
    async with running(web, clock), listening(reader) as session:
        await eventually(lambda: "at work" in clock.said(), "the scheduler is at work")
        writer = Writer(session, key, web.url)

        async def story(path: str, **fields: object) -> str:
            known = {"link": f"https://news.example.org/{path}", "tags": ["queens"], "section": "World"}
            status, kept = await writer.send("POST", "/stories", {"title": f"Story {path}", **known, **fields})
            assert status == 201, kept
            return str(kept["id"])

        in_an_hour = instant.format(int((time.time() + 3600) * 1000))
        embargoed = await writer.publish("Something about a queen", publish_at=in_an_hour)
        draft = await writer.publish("Something else about a queen", state="draft")
        here = await story("known")
        elected = await story("Zanzibar", headline=embargoed["id"])
        never = await story("Zanzibar-draft", headline=draft["id"])
        later = await story("Zanzibar-later", published_at=in_an_hour)
        every = {"title": "Queens", "stories": [here, elected, never, later]}
        assert (await writer.send("PUT", "/coverage/queens", every))[0] == 200
        assert (await writer.send("PUT", f"/stories/{elected}/ruling", {"verdict": "pin"}))[0] == 200
        channel = f"/v1/channels/{CHANNEL}"
        for number, one in enumerate((here, elected, never, later) * 3):
            who = {"User-Agent": f"{BROWSER} {number}", "Origin": "https://news.example.org"}
            async with session.post(f"{web.url}{channel}/reads", data=f"s={one}&d=9", headers=who) as answer:
                assert answer.status == 204
        lists = [f"{channel}/most-read?window={name}" for name in ("1h", "24h", "7d", "rising")]
        lists += [f"{channel}/most-read?section=World", f"{channel}/coverage/queens", f"{channel}/stories/{here}/next"]
        its_own = [f"{channel}/stories/{elected}", f"{channel}/stories/{elected}/next"]
        paths = [
            *lists,
            *its_own,
            f"{channel}/stories/{never}",
            f"{channel}/stories/{later}",
            "/metrics",
            "/openapi.json",
        ]

        async def ranked() -> bool:
            return len(await search(session, web, "Story known", lists[:5])) == 5

        await eventually(ranked, "what was read is in all lists")
        for _ in range(3):
            assert await search(session, web, "Zanzibar", paths) == []
        late = StreamReader(web.url)
        async with listening(late):
            assert told("Zanzibar", reader, late) == []
        assert logged("Zanzibar", web, clock) == []

        at = time.time() + 4
        soon = {"publish_at": instant.format(int(at * 1000))}
        status, problem = await writer.send("PATCH", f"/headlines/{embargoed['id']}", soon, {"If-Match": '"1"'})
        assert status == 200, problem

        async def shown() -> bool:
            return set(await search(session, web, "Story Zanzibar", paths)) == {*lists, its_own[0]}

        await eventually(shown, "it is everywhere")
        assert time.time() - at < IN_TIME
        assert await search(session, web, "Zanzibar-", paths) == []


async def test_a_killed_headline_is_nowhere_any_more(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path, TICKER_LOG="debug", **one_long_channel(tmp_path))
    clock = scheduler(redis_url, tmp_path)
    readers = [WebSocketReader(web.url), StreamReader(web.url), Poller(web.url)]
    away = [WebSocketReader(web.url), StreamReader(web.url)]
    key = await new_key(redis_url)
    at_desk = DeskReader(key, web.url)
    async with running(web, clock), listening(*readers, at_desk) as session:
        writer = Writer(session, key, web.url)
        source = {"name": "wire", "id": "4711"}
        await writer.publish("Something to begin with")
        await converged(*readers[:2], on=writer.accepted.keys())
        before = {"after": readers[0].position, "showing": [*readers[0].board]}
        killed = await writer.publish("Quixotic claim about a minister", source=source)
        status, _ = await writer.send(
            "PATCH", f"/headlines/{killed['id']}", {"kicker": "Quixotic"}, {"If-Match": '"1"'}
        )
        assert status == 200
        await eventually(lambda: told("Quixotic", *readers), "it is shown")
        async with listening(*away):
            await converged(*away, on={killed["id"]})

        await writer.act(killed["id"], "retract", reason="Quixotic and false", note="It was false")
        await eventually(lambda: all(killed["id"] in reader.killed for reader in (*readers, at_desk)), "it is gone")
        told_before = len(told("Quixotic", *readers, *away))
        for name, text in AGAIN:
            again = {"text": text, "source": {"name": name, "id": "4711"}}
            status, problem = await writer.send("POST", "/headlines", again)
            assert (status, problem["type"]) == (410, "/problems/killed")
            assert "uixotic" not in json.dumps(problem)

        late = WebSocketReader(web.url, **before), StreamReader(web.url, **before), Poller(web.url)
        async with listening(*late, *away):
            await converged(*late[:2], *away, *readers[:2])
            assert told("Quixotic", *late) == []
        assert len(told("Quixotic", *readers, *away)) == told_before
        assert all(killed["id"] in reader.killed and killed["id"] not in reader.board for reader in away)
        paths = everywhere(killed["id"], before["after"])
        assert await search(session, web, "Quixotic", paths) == []
        status, problem = await writer.send("GET", f"/headlines/{killed['id']}")
        assert status == 410
        assert "Quixotic" not in json.dumps(problem)
        web.kill()
        anew = WebSocketReader(web.url, **before), StreamReader(web.url)
        async with running(web), listening(*anew):
            await converged(*anew)
            assert told("Quixotic", *anew) == []
            assert await search(session, web, "Quixotic", paths) == []
    assert logged("Quixotic", web, clock) == []


async def test_what_only_the_desk_sees_reaches_nobody_else(redis_url: str, tmp_path: Path) -> None:
    """Drafts, what is held, and who wrote what: with the desk looking on, and with the positions it is given."""
    web = Web(redis_url, tmp_path, TICKER_LOG="debug", **one_long_channel(tmp_path))
    readers = [WebSocketReader(web.url), StreamReader(web.url), Poller(web.url)]
    async with connect(redis_url) as redis:
        key = await Keys(redis).create("Xylophone", ["admin"])
    at_desk = DeskReader(key, web.url)
    async with running(web), listening(*readers, at_desk) as session:
        writer = Writer(session, key, web.url)
        live = await writer.publish("Something to begin with")
        draft = await writer.publish("Xylophone in the parliament", state="draft")
        version = {"If-Match": '"1"'}
        await writer.send("PATCH", f"/headlines/{draft['id']}", {"text": "Xylophones in the parliament"}, version)
        held = await writer.publish("A claim to be held")
        await writer.act(held["id"], "hold", reason="Xylophone says that it is wrong")
        await writer.send("PATCH", f"/headlines/{held['id']}", {"text": "Xylophone claim"}, version)
        last = await writer.publish("Something to end with")
        await eventually(lambda: {live["id"], last["id"]} <= {h.id for h in readers[0].board})
        await eventually(lambda: last["id"] in {h.id for h in at_desk.board})
        assert {h.id: h.state for h in at_desk.board}[held["id"]] == "held"
        paths = [path for one in (draft, held, live) for path in everywhere(one["id"], at_desk.position)]
        late = [kind(web.url, after=at_desk.position) for kind in (WebSocketReader, StreamReader)]
        async with listening(*late):
            await converged(*readers[:2], *late, on={live["id"], last["id"]})
        assert told("Xylophone", *readers, *late) == []
        assert await search(session, web, "Xylophone", paths) == []
        assert {"Xylophones in the parliament", "Xylophone claim"} <= texts(at_desk), "as they stand in the end"
    assert logged("Xylophone", web) == []


def texts(reader: Reader) -> set[str]:
    return {message["headline"]["text"] for message in reader.messages if "headline" in message}


async def test_what_is_taken_back_in_its_undo_window_is_nowhere(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path, TICKER_LOG="debug", **one_long_channel(tmp_path))
    clock = scheduler(redis_url, tmp_path)
    readers = [WebSocketReader(web.url), StreamReader(web.url), Poller(web.url)]
    async with running(web, clock), listening(*readers) as session, connect(redis_url) as redis:
        await eventually(lambda: "at work" in clock.said(), "the scheduler is at work")
        stream = Stream(redis, new_clock())
        patient, desk = (
            Desk(stream, {CHANNEL: Channel(name=CHANNEL, undo=Undo(flash=seconds))}) for seconds in (600, 2)
        )
        await desk.publish(CHANNEL, Draft(text="Something to begin with"), by=ANA)
        flash = Draft(text="Xylophones are banned", urgency=Urgency.FLASH, source={"name": "tips", "id": "1"})
        window = (await patient.publish(CHANNEL, flash, by=ANA)).record
        assert window
        timer = f"release:{window.id}"

        async def timers() -> list[str]:
            return await stream.due(CHANNEL, stream.now() + 3_600_000)

        assert timer in await timers()
        paths = everywhere(window.id, readers[0].position)
        assert await search(session, web, "Xylophones", paths) == []
        back = (await desk.recall(CHANNEL, window.id, by=ANA)).record
        assert back
        await desk.spike(CHANNEL, back.id, by=ANA)
        assert timer not in await timers(), "nothing is left that would release it"
        left = Draft(text="Yodelling is banned", urgency=Urgency.FLASH)
        leaves = (await desk.publish(CHANNEL, left, by=ANA)).record
        assert leaves
        await eventually(lambda: all(r.heard("published", leaves.id) for r in readers), "the other has left its window")
        late = StreamReader(web.url), WebSocketReader(web.url)
        async with listening(*late):
            await converged(*late, on={leaves.id})
            assert told("Xylophones", *readers, *late) == []
        assert await search(session, web, "Xylophones", paths) == []
        assert logged("Xylophones", web, clock) == []
        for reader in readers:
            assert (reader.heard("published", leaves.id) or 0) * 1000 >= (leaves.publish_at or 0)
