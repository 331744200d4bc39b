"""An output's page as a bundle for NodeCG: as its parser wants it, and as its graphic in a real browser."""

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web as served
from PIL import Image
from playwright.async_api import Browser, Frame

from tests.api import Api, fresh_key
from tests.renderer import HELD, SEEN, rendering
from tests.servers import RedisServer, Web, eventually, free_port
from tests.test_control import output
from ticker.channel import Channel
from ticker.onair.document import Renderer, document
from ticker.onair.nodecg import bundle as nodecg_bundle
from ticker.onair.page_key import PURPOSE
from ticker.onair.playlist import starter
from ticker.people.seal import Seal
from ticker.store import connect

pytestmark = pytest.mark.asyncio(loop_scope="module")

OUTPUTS = """
[channels.en]
[outputs.program]
title = "Main <program>"
channels = ["en"]
clearance = "automatic"
speed = 40
fallback = ["The news from Example"]
"""
PAGE = "graphics/program.html"
# What NodeCG writes before the first script of a graphic's document; of these none may reach the page.
INJECTED = "<script>globalThis.ncgConfig = {};</script>\n<script src='/api.js'></script>\n"


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def web(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Web]:
    with redis_server.client as client:
        client.flushall()
    (tmp_path / "ticker.toml").write_text(OUTPUTS)
    web = Web(redis_server.url, tmp_path, TICKER_CONFIG=str(tmp_path / "ticker.toml"))
    try:
        yield await web.ready()
    finally:
        web.kill()


async def unpacked(http: aiohttp.ClientSession, web: Web, folder: Path, query: str = "") -> Path:
    """The bundle, in a folder of bundles."""
    async with http.get(f"{web.url}/onair/program/nodecg.zip{query}") as answer:
        assert (answer.status, answer.content_type) == (200, "application/zip")
        package = zipfile.ZipFile(io.BytesIO(await answer.read()))
    package.extractall(folder)
    (name,) = {entry.partition("/")[0] for entry in package.namelist()}
    return folder / name


@asynccontextmanager
async def nodecg(bundle: Path) -> AsyncIterator[str]:
    """Serves a bundle as NodeCG 2 does: a graphic's document with scripts in it, what is shared as it is."""
    about = json.loads((bundle / "package.json").read_text())
    graphics = {graphic["file"] for graphic in about["nodecg"]["graphics"]}

    async def file(request: served.Request) -> served.StreamResponse:
        name = request.match_info["name"]
        if request.match_info["folder"] == "shared" or name not in graphics:
            return served.FileResponse(bundle / request.match_info["folder"] / name)
        text = (bundle / "graphics" / name).read_text().replace("<script", INJECTED + "<script", 1)
        return served.Response(text=text, content_type="text/html")

    app = served.Application()
    app.router.add_get(f"/bundles/{about['name']}/{{folder:graphics|shared}}/{{name}}", file)
    runner = served.AppRunner(app)
    await runner.setup()
    port = free_port()
    await served.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/bundles/{about['name']}"
    finally:
        await runner.cleanup()


async def test_it_is_a_bundle_as_nodecgs_parser_wants_it(web: Web, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    bundle = await unpacked(http, web, tmp_path / "bundles")
    about = json.loads((bundle / "package.json").read_text())
    assert about["name"] == bundle.name == "ticker-program"
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]+", about["version"])
    assert about["nodecg"]["compatibleRange"] == "^2.0.0"
    (graphic,) = about["nodecg"]["graphics"]
    assert graphic == {"file": "program.html", "width": 1920, "height": 1080, "singleInstance": False}
    assert (bundle / "graphics" / graphic["file"]).is_file()
    assert not (bundle / "dashboard").exists(), "it would have to name its panels"


async def test_what_was_packed_once_is_not_packed_again() -> None:
    program, wall = output(), output(name="wall")
    told = starter(program, [Channel(name="en")])
    page, again, other = (document(program, told, [one], Renderer()) for one in ("http://a", "http://a", "http://b"))
    packed = nodecg_bundle(program, page)
    assert nodecg_bundle(program, again) is packed
    assert len({packed, nodecg_bundle(program, other), nodecg_bundle(wall, page)}) == 3


async def test_it_is_another_version_for_another_page_and_the_same_for_the_same(
    web: Web, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in "abc"]
    bundles = [await unpacked(http, web, one, query) for one, query in zip(folders, ("", "", "?key=abc"), strict=True)]
    same, again, other = (json.loads((bundle / "package.json").read_text())["version"] for bundle in bundles)
    assert same == again != other
    assert '"page":"main","key":"abc"' in (bundles[2] / "shared" / "program.html").read_text()
    async with http.get(f"{web.url}/onair/program/nodecg.zip") as answer:
        etag = answer.headers["etag"]
    async with http.get(f"{web.url}/onair/program/nodecg.zip", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    async with http.get(f"{web.url}/onair/nobody/nodecg.zip") as answer:
        assert answer.status == 404


async def test_its_graphic_shows_what_is_on_air_over_the_picture_and_outlives_the_service(
    web: Web, http: aiohttp.ClientSession, tmp_path: Path, chromium: Browser
) -> None:
    desk = Api(http, web.url, await fresh_key(web, "desk", "admin"))
    kept, wrong = await desk.publish("Storm reaches the coast"), await desk.publish("Something that is wrong")
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        key = await Seal(redis).close(PURPOSE, "program")
    bundle = await unpacked(http, web, tmp_path / "bundles", f"?key={key}")
    async with nodecg(bundle) as address, rendering(chromium, f"{address}/{PAGE}?page=backup") as renderer:
        frame = await page_in(renderer.page)
        await shows(frame, kept["text"], wrong["text"])
        await eventually(lambda: reports(desk, "backup"), "the page has reported")
        assert (await desk.act(wrong, "retract", {"reason": "wrong"})).status == 200
        await shows_no(frame, wrong["text"])
        above, bar = await alphas(renderer.page)
        assert (above, bar > 200) == (0, True)
        web.kill()
        await eventually(lambda: refused(http, web), "nobody answers there any more")
        await shows(frame, kept["text"])


async def test_the_page_gets_what_the_address_says_but_no_key_of_nodecgs(
    web: Web, http: aiohttp.ClientSession, tmp_path: Path, chromium: Browser
) -> None:
    bundle = await unpacked(http, web, tmp_path / "bundles")
    async with nodecg(bundle) as address, rendering(chromium, f"{address}/{PAGE}?preview&key=a&page=b%26c") as renderer:
        frame = await page_in(renderer.page)
        asked = await frame.evaluate("[...new URLSearchParams(location.search)]")
        assert asked == [["preview", ""], ["page", "b&c"]]
        assert await frame.evaluate("typeof ncgConfig") == "undefined", "NodeCG's scripts stay outside"


async def page_in(graphic: Any) -> Frame:
    async def framed() -> Frame | None:
        return next((frame for frame in graphic.frames if "/shared/" in frame.url), None)

    frame: Frame = await eventually(framed, "the graphic has the page in it")
    return frame


async def text_of(frame: Frame) -> str:
    return "\n".join(await frame.evaluate(SEEN))


async def shows(frame: Frame, *texts: str) -> None:
    async def shown(text: str) -> bool:
        return text in await text_of(frame)

    for text in texts:
        await eventually(lambda text=text: shown(text), f"{text!r} is on the screen")


async def shows_no(frame: Frame, text: str) -> None:
    async def gone() -> bool:
        return text not in await frame.evaluate(HELD)

    await eventually(gone, f"{text!r} has left the bar")


async def reports(desk: Api, page: str) -> bool:
    return page in [one["page"] for one in (await desk.get("/onair/program/state")).json["pages"]]


async def alphas(graphic: Any) -> tuple[int, int]:
    """How much is painted at most above the bar, and at least in its middle line: 0 is nothing, 255 hides all."""
    picture = Image.open(io.BytesIO(await graphic.screenshot(omit_background=True))).convert("RGBA").getchannel("A")
    width, height = picture.size
    above = picture.crop((0, 0, width, height - 54 - 84)).getextrema()
    bar = picture.crop((0, height - 54 - 42, width, height - 54 - 41)).getextrema()
    return above[1], bar[0]


async def refused(http: aiohttp.ClientSession, web: Web) -> bool:
    try:
        async with http.get(f"{web.url}/healthz"):
            return False
    except aiohttp.ClientConnectionError:
        return True
