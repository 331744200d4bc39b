"""What readers open becomes a list that moves by itself: beacons, frames, the scheduler, the stream, and a browser."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from websockets.asyncio.client import ClientConnection, connect

from tests.api import BROWSER, Api
from tests.chromium import browser
from tests.hosts import hosting
from tests.journeys.readers import new_key
from tests.servers import Process, Web, eventually, running
from tests.test_sse import Events

CHANNELS = """
[channels.en.most_read]
hosts = ["news.example.org"]
least_reads = 1
settle_seconds = 0
"""
SITE = "https://news.example.org"
READS = "/v1/channels/en/reads"


def link(name: str) -> str:
    return f"{SITE}/{name}?id=1&page=2"


def as_browser(web: Web, reader: int) -> connect:
    return connect(web.ws_url + "/v1/channels/en/ws", origin=SITE, user_agent_header=f"{BROWSER} v{reader}")


async def say(socket: ClientConnection, name: str) -> None:
    await socket.send(json.dumps({"type": "read", "s": link(name), "d": 9}))


async def test_a_list_from_beacons_and_frames_reaches_every_reader_and_a_kill_leaves_it(
    redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "ticker.toml").write_text(CHANNELS)
    env = {"TICKER_CONFIG": str(tmp_path / "ticker.toml"), "TICKER_REDIS_URL": redis_url, "TICKER_DATA": str(tmp_path)}
    web = Web(redis_url, tmp_path, **env)
    scheduler = Process("ticker", "scheduler", env=env, log=tmp_path / "scheduler.log")
    async with running(web, scheduler), aiohttp.ClientSession() as http, Events.open(web) as events:
        desk = Api(http, web.url, await new_key(redis_url))
        headlines = {name: await desk.publish(f"About {name}", link=link(name)) for name in ("one", "two", "three")}

        async def ranked() -> list[str]:
            told: dict[str, Any] = (await desk.get("most-read?window=1h")).json
            return [story["title"] for story in told["stories"]]

        for reader in range(5):
            await desk.read(link("one"), reader)
            await desk.read(link("one"), reader)  # again: the same reader within half an hour
        for reader in range(3):
            await desk.read(link("two"), reader)
        async with as_browser(web, 1) as first, as_browser(web, 2) as second:
            for socket in (first, second, first):
                await say(socket, "three")
            await eventually(ranked, lambda: f"there is a list\n{scheduler.said()}{web.said()}")
            assert await eventually(lambda: _when(ranked, 3)) == ["About one", "About two", "About three"]
            outcomes = [await web.metric("ticker_reads_total", outcome=name) for name in ("counted", "repeat")]
            assert outcomes == [10, 6]
            for reader in range(3, 9):
                await desk.read(link("two"), reader)
            await eventually(lambda: _first(ranked, "About two"))

            told = [message for message in await events.until("most_read") if message["type"] == "most_read"]
            assert told[0]["window"] in ("1h", "24h", "7d", "rising")

            async with browser() as chromium, hosting(web) as host:
                host.head += f'<script type="module" src="{web.url}/widget/1/most-read.js"></script>'
                host.body = '<news-ticker channel="en"></news-ticker><most-read channel="en" window="1h"></most-read>'
                page = host.watch(await chromium.new_page())
                await page.goto(host.url)
                listed = page.locator("most-read").get_by_role("link", name="About two")
                await listed.wait_for()
                await desk.act(headlines["two"], "retract", {"reason": "wrong"})
                await listed.wait_for(state="detached")
            assert "About two" not in await ranked()
        assert host.reports == []


async def _when(ranked: Any, count: int) -> list[str] | None:
    found: list[str] = await ranked()
    return found if len(found) == count else None


async def _first(ranked: Any, title: str) -> bool:
    found = await ranked()
    return bool(found) and found[0] == title


async def test_a_page_with_an_open_socket_says_it_there(redis_url: str, tmp_path: Path) -> None:
    """As the beacon's script does it in a browser: a frame where there is a socket, else a request."""
    (tmp_path / "ticker.toml").write_text(CHANNELS)
    web = Web(redis_url, tmp_path, TICKER_CONFIG=str(tmp_path / "ticker.toml"))
    async with running(web), browser() as chromium, hosting(web) as host:
        host.head += f'<script type="module" src="{web.url}/widget/1/read.js" data-seconds="1" data-story="x"></script>'
        for body, requests in (('<news-ticker channel="en"></news-ticker>', 0), ("", 1)):
            host.body = body
            page = host.watch(await chromium.new_page())
            await page.clock.install()
            await page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
            posted: list[str] = []
            page.on("request", lambda request, posted=posted: posted.append(request.method + request.url))
            before = await web.metric("ticker_reads_total")
            await page.goto(host.url)
            if body:
                await page.wait_for_function("() => document.querySelector('news-ticker').state === 'live'")
            await page.clock.run_for(1000)
            await eventually(lambda before=before: _more(web, before))
            assert sum(asked.startswith("POST") for asked in posted) == requests
            await page.close()
        assert host.reports == []


async def _more(web: Web, before: float) -> bool:
    return await web.metric("ticker_reads_total") > before
