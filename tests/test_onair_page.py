"""`/onair/{output}`: always answered, whole in itself, and on air as the service says, in a real browser."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Request

from tests.api import Answer, Api, fresh_key, serving
from tests.renderer import downloaded, rendering
from tests.servers import RedisServer, Web, eventually
from ticker.onair.api import MOST_STREAMS
from ticker.onair.page_key import PURPOSE
from ticker.people.seal import Seal
from ticker.store import connect

pytestmark = pytest.mark.asyncio(loop_scope="module")

OUTPUTS = """
[channels.en]
[channels.ar]
[outputs.program]
channels = ["en"]
clearance = "automatic"
speed = 40
longest = 280
fallback = ["The news from Example"]
[outputs.arabic]
channels = ["ar"]
clearance = "automatic"
speed = 40
longest = 280
[outputs.strict]
channels = ["en"]
"""
HOSTILE = {
    "long": " ".join(["A headline without an end"] * 10),
    "emoji": "Fans \U0001f469\U0001f3fd\u200d\U0001f680 and \U0001f1ea\U0001f1f8 cheer \u26bd\ufe0f",
    "quotes": "PM: \"never\" 'ever' \u201cagain\u201d `so` \u00ab\u00e0 Paris\u00bb",
    "backslashes": 'C:\\new\\table \\" \\u0041 \\\\',
    "money": "Acme to pay $5bn, $& and $1 and $$",
    "markup": "</script><script>window.hit=1</script><img src=x onerror=window.hit=1> &amp; <b>bold</b>",
    "arabic": "\u0639\u0627\u062c\u0644: 12 \u0642\u062a\u064a\u0644\u0627 \u0641\u064a \u0632\u0644\u0632\u0627\u0644",
}


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("page"), OUTPUTS) as web:
        yield web


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


class Gallery(Api):
    """Somebody at the desk and at the outputs."""

    async def kill(self, headline: Any) -> Answer:
        return await self("POST", "/onair/program/kill", {"id": headline["id"], "reason": "wrong"})

    async def state(self, output: str = "program") -> Any:
        return (await self.get(f"/onair/{output}/state")).json

    async def page_of(self, name: str) -> Any:
        return next((page for page in (await self.state())["pages"] if page["page"] == name), None)

    async def clear(self) -> None:
        for headline in (await self.board()).values():
            await self.act(headline, "hold")


@pytest_asyncio.fixture(loop_scope="module")
async def gallery(http: aiohttp.ClientSession, web: Web) -> AsyncIterator[Gallery]:
    gallery = Gallery(http, web.url, await fresh_key(web, "gallery", "admin"))
    yield gallery
    await gallery.clear()


@pytest_asyncio.fixture(loop_scope="module")
async def key(web: Web) -> str:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        return await Seal(redis).close(PURPOSE, "program")


# --- how it is served -----------------------------------------------------------------------------------------------


async def test_an_output_has_a_page_and_nothing_else_has(gallery: Gallery) -> None:
    answer = await gallery.get("/onair/program")

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "'sha256-" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert (await gallery.get("/onair/nobody")).fault == (404, "no-output")


async def test_it_is_sent_once_while_it_stays_the_same(gallery: Gallery) -> None:
    etag = (await gallery.get("/onair/program?page=main")).headers["etag"]

    again = await gallery.get("/onair/program?page=main", If_None_Match=etag)
    assert (again.status, again.text) == (304, "")
    assert (await gallery.get("/onair/program?page=backup", If_None_Match=etag)).status == 200


async def test_it_comes_as_a_file(gallery: Gallery) -> None:
    answer = await gallery.get("/onair/program?download&key=abc&page=backup")

    assert answer.headers["content-disposition"] == 'attachment; filename="program.html"'
    assert '"page":"backup","key":"abc"' in answer.text


@pytest.mark.parametrize(
    "query", ["page=%00%ff", "page=" + "x" * 5000, "key=" + "x" * 5000, "preview=1&preview=2", "?"]
)
async def test_no_question_is_refused(gallery: Gallery, query: str) -> None:
    assert (await gallery.get(f"/onair/program?{query}")).status == 200


# --- on air ---------------------------------------------------------------------------------------------------------


async def test_what_is_published_runs_and_what_is_killed_is_covered(
    gallery: Gallery, chromium: Browser, web: Web
) -> None:
    async with rendering(chromium, f"{web.url}/onair/program") as renderer:
        await renderer.shows("The news from Example")
        storm = await gallery.publish("Storm reaches the coast")
        await renderer.shows("Storm reaches the coast")

        await gallery.kill(storm)
        await renderer.shows_no("Storm reaches the coast")
        await renderer.shows("The news from Example")


@pytest.mark.parametrize("name", HOSTILE)
async def test_every_text_is_shown_as_it_was_written(gallery: Gallery, chromium: Browser, web: Web, name: str) -> None:
    headline = await gallery.publish(HOSTILE[name])
    async with rendering(chromium, f"{web.url}/onair/program") as renderer:
        await renderer.shows(headline["text"])

        assert await renderer.call("window.hit") is None
    assert name == "long" or headline["text"] == HOSTILE[name]


async def test_its_background_is_the_picture_below(chromium: Browser, web: Web) -> None:
    async with rendering(chromium, f"{web.url}/onair/program") as renderer:
        await renderer.shows("The news from Example")
        for element in ("document.documentElement", "document.body"):
            assert await renderer.call(f"getComputedStyle({element}).backgroundColor") == "rgba(0, 0, 0, 0)"
        scroll = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        assert await renderer.call(scroll) == [1920, 1080]


async def test_a_contrast_theme_of_the_machine_changes_no_colour(chromium: Browser, web: Web) -> None:
    colours = """[".plate", ".words", ".separator"].map((name) => {
      const { backgroundColor, borderTopColor, color } = getComputedStyle(document.querySelector(`.onair ${name}`));
      return [backgroundColor, borderTopColor, color];
    })"""
    found = []
    for theme in ("none", "active"):
        async with rendering(chromium, f"{web.url}/onair/program", forced_colors=theme) as renderer:
            await renderer.shows("The news from Example")
            assert await renderer.call("matchMedia('(forced-colors: active)').matches") is (theme == "active")
            found.append(await renderer.call(colours))
    assert found[0] == found[1]


# Where a headline would be at some moment, by where it is in this frame; null while it is not on the screen.
PLACE = """() => new Promise((tell) => requestAnimationFrame((time) => {
  const [left] = [...document.querySelectorAll(".item")].filter((one) => one.textContent.includes("The first of three"))
    .map((one) => one.getBoundingClientRect().left).filter((left) => left < innerWidth - 100);
  tell(left === undefined ? null : left + (((performance.timeOrigin + time) % 10 ** 8) / 20) * 40);
}))"""


async def test_a_page_whose_host_has_ended_a_take_over_comes_back_to_its_twin(
    gallery: Gallery, chromium: Browser, web: Web, key: str
) -> None:
    for name in "first", "second", "third":
        await gallery.publish(" ".join([f"The {name} of three"] * 8))
    pages = [f"{web.url}/onair/program?page={name}&key={key}" for name in ("main", "twin")]
    async with rendering(chromium, pages[0]) as main, rendering(chromium, pages[1]) as twin:

        async def together(since: float = 0) -> Any:
            """Not while it leaves or enters, where either may be on another pass; `since` is that of an earlier one."""
            one, other = await asyncio.gather(main.page.evaluate(PLACE), twin.page.evaluate(PLACE))
            is_so = None not in (one, other) and abs(one - other) < 320  # px: some frames, on a busy machine
            return one if is_so and one > since else None

        strap = "getComputedStyle(document.querySelector('.strap')).visibility"
        place = await eventually(together, "both are where they belong")
        await gallery.publish("Above", urgency="flash")
        for page in main, twin:
            await eventually(lambda page=page: page.call(f"{strap} === 'visible'"), "it stands above the crawl")
        await main.call("next()")
        await eventually(lambda: main.call(f"{strap} === 'hidden'"), "it has left the one")
        await main.shows(" ".join(["The second of three"] * 8), " ".join(["The third of three"] * 8))
        await gallery("POST", "/onair/program/clear-takeover", {})
        await eventually(lambda: twin.call(f"{strap} === 'hidden'"), "it has left the other")
        later = place + 40 * 50 * 5  # px: beyond what they had on their screens
        await eventually(lambda: together(later), "both are where they belong, again")


# --- what it reports ------------------------------------------------------------------------------------------------


async def test_a_page_with_a_key_says_what_is_on_its_screen(
    gallery: Gallery, chromium: Browser, web: Web, key: str
) -> None:
    headline = await gallery.publish("Bridge closed")
    async with rendering(chromium, f"{web.url}/onair/program?page=main&key={key}") as renderer:
        await renderer.shows("Bridge closed")

        frames = set[int]()

        async def told() -> Any:
            page = await gallery.page_of("main")
            if page and page["on_screen"] == [headline["id"]]:
                frames.add(page["frame"])
            return page if len(frames) > 1 else None

        page = await eventually(told, "the page has reported the headline, at two frames")
        assert page["state"] == "on"
        assert page["playlist"] == (await gallery.state())["playlist"]["id"]
        await gallery.kill(headline)

        async def ran() -> Any:
            answer = await gallery.get(f"/onair/program/as-run?id={headline['id']}")
            passes = [e for e in answer.json["entries"] if e["by"] == "page:main"]
            of = [[e for e in passes if int(e["first"]) <= frame <= int(e["last"])] for frame in frames]
            return of if all(of) else None

        for logged in await eventually(ran, "the as-run log has a pass for each of these frames"):
            for one in logged:
                assert one["after"] == "Bridge closed"
                assert 0 < int(one["first"]) <= int(one["last"])


async def test_a_page_with_a_key_follows_though_a_crowd_does(chromium: Browser, web: Web, key: str) -> None:
    async def following(number: int) -> bool:
        return await web.metric("ticker_onair_streams", output="program") == number

    address = f"{web.url}/onair/program"
    await eventually(lambda: following(0))
    everybody = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    async with everybody as crowd, contextlib.AsyncExitStack() as strangers:
        for _ in range(MOST_STREAMS):
            await strangers.enter_async_context(crowd.get(f"{address}/stream"))
        await eventually(lambda: following(MOST_STREAMS))
        async with rendering(chromium, f"{address}?key={key}"):
            await eventually(lambda: following(MOST_STREAMS + 1))
    await eventually(lambda: following(0))


async def test_without_a_key_and_as_a_preview_it_only_shows(
    gallery: Gallery, chromium: Browser, web: Web, key: str
) -> None:
    asked: list[str] = []
    async with rendering(chromium) as renderer:
        renderer.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
        for query in ("page=quiet", f"page=quiet&preview&key={key}"):
            await renderer.open(f"{web.url}/onair/program?{query}")
            await renderer.shows("The news from Example")
            await eventually(lambda: "stream" in asked, "it follows the output")
            await asyncio.sleep(0)
        assert "report" not in asked
    assert await gallery.page_of("quiet") is None


async def test_a_bar_with_nothing_to_read_is_blank_whatever_stands_beside_it(
    gallery: Gallery, chromium: Browser, web: Web, key: str
) -> None:
    async def becomes(state: str) -> None:
        async def told() -> bool:
            page = await gallery.page_of("bare")
            return page is not None and page["state"] == state

        await eventually(told, f"the page says {state}")

    async with rendering(chromium, f"{web.url}/onair/program?page=bare&key={key}") as it:
        await it.shows("The news from Example")
        await becomes("fallback")
        await it.call("""{
          const onair = document.querySelector(".onair");
          onair.insertAdjacentHTML("beforeend", "<div class='kind preview'>PREVIEW</div>");
          onair.insertAdjacentHTML("beforeend", "<time class='clock'>12:00</time>");
          document.querySelector(".window").style.flex = "0 0 0";
        }""")
        await becomes("blank")


async def test_a_page_that_is_dark_says_so(gallery: Gallery, chromium: Browser, web: Web, key: str) -> None:
    slow = "Object.defineProperty(document.fonts, 'ready', { get: () => new Promise(() => {}) });"
    async with rendering(chromium, f"{web.url}/onair/program?page=dark&key={key}", before=slow):

        async def told() -> bool:
            page = await gallery.page_of("dark")
            return page is not None and page["state"] == "blank"

        await eventually(told, "the page says that it shows nothing")


async def test_what_no_page_may_be_called_is_cleaned_in_the_page_too(
    gallery: Gallery, chromium: Browser, web: Web, key: str
) -> None:
    async with rendering(chromium, f"{web.url}/onair/program?page=backup%202&key={key}"):

        async def told() -> Any:
            return await gallery.page_of("backup2")

        await eventually(told, "it reports as backup2")


async def test_what_was_on_screen_is_told_of_a_second(chromium: Browser, web: Web, key: str, gallery: Gallery) -> None:
    headline = await gallery.publish("Sampled", kicker="Sport")
    posted: list[Any] = []
    async with rendering(chromium) as it:
        it.page.on("request", lambda request: posted.append(json.loads(request.post_data or "{}")))
        await it.open(f"{web.url}/onair/program?page=sampled&key={key}")
        await it.shows("Sampled")

        def sampled() -> bool:
            return any(headline["id"] in one.get("sampled", {}).get("on_screen", ()) for one in posted)

        await eventually(sampled, "it is told what was there in a second")
        for one in posted:
            if "sampled" in one:
                assert 0 <= one["frame"] // 50 - one["sampled"]["second"] <= 1
        await gallery.kill(headline)
        await eventually(lambda: any(one.get("ran") for one in posted), "what has run is told")
        (ran,) = [run for one in posted for run in one.get("ran", ()) if run["id"] == headline["id"]][:1]
        assert (ran["text"], ran["kicker"]) == ("Sampled", "Sport")


async def test_from_disk_a_report_that_is_refused_is_given_up_only_for_a_fault_in_what_has_run(
    gallery: Gallery, chromium: Browser, web: Web, key: str, tmp_path: Path
) -> None:
    before = await gallery.publish("Before the fault")
    posted: list[Any] = []

    async def logged(headline: Any) -> list[int]:
        entries = (await gallery.get(f"/onair/program/as-run?id={headline['id']}")).json["entries"]
        return [int(e["first"]) for e in entries if e["by"] == "page:disk"]

    def under_the_fault() -> list[Any]:
        """What had run when the report named an id that is none on the screen, and was sent again for that."""
        refused = [one for one in posted if one["ran"] and one["on_screen"] == ["no id"]]
        return refused[-1]["ran"] if len(refused) > 1 and refused[-1]["seq"] == refused[-2]["seq"] else []

    async with rendering(chromium) as it:
        it.page.on("request", lambda request: posted.append(json.loads(request.post_data or '{"ran": []}')))
        file = f"{web.url}/onair/program?download&page=disk&key={key}"
        await it.open(await downloaded(gallery.http, file, tmp_path))
        await it.shows("Before the fault")
        told = (await gallery.get("/onair/program/playlist.json")).json
        faulty = {**told["items"][0], "id": "no id", "text": "It runs for long " * 150}
        both = {"items": [*told["items"], faulty], "order": [before["id"], "no id"]}
        pushed = {**told, **both, "id": "pushed", "frame": told["frame"] + 1, "anchor": None}
        await it.page.evaluate("data => update(data)", {"playlist": pushed})
        *_, ran = await eventually(under_the_fault, "what has run is said again while another field is at fault")
        assert ran["first"] not in await logged(before)
        after = await gallery.publish("After the fault")

        async def has(headline: Any, first: int = 0) -> bool:
            return any(one >= first for one in await logged(headline))

        await eventually(lambda: has(before, ran["first"]), "it was kept until that was mended")
        await eventually(lambda: has(after), "what had a fault in itself was given up")
    assert any(run["id"] == "no id" for one in posted for run in one["ran"])


async def test_after_a_fault_in_what_a_report_would_say_it_goes_on_reporting(
    chromium: Browser, web: Web, key: str
) -> None:
    fails = """
      const look = Element.prototype.getElementsByClassName;
      window.failed = 0;
      Element.prototype.getElementsByClassName = function (name) {
        if (!window.fails) return look.call(this, name);
        window.failed += 1;
        throw Error("while it looks at what is there");
      };
    """
    posted: list[str] = []
    async with rendering(chromium, before=fails) as it:
        it.page.on("request", lambda request: posted.append(request.url) if request.url.endswith("/report") else None)
        await it.open(f"{web.url}/onair/program?page=failing&key={key}")
        await eventually(lambda: posted, "it reports")
        await it.call("window.fails = true")
        await eventually(lambda: it.call("window.failed > 1"), "it has tried again")
        await it.call("window.fails = false")
        posted.clear()
        await eventually(lambda: posted, "it reports again")


async def test_a_source_that_nobody_sees_says_so(gallery: Gallery, chromium: Browser, web: Web, key: str) -> None:
    headline = await gallery.publish("Seen by nobody")
    event = "window.dispatchEvent(new CustomEvent('obsSourceActiveChanged', {detail: {active: %s}}))"

    async def becomes(state: str, on_screen: list[str]) -> None:
        async def told() -> bool:
            page = await gallery.page_of("obs")
            return page is not None and (page["state"], page["on_screen"]) == (state, on_screen)

        await eventually(told, f"the page says {state}")

    async with rendering(chromium, f"{web.url}/onair/program?page=obs&key={key}", before="window.obsstudio = {}") as it:
        await it.shows("Seen by nobody")
        await becomes("on", [headline["id"]])
        await it.call(event % "false")
        await becomes("off", [])
        await it.call(event % "true")
        await becomes("on", [headline["id"]])


async def test_reports_wait_until_they_are_taken(gallery: Gallery, chromium: Browser, web: Web, key: str) -> None:
    headline = await gallery.publish("Said twice, counted once")
    posted: list[Any] = []
    async with rendering(chromium) as it:

        async def refuse(route: Any) -> None:
            posted.append(json.loads(route.request.post_data))
            await route.fulfill(status=503, headers={"access-control-allow-origin": "*"})

        await it.page.route("**/report", refuse)
        await it.open(f"{web.url}/onair/program?page=slow&key={key}")
        await it.shows("Said twice, counted once")
        await gallery.kill(headline)
        await it.shows_no("Said twice, counted once")
        await eventually(lambda: len([one for one in posted if one["ran"]]) > 1, "it is said again")
        numbers = {one["seq"] for one in posted if one["ran"]}
        assert len(numbers) == 1
        await it.page.unroute("**/report")

        async def run() -> Any:
            answer = await gallery.get(f"/onair/program/as-run?id={headline['id']}")
            return [e for e in answer.json["entries"] if e["by"] == "page:slow"]

        firsts = [entry["first"] for entry in await eventually(run, "it was taken in the end")]
        assert len(firsts) == len(set(firsts))  # it may have come round before it was killed


@pytest.mark.parametrize("whose", ["the service's", "the host's"])
async def test_what_is_on_screen_when_a_page_ends_has_run_until_then(
    gallery: Gallery, chromium: Browser, web: Web, key: str, whose: str
) -> None:
    text = " ".join([f"On air as {whose}"] * 10)
    if whose == "the service's":
        await gallery.publish(text)
    async with rendering(chromium, f"{web.url}/onair/program?page=ends&key={key}") as it:
        if whose == "the host's":
            await it.page.evaluate("data => update(data)", {"f0": text})
        await it.shows(text)
        frame = await it.call("Math.floor(Date.now() / 20)")
        await it.page.reload()

        async def ran() -> Any:
            entries = (await gallery.get("/onair/program/as-run?by=page:ends")).json["entries"]
            return [e for e in entries if e["after"] == text and int(e["first"]) <= frame <= int(e["last"])]

        (entry,) = await eventually(ran, "it says afterwards what ran when it ended")
        assert entry["covered"] is False


@pytest.mark.parametrize("is_seen", [True, False])
async def test_on_a_machine_whose_clock_is_ahead_each_run_is_told_once_and_only_when_somebody_sees_it(
    gallery: Gallery, chromium: Browser, web: Web, key: str, *, is_seen: bool
) -> None:
    ahead = 4000  # ms
    active = "dispatchEvent(new CustomEvent('obsSourceActiveChanged', {detail: {active: %s}}))"
    before = f"""
      const {{ now }} = Date;
      Date.now = () => now() + {ahead};
      addEventListener("DOMContentLoaded", () => {active % str(is_seen).lower()});
    """
    for name in "one", "other":
        await gallery.publish(" ".join([f"The {name} of two headlines"] * 4))
    runs: list[tuple[str, int, int]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/report"):
            runs.extend((one["id"], one["first"], one["last"]) for one in json.loads(request.post_data or "")["ran"])

    async with rendering(chromium, before=before) as it:
        it.page.on("request", note)
        await it.open(f"{web.url}/onair/program?page=ahead&key={key}")
        moment = "Math.floor((performance.timeOrigin + performance.now()) / 20)"  # by the clock of the service
        begun = await it.call(moment)
        for name in "one", "other", "one", "other":
            await it.shows(" ".join([f"The {name} of two headlines"] * 4))
        shown = await it.call(moment)
        await it.call(active % "true")
        await eventually(lambda: any(last > begun + ahead // 20 + 50 for _, _, last in runs), "its own clock is behind")
    for one in {one for one, _, _ in runs}:
        of = sorted({(first, last) for id_, first, last in runs if id_ == one})
        assert all(later > last + 1 for (_, last), (later, _) in itertools.pairwise(of)), of
    if not is_seen:
        assert min(first for _, first, _ in runs) > shown - 50
