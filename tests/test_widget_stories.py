"""<most-read>, <read-next> and the beacon in Chromium. The back end is a small real server that keeps the contract."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import pytest_asyncio
from aiohttp import web as http
from playwright.async_api import Browser, BrowserContext, Page

from tests.api import serving
from tests.hosts import Host, hosting
from tests.servers import ROOT, RedisServer, Web, eventually, free_port
from ticker import instant

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Reads:
    """Answers as the "most read" API does, and keeps what the beacon brings."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.titles = ["First", "Second", "<b>Third</b>"]
        self.as_of = time.time() * 1000
        self.beacons: list[tuple[str, str, dict[str, list[str]], bool]] = []
        self.asked: list[str] = []
        self.held: dict[str | None, asyncio.Event] = {}  # by window: its answer is made, and waits
        self.unknown = False  # such a story or channel there is not
        self.read_as: dict[str, str] = {}

    async def answer(self, request: http.Request) -> http.Response:
        what = request.path.rsplit("/", 1)[-1]
        headers = {"access-control-allow-origin": "*"}
        if what.startswith("reads"):
            said = request.query_string or await request.text()
            kind = request.headers.get("content-type", "")
            self.beacons.append((request.method, kind, parse_qs(said), "cookie" in request.headers))
            return http.Response(status=204, headers=headers)
        self.asked.append(request.path_qs)
        if self.unknown:
            return http.Response(status=404, headers=headers)
        window = request.query.get("window")
        told = self.ranking() | {"window": window, "now": instant.format(int(time.time() * 1000))} | self.read_as
        if window in self.held:
            await self.held[window].wait()
        return http.json_response(told, headers=headers)

    def ranking(self) -> dict[str, Any]:
        stories = [
            {"id": str(n), "title": title, "link": f"https://news.example/{n}", "section": "World", "rank": n}
            | {"headline": f"about-{n}"}
            for n, title in enumerate(self.titles, 1)
        ]
        return {"as_of": instant.format(int(self.as_of)), "stories": stories}


@asynccontextmanager
async def answering(reads: Reads) -> AsyncIterator[Reads]:
    app = http.Application()
    app.router.add_route("*", "/{path:.*}", reads.answer)
    runner = http.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await http.TCPSite(runner, "127.0.0.1", int(reads.url.rpartition(":")[2])).start()
    try:
        yield reads
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("stories")) as web:
        yield web


@pytest_asyncio.fixture(loop_scope="module")
async def reads() -> AsyncIterator[Reads]:
    async with answering(Reads()) as reads:
        yield reads


@pytest_asyncio.fixture(loop_scope="module")
async def host(web: Web, reads: Reads) -> AsyncIterator[Host]:
    async with hosting(web) as host:
        host.policy = host.policy.replace("connect-src", f"connect-src {reads.url}")
        host.policy = host.policy.replace("img-src", f"img-src {reads.url}")
        for name in ("most-read", "read-next"):
            host.head += f'<script type="module" src="{web.url}/widget/1/{name}.js"></script>'
        yield host


@pytest_asyncio.fixture(loop_scope="module")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context()
    yield context
    await context.close()


async def visit(context: BrowserContext, host: Host, body: str, path: str = "", came_from: str | None = None) -> Page:
    host.body = body
    page = host.watch(await context.new_page())
    await page.goto(host.url + path, referer=came_from)
    return page


async def hears(page: Page, reads: Reads, *messages: dict[str, Any]) -> None:
    """What a page that follows the stream passes on."""
    await page.evaluate(
        """async ([name, messages]) => {
            const own = new BroadcastChannel(name); // opened after the page's, and so served after it
            const heard = new Promise((done) => (own.onmessage = done));
            new BroadcastChannel(name).postMessage(messages);
            await heard;
            own.close();
        }""",
        [f"{reads.url}/v1/channels/en/", messages],
    )


async def lists(page: Page, *wanted: str, name: str = "most-read") -> None:
    await page.wait_for_function(
        "([name, wanted]) => JSON.stringify([...document.querySelector(name).shadowRoot.querySelectorAll('a')]"
        ".map(({ textContent }) => textContent)) === JSON.stringify(wanted)",
        arg=[name, list(wanted)],
    )


def titles(page: Page, name: str = "most-read") -> Any:
    return page.locator(f"{name} a").all_text_contents()


async def test_the_list_is_text_with_links_in_order(context: BrowserContext, host: Host, reads: Reads) -> None:
    page = await visit(context, host, f'<most-read channel="en" window="1h" base="{reads.url}" lang="ar"></most-read>')
    await page.wait_for_selector("most-read a")
    assert await titles(page) == reads.titles
    assert await page.locator("most-read h2").text_content() == "الأكثر قراءة"
    assert reads.asked == ["/v1/channels/en/most-read?window=1h"]
    hrefs = await page.eval_on_selector_all("most-read a", "(all) => all.map(({ href }) => href)")
    assert hrefs[0] == "https://news.example/1"
    assert await page.locator("most-read :is(b, script)").count() == 0


async def test_a_list_begins_on_the_side_of_its_channel(context: BrowserContext, host: Host, reads: Reads) -> None:
    """On a page of any direction, also when the stream has brought another list; unless the element says otherwise."""
    reads.read_as = {"lang": "ar", "dir": "rtl"}
    element = f'<most-read channel="en" base="{reads.url}"></most-read>'
    page = await visit(context, host, element + element.replace(" ", ' dir="ltr" ', 1))
    theirs, ours = page.locator("most-read").nth(0), page.locator("most-read").nth(1)
    for title in ("First", "New"):
        for one, left in ((theirs, False), (ours, True)):
            await one.get_by_role("link", name=title).wait_for()
            box, rank = await one.bounding_box(), await one.locator(".rank").first.bounding_box()
            heading = await one.get_by_role("heading").evaluate("(it) => getComputedStyle(it).direction")
            assert box and rank
            assert (rank["x"] < box["x"] + box["width"] / 2, heading == "ltr") == (left, left)
            assert await one.get_by_role("list").get_attribute("lang") == "ar"
        reads.titles = ["New", "First"]
        await hears(page, reads, {"type": "most_read", "window": "24h", **reads.ranking()})


async def test_a_list_that_is_of_a_section_no_more_keeps_the_rows_that_no_stream_brings(
    context: BrowserContext, host: Host, reads: Reads
) -> None:
    reads.titles = [f"Story {n}" for n in range(1, 13)]
    reads.read_as = {"section": "World"}
    page = await visit(
        context, host, f'<most-read channel="en" base="{reads.url}" section="World" limit="12"></most-read>'
    )
    await lists(page, *reads.titles)
    reads.read_as, reads.titles = {}, [f"Story {n}" for n in range(12, 0, -1)]
    await page.evaluate("() => document.querySelector('most-read').removeAttribute('section')")
    await lists(page, *reads.titles)
    told = reads.ranking()
    first, second, *more = told["stories"][:10]
    await hears(page, reads, {"type": "most_read", "window": "24h", **told, "stories": [second, first, *more]})
    await lists(page, *(reads.titles[1::-1] + reads.titles[2:]))


async def test_the_list_moves_with_the_stream_of_the_page(context: BrowserContext, host: Host, reads: Reads) -> None:
    page = await visit(context, host, f'<most-read channel="en" window="24h" base="{reads.url}" limit="2"></most-read>')
    await page.wait_for_selector("most-read a")
    reads.titles = ["New", "First", "Second"]
    other = {"type": "most_read", "window": "1h", **reads.ranking()}
    told = {"type": "most_read", "window": "24h", **reads.ranking()}
    await page.evaluate(
        "([name, ...messages]) => new BroadcastChannel(name).postMessage(messages)",
        [f"{reads.url}/v1/channels/en/", {**other, "stories": []}, told],
    )
    await page.wait_for_function("() => document.querySelector('most-read').shadowRoot.textContent.includes('New')")
    assert await titles(page) == ["New", "First"]
    gone = {"type": "retracted", "id": "about-1"}
    await page.evaluate("([name, one]) => new BroadcastChannel(name).postMessage([one])",
                        [f"{reads.url}/v1/channels/en/", gone])  # fmt: skip
    await page.wait_for_function("() => !document.querySelector('most-read').shadowRoot.textContent.includes('New')")
    assert await titles(page) == ["First", "Second"]


@pytest.mark.parametrize("name", ["most-read", "read-next"])
async def test_what_is_killed_is_gone_and_no_answer_brings_it_back(
    context: BrowserContext, host: Host, reads: Reads, name: str
) -> None:
    reads.titles = ["First", "Second", "Third"]
    page = await visit(context, host, f'<{name} channel="en" story="abc" base="{reads.url}"></{name}>')
    await lists(page, "First", "Second", "Third", name=name)
    await hears(page, reads, {"type": "retracted", "id": "about-2"})
    await lists(page, "First", "Third", name=name)
    ask = "([name, label]) => document.querySelector(name).setAttribute('label', label)"
    reads.titles = ["First", "Second", "New"]  # from a cache, or on its way when the headline was killed
    await page.evaluate(ask, [name, "Once more"])
    await lists(page, "First", "New", name=name)
    await hears(page, reads, {"type": "released", "headline": {"id": "about-2"}})
    await page.evaluate(ask, [name, "And again"])
    await lists(page, "First", "Second", "New", name=name)


async def test_what_is_killed_before_the_first_answer_is_not_in_it(
    context: BrowserContext, host: Host, reads: Reads
) -> None:
    reads.held["24h"] = asyncio.Event()
    page = await visit(context, host, f'<most-read channel="en" base="{reads.url}"></most-read>')
    await eventually(lambda: reads.asked)
    await hears(page, reads, {"type": "retracted", "id": "about-1"})
    reads.held["24h"].set()
    await lists(page, "Second", "<b>Third</b>")


async def test_as_many_rows_as_are_asked_for(context: BrowserContext, host: Host, reads: Reads) -> None:
    reads.titles = [f"Story {n}" for n in range(1, 31)]
    page = await visit(context, host, f'<most-read channel="en" base="{reads.url}" limit="20"></most-read>')
    await lists(page, *reads.titles[:20])
    assert reads.asked == ["/v1/channels/en/most-read?window=24h&limit=20"]
    told = {"type": "most_read", "window": "24h", **reads.ranking()}
    told["stories"] = [told["stories"][11], *told["stories"][:9]]  # of the stream's ten rows, one came from below
    await hears(page, reads, told)
    rest = [*reads.titles[10:11], *reads.titles[12:21]]
    await lists(page, "Story 12", *reads.titles[:9], *rest)


async def test_a_list_that_was_taken_off_the_page_asks_no_more(
    context: BrowserContext, host: Host, reads: Reads
) -> None:
    page = await visit(context, host, f'<most-read channel="en" base="{reads.url}"></most-read>')
    await page.wait_for_selector("most-read a")
    await page.evaluate(
        "(base) => { const old = document.querySelector('most-read'); old.remove(); old.setAttribute('window', '7d');"
        "const next = document.createElement('read-next'); next.setAttribute('base', base); document.body.append(next);"
        "}",
        reads.url,
    )
    await page.wait_for_selector("read-next a")
    assert reads.asked == ["/v1/channels/en/most-read?window=24h", "/v1/channels/en/stories//next"]


async def test_an_answer_that_comes_late_is_not_put_in_place_of_a_newer_one(
    context: BrowserContext, host: Host, reads: Reads
) -> None:
    reads.held["1h"] = asyncio.Event()
    page = await visit(context, host, f'<most-read channel="en" window="1h" base="{reads.url}"></most-read>')
    await eventually(lambda: reads.asked)
    reads.titles = ["Of the day"]
    await page.evaluate("() => document.querySelector('most-read').setAttribute('window', '24h')")
    await lists(page, "Of the day")
    async with page.expect_response("**/most-read?window=1h") as late:
        reads.held["1h"].set()
    await (await late.value).finished()
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert await titles(page) == ["Of the day"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(chromium: Browser, host: Host, reads: Reads, scheme: Any) -> None:
    context = await chromium.new_context(color_scheme=scheme, bypass_csp=True)
    lists = f'<most-read base="{reads.url}"></most-read><read-next base="{reads.url}" lang="ar" dir="rtl"></read-next>'
    page = await visit(context, host, lists)
    await page.wait_for_selector("read-next a")
    await page.add_script_tag(path=AXE)
    found = await page.evaluate("axe.run()")
    assert [(fault["id"], node["html"]) for fault in found["violations"] for node in fault["nodes"]] == []
    assert len(found["passes"]) > 5
    await context.close()


async def test_an_old_list_hides(context: BrowserContext, host: Host, reads: Reads) -> None:
    reads.as_of -= 36 * 60_000
    page = await visit(context, host, f'<most-read channel="en" base="{reads.url}"></most-read>')
    await page.wait_for_selector("most-read", state="hidden")
    await eventually(lambda: reads.asked)
    assert await page.locator("most-read").is_hidden()


@pytest.mark.parametrize("name", ["most-read", "read-next"])
async def test_a_list_of_what_is_unknown_hides(context: BrowserContext, host: Host, reads: Reads, name: str) -> None:
    reads.unknown = True
    page = await visit(context, host, f'<{name} channel="en" story="old" base="{reads.url}"></{name}>')
    await page.wait_for_selector(name, state="hidden")
    reads.unknown = False
    await page.evaluate("(name) => document.querySelector(name).setAttribute('story', 'new')", name)
    await lists(page, *reads.titles, name=name)
    reads.unknown = True
    await page.evaluate("(name) => document.querySelector(name).setAttribute('story', 'killed')", name)
    await page.wait_for_selector(name, state="hidden")


async def test_who_looks_again_sees_no_old_list(context: BrowserContext, host: Host, reads: Reads) -> None:
    await context.clock.install()
    page = await visit(context, host, f'<most-read channel="en" base="{reads.url}"></most-read>')
    await page.wait_for_selector("most-read a")
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await page.evaluate(hide, True)
    await page.clock.fast_forward(3 * 3_600_000)
    await page.clock.pause_at(datetime.now(UTC) + timedelta(hours=4))  # no minute passes by itself
    reads.held["24h"] = asyncio.Event()
    asked = len(reads.asked)
    assert await page.locator("most-read").is_visible()
    await page.evaluate(hide, False)
    await page.wait_for_selector("most-read", state="hidden")
    await eventually(lambda: len(reads.asked) > asked)
    reads.held["24h"].set()
    reads.titles = ["New"]
    await page.wait_for_selector("most-read", state="visible")


@pytest.mark.parametrize("name", ["most-read", "read-next"])
@pytest.mark.parametrize("lang", ["ar_EG", "none at all"])
async def test_a_language_may_be_written_wrong(
    context: BrowserContext, host: Host, reads: Reads, name: str, lang: str
) -> None:
    page = await visit(context, host, f'<{name} channel="en" lang="{lang}" base="{reads.url}"></{name}>')
    await lists(page, *reads.titles, name=name)
    title = {"most-read": "الأكثر قراءة", "read-next": "اقرأ أيضًا"} if lang == "ar_EG" else {}
    assert await page.locator(f"{name} h2").text_content() == title.get(name, name.replace("-", " ").capitalize())


@pytest.mark.parametrize("minutes", [-300, 300])
async def test_a_reader_whose_clock_is_wrong_sees_the_list(
    context: BrowserContext, host: Host, reads: Reads, minutes: int
) -> None:
    await context.add_init_script(f"const {{ now }} = Date; Date.now = () => now.call(Date) + {minutes} * 60000")
    page = await visit(context, host, f'<most-read channel="en" base="{reads.url}"></most-read>')
    await page.wait_for_selector("most-read a", state="visible")
    reads.as_of -= 36 * 60_000
    await page.evaluate("() => document.querySelector('most-read').setAttribute('label', 'Old')")
    await page.wait_for_selector("most-read", state="hidden")


async def test_read_next(context: BrowserContext, host: Host, reads: Reads) -> None:
    page = await visit(context, host, f'<read-next channel="en" story="abc" base="{reads.url}"></read-next>')
    await page.wait_for_selector("read-next a")
    assert await titles(page, "read-next") == reads.titles
    assert reads.asked == ["/v1/channels/en/stories/abc/next"]


async def test_a_read_is_told_once_after_seconds_in_view(
    context: BrowserContext, host: Host, reads: Reads, web: Web
) -> None:
    await context.add_cookies([{"name": "id", "value": "me", "url": reads.url}])
    host.head += (
        f'<link rel="canonical" href="https://news.example/the-story">'
        f'<script type="module" src="{web.url}/widget/1/read.js" data-base="{reads.url}" data-seconds="2"></script>'
    )
    await visit(context, host, "")
    await eventually(lambda: reads.beacons)
    [(method, kind, said, cookie)] = reads.beacons  # one request: no preflight before it
    assert (method, kind, cookie) == ("POST", "text/plain", False)
    assert said["s"] == ["https://news.example/the-story"]
    assert int(said["d"][0]) >= 2
    assert said["w"] == ["1"]  # a browser that a program drives says so
    assert await context.storage_state() == {"cookies": (await context.storage_state())["cookies"], "origins": []}


async def test_what_an_address_may_hide_is_not_told(
    context: BrowserContext, host: Host, reads: Reads, web: Web
) -> None:
    data = f'data-base="{reads.url}" data-seconds="1"'
    host.head += f'<script type="module" src="{web.url}/widget/1/read.js" {data}></script>'
    await visit(context, host, "", "/here?token=secret#part", f"{host.url}/before?token=secret")
    await eventually(lambda: reads.beacons)
    [(_, _, said, _)] = reads.beacons
    assert (said["s"], said["f"]) == ([f"{host.url}/here"], [f"{host.url}/before"])


async def test_who_asks_not_to_be_counted_is_not(context: BrowserContext, host: Host, reads: Reads, web: Web) -> None:
    await context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
    await context.add_init_script("window.ticks = 0; setInterval(() => { ticks += 1; }, 100)")
    host.head += (
        f'<script type="module" src="{web.url}/widget/1/read.js" data-base="{reads.url}" data-seconds="1"></script>'
    )
    page = await visit(context, host, "")
    await page.wait_for_function("() => ticks > 30")
    assert reads.beacons == []


async def test_where_only_pictures_pass_it_is_one(context: BrowserContext, host: Host, reads: Reads, web: Web) -> None:
    await context.route("**/reads", lambda route: route.abort())
    data = f'data-base="{reads.url}" data-seconds="1" data-story="abc"'
    host.head += f'<script type="module" src="{web.url}/widget/1/read.js" {data}></script>'
    await visit(context, host, "")
    await eventually(lambda: reads.beacons)
    assert [(method, said["s"]) for method, _, said, _ in reads.beacons] == [("GET", ["abc"])]


async def test_on_the_open_socket_where_there_is_one(
    context: BrowserContext, host: Host, reads: Reads, web: Web
) -> None:
    data = f'data-base="{reads.url}" data-seconds="1" data-story="abc"'
    host.head += f'<script type="module" src="{web.url}/widget/1/read.js" {data}></script>'
    await context.add_init_script(
        "window.sent = []; const send = WebSocket.prototype.send;"
        "WebSocket.prototype.send = function (frame) { sent.push(frame); send.call(this, frame); }"
    )
    await context.clock.install()
    await context.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    page = await visit(context, host, '<news-ticker channel="en"></news-ticker>')
    await page.wait_for_function("() => document.querySelector('news-ticker').state === 'live'")
    await page.clock.run_for(1000)
    await page.wait_for_function("() => sent.length > 0")
    assert json.loads((await page.evaluate("sent"))[0]) == {"type": "read", "s": "abc", "d": 1, "w": "1"}
    assert reads.beacons == []
