"""The board for everything that polls: read back with each format's own reader."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import feedparser
import pytest
from lxml import etree

from tests.api import FEEDS, Api, eventually_gone, eventually_shown, fresh_key
from tests.servers import Web
from tests.test_sse import ODD

TYPES = {
    "rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json",
    "csv": "text/csv", "xml": "application/xml", "txt": "text/plain",
}  # fmt: skip


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "admin"))


def texts(shape: str, feed: str) -> list[str]:
    """What a reader of this format shows, in order."""
    if shape in ("rss", "atom"):
        parsed = feedparser.parse(feed.encode(), sanitize_html=False)
        assert not parsed.bozo, parsed.get("bozo_exception")
        path = "//item/title/text()" if shape == "rss" else "//*[local-name()='entry']/*[local-name()='title']/text()"
        return [str(text) for text in etree.fromstring(feed.encode()).xpath(path)]
    if shape == "json":
        return [item["title"] for item in json.loads(feed)["items"]]
    if shape == "csv":
        return [row["text"] for row in csv.DictReader(io.StringIO(feed, newline=""))]
    if shape == "xml":
        return [str(text) for text in etree.fromstring(feed.encode()).xpath("//headline/text/text()")]
    return feed.splitlines()


@pytest.mark.parametrize("shape", FEEDS)
async def test_odd_text_stays_whole_in_every_format(desk: Api, shape: str) -> None:
    extra = ["=1+1", 'quote " and, comma', "]]>&amp;<![CDATA[", "</title>"]
    published: list[Any] = [await desk.publish(f"{text} ({shape})", kicker="k", tags=["a"]) for text in [*ODD, *extra]]
    await eventually_shown(desk, published[-1])
    answer = await desk.get(f"feed.{shape}")
    assert answer.headers["content-type"] == f"{TYPES[shape]}; charset=utf-8"
    shown = texts(shape, answer.text)
    for headline in published:
        # Two characters that text may have and XML may not.
        expected = headline["text"].replace("\ufffe", "").replace("\uffff", "")
        assert expected in [text.replace("\ufffe", "").replace("\uffff", "") for text in shown]
    board = [headline["id"] for headline in (await desk.get()).json["headlines"]]
    if shape == "csv":
        assert [row["id"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))] == board


async def test_every_format_has_the_same_headlines_in_the_boards_order(desk: Api) -> None:
    base = await desk.publish("Routine world", section="world")
    flash = await desk.publish("Flash world", section="world", urgency="flash", link="https://news.example/?a=1&b=2")
    await eventually_shown(desk, flash)
    for shape in FEEDS:
        for query, expected in (("?section=world", [flash, base]), ("?section=world&urgency=flash", [flash])):
            shown = texts(shape, (await desk.get(f"feed.{shape}{query}")).text)
            assert shown == [headline["text"] for headline in expected]
        assert (await desk.get(f"feed.{shape}?urgency=loud")).fault == (422, "invalid")


async def test_a_feed_is_the_same_until_the_board_changes(desk: Api) -> None:
    await eventually_shown(desk, await desk.publish("Before"))
    for shape in FEEDS:
        first, second = await desk.get(f"feed.{shape}"), await desk.get(f"feed.{shape}")
        assert first.text == second.text
        again = await desk.get(f"feed.{shape}", If_None_Match=first.headers["etag"])
        assert (again.status, again.text) == (304, "")
        assert again.headers["last-modified"]
    before = await desk.get("feed.rss")
    killed = await desk.publish("Killed soon")
    await eventually_shown(desk, killed)
    await desk.act(killed, "retract", {"reason": "wrong"})
    await eventually_gone(desk, killed)
    after = await desk.get("feed.rss", If_None_Match=before.headers["etag"])
    assert after.status == 200
    assert "Killed soon" not in after.text


async def test_a_correction_and_its_time_are_in_the_feed(desk: Api) -> None:
    headline = await desk.publish("Ten dead", source={"name": "agency", "id": "secret-id"})
    corrected = (await desk.edit(headline, text="Ten hurt", correction="Nobody has died")).json
    await eventually_shown(desk, corrected)
    entries = feedparser.parse((await desk.get("feed.atom")).text).entries
    entry = next(entry for entry in entries if entry.title == "Ten hurt")
    assert entry.id == f"urn:ticker:{headline['id']}"
    assert "Nobody has died" in entry.content[0].value
    assert entry.updated == corrected["updated_at"]
    assert "Ten dead" not in (await desk.get("feed.atom")).text


async def test_an_empty_board_is_a_whole_document(desk: Api) -> None:
    for shape in FEEDS:
        answer = await desk.get(f"/v1/channels/ar/feed.{shape}")
        assert answer.status == 200
        assert texts(shape, answer.text) == []
    assert 'xml:lang="ar"' in (await desk.get("/v1/channels/ar/feed.atom")).text
