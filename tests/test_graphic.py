"""The ticker as an OGraf graphic, loaded and played in a real browser as renderers do it."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.api import Api, fresh_key, serving
from tests.fonts import bold_path
from tests.servers import RedisServer, Web, eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

OUTPUTS = """
[channels.en]
[channels.ar]
[outputs.program]
channels = ["en"]
clearance = "automatic"
fallback = ["Stay with us"]
[outputs.program.look]
{look}
[outputs.flip]
channels = ["en"]
clearance = "automatic"
mode = "flip"
flip_seconds = 1
[outputs.flip.look]
{look}
font = "{font}"
[outputs.arabic]
channels = ["ar"]
clearance = "automatic"
[outputs.arabic.look]
{look}
""".replace("{font}", str(bold_path())).replace(
    "{look}", "width = 640\nheight = 120\nbottom = 10\ntext = 30\nclock = true"
)
WIDTH, HEIGHT = 640, 120
OWN = {"headlines": 'First headline\nSecond: "quoted" & <b>bold</b>\nThird $5bn', "speed": "4"}
SCHEDULE = [
    {"timestamp": 0, "action": {"type": "updateAction", "params": {"data": OWN}}},
    {"timestamp": 1000, "action": {"type": "playAction", "params": {}}},
    {"timestamp": 3000, "action": {"type": "customAction", "params": {"id": "breaking",
                                                                      "payload": {"text": "Now", "seconds": "2"}}}},
    {"timestamp": 6000, "action": {"type": "updateAction", "params": {"data": {"headlines": "Other words"}}}},
    {"timestamp": 9000, "action": {"type": "stopAction", "params": {}}},
]  # fmt: skip

# What a renderer does: the element's name as some make it of id and version, and a promise that must be kept in 3 s.
RENDERER = """
window.ready = (async () => {
  const manifest = await (await fetch(BASE + "ticker.ograf.json")).json();
  const module = await import(BASE + manifest.main);
  const name = `${manifest.id}-v${manifest.version}`;
  customElements.define(name, module.default);
  window.manifest = manifest;
  window.open_ = () => { window.it = document.createElement(name); document.body.append(window.it); };
  window.call = (method, params) => Promise.race([window.it[method](params),
    new Promise((_, no) => setTimeout(() => no(new Error(method + " has not answered")), 3000))]);
  window.open_();
})();
const walk = (element) => document.createTreeWalker(element.shadowRoot, NodeFilter.SHOW_TEXT);
window.visible = () => {
  const found = [];
  const range = document.createRange();
  for (const element of document.body.children) for (const texts = walk(element); texts.nextNode();) {
    range.selectNodeContents(texts.currentNode);
    const { left, right, top, bottom } = range.getBoundingClientRect();
    const style = getComputedStyle(texts.currentNode.parentElement);
    const inside = right > 0 && left < innerWidth && bottom > 0 && top < innerHeight && right > left;
    if (inside && style.visibility !== "hidden") found.push(texts.currentNode.data.trim());
  }
  return found.filter(Boolean).join(" | ");
};
"""

WATCH = """() => {
  window.seen = new Set();
  const look = () => { window.seen.add(window.visible()); requestAnimationFrame(look); };
  look();
}"""
OVERLAPPING = """async (own) => {
  const { it } = window;
  await Promise.all([
    it.load({ renderType: "realtime", data: own }), it.updateAction({ data: { headlines: "A" } }), it.playAction({}),
    it.stopAction({}), it.updateAction({ data: { headlines: "Last words" } }), it.playAction({}),
    it.customAction({ id: "breaking", payload: { text: "On top", seconds: 0 } }),
  ]);
}"""


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("web"), OUTPUTS) as web:
        yield web


@pytest_asyncio.fixture(loop_scope="module")
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "desk", "admin"))


@asynccontextmanager
async def renderer(chromium: Browser, web: Web, output: str = "program") -> AsyncIterator[Page]:
    """A page that has loaded the graphic's module and put its element into the document, and asked nothing of it."""
    page = await chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.set_content('<!doctype html><body style="margin:0;background:transparent"></body>')
    await page.evaluate(f"const BASE = {json.dumps(f'{web.url}/onair/{output}/ograf/')};{RENDERER}")
    await page.evaluate("window.ready")
    yield page
    assert faults == []
    await page.close()


async def call(page: Page, method: str, **params: Any) -> Any:
    """What it answers, which may have no other fields than these."""
    answer = await page.evaluate("([method, params]) => window.call(method, params)", [method, params])
    if answer is not None:
        assert set(answer) <= {"statusCode", "statusMessage", "currentStep"}
        assert isinstance(answer["statusCode"], int)
    return answer


async def picture(page: Page) -> bytes:
    return await page.screenshot(omit_background=True)


async def visible(page: Page) -> str:
    return str(await page.evaluate("window.visible()"))


async def eventually_visible(page: Page, *texts: str) -> None:
    async def seen() -> bool:
        found = await visible(page)
        return all(text in found for text in texts)

    await eventually(seen, f"{texts} on screen")


async def eventually_gone(page: Page, text: str) -> None:
    async def gone() -> bool:
        return text not in await visible(page)

    await eventually(gone, f"{text} is gone")


async def is_empty(page: Page) -> bool:
    """Whether no pixel is painted."""
    assert page.context.browser
    blank = await page.context.browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    await blank.set_content('<!doctype html><body style="background:transparent"></body>')
    nothing = await picture(blank)
    await blank.close()
    return await picture(page) == nothing


# --- what every renderer may do -------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["program", "flip", "arabic"])
@pytest.mark.parametrize("live", [True, False])
async def test_the_checks_that_graphics_are_accepted_by(
    chromium: Browser, web: Web, output: str, *, live: bool
) -> None:
    async with renderer(chromium, web, output) as page:
        methods = ["load", "dispose", "playAction", "stopAction", "updateAction", "customAction", "goToTime",
                   "setActionsSchedule"]  # fmt: skip
        assert await page.evaluate("names => names.every(name => typeof window.it[name] === 'function')", methods)
        await call(page, "load", renderType="realtime" if live else "non-realtime")
        fields = await page.evaluate("window.manifest.schema.properties")
        data = {name: field["default"] for name, field in fields.items()}
        if live:
            assert (await call(page, "updateAction", data=data))["statusCode"] == 200
            assert await call(page, "playAction") == {"statusCode": 200, "currentStep": 0}
            assert (await call(page, "stopAction"))["statusCode"] == 200
        else:
            schedule = [
                {"timestamp": 0, "action": {"type": "updateAction", "params": {"data": data}}},
                {"timestamp": 1000, "action": {"type": "playAction", "params": {}}},
                {"timestamp": 7000, "action": {"type": "stopAction", "params": {}}},
            ]
            assert (await call(page, "setActionsSchedule", schedule=schedule))["statusCode"] == 200
            assert (await call(page, "goToTime", timestamp=5000))["statusCode"] == 200
            assert not await is_empty(page)
        assert (await call(page, "dispose"))["statusCode"] == 200
        assert await is_empty(page)


async def test_nothing_is_painted_before_it_plays(chromium: Browser, web: Web) -> None:
    async with renderer(chromium, web) as page:
        assert await is_empty(page)
        await call(page, "load", renderType="realtime", data=OWN)
        assert await is_empty(page)
        await call(page, "updateAction", data={"headlines": "Other words"})
        assert await is_empty(page)
        await call(page, "playAction")
        await eventually_visible(page, "Other words")
        await call(page, "stopAction")
        assert await is_empty(page)


async def test_as_a_renderer_does_that_says_no_more_than_it_must(chromium: Browser, web: Web) -> None:
    """No characteristics; all values text, or the words that unfilled fields have; the same data twice."""
    async with renderer(chromium, web) as page:
        data = {"service": "undefined", "headlines": "Only text", "mode": "null", "speed": "8", "dir": ""}
        await call(page, "load", renderType="realtime", data=data, rundownData={})
        await call(page, "updateAction", data=data)
        assert (await call(page, "playAction", data=data))["currentStep"] == 0
        await eventually_visible(page, "Only text")


async def test_the_step_that_is_meant(chromium: Browser, web: Web) -> None:
    cases: list[tuple[dict[str, Any], int | None]] = [
        ({}, 0), ({"goto": 0}, 0), ({"delta": 1}, 0), ({"goto": 1}, None), ({"delta": 2}, None), ({"goto": "0"}, 0),
        ({"delta": 0}, None), ({"goto": 0, "delta": 5}, 0),
    ]  # fmt: skip
    async with renderer(chromium, web) as page:
        for given, step in cases:
            await call(page, "load", renderType="realtime", data=OWN)
            assert (await call(page, "playAction", **given)).get("currentStep") == step
            if step == 0:  # and from there the next one is the end
                assert (await call(page, "playAction")).get("currentStep") is None
                assert await is_empty(page)


async def test_calls_may_overlap_and_hold_in_their_order(chromium: Browser, web: Web) -> None:
    async with renderer(chromium, web) as page:
        await page.evaluate(OVERLAPPING, OWN)
        await eventually_visible(page, "On top")
        await call(page, "customAction", id="clear-takeover", payload=None)
        await eventually_gone(page, "On top")
        await eventually_visible(page, "Last words")


async def test_what_cannot_be_done_is_told_and_nothing_happens(chromium: Browser, web: Web) -> None:
    async with renderer(chromium, web) as page:
        await call(page, "load", renderType="realtime", data={**OWN, "headlines": None})
        await call(page, "playAction")
        for given, status in (
            ({"id": "dance", "payload": {}}, 404), ({"id": "breaking", "payload": {}}, 400),
            ({"id": "kill", "payload": None}, 400), ({"id": "breaking"}, 400),
        ):  # fmt: skip
            answer = await call(page, "customAction", **given)
            assert (answer["statusCode"], bool(answer["statusMessage"])) == (status, True)
        assert (await call(page, "goToTime", timestamp=1))["statusCode"] == 409
        for data in (None, "text", 5, [1], {"speed": "fast"}, {"mode": {}}, {"service": ""}):
            assert (await call(page, "updateAction", data=data))["statusCode"] == 200
        await eventually_visible(page, "Stay with us")


async def test_the_animation_can_be_skipped(chromium: Browser, web: Web) -> None:
    async with renderer(chromium, web) as page:
        await call(page, "load", renderType="non-realtime", data=OWN)
        await call(page, "setActionsSchedule", schedule=[
            {"timestamp": 1000, "action": {"type": "playAction", "params": {"skipAnimation": True}}},
            {"timestamp": 2000, "action": {"type": "stopAction", "params": {"skipAnimation": True}}},
            {"timestamp": 3000, "action": {"type": "playAction", "params": {}}},
            {"timestamp": 5000, "action": {"type": "stopAction", "params": {}}},
        ])  # fmt: skip

        async def edge(timestamp: int) -> bytes:
            """The upper edge of the bar where it stands, at a moment."""
            await call(page, "goToTime", timestamp=timestamp)
            clip = {"x": 0, "y": 26, "width": WIDTH, "height": 4}
            return await page.screenshot(omit_background=True, clip=clip)  # type: ignore[arg-type]

        nothing, stands = await edge(0), await edge(4500)
        assert nothing != stands
        assert [await edge(moment) for moment in (1000, 1900, 2000)] == [stands, stands, nothing]
        for moment in (3060, 5160, 6000):  # it rises, it sinks, it has gone
            assert await edge(moment) == nothing


# --- out of real time -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["program", "flip", "arabic"])
async def test_the_same_moment_is_the_same_picture_whatever_was_asked_for_before(
    chromium: Browser, web: Web, output: str
) -> None:
    moments = [0, 1020, 2000, 3500, 4000, 5500, 6040, 8000, 9020, 12_000]

    async def taken(order: list[int]) -> dict[int, bytes]:
        async with renderer(chromium, web, output) as page:
            await call(page, "load", renderType="non-realtime", renderCharacteristics={"frameRate": 50})
            await call(page, "setActionsSchedule", schedule=SCHEDULE)
            found = {}
            for moment in order:
                await call(page, "goToTime", timestamp=moment)
                found[moment] = await picture(page)
            return found

    forward = await taken(moments)
    assert await taken(moments[::-1]) == forward
    assert await taken([*moments[5:], *moments[:5]]) == forward
    every = await taken(list(range(0, 4001, 500)) + moments[5:])
    assert {moment: every[moment] for moment in every if moment in forward} == {
        moment: forward[moment] for moment in forward if moment in every
    }
    assert forward[0] == forward[12_000]  # nothing, before and after
    assert len({*forward.values()}) >= 7


async def test_a_schedule_or_a_moment_that_is_none_is_refused(chromium: Browser, web: Web) -> None:
    async with renderer(chromium, web) as page:
        await call(page, "load", renderType="non-realtime", data=OWN)
        for schedule in ("text", [None], [{"timestamp": "soon", "action": {"type": "playAction"}}], [{"timestamp": 1}]):
            assert (await call(page, "setActionsSchedule", schedule=schedule))["statusCode"] == 400
        for timestamp in (None, "soon"):
            assert (await call(page, "goToTime", timestamp=timestamp))["statusCode"] == 400
        assert (await call(page, "goToTime", timestamp="1000"))["statusCode"] == 200
        assert await is_empty(page)


async def test_a_render_is_transparent_where_the_bar_is_not(chromium: Browser, web: Web) -> None:
    async with renderer(chromium, web) as page:
        await call(page, "load", renderType="non-realtime", data=OWN)
        await call(page, "playAction")
        await call(page, "goToTime", timestamp=2000)
        over = {}
        for colour in ("rgb(255, 0, 0)", "rgb(0, 0, 255)"):
            await page.evaluate("colour => { document.body.style.background = colour; }", colour)
            over[colour] = await page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": 20})
        assert len({*over.values()}) == 2
        assert "headline" in await visible(page)


# --- in real time ---------------------------------------------------------------------------------------------------


async def test_it_follows_the_service_until_it_is_given_its_own(chromium: Browser, web: Web, desk: Api) -> None:
    first = await desk.publish("From the newsroom")
    async with renderer(chromium, web) as page:
        data = {"service": f"{web.url}/onair/program"}
        await page.evaluate(WATCH)
        await call(page, "load", renderType="realtime", data=data)
        await call(page, "playAction")
        await eventually_visible(page, "From the newsroom")
        assert "Stay with us" not in await page.evaluate("[...window.seen].join()")  # not for a single frame
        await desk.act(first, "retract", {"reason": "wrong"})
        await eventually_gone(page, "From the newsroom")
        await eventually_visible(page, "Stay with us")
        await call(page, "updateAction", data={"headlines": "Own words", "speed": "40"})
        await eventually_visible(page, "Own words")
        await call(page, "updateAction", data={"headlines": ""})
        await eventually_visible(page, "Stay with us")
        await eventually_gone(page, "Own words")


async def test_a_kill_covers_at_once_what_is_on_screen(chromium: Browser, web: Web, desk: Api) -> None:
    headline = await desk.publish("Killed in the graphic")
    async with renderer(chromium, web) as page:
        await call(page, "load", renderType="realtime", data={"service": f"{web.url}/onair/program"})
        await call(page, "playAction")
        await eventually_visible(page, "Killed in the graphic")
        await call(page, "customAction", id="kill", payload={"id": headline["id"]})
        await eventually_gone(page, "Killed in the graphic")
        await eventually_visible(page, "Stay with us")
    await desk.act(headline, "retract", {"reason": "done"})


async def test_two_of_them_live_in_one_page_and_leave_nothing(chromium: Browser, web: Web) -> None:
    async with renderer(chromium, web) as page:
        await call(page, "load", renderType="realtime", data={**OWN, "headlines": "One"})
        await call(page, "playAction")
        await page.evaluate("window.one = window.it; window.open_()")
        await call(page, "load", renderType="realtime", data={**OWN, "headlines": "Two"})
        await call(page, "playAction")
        await eventually_visible(page, "One", "Two")
        await call(page, "dispose")
        assert "One" in await visible(page)
        await eventually_gone(page, "Two")
        await page.evaluate("window.one.dispose({})")
        assert await is_empty(page)


async def test_it_comes_back_where_it_would_have_been(chromium: Browser, web: Web) -> None:
    """Off for two seconds and on again, against one that was on all the time."""

    async def taken(schedule: list[Any]) -> bytes:
        async with renderer(chromium, web) as page:
            await call(page, "load", renderType="non-realtime", data={"headlines": "One\nTwo", "speed": "4"})
            await call(page, "setActionsSchedule", schedule=schedule)
            await call(page, "goToTime", timestamp=6000)
            return await picture(page)

    said = (("playAction", 0), ("stopAction", 2000), ("playAction", 4000))
    schedule = [{"timestamp": at, "action": {"type": name, "params": {}}} for name, at in said]
    assert await taken(schedule) == await taken(schedule[:1])


async def test_loaded_often_it_has_one_font(chromium: Browser, web: Web) -> None:
    async with renderer(chromium, web, "flip") as page:
        for _ in range(3):
            await call(page, "load", renderType="realtime", data=OWN)
            await call(page, "dispose")
        assert await page.evaluate("[...document.fonts].map((one) => one.status)") == ["loaded"]
