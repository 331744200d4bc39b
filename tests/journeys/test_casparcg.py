"""From the desk to CasparCG's screen: our worker, AMCP, and the page in a browser that evaluates what it is told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Error

from tests.amcp_server import NEXT, RELEASED, CasparServer, Template, caspar_server
from tests.api import Api, fresh_key
from tests.chromium import browser
from tests.renderer import CASPAR, Renderer, rendering
from tests.servers import Process, Web, eventually, running
from tests.test_onair_page import HOSTILE
from ticker.desk.desk import Desk
from ticker.headline import Draft

PLACE = (1, 20)
CONFIG = """
[channels.en]
[outputs.program]
channels = ["en"]
clearance = "automatic"
speed = 20
longest = 280
[outputs.program.casparcg]
host = "127.0.0.1"
port = {}
"""


class Screen:
    """What a layer of the server shows: its template's page, which evaluates in order what the template is told."""

    def __init__(self, chromium: Browser, server: CasparServer) -> None:
        self.chromium, self.server = chromium, server
        self.renderer: Renderer | None = None
        self.loads = 0

    async def run(self) -> None:
        while True:
            await eventually(lambda: PLACE in self.server.on)
            template = self.server.on[PLACE]
            async with rendering(self.chromium, before=CASPAR) as renderer:
                with contextlib.suppress(Error):  # it does not try again, and shows nothing
                    await renderer.open(template.name)
                self.loads += 1
                self.renderer = renderer
                await self._evaluate(template)
                self.renderer = None

    async def _evaluate(self, template: Template) -> None:
        """Until another is there."""
        assert self.renderer is not None
        done = 0
        while self.server.on.get(PLACE) is template:
            for call in template.calls[done:]:
                await self.renderer.call(call)
                done += 1
            await asyncio.sleep(0.02)

    async def shows(self, *texts: str) -> None:
        for text in texts:
            await eventually(lambda text=text: self._has(text), f"{text[:60]!r} is on the screen")

    async def shows_no(self, text: str) -> None:
        async def gone() -> bool:
            return self.renderer is not None and text not in await self.renderer.text()

        await eventually(gone, f"{text[:60]!r} has left the screen")

    async def _has(self, text: str) -> bool:
        return self.renderer is not None and text in await self.renderer.text()


@contextlib.asynccontextmanager
async def showing(server: CasparServer) -> AsyncIterator[Screen]:
    async with browser() as chromium:
        screen = Screen(chromium, server)
        task = asyncio.create_task(screen.run())
        try:
            yield screen
            assert not task.done() or task.result()
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.mark.parametrize("release", [RELEASED, NEXT])
async def test_what_the_desk_says_is_on_the_screen_and_what_it_kills_is_not(
    redis_url: str, desk: Desk, http: aiohttp.ClientSession, tmp_path: Path, release: str
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(caspar_server(release=release))
        config = tmp_path / "ticker.toml"
        config.write_text(CONFIG.format(server.port))
        web = Web(redis_url, tmp_path, TICKER_CONFIG=str(config))
        onair = Process("ticker", "onair", env=web.env, log=tmp_path / "onair.log")
        await stack.enter_async_context(running(web, onair))
        screen = await stack.enter_async_context(showing(server))
        words = [HOSTILE[name] for name in ("quotes", "backslashes", "money", "arabic")]
        quotes, backslashes, *stay = [await publish(desk, text) for text in words]
        await screen.shows(*words)

        await desk.retract("en", quotes, "wrong", by="ben")
        await screen.shows_no(words[0])

        await server.stop()
        await server.start()
        await eventually(lambda: screen.loads == 2, onair.said)
        await screen.shows(*words[1:])

        # While the page's own service is dead, what takes a headline off comes over AMCP.
        web.kill()
        await desk.retract("en", backslashes, "wrong", by="ben")
        await screen.shows_no(words[1])
        await screen.shows(*words[2:])
        assert screen.loads == 2, "the page stays up"

        # What was on the screen meanwhile is told when the service is back.
        await web.ready()
        gallery = Api(http, web.url, await fresh_key(web, "gallery", "admin"))

        async def told() -> set[str]:
            entries = (await gallery.get("/onair/program/as-run?limit=500")).json["entries"]
            return {entry["id"] for entry in entries if entry["by"] == "page:caspar"}

        await eventually(lambda: _are_in(told(), stay), onair.said)
        assert "Traceback" not in onair.said() + web.said()


async def publish(desk: Desk, text: str) -> str:
    receipt = await desk.publish("en", Draft(text=text), by="ben")
    assert receipt.record is not None
    return receipt.record.id


async def _are_in(asked: Awaitable[set[str]], wanted: list[str]) -> bool:
    return set(wanted) <= await asked
