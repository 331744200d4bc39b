"""One stream per browser, whatever happens to tabs, networks, proxies and servers: in Chromium, the real service."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web as http
from playwright.async_api import Browser, BrowserContext, Page

from tests.api import Api, fresh_key, serving
from tests.hosts import Host, hosting
from tests.servers import RedisServer, Web, eventually, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABS = 12
TICKER = "document.querySelector('news-ticker')"


@pytest.fixture
def web(redis_server: RedisServer, tmp_path: Path) -> Iterator[Web]:
    with serving(redis_server, tmp_path, TICKER_HEARTBEAT_SECONDS="1") as web:
        yield web


@pytest_asyncio.fixture(loop_scope="module")
async def host(web: Web) -> AsyncIterator[Host]:
    async with hosting(web) as host:
        host.body = '<news-ticker channel="en"></news-ticker>'
        yield host


@pytest_asyncio.fixture(loop_scope="module")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context()
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def api(web: Web) -> AsyncIterator[Api]:
    key = await fresh_key(web, "editor", "admin")
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, key)


async def readers(api: Api, transport: str = "") -> int:
    """How many connections the server's own metrics count for the channel."""
    found = re.findall(
        r'^ticker_connections\{channel="en",transport="(\w+)"\} (\d+)', (await api.get("/metrics")).text, re.MULTILINE
    )
    return sum(int(count) for name, count in found if transport in ("", name))


async def one_reader(api: Api) -> None:
    async def one() -> bool:
        return await readers(api) == 1

    await eventually(one, "there is exactly one connection")


async def open_tab(context: BrowserContext, host: Host) -> Page:
    page = host.watch(await context.new_page())
    await page.goto(host.url)
    return page


async def shows(page: Page, text: str) -> None:
    await page.wait_for_function(f"(text) => {TICKER}.headlines.some((one) => one.text === text)", arg=text)


async def state(page: Page, *names: str) -> None:
    await page.wait_for_function(f"(names) => names.includes({TICKER}.state)", arg=list(names))


async def test_twelve_tabs_have_one_connection_and_it_passes_on(
    context: BrowserContext, host: Host, api: Api, record_property: Any
) -> None:
    tabs = [await open_tab(context, host) for _ in range(TABS)]
    for tab in tabs:
        await state(tab, "live")
    await one_reader(api)
    await api.publish("To all twelve")
    await asyncio.gather(*(shows(tab, "To all twelve") for tab in tabs))
    while len(tabs) > 1:  # whoever leads, in the end it has been closed
        leader, *tabs = tabs
        closed = time.monotonic()
        await leader.close()
        if len(tabs) == TABS - 1:
            await eventually(lambda: readers(api), "another has taken over")
            record_property("failover_ms", round((time.monotonic() - closed) * 1000))
            await api.publish("After the first")
            await asyncio.gather(*(shows(tab, "After the first") for tab in tabs))
            await one_reader(api)
    await api.publish("To the last")
    await shows(tabs[0], "To the last")
    await one_reader(api)


async def test_a_kill_reaches_every_tab(context: BrowserContext, host: Host, api: Api) -> None:
    wrong = await api.publish("Wrong")
    tabs = [await open_tab(context, host) for _ in range(3)]
    for tab in tabs:
        await shows(tab, "Wrong")
    await api.act(wrong, "retract", {"reason": "test"})
    for tab in tabs:
        await tab.wait_for_function(f"() => !{TICKER}.shadowRoot.textContent.includes('Wrong')")


async def test_a_leader_that_hangs_is_replaced(context: BrowserContext, host: Host, api: Api, web: Web) -> None:
    """It holds the lock and says nothing."""
    page = host.watch(await context.new_page())
    host.body = ""
    await page.goto(host.url)
    mute = """async (url) => {
        const { SharedTicker } = await import(url + "/web/share.js");
        const options = { base: url, channel: "en", patience: 300, random: () => 0 };
        const [mute, other] = [new SharedTicker(options), new SharedTicker(options)];
        mute.start();
        await new Promise((done) => mute.addEventListener("change", done));
        mute._tell = () => {};
        Object.assign(window, { mute, other });
        other.start();
    }"""
    await api.publish("Heard all the same")
    await page.evaluate(mute, web.url)
    await page.wait_for_function("() => other.state === 'live' && other._floor")
    assert await page.evaluate("[mute._floor, other.board.ordered().length]") == [None, 1]
    await one_reader(api)


async def test_a_leader_that_hangs_is_replaced_also_after_a_night_without_network(
    context: BrowserContext, host: Host, api: Api, web: Web
) -> None:
    page = host.watch(await context.new_page())
    host.body = ""
    await page.goto(host.url)
    await page.evaluate(
        """async (url) => {
            const { SharedTicker } = await import(url + "/web/share.js");
            const options = { base: url, channel: "en", patience: 300, random: () => 0 };
            const [mute, other] = [new SharedTicker(options), new SharedTicker(options)];
            Object.assign(window, { mute, other });
            mute.start();
            await new Promise((done) => mute.addEventListener("change", done));
            other.start();
            await new Promise((done) => other.addEventListener("change", done));
            dispatchEvent(new Event("offline"));
            mute._tell = () => {};
            dispatchEvent(new Event("online"));
        }""",
        web.url,
    )
    await page.wait_for_function("() => other.state === 'live' && other._floor")
    assert await page.evaluate("mute._floor") is None


async def test_a_reconnect_is_no_news_in_any_tab(context: BrowserContext, host: Host, api: Api, web: Web) -> None:
    leader = await open_tab(context, host)
    await state(leader, "live")
    follower = await open_tab(context, host)
    await state(follower, "live")
    shown = f"{TICKER}.shadowRoot.querySelector('.state')"
    await follower.wait_for_function(f"() => {shown}.textContent === 'Live'")
    await follower.evaluate(
        f"""(name) => {{
            Object.assign(window, {{ heard: [], said: [] }});
            window.floor = new BroadcastChannel(name);
            floor.onmessage = ({{ data }}) => heard.push(...(data || []).map(({{ stale }}) => Boolean(stale)));
            new MutationObserver(() => said.push({shown}.textContent)).observe({shown}, {{ childList: true }});
        }}""",
        f"{web.url}/v1/channels/en/",
    )
    await leader.evaluate("() => ['offline', 'online'].forEach((type) => dispatchEvent(new Event(type)))")
    await follower.wait_for_function("() => heard.includes(true) && !heard.at(-1)")
    await follower.wait_for_function("() => said.length > 0")
    assert set(await follower.evaluate("said")) == {"Live"}


async def test_who_looks_again_asks_the_leader_whether_it_is_there(
    context: BrowserContext, host: Host, web: Web
) -> None:
    page = host.watch(await context.new_page())
    host.body = ""
    await page.goto(host.url)
    await page.evaluate(
        """async (url) => {
            const { SharedTicker } = await import(url + "/web/share.js");
            const [leader, other] = [0, 1].map(() => new SharedTicker({ base: url, channel: "en" }));
            Object.assign(window, { leader, other, asked: 0 });
            leader.start();
            await new Promise((done) => leader.addEventListener("change", done));
            other.start();
            await new Promise((done) => other.addEventListener("change", done));
            new BroadcastChannel(url + "/v1/channels/en/").onmessage = ({ data }) => { asked += data === null; };
            dispatchEvent(new Event("visibilitychange"));
        }""",
        web.url,
    )
    await page.wait_for_function("() => asked === 1 && other.state === 'live'")
    assert await page.evaluate("[leader.transport, other.transport]") == ["ws", "peer"]


async def test_rests_when_nobody_looks_and_goes_on_from_its_position(
    context: BrowserContext, host: Host, api: Api, web: Web
) -> None:
    page = host.watch(await context.new_page())
    host.body = ""
    await page.goto(host.url)
    await page.evaluate(
        """async (url) => {
            const { SharedTicker } = await import(url + "/web/share.js");
            window.asked = [];
            const Native = WebSocket;
            window.WebSocket = class extends Native { constructor(url) { super(url); asked.push(url); } };
            window.hide = (hidden) => {
                Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
                document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
            };
            window.ticker = new SharedTicker({ base: url, channel: "en", restMs: 100 });
            ticker.start();
        }""",
        web.url,
    )
    await page.wait_for_function("() => ticker.state === 'live'")
    await page.evaluate("hide(true)")
    await eventually(lambda: _none(api), "nobody looks, nobody is connected")
    assert await page.evaluate("ticker.state") == "connecting"
    await api.publish("While it rested")
    await page.evaluate("hide(false)")
    await page.wait_for_function("() => ticker.board.ordered().some(({ text }) => text === 'While it rested')")
    first, second = await page.evaluate("asked")
    assert "after=" not in first
    assert "after=" in second


async def _none(api: Api) -> bool:
    return await readers(api) == 0


async def test_offline_shows_the_last_board_with_its_age_and_drops_what_expires(
    context: BrowserContext, host: Host, api: Api
) -> None:
    page = await open_tab(context, host)
    await state(page, "live")
    await api.publish("Lasts")
    await api.publish("Ends soon", expires_in=12)
    await shows(page, "Ends soon")
    await context.set_offline(True)
    await state(page, "offline")
    await page.wait_for_function(
        f"() => /^Offline · last update \\d/.test({TICKER}.shadowRoot.querySelector('.state').textContent)"
    )
    await page.wait_for_function(f"() => {TICKER}.headlines.length === 1")
    assert await page.evaluate(f"{TICKER}.headlines[0].text") == "Lasts"
    assert await page.locator("news-ticker section").get_attribute("data-state") != "live"
    await context.set_offline(False)
    await state(page, "live")


async def test_a_deploy_is_a_reconnect(context: BrowserContext, host: Host, api: Api, web: Web) -> None:
    await api.publish("Before")
    tabs = [await open_tab(context, host) for _ in range(2)]
    for tab in tabs:
        await shows(tab, "Before")
    web.stop()
    await web.ready()
    await api.publish("After")
    for tab in tabs:
        await shows(tab, "After")
        await state(tab, "live")


async def test_a_sleep_of_an_hour_ends_with_a_fresh_connection(context: BrowserContext, host: Host, api: Api) -> None:
    page = host.watch(await context.new_page())
    await page.clock.install()
    await page.goto(host.url)
    await state(page, "live")
    await one_reader(api)
    await page.clock.fast_forward(3_600_000)
    await api.publish("Slept through it")
    await shows(page, "Slept through it")
    await page.clock.run_for(5000)
    await state(page, "live")
    await one_reader(api)


class Proxy:
    """What stands between some readers and the service: no WebSocket, streams held back until their end."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.url = f"http://127.0.0.1:{free_port()}"
        self.broken = False
        self.ways: list[str] = []

    async def _pass(self, request: http.Request) -> http.Response:
        self.ways.append(request.path.rsplit("/", 1)[-1])
        if self.broken or request.path.endswith("/ws"):
            return http.Response(status=502, text="<h1>Bad gateway</h1>", content_type="text/html")
        headers = {"origin": request.headers.get("origin", "")}
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.service + request.path_qs, headers=headers) as answer,
        ):
            body = await answer.read()  # all of it: a stream never gets through
            kept = {
                name: answer.headers[name]
                for name in ("content-type", "access-control-allow-origin")
                if name in answer.headers
            }
            return http.Response(status=answer.status, body=body, headers=kept)


@asynccontextmanager
async def proxying(web: Web) -> AsyncIterator[Proxy]:
    proxy = Proxy(web.url)
    app = http.Application()
    app.router.add_route("*", "/{path:.*}", proxy._pass)
    runner = http.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await http.TCPSite(runner, "127.0.0.1", int(proxy.url.rpartition(":")[2])).start()
    try:
        yield proxy
    finally:
        await runner.cleanup()


async def test_a_proxy_that_buffers_leaves_the_long_poll(
    context: BrowserContext, host: Host, api: Api, web: Web
) -> None:
    await api.publish("Through the proxy")
    async with proxying(web) as proxy:
        proxy.broken = True  # it begins with an error page for everything
        service, ws = proxy.url, proxy.url.replace("http", "ws")
        host.policy = host.policy.replace("connect-src", f"connect-src {service} {ws}")
        host.body = f'<news-ticker channel="en" base="{service}"></news-ticker>'
        page = await open_tab(context, host)
        await state(page, "offline")
        proxy.broken = False
        await shows(page, "Through the proxy")
        await state(page, "live")
        await api.publish("And the next")
        await shows(page, "And the next")
        assert {"ws", "stream", "events"} <= set(proxy.ways)
        await page.close()
    assert json.dumps(proxy.ways).count("events") >= 2
