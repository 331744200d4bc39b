"""The demonstration wire: three feeds of invented news, so that a page has something to show at once.

Each feed is a pure function of the time. A story appears every STEP, changes or is withdrawn a little later, and
leaves after one cycle, when the same stories come again under new ids.
"""

import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from ticker import instant
from ticker.settings import SourceSettings
from workers.scenes import ARABIC, ENGLISH, SPANISH, Scene

STEP = 20_000  # ms between two stories
THEN = 50_000  # ms until a story changes or is withdrawn; not a multiple of STEP, so that something happens in between
EVERY = 3  # s between two polls

STORIES = {"en": ENGLISH, "ar": ARABIC, "es": SPANISH}
OFFSET = {"en": 0, "ar": 7_000, "es": 13_000}  # ms, so that the channels do not all move at once

_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_PRISM = "http://prismstandard.org/namespaces/basic/2.0/"


@dataclass(frozen=True, slots=True)
class Item:
    """A story as the feed has it at one moment. Times are ms."""

    id: str
    story: Scene
    text: str
    published: int
    updated: int
    expires: int
    embargo: int | None
    correction: str
    killed: bool


def items(channel: str, now: int) -> Iterator[Item]:
    """What the wire carries now, newest first."""
    stories = STORIES[channel]
    newest = (now - OFFSET[channel]) // STEP
    for number in range(newest, newest - len(stories), -1):
        cycle, place = divmod(number, len(stories))
        story, published = stories[place], number * STEP + OFFSET[channel]
        changed = now >= published + THEN
        later = changed and bool(story.then)
        yield Item(
            id=f"{channel}-{cycle}-{place}",
            story=story,
            text=(story.then if later else story.text).format(cycle=cycle),
            published=published,
            updated=published + THEN if later or (changed and story.kill) else published,
            expires=published + (story.life * 1000 or len(stories) * STEP),
            embargo=published + story.embargo * 1000 if story.embargo else None,
            correction=story.note if later else "",
            killed=changed and bool(story.kill),
        )


def wire(channel: str, now: int) -> tuple[bytes, str]:
    """The document, and its content type: RSS in English, Atom in Arabic, JSON Feed in Spanish."""
    document, content_type = _FORMATS[channel]
    return document(list(items(channel, now))).encode(), content_type


def sources(address: str) -> list[SourceSettings]:
    return [
        SourceSettings(
            name=f"demo-{channel}",
            url=f"{address}/{channel}",
            channel=channel,
            every=EVERY,
            title=title,
            allow_private=True,
        )
        for channel, title in (("en", "Demonstration"), ("ar", "عرض توضيحي"), ("es", "Demostración"))
    ]


# --- the three formats ------------------------------------------------------------------------------------------------


def _rss(found: list[Item]) -> str:
    entries = "".join(_deleted(item) if item.killed else _rss_item(item) for item in found)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:at="{_TOMBSTONES}" xmlns:prism="{_PRISM}"'
        ' xmlns:t="urn:ticker"><channel><title>Demonstration wire</title><link>https://wire.example/</link>'
        f"<description>Invented news</description>{entries}</channel></rss>\n"
    )


def _rss_item(item: Item) -> str:
    when = format_datetime(datetime.fromtimestamp(item.published / 1000, UTC), usegmt=True)
    return (
        f'<item><guid isPermaLink="false">{item.id}</guid><title>{_markup(item.text)}</title><pubDate>{when}</pubDate>'
        f"<category>{escape(item.story.section)}</category>"
        f'<category domain="urn:ticker:urgency">{item.story.urgency}</category>{_extras(item)}</item>'
    )


def _atom(found: list[Item]) -> str:
    entries = "".join(_deleted(item) if item.killed else _atom_entry(item) for item in found)
    updated = instant.format(max(item.updated for item in found))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"'
        f' xmlns:at="{_TOMBSTONES}" xmlns:prism="{_PRISM}" xmlns:t="urn:ticker" xml:lang="ar">'
        f"<id>urn:demonstration:ar</id><title>خدمة العرض التوضيحي</title><updated>{updated}</updated>{entries}</feed>\n"
    )


def _atom_entry(item: Item) -> str:
    return (
        f"<entry><id>{item.id}</id><title>{escape(item.text)}</title>"
        f"<published>{instant.format(item.published)}</published><updated>{instant.format(item.updated)}</updated>"
        f"<category term={quoteattr(item.story.section)}/>"
        f'<category scheme="urn:ticker:urgency" term="{item.story.urgency}"/>{_extras(item)}</entry>'
    )


def _deleted(item: Item) -> str:
    return (
        f'<at:deleted-entry ref="{item.id}" when="{instant.format(item.updated)}">'
        f"<at:comment>{escape(item.story.kill)}</at:comment></at:deleted-entry>"
    )


def _extras(item: Item) -> str:
    extras = f"<prism:expirationDate>{instant.format(item.expires)}</prism:expirationDate>"
    if item.embargo is not None:
        extras += f"<prism:embargoDate>{instant.format(item.embargo)}</prism:embargoDate>"
    if item.correction:
        extras += f"<t:correction>{escape(item.correction)}</t:correction>"
    return extras


def _markup(text: str) -> str:
    """In RSS a title may be HTML, so that its own markup is escaped twice."""
    return escape(escape(text))


def _json(found: list[Item]) -> str:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Agencia de demostración",
        "language": "es",
        "items": [_json_item(item) for item in found],
    }
    return json.dumps(feed, ensure_ascii=False)


def _json_item(item: Item) -> dict[str, object]:
    extra: dict[str, object] = {"urgency": item.story.urgency, "expires": instant.format(item.expires)}
    if item.embargo is not None:
        extra["embargo"] = instant.format(item.embargo)
    if item.correction:
        extra["correction"] = item.correction
    if item.killed:
        extra["deleted"] = item.story.kill
    return {
        "id": item.id,
        "title": "" if item.killed else item.text,
        "date_published": instant.format(item.published),
        "date_modified": instant.format(item.updated),
        "tags": [item.story.section],
        "_ticker": extra,
    }


_FORMATS: dict[str, tuple[Callable[[list[Item]], str], str]] = {
    "en": (_rss, "application/rss+xml; charset=utf-8"),
    "ar": (_atom, "application/atom+xml; charset=utf-8"),
    "es": (_json, "application/feed+json"),
}


# --- the server -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def serve(clock: Callable[[], int] | None = None) -> AsyncIterator[str]:
    """On a free loopback port; gives its address."""
    app = web.Application()
    app.router.add_get("/{channel}", partial(_answer, clock or _now))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def _now() -> int:
    return time.time_ns() // 1_000_000


async def _answer(clock: Callable[[], int], request: web.Request) -> web.Response:
    channel = request.match_info["channel"]
    if channel not in STORIES:
        raise web.HTTPNotFound
    body, content_type = wire(channel, clock())
    etag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers={"ETag": etag})
    return web.Response(body=body, headers={"ETag": etag, "Content-Type": content_type})
