"""The page while its services come and go: from disk, over a stream or by asking, and never blank. Real processes."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web as served
from playwright.async_api import Browser

from tests.api import Api, fresh_key
from tests.renderer import SEEN, Renderer, downloaded, rendering
from tests.servers import RedisServer, Web, binaries, eventually, free_port
from tests.test_onair_template import OUTPUT, message
from ticker.onair.document import Renderer as About
from ticker.onair.document import document

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


# --- real services --------------------------------------------------------------------------------------------------


class House:
    """A Redis, and two web processes before it: the output's addresses, main and backup."""

    def __init__(self, folder: Path, http: aiohttp.ClientSession) -> None:
        self.redis = RedisServer(next(iter(binaries().values())), folder / "redis", "--appendonly", "yes").start()
        ports = [free_port(), free_port()]
        config = folder / "ticker.toml"
        addresses = json.dumps([f"http://127.0.0.1:{port}" for port in ports])
        config.write_text(
            "[channels.en]\n[outputs.program]\nchannels = ['en']\nclearance = 'automatic'\nspeed = 40\n"
            f"fallback = ['The news from Example']\naddresses = {addresses}\n"
        )
        self.main, self.backup = (Web(self.redis.url, folder, port=port, TICKER_CONFIG=str(config)) for port in ports)
        self.folder, self.http = folder, http

    async def publish(self, web: Web, text: str) -> Any:
        return await Api(self.http, web.url, await fresh_key(web, text, "admin")).publish(text)

    async def kill(self, web: Web, headline: Any) -> None:
        api = Api(self.http, web.url, await fresh_key(web, "kill", "admin"))
        assert (await api.act(headline, "retract", {"reason": "wrong"})).status == 200

    async def file(self) -> str:
        return await downloaded(self.http, f"{self.main.url}/onair/program?download", self.folder)

    def close(self) -> None:
        for web in (self.main, self.backup):
            if web.process is not None and web.process.poll() is None:
                web.kill()
        self.redis.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path: Path, http: aiohttp.ClientSession) -> AsyncIterator[House]:
    house = House(tmp_path, http)
    try:
        await house.main.ready()
        yield house
    finally:
        house.close()


async def test_opened_from_disk_before_any_service_was_up(house: House, chromium: Browser) -> None:
    file = await house.file()
    house.main.stop()
    async with rendering(chromium, file) as renderer:
        await renderer.shows("The news from Example")
        await renderer.watch()
        await house.main.ready()
        await house.publish(house.main, "Storm reaches the coast")
        await renderer.shows("Storm reaches the coast")
        await renderer.never_blank()


async def test_an_outage_is_not_seen_and_what_was_killed_meanwhile_is_gone(house: House, chromium: Browser) -> None:
    kept = await house.publish(house.main, "Bridge closed for repairs")
    wrong = await house.publish(house.main, "Something that is wrong")
    async with rendering(chromium, await house.file()) as renderer:
        await renderer.shows(kept["text"], wrong["text"])
        await renderer.watch()
        house.main.stop()
        await house.backup.ready()  # which pages of this test cannot reach: as when somebody kills it elsewhere
        await renderer.page.route(f"{house.backup.url}/**", lambda route: route.abort())
        await renderer.shows(kept["text"])
        await house.main.ready()
        await house.kill(house.main, wrong)
        await renderer.shows_no(wrong["text"])
        await renderer.shows(kept["text"])
        await renderer.never_blank()


async def test_the_backup_carries_on_when_the_main_service_dies(house: House, chromium: Browser) -> None:
    first = await house.publish(house.main, "By the main service")
    await house.backup.ready()
    async with rendering(chromium, await house.file()) as renderer:
        await renderer.shows(first["text"])
        await renderer.watch()
        house.main.kill()
        await house.publish(house.backup, "By its backup")
        await renderer.shows("By its backup")
        await renderer.never_blank()


async def test_reloaded_without_a_service_it_shows_what_it_had(house: House, chromium: Browser) -> None:
    headline = await house.publish(house.main, "Election result tonight")
    async with rendering(chromium, await house.file()) as renderer:
        await renderer.shows(headline["text"])
        house.main.kill()
        await renderer.page.reload()
        await renderer.shows(headline["text"])


async def test_without_redis_the_page_is_served_and_goes_on(house: House, chromium: Browser) -> None:
    headline = await house.publish(house.main, "Trains run again")
    async with rendering(chromium, f"{house.main.url}/onair/program") as renderer:
        await renderer.shows(headline["text"])
        await renderer.watch()
        house.redis.kill()
        async with house.http.get(f"{house.main.url}/onair/program") as answer:
            assert answer.status == 200
        await renderer.never_blank()
        await renderer.page.reload()
        await renderer.shows(headline["text"])


# --- services that do what the test says ----------------------------------------------------------------------------


class Scripted:
    """An address of an output that is made to misbehave. `streams` are those that are open."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.playlist = message("Nothing yet")
        self.streams: list[served.StreamResponse] = []
        self.opened = self.asked = 0
        self.refuses_streams = self.is_silent = self.is_dead = False  # dead: it is asked, and says nothing
        self.body: Callable[[], str] = lambda: json.dumps(self.playlist)

    async def _stream(self, request: served.Request) -> served.StreamResponse:
        self.opened += 1
        if self.is_dead:
            await asyncio.sleep(60)
        if self.refuses_streams:
            return served.Response(status=503)
        answer = served.StreamResponse(
            headers={"content-type": "text/event-stream", "access-control-allow-origin": "*"}
        )
        await answer.prepare(request)
        self.streams.append(answer)
        try:
            await self._send(answer, self.playlist)
            while not self.is_silent:
                await asyncio.sleep(0.5)
                await self._send(answer, {"type": "heartbeat", "now": self.playlist["now"], "id": self.playlist["id"]})
            await asyncio.sleep(60)
        finally:
            self.streams.remove(answer)
        return answer

    async def _send(self, answer: served.StreamResponse, told: Any) -> None:
        await answer.write(f"event: {told['type']}\ndata: {json.dumps(told)}\n\n".encode())

    async def _ask(self, _: served.Request) -> served.Response:
        self.asked += 1
        if self.is_dead:
            await asyncio.sleep(60)
        return served.Response(text=self.body(), headers={"access-control-allow-origin": "*"})

    async def say(self, told: Any) -> None:
        self.playlist = told
        await eventually(lambda: self.streams, "somebody follows it")
        for answer in tuple(self.streams):
            with contextlib.suppress(ConnectionError):  # whoever has just left is told when it is back
                await self._send(answer, told)

    def goes(self) -> None:
        """Its streams fall silent, and whoever asks gets nothing."""
        self.is_silent = self.refuses_streams = True
        self.body = lambda: ""

    def comes(self) -> None:
        self.is_silent = self.refuses_streams = False
        self.body = lambda: json.dumps(self.playlist)

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator["Scripted"]:
        scripted, app = cls(), served.Application()
        app.router.add_get("/onair/program/stream", scripted._stream)
        app.router.add_get("/onair/program/playlist.json", scripted._ask)
        runner = served.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await served.TCPSite(runner, "127.0.0.1", int(scripted.url.rpartition(":")[2])).start()
        try:
            yield scripted
        finally:
            await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="module")
async def service() -> AsyncIterator[Scripted]:
    async with Scripted.running() as scripted:
        yield scripted


def page_of(folder: Path, *services: Scripted) -> str:
    path = folder / "page.html"
    path.write_bytes(document(OUTPUT, message(), [one.url for one in services], About()).content)
    return path.as_uri()


async def test_a_connection_that_falls_silent_is_a_dead_one(
    service: Scripted, chromium: Browser, tmp_path: Path
) -> None:
    async with rendering(chromium, page_of(tmp_path, service)) as renderer:
        await renderer.shows("Nothing yet")
        service.is_silent = True
        await eventually(lambda: service.asked > 0, "another way is tried")
        service.playlist = message("After the silence", now=service.playlist["now"] + 60_000)
        await renderer.shows("After the silence")


async def test_where_no_stream_comes_through_it_asks(service: Scripted, chromium: Browser, tmp_path: Path) -> None:
    service.refuses_streams = True
    async with rendering(chromium, page_of(tmp_path, service)) as renderer:
        await renderer.shows("Nothing yet")
        assert service.asked
        service.playlist = message("Asked for", now=service.playlist["now"] + 1000)
        await renderer.shows("Asked for")
        opened = service.opened
        await eventually(lambda: service.opened > opened, "a stream is tried again")
        service.refuses_streams = False
        await eventually(lambda: service.streams, "a stream carries it again")
        await service.say(message("Streamed", now=service.playlist["now"] + 1000))
        await renderer.shows("Streamed")


@pytest.mark.parametrize("body", ["<html>Sign in to the network</html>", "null", "[]", '{"type":"playlist"}', ""])
async def test_an_answer_that_is_not_ours_changes_nothing(
    service: Scripted, chromium: Browser, tmp_path: Path, body: str
) -> None:
    service.refuses_streams, service.body = True, lambda: body
    async with rendering(chromium, page_of(tmp_path, service)) as renderer:
        await renderer.shows("The news from Example")
        asked = service.asked
        await eventually(lambda: service.asked > asked + 1, "it goes on asking")
        await renderer.shows("The news from Example")


async def test_a_backup_that_lags_brings_nothing_back(service: Scripted, chromium: Browser, tmp_path: Path) -> None:
    async with Scripted.running() as backup:
        service.playlist = message("Wrong", "Right", now=message()["now"] + 1000)
        backup.playlist = service.playlist
        backup.goes()  # until it is its turn: a page in need would ask it sooner
        async with rendering(chromium, page_of(tmp_path, service, backup)) as renderer:
            await renderer.shows("Wrong")
            await service.say(message("Right", now=service.playlist["now"] + 1000))
            await renderer.shows_no("Wrong")
            service.goes()
            backup.comes()
            await eventually(lambda: backup.streams, "the backup carries it")
            await renderer.call("new Promise(requestAnimationFrame)")
            assert "Wrong" not in await renderer.text()
            await backup.say(message("Right", "New", now=service.playlist["now"] + 1000))
            await renderer.shows("New")


async def test_the_service_whose_clock_was_set_back_is_believed(
    service: Scripted, chromium: Browser, tmp_path: Path
) -> None:
    async with rendering(chromium, page_of(tmp_path, service)) as renderer:
        await renderer.shows("Nothing yet")
        await service.say(message("An hour earlier", now=service.playlist["now"] - 3_600_000))
        await renderer.shows("An hour earlier")


async def test_a_service_of_an_earlier_time_is_no_service_that_lags(
    service: Scripted, chromium: Browser, tmp_path: Path
) -> None:
    async with Scripted.running() as backup:
        service.playlist = message("An hour ahead", now=message()["now"] + 3_600_000)
        backup.playlist = message("In time", now=message()["now"])
        backup.goes()  # until it is its turn: a page in need would ask it sooner
        async with rendering(chromium, page_of(tmp_path, service, backup)) as renderer:
            await renderer.shows("An hour ahead")
            service.goes()
            backup.comes()
            await renderer.shows("In time")


async def test_what_holds_in_an_hour_by_the_services_own_clock_is_shown_now(
    service: Scripted, chromium: Browser, tmp_path: Path
) -> None:
    service.playlist = {**message("Made ahead", now=message()["now"] + 3_600_000), "now": message()["now"]}
    async with rendering(chromium, page_of(tmp_path, service)) as renderer:
        await renderer.shows("Made ahead")


async def test_pages_of_two_services_keep_nothing_of_each_other(
    service: Scripted, chromium: Browser, tmp_path: Path
) -> None:
    async with Scripted.running() as other, rendering(chromium, page_of(tmp_path, service)) as renderer:
        await service.say(message("Of the one", now=service.playlist["now"] + 1000))
        await renderer.shows("Of the one")
        other.refuses_streams, other.body = True, lambda: ""
        folder = tmp_path / "other"
        folder.mkdir()
        await renderer.open(page_of(folder, other))
        await renderer.shows("The news from Example")
        assert "Of the one" not in await renderer.text()
        await renderer.open(page_of(tmp_path, service))
        await renderer.shows("Of the one")


async def test_where_the_storage_may_not_be_used_it_shows_all_the_same(
    service: Scripted, chromium: Browser, tmp_path: Path
) -> None:
    forbidden = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('not here'); } });"
    async with rendering(chromium, page_of(tmp_path, service), before=forbidden) as renderer:
        await renderer.shows("Nothing yet")


# --- loaded anew ----------------------------------------------------------------------------------------------------

# All texts that can be seen in some frame, and when each was there first (ms since the page began).
EVER_SEEN = f"""{{
  const seen = {SEEN};
  window.everSeen = {{}};
  const look = () => {{
    if (document.body) for (const text of seen()) everSeen[text] = everSeen[text] || performance.now();
    requestAnimationFrame(look);
  }};
  look();
}}"""


async def kept(renderer: Renderer, *words: str) -> None:
    """Until the page would show these after a reload, and knows where they stand."""
    stored = "Object.values(localStorage).join()"

    async def has() -> bool:
        text = await renderer.call(stored)
        return '"anchor":{' in text and all(one in text for one in words)

    await eventually(has, f"it has kept {words}")


async def ever_seen(renderer: Renderer) -> dict[str, float]:
    return dict(await renderer.call("window.everSeen"))


@pytest.mark.parametrize("main_is_dead", [False, True])
async def test_what_was_killed_while_the_page_was_closed_is_not_seen_when_it_comes_back(
    service: Scripted, chromium: Browser, tmp_path: Path, *, main_is_dead: bool
) -> None:
    async with Scripted.running() as backup:
        page = page_of(tmp_path, service, backup)
        service.playlist = backup.playlist = message("Wrong", "Right", now=message()["now"] + 1000)
        async with rendering(chromium, page, before=EVER_SEEN) as renderer:
            await renderer.shows("Wrong")
            await kept(renderer, "Wrong")
            await renderer.open("about:blank")
            service.playlist = backup.playlist = message("Right", now=service.playlist["now"] + 1000)
            service.is_dead = main_is_dead
            await renderer.open(page)
            await renderer.shows("Right")
            assert bool(backup.opened) is main_is_dead
            assert "Wrong" not in await ever_seen(renderer)


async def test_where_its_addresses_are_dead_it_shows_what_it_had_before_it_has_tried_them_all(
    service: Scripted, chromium: Browser, tmp_path: Path
) -> None:
    async with Scripted.running() as second, Scripted.running() as third:
        page = page_of(tmp_path, service, second, third)
        service.playlist = message("Right", now=message()["now"] + 1000)
        async with rendering(chromium, page, before=EVER_SEEN) as renderer:
            await renderer.shows("Right")
            await kept(renderer, "Right")
            service.is_dead = second.is_dead = True
            await renderer.page.reload()
            await renderer.shows("Right")
            assert (second.opened, third.opened) == (1, 0)
            assert "The news from Example" not in await ever_seen(renderer)


async def test_where_every_address_refuses_it_shows_what_it_had_at_once(
    service: Scripted, chromium: Browser, tmp_path: Path
) -> None:
    async with Scripted.running() as backup:
        page = page_of(tmp_path, service, backup)
        service.playlist = message("Right", now=message()["now"] + 1000)
        async with rendering(chromium, page, before=EVER_SEEN) as renderer:
            await renderer.shows("Right")
            await kept(renderer, "Right")
            service.goes()
            backup.goes()
            await renderer.page.reload()
            shown_at = await eventually(lambda: renderer.call("everSeen.Right"), "it is shown")
            assert shown_at < 3000  # ms: for which a dead one would be waited for


async def test_what_finds_no_room_in_the_storage_leaves_nothing_older_there(
    service: Scripted, chromium: Browser, tmp_path: Path
) -> None:
    fill = """() => {
      for (let size = 2 ** 20, n = 0; size >= 1; n += 1) {
        try { localStorage.setItem(`full ${n}`, "x".repeat(size)); } catch { size = Math.floor(size / 2); }
      }
    }"""
    service.playlist = message("Wrong", now=message()["now"] + 1000)
    async with rendering(chromium, page_of(tmp_path, service), before=EVER_SEEN) as renderer:
        await renderer.shows("Wrong")
        await kept(renderer, "Wrong")
        await renderer.page.evaluate(fill)
        longer = (f"Right {number}".ljust(270, ".") for number in range(4))
        await service.say(message(*longer, now=service.playlist["now"] + 1000))
        await renderer.shows_no("Wrong")
        service.goes()
        await renderer.page.reload()
        await renderer.shows("The news from Example")
        assert "Wrong" not in await ever_seen(renderer)
