"""The feeds of outputs, as a graphics system meets them that polls."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import aiohttp
import feedparser
import pytest
from lxml import etree

from tests.api import Api, fresh_key, serving
from tests.servers import RedisServer, Web, eventually
from tests.test_onair_api import Gallery
from ticker.onair.output import frame_at
from ticker.onair.shapes import SHAPES

OUTPUTS = """
[channels.en]
[channels.drill]
rehearsal = true
[outputs.program]
title = "Main program"
channels = ["en"]
fallback = ["Stay with us"]
[outputs.open]
channels = ["en"]
clearance = "automatic"
takeover_seconds = 600
[outputs.school]
type = "training"
channels = ["drill"]
clearance = "automatic"
"""
TO_LINES = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="text"/><xsl:template match="/playlist"><xsl:for-each select="headline[urgency='flash']">
<xsl:value-of select="concat(kicker, '|', text)"/></xsl:for-each></xsl:template></xsl:stylesheet>"""


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("web"), OUTPUTS) as web:
        yield web


@pytest.fixture
async def desk(http: aiohttp.ClientSession, web: Web) -> Api:
    return Api(http, web.url, await fresh_key(web, "desk", "admin"))


@pytest.fixture
async def gallery(http: aiohttp.ClientSession, web: Web) -> Gallery:
    return Gallery(http, web.url, await fresh_key(web, "gallery", "air", "clear", "read"))


def path(output: str, shape: str) -> str:
    return f"/onair/{output}/feed.{shape}"


async def titles(reader: Api, output: str) -> list[str]:
    return [entry.title for entry in feedparser.parse((await reader.get(path(output, "atom"))).text).entries]


async def has(reader: Api, output: str, *texts: str) -> None:
    async def shown() -> bool:
        return await titles(reader, output) == list(texts)

    await eventually(shown, f"{texts} in the feed of {output}")


async def test_only_what_is_cleared_is_in_a_feed_and_a_kill_takes_it_out(desk: Api, gallery: Gallery) -> None:
    assert await titles(desk, "program") == ["Stay with us"]
    headline = await desk.publish("Cleared words")
    await has(desk, "open", "Cleared words")
    assert await titles(desk, "program") == ["Stay with us"]
    await gallery.say("program", "clear", id=headline["id"])
    await has(desk, "program", "Cleared words")
    before = {shape: await desk.get(path("program", shape)) for shape in SHAPES}
    await eventually(lambda: holds(desk, "program"), "what is changed now changes in another frame")
    await desk.act(headline, "retract", {"reason": "wrong"})
    await has(desk, "program", "Stay with us")
    for shape, had in before.items():
        now = await desk.get(path("program", shape), If_None_Match=had.headers["etag"])
        assert now.status == 200
        assert "Cleared" not in now.text
        assert "Stay with us" in now.text
        assert int(now.headers["ticker-seq"]) > int(had.headers["ticker-seq"])


async def holds(desk: Api, output: str) -> bool:
    """Whether the frame from which the output's playlist holds has come."""
    told = (await desk.get(f"/onair/{output}/playlist.json")).json
    return frame_at(told["now"], Fraction(*told["fps"])) > int(told["frame"])


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_feed_is_the_same_until_something_changes(desk: Api, shape: str) -> None:
    headline = await desk.publish(f"Before {shape}")
    await has(desk, "open", headline["text"])
    first = await desk.get(path("open", shape))
    assert first.headers["content-type"] == SHAPES[shape][0]
    assert first.headers["access-control-allow-origin"] == "*"
    assert "stale-if-error" in first.headers["cache-control"]
    again = await desk.get(path("open", shape), If_None_Match=first.headers["etag"])
    assert (again.status, again.text) == (304, "")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["ticker-seq"] == first.headers["ticker-seq"]
    edited = (await desk.edit(headline, text=f"After {shape}")).json
    await has(desk, "open", edited["text"])
    later = await desk.get(path("open", shape), If_None_Match=first.headers["etag"])
    assert later.status == 200
    assert later.headers["etag"] != first.headers["etag"]
    await desk.act(headline, "retract", {"reason": "done"})
    await has(desk, "open", "Open")


async def test_a_flash_stands_first_and_an_xslt_finds_it(desk: Api) -> None:
    calm = await desk.publish("Calm")
    flash = await desk.publish("Flash & <more>", urgency="flash", kicker="NOW")
    routine = await desk.publish("Later")
    rows: Any = None

    async def stands() -> bool:
        nonlocal rows
        rows = (await desk.get(path("open", "json"))).json
        return len(rows) == 4

    await eventually(stands, lambda: f"{rows}")
    assert (rows[0]["text"], rows[0]["takeover"]) == ("Flash & <more>", True)
    assert sorted(row["text"] for row in rows[1:]) == ["Calm", "Flash & <more>", "Later"]
    document = etree.fromstring((await desk.get(path("open", "xml"))).text.encode())
    assert str(etree.XSLT(etree.XML(TO_LINES))(document)) == "NOW|Flash & <more>"
    for headline in (calm, flash, routine):
        await desk.act(headline, "retract", {"reason": "done"})
    await has(desk, "open", "Open")


async def test_a_training_is_marked_and_stays_among_itself(desk: Api) -> None:
    trainer = Api(desk.http, desk.url, desk.key, channel="drill")
    assert (await trainer.get(path("school", "txt"))).text == "REHEARSAL: School\n"
    for output in ("program", "open"):
        assert "REHEARSAL" not in (await desk.get(path(output, "txt"))).text


async def test_the_tree_of_feeds_can_be_walked(desk: Api) -> None:
    root = feedparser.parse((await desk.get("/onair/feed.atom")).text)
    down = {entry.title: link["href"] for entry in root.entries for link in entry.links if link["rel"] == "down"}
    assert set(down) == {"Main program", "Open", "School"}
    feed = feedparser.parse((await desk.get(down["Main program"].removeprefix(desk.url))).text)
    links = {link["rel"]: link["href"] for link in feed.feed.links}
    assert links == {"self": down["Main program"], "up": f"{desk.url}/onair/feed.atom"}


async def test_what_there_is_not_is_told(desk: Api) -> None:
    assert (await desk.get(path("program", "pdf"))).fault == (404, "not-found")
    assert (await desk.get(path("nowhere", "atom"))).fault == (404, "no-output")


async def test_without_redis_the_last_good_one_is_served(desk: Api, web: Web, redis_server: RedisServer) -> None:
    await desk.publish("Still good")
    await has(desk, "open", "Still good")
    had = {shape: await desk.get(path("open", shape)) for shape in SHAPES}
    assert redis_server.process is not None
    redis_server.kill()
    try:
        assert (await desk("POST", "headlines", {"text": "Not now"})).status == 503
        for shape, before in had.items():
            now = await desk.get(path("open", shape))
            assert (now.status, now.text, now.headers["etag"]) == (200, before.text, before.headers["etag"])
    finally:
        redis_server.start()
