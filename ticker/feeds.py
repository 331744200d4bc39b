"""`/v1/channels/{channel}/feed.{rss,atom,json,csv,xml,txt}`: the board for everything that polls."""

import json
import zlib
from collections.abc import Callable, Sequence
from email.utils import formatdate
from typing import NamedTuple
from xml.etree import ElementTree as ET

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ticker import filter as filters
from ticker import instant, syndication
from ticker.api import SNAPSHOT_CACHE
from ticker.channel import Channel
from ticker.errors import NotFound
from ticker.fanout.hub import Hub
from ticker.headline import Headline
from ticker.syndication import REHEARSED, Entry, Feed

COLUMNS = ("id", "version", "urgency", "kicker", "text", "link", "section", "region", "source",
           "published_at", "updated_at", "expires_at", "pinned", "correction")  # fmt: skip


class Strip(NamedTuple):
    """What a feed is made of. `changed_at` (ms) is when the board last changed: a feed never says what time it is."""

    channel: Channel
    headlines: Sequence[Headline]
    changed_at: int
    site: str
    address: str


async def feed(request: Request) -> Response:
    format_ = _FORMATS.get(request.path_params["format"])
    if format_ is None:
        raise NotFound(f"There are feeds as {', '.join(_FORMATS)}.")
    hub: Hub = request.app.state.hub
    fanout = hub.fanout(request.path_params["channel"])
    wanted = filters.parse(request.query_params.get("urgency"), request.query_params.get("section"))
    shown = [headline for headline in fanout.board.on_air(fanout.now) if wanted.matches(headline)]
    position = fanout.position
    assert position is not None
    ids = zlib.crc32(" ".join(headline.id for headline in shown).encode())
    site = str(request.base_url)
    etag = f'"{position}-{ids:08x}-{zlib.crc32(site.encode()):08x}"'
    headers = {
        "etag": etag,
        "cache-control": SNAPSHOT_CACHE,
        "last-modified": formatdate(position.ms / 1000, usegmt=True),
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    media_type, write = format_
    channel = fanout.channel
    if channel.rehearsal:
        channel = channel.model_copy(update={"title": f"{REHEARSED}{channel.title}"})
        shown = [headline.model_copy(update={"text": f"{REHEARSED}{headline.text}"}) for headline in shown]
    strip = Strip(channel, shown, position.ms, site, str(request.url.remove_query_params(["after"])))
    return Response(write(strip), headers=headers, media_type=media_type)


def _feed(strip: Strip) -> Feed:
    return Feed(
        id=f"urn:ticker:channel:{strip.channel.name}",
        title=strip.channel.title,
        lang=strip.channel.lang,
        site=strip.site,
        address=strip.address,
        changed_at=strip.changed_at,
        entries=[_entry(headline) for headline in strip.headlines],
    )


def _entry(headline: Headline) -> Entry:
    published_at = headline.published_at or 0
    return Entry(
        id=f"urn:ticker:{headline.id}",
        text=headline.text,
        published_at=published_at,
        updated_at=headline.updated_at or published_at,
        content=headline.correction or headline.text,
        link=headline.link,
        categories=_categories(headline),
        note=headline.correction,
    )


def _json_feed(strip: Strip) -> bytes:
    items = []
    for headline in strip.headlines:
        item = {
            "id": f"urn:ticker:{headline.id}",
            "title": headline.text,
            "content_text": headline.correction or headline.text,
            "url": headline.link,
            "image": headline.image,
            "language": headline.lang,
            "date_published": instant.format(headline.published_at or 0),
            "date_modified": instant.format(headline.updated_at or headline.published_at or 0),
            "tags": _categories(headline),
            "_ticker": json.loads(headline.to_json()),
        }
        items.append({name: value for name, value in item.items() if value is not None})
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": strip.channel.title,
        "home_page_url": strip.site,
        "feed_url": strip.address,
        "language": strip.channel.lang,
        "items": items,
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _csv(strip: Strip) -> bytes:
    return syndication.table(COLUMNS, (_flat(headline).values() for headline in strip.headlines))


def _flat_xml(strip: Strip) -> bytes:
    root = ET.Element("headlines", channel=strip.channel.name, lang=strip.channel.lang, dir=strip.channel.dir)
    for headline in strip.headlines:
        element = syndication.sub(root, "headline")
        for name, value in _flat(headline).items():
            syndication.sub(element, name, value)
    return syndication.xml(root)


def _text(strip: Strip) -> bytes:
    return "".join(f"{headline.text}\n" for headline in strip.headlines).encode()


def _flat(headline: Headline) -> dict[str, str]:
    """Every column as text, empty where there is nothing."""
    values = json.loads(headline.to_json())
    values["source"] = headline.source.name if headline.source else None
    values["pinned"] = "yes" if headline.pinned else ""
    return {name: "" if values.get(name) is None else str(values[name]) for name in COLUMNS}


def _categories(headline: Headline) -> list[str]:
    named = [headline.urgency.value, headline.section, headline.region, *headline.tags]
    return [name for name in named if name]


_FORMATS: dict[str, tuple[str, Callable[[Strip], bytes]]] = {
    "rss": ("application/rss+xml; charset=utf-8", lambda strip: syndication.rss(_feed(strip))),
    "atom": ("application/atom+xml; charset=utf-8", lambda strip: syndication.atom(_feed(strip))),
    "json": ("application/feed+json; charset=utf-8", _json_feed),
    "csv": ("text/csv; charset=utf-8", _csv),
    "xml": ("application/xml; charset=utf-8", _flat_xml),
    "txt": ("text/plain; charset=utf-8", _text),
}

routes: list[BaseRoute] = [Route("/v1/channels/{channel}/feed.{format}", feed)]
