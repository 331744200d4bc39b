"""The operator's page in a real browser, against the real service: by keyboard, in three languages, seen and heard."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio
from fontTools.ttLib import TTFont
from playwright.async_api import Browser, Locator, Page, Route

from tests.api import Api, connector, fresh_key, serving
from tests.chromium import types
from tests.fonts import bold_path
from tests.servers import PATIENCE, ROOT, RedisServer, Web, eventually, free_port
from tests.tcp import answering, calling
from tests.test_onair_api import OUTPUTS, page_key
from ticker.onair.output import LEAD, RATES, frame_from
from ticker.onair.target import Target
from ticker.onair.targets import Targets
from ticker.people.people import People
from ticker.people.sessions import Sessions
from ticker.store import connect, end
from ticker.templates import WORDS
from ticker.writer import Role

PUSHED = """
[channels.en]
[outputs.wall]
channels = ["en"]
clearance = "automatic"
addresses = ["https://one.example/", "https://two.example/ticker/"]
[outputs.wall.vmix]
url = "http://127.0.0.1:9"
input = "Ticker"
"""

DRESSED = """
[channels.en]
[channels.ar]
[outputs.wall]
channels = ["en"]
clearance = "automatic"
[outputs.wall.look]
font = "{font}"
logo = "{logo}"
[outputs.arabic]
channels = ["ar"]
clearance = "automatic"
[outputs.arabic.look]
font = "{font}"
logo = "{logo}"
"""
TWO_PEOPLE = """
[channels.en]
[outputs.program]
channels = ["en"]
two_people = true
"""
# As whoever is signed in.
WRITES = """
async (text) => {
  const headers = { "content-type": "application/json" };
  return (await fetch("/v1/channels/en/headlines", { method: "POST", headers, body: JSON.stringify({ text }) })).status;
}
"""
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100"><rect width="300" height="100"/></svg>'
# Of an output's bar, in pixels of its frame: its room, and the width of each headline with the size of its kicker.
TRACK = """
(output) => {
  const root = [...document.querySelectorAll(".tile")].find((tile) => tile.textContent.includes(output)) || document;
  const items = [...root.querySelectorAll(".onair .layer > .item")];
  const room = root.querySelector(".onair .window")?.clientWidth;
  const sizeOf = (kicker) => kicker && [kicker.offsetWidth, kicker.offsetHeight];
  const textOf = (item) => item.querySelector(".words").textContent;
  const measured = (item) => [textOf(item), [item.offsetWidth, sizeOf(item.querySelector(".kicker"))]];
  return { room, items: Object.fromEntries(items.map(measured)) };
}
"""

BROKEN = """
export class Bar {
  constructor() { window.drawn = 0; }
  show() { throw Error("show"); }
  draw() { window.drawn += 1; throw Error("draw"); }
}
"""

# Nothing that it asks is given up, however long this machine takes.
PATIENT = "void (AbortSignal.timeout = () => new AbortController().signal)"

in_module = pytest.mark.asyncio(loop_scope="module")
SEQS = itertools.count(1)  # of reports
CLEAN = (
    ("take", {}), ("clear-takeover", {}), ("speed", {}), ("order", {"ids": []}),
    ("forget", {"page": "main"}), ("forget", {"page": "backup"}),
)  # fmt: skip
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# Every tone that is started is counted: nobody listens to a test.
EAR = """
window.heard = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) { window.heard += 1; return start.apply(this, at); };
"""


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("gallery"), OUTPUTS) as web:
        yield web


@pytest_asyncio.fixture(loop_scope="module")
async def desk(web: Web) -> AsyncIterator[Api]:
    """The desk; afterwards the strip is empty and the outputs are as at the beginning, whatever a test has left."""
    async with aiohttp.ClientSession(connector=connector()) as http:
        desk = Api(http, web.url, await fresh_key(web, "desk", "admin"))
        yield desk
        for headline in (await desk.board()).values():
            await desk.act(headline, "expire")
        for output in ("program", "open"):
            for cue, order in CLEAN:
                await desk("POST", f"/onair/{output}/{cue}", order)


class Wire:
    """Between a browser and the service. A connection that is cut says nothing any more and is not closed either."""

    def __init__(self, target: str) -> None:
        self.target, self.port = urlsplit(target).port, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._is_cut = asyncio.Event()

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator[Self]:
        async with answering(self._serve, self.port):
            yield self

    def cut(self) -> None:
        """Those that are there; not those that come."""
        self._is_cut.set()
        self._is_cut = asyncio.Event()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_cut = self._is_cut
        async with calling(self.target) as (from_web, to_web):
            await asyncio.gather(_pass_on(reader, to_web, is_cut), _pass_on(from_web, writer, is_cut))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_cut: asyncio.Event) -> None:
    with contextlib.closing(writer):
        while data := await reader.read(2**16):
            if not is_cut.is_set():
                writer.write(data)
                await writer.drain()


class Operator:
    """Somebody in the gallery. Faults of the page, and what its policy blocks, are faults of the test."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if "Content Security" in said.text else None)

    async def opens(self, address: str) -> "Operator":
        await self.page.goto(address)
        await self.page.wait_for_selector("#light[data-state=live]")
        await self.page.wait_for_selector("#transport button, #transport p")
        return self

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def heard(self) -> int:
        return int(await self.page.evaluate("window.heard"))

    async def heards(self, tones: int) -> bool:
        return await self.heard() >= tones

    async def chooses(self, title: str) -> None:
        """Also where a dialog is open, and nobody could by hand."""
        await self.page.locator(".tile button", has_text=title).first.dispatch_event("click")
        await self.page.locator("#panel-title bdi", has_text=title).wait_for()

    async def row(self, text: str, place: str) -> Any:
        row = self.page.locator(f"#{place} .record", has_text=text)
        await row.wait_for()
        return row

    async def told(self, name: str) -> None:
        await self.page.locator("#said", has_text=WORDS["en"]["gallery"]["done"][name]).wait_for()


Sits = Callable[..., Awaitable[Operator]]


@pytest_asyncio.fixture(loop_scope="module")
async def sits(chromium: Browser, web: Web) -> AsyncIterator[Sits]:
    """Brings somebody of a role to the gallery."""
    async with contextlib.AsyncExitStack() as stack:
        operators = []

        async def sit(
            role: Role = Role.ADMIN, output: str = "program", web: Web = web, url: str = "", **options: Any
        ) -> Operator:
            context = await chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
            stack.push_async_callback(context.close)
            async with connect(web.env["TICKER_REDIS_URL"]) as redis:
                people = People(redis)
                login = f"somebody-{role}"
                person = await people.get(login) or await people.add(login, f"Some {role}", {"*": role})
                session = await Sessions(redis, people, idle_minutes=30, longest_hours=8).begin(person)
            await context.add_cookies([{"name": "ticker-session", "value": session, "url": web.url}])
            await context.add_init_script(EAR)
            operators.append(Operator(await context.new_page()))
            return await operators[-1].opens(f"{url or web.url}/onair#{output}")

        yield sit
        for operator in operators:
            assert operator.faults == []


async def none(found: Locator) -> bool:
    return await found.count() == 0


async def shown(desk: Api, output: str = "program") -> list[str]:
    found = (await desk.get(f"/onair/{output}/playlist.json")).json
    return [item["text"] for item in found["items"]]


async def reports(desk: Api, web: Web, output: str = "program", **fields: Any) -> None:
    """What a page of the output says just now, and only now."""
    now = (await desk.get(f"/onair/{output}/playlist.json")).json
    given = {"key": await page_key(web, output), "boot": "b", "seq": next(SEQS), "frame": now["now"] // 20,
             "playlist": now["id"], "fps": 50, **fields}  # fmt: skip
    async with desk.http.post(f"{web.url}/onair/{output}/report", data=json.dumps(given)) as answer:
        assert answer.status == 204


@contextlib.asynccontextmanager
async def again_and_again(tell: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """What is told grows old, however long it takes until it is seen."""

    async def go_on() -> None:
        while True:
            await tell()
            await asyncio.sleep(1)

    told = asyncio.create_task(go_on())
    try:
        yield
    finally:
        await end(told)
    assert told.cancelled(), told.exception()


@contextlib.asynccontextmanager
async def reporting(desk: Api, web: Web, *pages: dict[str, Any]) -> AsyncIterator[None]:
    """What these pages of the output say again and again, as pages do, until somebody closes them."""

    async def report() -> None:
        for page in pages:
            await reports(desk, web, **page)

    async with again_and_again(report):
        yield


@in_module
async def test_by_keyboard_alone_from_the_desk_to_air_and_off_again(sits: Sits, desk: Api) -> None:
    operator = await sits()
    await desk.publish("Cleared by one key")
    await operator.row("Cleared by one key", "waiting")
    await operator.press("ArrowDown", "c")
    await operator.told("clear")
    await operator.row("Cleared by one key", "loop")
    await eventually(lambda: shown(desk))
    await operator.page.locator("#loop .record").focus()
    await operator.press("x")
    await operator.page.wait_for_selector("#kill[open]")
    assert await operator.page.text_content("#kill-text") == "Cleared by one key"
    await operator.page.keyboard.type("It is false")
    await operator.press("Enter")
    await operator.page.locator("#said", has_text="Killed.").wait_for()
    assert await shown(desk) == []
    assert await desk.board() == {}, "it is gone from readers, too"


@in_module
async def test_a_flash_of_new_words_takes_the_bar_over_until_it_is_ended(sits: Sits, desk: Api) -> None:
    operator = await sits()
    await operator.press("f")
    await operator.page.keyboard.type("Quake off the coast")
    await operator.press("Tab")
    await operator.page.keyboard.type("BREAKING")
    await operator.press("Enter")
    await operator.told("breaking")
    found = (await desk.get("/onair/program/playlist.json")).json
    [takeover], [item] = found["takeovers"], found["items"]
    assert (takeover["text"], takeover["kicker"]) == ("Quake off the coast", "BREAKING")
    ends = frame_from(item["expires_at"] + LEAD, RATES["50"])
    assert takeover["until"] == ends, "until its headline ends, if nobody ends it before"
    await operator.page.locator(".bar-state", has_text="Taken over").wait_for()
    await operator.press("e")
    await operator.told("clear-takeover")
    assert (await desk.get("/onair/program/playlist.json")).json["takeovers"] == []
    await operator.page.locator(".bar-state", has_text="On air").wait_for()


@in_module
async def test_a_flash_has_one_line_and_is_sent_as_at_the_desk(sits: Sits, desk: Api) -> None:
    operator = await sits()
    await operator.press("f")
    await operator.press("Control+Enter")
    await operator.page.keyboard.type("Dam has")
    await operator.press("Enter")
    await operator.page.keyboard.type(" burst")
    assert await operator.page.evaluate("document.getElementById('flash').open"), "nothing has been sent yet"
    await operator.press("Control+Enter")
    await operator.told("breaking")
    [takeover] = (await desk.get("/onair/program/playlist.json")).json["takeovers"]
    assert takeover["text"] == "Dam has burst"


@in_module
async def test_the_words_of_a_flash_that_was_refused_are_not_lost(sits: Sits, desk: Api) -> None:
    operator = await sits()
    page, text, kicker = operator.page, operator.page.locator("#flash-text"), operator.page.locator("#flash-kicker")
    await operator.press("f")
    await page.keyboard.insert_text("Dam \ufffd burst")  # as it is pasted from what has lost its encoding
    await kicker.fill("BREAKING")
    await operator.press("Control+Enter")
    await page.locator("#said.wrong", has_text="replacement character").wait_for()
    await operator.chooses("Open")
    await operator.press("f")
    assert (await text.input_value(), await kicker.input_value()) == ("", ""), "they are another output's"
    await operator.press("Escape")
    await operator.chooses("Program")
    await operator.press("f")
    assert (await text.input_value(), await kicker.input_value()) == ("Dam \ufffd burst", "BREAKING")
    await page.keyboard.type("Dam has burst")
    await operator.press("Control+Enter")
    await operator.told("breaking")
    [takeover] = (await desk.get("/onair/program/playlist.json")).json["takeovers"]
    assert (takeover["text"], takeover["kicker"]) == ("Dam has burst", "BREAKING")
    await operator.press("f")
    assert (await text.input_value(), await kicker.input_value()) == ("", "")


@in_module
async def test_the_bar_its_speed_and_its_order(sits: Sits, desk: Api) -> None:
    operator = await sits(output="open")
    for text in ("First of three", "Second of three", "Third of three"):
        await desk.publish(text)
    await operator.row("Third of three", "loop")
    assert await shown(desk, "open") == ["Third of three", "Second of three", "First of three"]
    await (await operator.row("First of three", "loop")).focus()
    await operator.press("Alt+ArrowUp")
    await operator.told("order")
    assert await shown(desk, "open") == ["Third of three", "First of three", "Second of three"]
    await operator.press("]")
    await operator.told("speed")
    assert (await desk.get("/onair/open/playlist.json")).json["speed"] == 5
    await operator.press("s")
    await operator.told("stop")
    await operator.page.locator(".bar-state.off").wait_for()
    await operator.press("t")
    await operator.told("take")
    assert (await desk.get("/onair/open/playlist.json")).json["on"]


@in_module
async def test_a_headline_is_dragged_to_its_place(sits: Sits, desk: Api) -> None:
    operator = await sits(output="open")
    for text in ("Last", "Middle", "First"):
        await desk.publish(text)
    last, first = await operator.row("Last", "loop"), await operator.row("First", "loop")
    await last.drag_to(first)
    await operator.told("order")
    assert await shown(desk, "open") == ["Last", "First", "Middle"]


@in_module
async def test_marked_words_that_are_dragged_are_no_headline(sits: Sits, desk: Api) -> None:
    """Faults of the page are faults of the test."""
    for output, place in (("program", "waiting"), ("open", "loop")):
        operator = await sits(output=output)
        await desk.publish(f"Marked in {place}")
        words = (await operator.row(f"Marked in {place}", place)).locator(".words bdi")
        await words.evaluate("""(words) => {
            getSelection().selectAllChildren(words);
            words.closest("li").draggable = false;  // of an operator who may not order
            addEventListener("dragstart", () => { window.dragged = true; });
        }""")
        await words.hover()
        await operator.page.mouse.down()
        await operator.page.mouse.move(5, 5, steps=5)
        await operator.page.mouse.up()
        assert await operator.page.evaluate("window.dragged")


@in_module
async def test_all_that_waits_is_cleared_at_once(sits: Sits, desk: Api) -> None:
    operator = await sits()
    texts = [f"Waits, number {number}" for number in range(5)]
    for text in texts:
        await desk.publish(text)
        await operator.row(text, "waiting")
    await operator.page.click("#clear-all")
    for text in texts:
        await operator.row(text, "loop")
    assert set(await shown(desk)) == set(texts)
    await operator.page.locator("#waiting-empty").wait_for()


@in_module
async def test_where_no_answer_comes_the_rest_is_not_tried(sits: Sits, desk: Api) -> None:
    operator = await sits()
    page, asked = operator.page, list[str]()
    for number in range(3):
        await desk.publish(f"Waits for an answer, number {number}")
        await operator.row(f"number {number}", "waiting")

    async def hang(route: Route) -> None:
        """Whoever asks waits."""
        asked.append(route.request.url)

    await page.route("**/onair/program/clear", hang)
    await page.click("#clear-all")
    await page.locator("#said.wrong", has_text="Cleared: 0. Not cleared: ").get_by_text("Not tried: 2.").wait_for()
    assert len(asked) == 1


@in_module
async def test_what_was_begun_on_one_output_is_not_gone_on_with_on_another(sits: Sits, desk: Api) -> None:
    operator = await sits()
    page, asked, goes_on = operator.page, list[str](), asyncio.Event()
    await page.evaluate(PATIENT)

    async def note(route: Route) -> None:
        asked.append(urlsplit(route.request.url).path)
        await goes_on.wait()
        await route.continue_()

    await page.route("**/onair/*/clear", note)
    await page.route("**/onair/*/kill", note)
    for number in range(3):
        await desk.publish(f"Waits on program, number {number}")
        await operator.row(f"number {number}", "waiting")
    await page.click("#clear-all")
    await eventually(lambda: asked)
    await operator.chooses("Open")
    goes_on.set()
    await eventually(lambda: len(asked) == 3)
    assert asked == ["/onair/program/clear"] * 3

    await operator.chooses("Program")
    await (await operator.row("number 0", "loop")).focus()
    await operator.press("x")
    await operator.chooses("Open")
    await page.keyboard.type("It is false")
    await operator.press("Enter")
    await eventually(lambda: len(asked) == 4)
    assert asked[-1] == "/onair/program/kill"


@in_module
async def test_no_key_acts_while_a_dialog_is_open(sits: Sits, desk: Api) -> None:
    operator = await sits(output="open")
    page, asked = operator.page, list[str]()
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    await desk.publish("Asked about")
    await (await operator.row("Asked about", "loop")).focus()
    await operator.press("x")
    await page.wait_for_selector("#kill[open]")
    await page.evaluate("document.activeElement.blur()")  # in some browsers a click beside the fields does it
    await operator.press("s", "e", "2", "]", "c")
    assert await page.get_attribute("#kill", "open") is not None
    assert await page.text_content("#panel-title bdi") == "Open"
    assert asked == []


@in_module
async def test_a_key_that_is_held_down_acts_once(sits: Sits, desk: Api) -> None:
    """Not on the headline that comes to hand next, however long it is held; and nothing is typed into a dialog."""
    operator = await sits()
    page, asked = operator.page, list[str]()
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    for text in ("Second", "First"):
        await desk.publish(text)
        await operator.row(text, "waiting")
    await stops(page)
    await operator.press("ArrowDown")
    await page.keyboard.down("c")
    await operator.row("First", "loop")
    await page.clock.fast_forward(2000)
    await page.locator("#waiting .record:focus", has_text="Second").wait_for()
    await page.clock.fast_forward(2000)
    await page.keyboard.down("c")  # the keyboard repeats it
    await page.keyboard.up("c")
    for key, dialog, words in (("x", "kill", "kill-reason"), ("f", "flash", "flash-text")):
        for _ in range(3):
            await page.keyboard.down(key)
        await page.keyboard.up(key)
        await page.wait_for_selector(f"#{dialog}[open]")
        assert await page.input_value(f"#{words}") == ""
        for _ in range(3):
            await page.keyboard.down(key)  # in a field it is a letter
        assert await page.input_value(f"#{words}") == key * 3
        await page.keyboard.up(key)
        await operator.press("Escape")
    await page.focus("#help-button")
    for _ in range(2):
        await page.keyboard.down("Enter")
    await page.keyboard.up("Enter")
    assert await page.get_attribute("#help", "open") is not None, "the button in it was not pressed"
    assert len(asked) == 1


@in_module
async def test_an_arrow_that_is_held_down_goes_on(sits: Sits, desk: Api) -> None:
    operator = await sits()
    for text in ("Third", "Second", "First"):
        await desk.publish(text)
        await operator.row(text, "waiting")
    for _ in range(3):
        await operator.page.keyboard.down("ArrowDown")
    await operator.page.keyboard.up("ArrowDown")
    await operator.page.locator("#waiting .record:focus", has_text="Third").wait_for()


@in_module
async def test_the_keys_are_in_their_places_on_a_keyboard_without_latin_letters(sits: Sits, desk: Api) -> None:
    operator = await sits(output="open")
    headline = await desk.publish("Breaks on an Arabic keyboard")
    row, page = await operator.row("Breaks on an Arabic keyboard", "loop"), operator.page
    before = (await desk.get("/onair/open/playlist.json")).json["speed"]

    async def speed(pixels: int) -> bool:
        return bool((await desk.get("/onair/open/playlist.json")).json["speed"] == pixels)

    await types(page, "د", "BracketRight")
    await eventually(lambda: speed(before + 1))
    await types(page, "ج", "BracketLeft")
    await eventually(lambda: speed(before))
    await row.focus()
    await types(page, "لا", "KeyB")
    await operator.told("breaking")
    assert (await desk.get("/onair/open/playlist.json")).json["takeovers"][0]["id"] == headline["id"]
    await types(page, "١", "Digit1")
    await page.locator("#panel-title bdi", has_text="Program").wait_for()
    await types(page, "؟", "Slash", shift=True)
    await page.wait_for_selector("#help[open]")


@in_module
async def test_addresses_are_those_of_the_settings(sits: Sits, redis_server: RedisServer, tmp_path: Path) -> None:
    with serving(redis_server, tmp_path, PUSHED) as web:
        page = (await sits(output="wall", web=web)).page
        found = await page.locator("#addresses code").all_text_contents()
        sites = ("https://one.example", "https://two.example/ticker")
        assert [address.partition("/onair/wall?page=")[0] for address in found] == list(sites)


@in_module
async def test_an_order_that_nobody_answers_is_given_up_and_told(sits: Sits) -> None:
    operator = await sits(output="open")

    async def hang(_: Route) -> None:
        """Whoever asks waits."""

    await operator.page.route("**/onair/open/stop", hang)
    await operator.press("s")
    said = operator.page.locator("#said")
    await said.get_by_text(WORDS["en"]["gallery"]["sending"]).wait_for()
    await said.get_by_text(WORDS["en"]["gallery"]["not_reached"]).wait_for()


@in_module
async def test_quick_presses_build_upon_each_other(sits: Sits, desk: Api) -> None:
    operator = await sits(output="open")
    for text in ("Third", "Second", "First"):
        await desk.publish(text)
    await operator.row("First", "loop")
    await operator.page.evaluate(PATIENT)
    goes_on, asked = asyncio.Event(), list[str]()

    async def wait(route: Route) -> None:
        asked.append(route.request.url)
        await goes_on.wait()
        await route.continue_()

    await operator.page.route("**/onair/open/speed", wait)
    await operator.page.route("**/onair/open/order", wait)
    before = (await desk.get("/onair/open/playlist.json")).json["speed"]
    await (await operator.row("First", "loop")).focus()
    await operator.press("]", "]", "]", "Alt+ArrowDown", "Alt+ArrowDown")
    await eventually(lambda: len(asked) == 2)
    goes_on.set()

    async def done() -> bool:
        found = (await desk.get("/onair/open/playlist.json")).json
        texts = [item["text"] for item in found["items"]]
        return bool(found["speed"] == before + 3 and texts == ["Second", "Third", "First"])

    await eventually(done)
    assert len(asked) == 4, "what lay between was not sent"


@in_module
async def test_the_answer_to_an_order_is_what_stands_there(sits: Sits, desk: Api) -> None:
    operator = await sits(output="open")
    state = (await desk.get("/onair/open/state")).json
    state["control"]["number"] += 1
    state["playlist"]["speed"] = 33
    await operator.page.route("**/onair/open/speed", lambda route: route.fulfill(json=state))
    await operator.press("]")
    await operator.page.locator("#transport output", has_text="33 px").wait_for()


@in_module
async def test_a_receipt_does_not_hide_what_is_said_after_it(sits: Sits, desk: Api, web: Web) -> None:
    operator = await sits()
    headline = await desk.publish("Killed, and not confirmed")
    assert (await desk("POST", "/onair/program/clear", {"id": headline["id"]})).status == 200
    await reports(desk, web, on_screen=[headline["id"]])  # and never again
    await (await operator.row("Killed, and not confirmed", "loop")).focus()
    await operator.press("x")
    await operator.page.keyboard.type("It is false")
    await operator.press("Enter")
    await operator.page.locator("#said", has_text="Killed. ").wait_for()
    refusal = {"status": 422, "json": {"detail": "Refused, and this says why."}}
    await operator.page.route("**/onair/program/take", lambda route: route.fulfill(**refusal))
    await operator.press("t")
    await operator.page.locator("#said.wrong", has_text="Refused, and this says why.").wait_for()
    await operator.page.locator("#pages .late").wait_for()  # nobody reports any more: five seconds later
    assert await operator.page.text_content("#said.wrong") == "Refused, and this says why."
    await desk("POST", "/onair/program/forget", {"page": "main"})


@in_module
async def test_the_addresses_can_be_copied_and_the_page_taken_as_a_file(sits: Sits, web: Web) -> None:
    operator = await sits(permissions=["clipboard-read", "clipboard-write"])
    page = operator.page
    await page.click("#address summary")
    backup = page.locator("#addresses li", has_text="backup")
    await backup.get_by_role("button").click()
    key = await page_key(web, "program")
    address = f"{web.url}/onair/program?page=backup&key={key}"
    await page.locator("#said", has_text=WORDS["en"]["gallery"]["copied"]).wait_for()
    assert await page.evaluate("navigator.clipboard.readText()") == address
    async with page.expect_download() as coming:
        await backup.get_by_role("link").click()
    taken = await asyncio.to_thread(Path(await (await coming.value).path()).read_text)
    assert taken.startswith("<!doctype html>")
    assert f'"page":"backup","key":"{key}"' in taken, "it reports from disk, too"


@in_module
async def test_two_pages_that_show_different_things_are_heard_and_lost_frames_only_seen(
    sits: Sits, desk: Api, web: Web
) -> None:
    operator = await sits(output="open")
    await operator.page.click("#sound")
    one, two = await desk.publish("On main"), await desk.publish("On backup")
    await operator.row("On backup", "loop")
    tile = operator.page.locator(".tile", has_text="Open")
    async with reporting(desk, web, {"output": "open", "on_screen": [one["id"]], "fps": 30}):
        await tile.locator(".confirmed", has_text="On screen: main").wait_for()
        assert await operator.page.locator("#alarms p", has_text="loses frames").count() == 0
    alarm = operator.page.locator("#alarms p", has_text="Main and backup show different headlines")
    pages = [
        {"output": "open", "page": page, "on_screen": ids, "sampled": {"second": 1, "on_screen": ids}}
        for page, ids in (("main", [one["id"]]), ("backup", [two["id"]]))
    ]
    async with reporting(desk, web, *pages):
        await alarm.wait_for()
        before = await operator.heard()
        await eventually(lambda: operator.heards(before + 2))
    silent = operator.page.locator("#alarms p", has_text="backup has stopped reporting")
    await silent.wait_for()  # nobody reports any more: five seconds later
    for name in ("main", "backup"):
        assert (await desk("POST", "/onair/open/forget", {"page": name})).status == 200


@in_module
async def test_what_is_wrong_is_seen_and_heard_until_somebody_knows(sits: Sits, desk: Api, web: Web) -> None:
    operator = await sits()
    await operator.page.click("#sound")
    alarm = operator.page.locator("#alarms p", has_text="Program: main shows nothing")
    async with reporting(desk, web, {"state": "blank"}):
        await alarm.wait_for()
        before = await operator.heard()
        await eventually(lambda: operator.heards(before + 4), "it is heard again and again")
        await operator.press("a")
        await operator.page.locator("#alarms p.known").wait_for()
    async with reporting(desk, web, {"state": "on"}):
        await alarm.wait_for(state="detached")
    assert await operator.page.locator(".tile [aria-current]").count() == 1


@in_module
async def test_whoever_says_i_know_is_heard_though_another_alarm_comes_meanwhile(
    sits: Sits, desk: Api, web: Web
) -> None:
    operator = await sits()
    page, known = operator.page, operator.page.locator("#alarms button")
    alarm = {name: page.locator("#alarms p", has_text=f"{name} shows nothing") for name in ("main", "backup")}
    async with reporting(desk, web, {"state": "blank"}):
        await alarm["main"].wait_for()
        await known.focus()
        await known.hover()
        await page.mouse.down()
        async with reporting(desk, web, {"page": "backup", "state": "blank"}):
            await alarm["backup"].wait_for()
            assert await known.evaluate("(button) => button === document.activeElement")
            await page.mouse.up()
            await page.locator("#alarms p.known").nth(1).wait_for()
            assert await known.is_hidden()
    for name in alarm:
        assert (await desk("POST", "/onair/program/forget", {"page": name})).status == 200


@in_module
async def test_a_button_of_the_bar_keeps_the_focus_of_whoever_has_pressed_it(sits: Sits, desk: Api) -> None:
    operator = await sits()
    page, asked = operator.page, list[str]()
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    stop = page.locator("#transport").get_by_role("button", name=WORDS["en"]["gallery"]["stop_now"])
    await stop.focus()
    await operator.press("Enter")
    await operator.told("stop")
    assert await stop.evaluate("(button) => button === document.activeElement")
    assert await stop.is_disabled()
    await operator.press("Enter", "?")
    await page.wait_for_selector("#help[open]")
    assert len(asked) == 1


@in_module
async def test_a_fault_in_drawing_silences_no_alarm(sits: Sits, desk: Api, web: Web) -> None:
    operator = await sits()
    await operator.page.route(
        "**/web/onair/bar.js", lambda route: route.fulfill(body=BROKEN, content_type="text/javascript")
    )
    await operator.page.reload()
    async with reporting(desk, web, {"state": "blank"}):
        await operator.page.locator("#alarms p", has_text="Program: main shows nothing").wait_for()
        await operator.page.locator("#pages", has_text="BLANK").wait_for()
    await operator.page.wait_for_function("() => window.drawn > 10")
    assert {fault.split()[-1] for fault in operator.faults} == {"show", "draw"}
    await operator.page.goto("about:blank")
    operator.faults.clear()
    await desk("POST", "/onair/program/forget", {"page": "main"})


@in_module
async def test_what_pages_say_stands_there_with_its_age(sits: Sits, desk: Api, web: Web) -> None:
    operator = await sits(output="open")
    headline = await desk.publish("Seen on the screen")
    await operator.row("Seen on the screen", "loop")
    async with reporting(desk, web, {"output": "open", "on_screen": [headline["id"]], "dropped": 3}):
        await operator.page.locator("#pages .now", has_text="Seen on the screen").wait_for()
        await operator.page.locator("#pages", has_text="3 lost").wait_for()
        await operator.page.locator("#loop .place.on", has_text="ON SCREEN").wait_for()
    await operator.page.locator("#pages .late").wait_for()  # nobody reports any more: five seconds later
    await operator.page.click("#pages .late button")
    await operator.page.locator("#nobody").wait_for()


@in_module
async def test_a_tile_names_the_pages_that_show_it_now(sits: Sits, desk: Api, web: Web) -> None:
    operator = await sits(output="open")
    headline = await desk.publish("Shown by one of two")
    await operator.row("Shown by one of two", "loop")
    told, codes = operator.page.locator(".tile:has([aria-current]) .confirmed"), WORDS["en"]["gallery"]["codes"]
    lit = operator.page.locator(".tile[data-state=on]:has([aria-current])")
    on, off = {"output": "open", "on_screen": [headline["id"]]}, {"output": "open", "state": "off"}
    async with reporting(desk, web, {"page": "main", **on}, {"page": "backup", **on}):
        await told.get_by_text("On screen: backup, main", exact=True).wait_for()
    async with reporting(desk, web, {"page": "main", **on}, {"page": "backup", **off}):
        await told.get_by_text("On screen: main", exact=True).wait_for()
        await lit.wait_for()
    async with reporting(desk, web, {"page": "main", **off}, {"page": "backup", **off}):
        await told.get_by_text(codes["off"], exact=True).wait_for()
        assert await lit.count() == 0
        assert await operator.page.locator("#alarms p").count() == 0
        assert (await desk("POST", "/onair/open/stop")).status == 200
        await told.get_by_text(WORDS["en"]["gallery"]["off_air"], exact=True).wait_for()
    assert (await desk("POST", "/onair/open/take")).status == 200
    for name in ("main", "backup"):
        assert (await desk("POST", "/onair/open/forget", {"page": name})).status == 200
    await told.get_by_text(codes["no_page"], exact=True).wait_for()


@in_module
async def test_next_is_what_enters_next(sits: Sits, desk: Api, web: Web) -> None:
    """Also what somebody has put in front, and wherever that stands in the loop."""
    operator = await sits(output="open")
    headlines = [await desk.publish(f"Number {number} " + "is wider than what is left " * 4) for number in range(6)]
    await operator.row("Number 5", "loop")
    track = "[...document.querySelectorAll('.tile:has([aria-current]) .layer > .item')].map((item) => item.textContent)"
    drawn = await eventually(lambda: operator.page.evaluate(track))
    chosen = next(number for number in range(4) if not any(f"Number {number} " in text for text in drawn))
    async with reporting(desk, web, {"output": "open", "on_screen": [headlines[5]["id"]]}):
        await operator.page.locator("#loop .place.on").wait_for()
        row = await operator.row(f"Number {chosen} ", "loop")
        await row.focus()
        await operator.press("n")
        await row.locator(".place.next").wait_for()
        assert await operator.page.locator("#loop .place.next").count() == 1
    await desk("POST", "/onair/open/forget", {"page": "main"})


@in_module
async def test_a_press_and_the_focus_outlive_what_changes_around_them(sits: Sits, desk: Api, web: Web) -> None:
    operator = await sits(output="open")
    page = operator.page
    one, two = await desk.publish("Held by a slow hand"), await desk.publish("Stood on")
    held, stood = await operator.row("Held by a slow hand", "loop"), await operator.row("Stood on", "loop")
    await held.get_by_role("button", name=WORDS["en"]["gallery"]["acts"]["hold"]).hover()
    await page.mouse.down()
    async with reporting(desk, web, {"output": "open", "on_screen": [one["id"]]}):
        await held.locator(".place.on").wait_for()
        await page.mouse.up()
        await operator.told("hold")

    await stood.get_by_role("button", name=WORDS["en"]["gallery"]["acts"]["kill"]).focus()
    await desk.publish("Comes before it")
    await operator.row("Comes before it", "loop")
    async with reporting(desk, web, {"output": "open", "on_screen": [two["id"]]}):
        await stood.locator(".place.on").wait_for()
        assert await page.evaluate("document.activeElement.textContent") == "Kill X"
    await desk("POST", "/onair/open/forget", {"page": "main"})


@pytest.mark.parametrize("width", [390, 1280])
@in_module
async def test_what_happens_around_them_moves_no_rows(sits: Sits, desk: Api, web: Web, width: int) -> None:
    """A hand on its way to one headline does not come down on another."""
    operator = await sits(output="open", viewport={"width": width, "height": 900})
    page, acts = operator.page, WORDS["en"]["gallery"]
    headline = await desk.publish("Stays where it is, " + "and its words fill their line " * 4)
    row = await operator.row("Stays where it is", "loop")
    button = row.get_by_role("button", name=acts["acts"]["kill"])
    await page.locator("#nobody").wait_for()

    async def place() -> Any:
        """Of its button, in the page."""
        return await button.evaluate("(button) => button.getBoundingClientRect().top + scrollY")

    before = await place()
    pages = [
        {"output": "open", "page": "main", "on_screen": [headline["id"]]},
        {"output": "open", "page": "backup", "state": "blank"},
    ]
    async with reporting(desk, web, *pages):
        await page.locator("#pages dt", has_text="main").wait_for()
        await row.locator(".place.on").wait_for()
        await page.locator("#alarms .loud", has_text="backup shows nothing").wait_for()
        assert await place() == before, "pages that report, and an alarm"
    assert (await desk("POST", "/onair/open/breaking", {"id": headline["id"]})).status == 200
    await page.locator(".bar-state", has_text=acts["taken_over"]).wait_for()
    assert await place() == before, "a take-over"
    await page.locator("#pages .late", has_text="main").wait_for()
    await page.locator("#pages .late", has_text="backup").wait_for()
    assert await place() == before, "pages that have fallen silent"
    assert (await desk("POST", "/onair/open/stop")).status == 200
    await page.locator(".bar-state", has_text=acts["off_air"]).wait_for()
    await operator.press("]")
    await operator.told("speed")
    assert await place() == before, "what is said, and the bar off"
    assert (await desk("POST", "/onair/open/take")).status == 200
    for name in ("main", "backup"):
        assert (await desk("POST", "/onair/open/forget", {"page": name})).status == 200


async def stops(page: Page) -> None:
    """Its clock, until the test moves it: a hand on it does not rest by itself."""
    await page.clock.install()
    await page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))


@in_module
async def test_no_row_moves_under_a_hand(sits: Sits, desk: Api) -> None:
    """What comes and goes meanwhile is counted; it takes its place when the hand has rested."""
    operator = await sits(output="open")
    page, acts = operator.page, WORDS["en"]["gallery"]["acts"]
    one = await desk.publish("Under the hand")
    row = await operator.row("Under the hand", "loop")
    await stops(page)
    kill = row.get_by_role("button", name=acts["kill"])
    await kill.hover()
    two = await desk.publish("Comes meanwhile")
    count = page.locator("#loop-count")
    await count.get_by_text("2", exact=True).wait_for()
    assert await page.locator("#loop .record").count() == 1
    await page.mouse.down()
    await page.mouse.up()
    assert await page.text_content("#kill-text") == "Under the hand"
    await operator.press("Escape")

    assert (await desk.act(one, "expire")).status == 200
    await page.locator("#loop .gone", has_text="Under the hand").wait_for()
    await count.get_by_text("1", exact=True).wait_for()
    await page.mouse.down()
    await page.mouse.up()
    assert not await page.locator("#kill").is_visible(), "what has gone takes no press"
    await page.clock.fast_forward(2000)
    await operator.row("Comes meanwhile", "loop")
    await row.wait_for(state="detached")

    await (await operator.row("Comes meanwhile", "loop")).hover()
    three = await desk.publish("Comes while the hand goes on")
    await count.get_by_text("2", exact=True).wait_for()
    for _ in range(6):
        await page.clock.fast_forward(900)
        await page.locator("#loop").dispatch_event("pointermove")
    await operator.row("Comes while the hand goes on", "loop")
    assert {two["id"], three["id"]} == set(await desk.board())


@in_module
async def test_no_key_acts_on_what_has_come_to_hand_by_itself_until_it_can_have_been_read(
    sits: Sits, desk: Api
) -> None:
    operator = await sits(output="open")
    page, gallery = operator.page, WORDS["en"]["gallery"]
    two, one = await desk.publish("Stands behind it"), await desk.publish("Goes under a finger")
    await operator.row("Stands behind it", "loop")
    await (await operator.row("Goes under a finger", "loop")).focus()
    await stops(page)
    assert (await desk.act(one, "expire")).status == 200
    await page.locator("#loop .record:focus", has_text="Stands behind it").wait_for()
    await operator.press("h")
    await page.locator("#said").get_by_text(gallery["look_first"], exact=True).wait_for()
    assert await shown(desk, "open") == ["Stands behind it"]
    await page.clock.fast_forward(1000)
    await operator.press("h")
    await operator.told("hold")
    assert two["id"] in (await desk.get("/onair/open/state")).json["control"]["held"]


@in_module
async def test_a_press_whose_end_nobody_sees_and_a_drag(sits: Sits, desk: Api) -> None:
    """The first holds no list back for longer than its hand moves; while somebody drags, nothing moves."""
    operator = await sits(output="open")
    page, count, rows = operator.page, operator.page.locator("#loop-count"), operator.page.locator("#loop .record")
    await desk.publish("Pressed")
    await (await operator.row("Pressed", "loop")).hover()
    await stops(page)
    await page.locator("#loop").dispatch_event("pointerdown")  # a menu gets the rest of it
    await desk.publish("Comes after the press")
    await count.get_by_text("2", exact=True).wait_for()
    await page.mouse.move(5, 5)
    await page.clock.fast_forward(2000)
    await operator.row("Comes after the press", "loop")

    await page.locator("#loop").dispatch_event("dragover")
    await desk.publish("Comes while somebody drags")
    await count.get_by_text("3", exact=True).wait_for()
    for _ in range(2):
        await page.clock.fast_forward(900)
        assert await rows.count() == 2
        await page.locator("#loop").dispatch_event("dragover")
    await page.clock.fast_forward(2000)
    await operator.row("Comes while somebody drags", "loop")


@in_module
async def test_with_what_has_gone_nothing_can_be_done_until_it_is_back(sits: Sits, desk: Api) -> None:
    operator = await sits(output="open")
    page, asked = operator.page, list[str]()
    for text in ("Third", "Second", "First"):
        await desk.publish(text)
    goes, moved = await operator.row("First", "loop"), await operator.row("Third", "loop")
    await operator.row("Second", "loop")
    await stops(page)
    await goes.get_by_role("button", name=WORDS["en"]["gallery"]["acts"]["kill"]).hover()
    order = {"id": await goes.get_attribute("data-id")}
    assert (await desk("POST", "/onair/open/hold", order)).status == 200
    await page.locator("#loop .gone", has_text="First").wait_for()
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    await goes.focus()
    await operator.press("x", "b")
    assert not await page.locator("#kill").is_visible()
    await moved.drag_to(goes)
    assert asked == []

    assert (await desk("POST", "/onair/open/clear", {**order, "version": 1})).status == 200
    await page.locator("#loop .gone").wait_for(state="detached")
    await goes.get_by_role("button", name=WORDS["en"]["gallery"]["acts"]["kill"]).click()
    assert await page.text_content("#kill-text") == "First"


@in_module
async def test_only_what_stands_there_is_cleared_at_once(sits: Sits, desk: Api) -> None:
    operator = await sits()
    page, clear_all = operator.page, operator.page.locator("#clear-all")
    for text in ("Read first", "Read second"):
        await desk.publish(text)
        await operator.row(text, "waiting")
    await stops(page)
    await clear_all.hover()
    await desk.publish("Read by nobody yet")
    await page.locator("#waiting-count").get_by_text("3", exact=True).wait_for()
    assert await clear_all.text_content() == "Clear all 2"
    await clear_all.click()

    async def cleared() -> bool:
        return sorted(await shown(desk)) == ["Read first", "Read second"]

    await eventually(cleared)
    await page.clock.fast_forward(2000)
    await operator.row("Read by nobody yet", "waiting")
    assert await cleared()


@in_module
async def test_whoever_cleared_it_leaves_room_for_where_it_is(sits: Sits, desk: Api, web: Web) -> None:
    operator = await sits(viewport={"width": 390, "height": 900})
    headline = await desk.publish("Cleared by somebody with a long name")
    other = Api(desk.http, web.url, await fresh_key(web, "A key that tells at length what it is for", "clear"))
    assert (await other("POST", "/onair/program/clear", {"id": headline["id"]})).status == 200
    async with reporting(desk, web, {"on_screen": [headline["id"]]}):
        await operator.page.locator("#loop .place.on").wait_for()
        assert await operator.page.evaluate("document.documentElement.scrollWidth") == 390
    assert (await desk("POST", "/onair/program/forget", {"page": "main"})).status == 200


@in_module
async def test_the_first_that_waits_moves_no_row_below_it(sits: Sits, desk: Api) -> None:
    operator = await sits(viewport={"width": 390, "height": 2000})
    page = operator.page
    headline = await desk.publish("Below the list of what waits")
    assert (await desk("POST", "/onair/program/clear", {"id": headline["id"]})).status == 200
    kill = (await operator.row("Below", "loop")).get_by_role("button", name=WORDS["en"]["gallery"]["acts"]["kill"])
    await page.locator("#waiting-empty").wait_for()
    await stops(page)
    await kill.hover()
    before = await kill.bounding_box()
    await desk.publish("The first that waits")
    await page.locator("#waiting-count").get_by_text("1", exact=True).wait_for()
    assert await kill.bounding_box() == before
    await page.clock.fast_forward(2000)
    await operator.row("The first that waits", "waiting")
    assert await page.locator("#waiting-empty").is_hidden()


@in_module
async def test_sound_that_was_stopped_and_is_asked_for_anew_is_one_sound(sits: Sits) -> None:
    page = (await sits()).page
    await page.evaluate("""() => {
        window.opened = [];
        window.AudioContext = class extends AudioContext {
            constructor() { super(); window.opened.push(this); }
        };
    }""")
    await page.click("#sound")
    await page.evaluate("opened[0].suspend()")
    await page.locator("#sound[aria-pressed=false]").wait_for()
    await page.click("#sound")
    await page.locator("#sound[aria-pressed=true]").wait_for()
    await eventually(lambda: page.evaluate("opened[0].state === 'closed' && opened[1].state === 'running'"))


@in_module
async def test_what_is_cleared_is_what_was_read(sits: Sits, desk: Api) -> None:
    """A press that began on older words ends nowhere."""
    operator = await sits()
    headline = await desk.publish("Read by somebody")
    row = await operator.row("Read by somebody", "waiting")
    button = row.get_by_role("button", name=WORDS["en"]["gallery"]["acts"]["clear"])
    await button.hover()
    await operator.page.mouse.down()
    assert (await desk.edit(headline, text="Read by nobody")).status == 200
    row = await operator.row("Read by nobody", "waiting")
    await operator.page.mouse.up()
    await row.get_by_role("button", name=WORDS["en"]["gallery"]["acts"]["hold"]).click()
    await operator.told("hold")
    assert await shown(desk) == []


@in_module
async def test_what_was_edited_a_moment_ago_nobody_clears_unread(sits: Sits, desk: Api) -> None:
    """By key, by button, or with all others; it can be held at once."""
    operator = await sits()
    page, gallery = operator.page, WORDS["en"]["gallery"]
    headlines = [await desk.publish(f"As it was read, number {number}") for number in range(3)]
    await operator.row("number 2", "waiting")
    row = await operator.row("number 0", "waiting")
    await stops(page)
    await row.focus()
    assert (await desk.edit(headlines[0], text="Edited, number 0")).status == 200
    await operator.row("Edited, number 0", "waiting")
    assert await page.text_content("#clear-all") == "Clear all 2"
    for press in (
        lambda: operator.press("c"),
        lambda: operator.press("b"),
        lambda: row.get_by_role("button", name=gallery["acts"]["clear"]).dispatch_event("click"),
    ):
        await page.evaluate("document.getElementById('said').textContent = ''")
        await press()
        await page.locator("#said").get_by_text(gallery["look_first"], exact=True).wait_for()
    await page.click("#clear-all")
    await page.locator("#said").get_by_text("Cleared: 2.", exact=True).wait_for()
    assert sorted(await shown(desk)) == ["As it was read, number 1", "As it was read, number 2"]
    await page.clock.fast_forward(1000)
    await row.focus()
    await operator.press("c")
    await operator.told("clear")
    assert "Edited, number 0" in await shown(desk)

    row = await operator.row("Edited, number 0", "loop")
    await row.focus()
    assert (await desk.edit(headlines[1], text="Held at once, number 1")).status == 200
    row = await operator.row("Held at once, number 1", "waiting")
    await row.focus()
    await operator.press("h")
    await operator.told("hold")


@in_module
async def test_what_is_pushed_and_does_not_arrive_is_seen_and_heard(
    sits: Sits, redis_server: RedisServer, tmp_path: Path
) -> None:
    with serving(redis_server, tmp_path, PUSHED) as web:
        async with connect(web.env["TICKER_REDIS_URL"]) as redis:
            operator = await sits(output="wall", web=web)
            await operator.page.click("#sound")
            alarm = operator.page.locator("#alarms p", has_text="Wall: vMix does not get its headlines")
            await alarm.wait_for()
            before = await operator.heard()
            await eventually(lambda: operator.heards(before + 2))
            targets, system = Targets(redis), operator.page.locator("#pages div", has_text="vMix")

            async def tell(trouble: str = "") -> None:
                await targets.tell(Target("wall", "vmix", trouble, at=round(time.time() * 1000)))

            async with again_and_again(lambda: tell("vMix has no input called Ticker.")):
                await system.get_by_text("vMix has no input called Ticker.").wait_for()
            async with again_and_again(tell):
                await alarm.wait_for(state="detached")
                await system.get_by_text("has its headlines").wait_for()
                await operator.page.locator(".tile .confirmed", has_text="Pushed to: vMix").wait_for()


@in_module
async def test_what_cannot_be_cleared_keeps_nothing_else_from_it(
    sits: Sits, redis_server: RedisServer, tmp_path: Path
) -> None:
    """One's own headline where two people must see it, and one that was edited since: both are named."""
    with serving(redis_server, tmp_path, TWO_PEOPLE) as web:
        operator = await sits(web=web)
        page = operator.page
        await page.evaluate(PATIENT)
        async with aiohttp.ClientSession(connector=connector()) as http:
            desk = Api(http, web.url, await fresh_key(web, "desk", "admin"))
            edited = await desk.publish("Somebody edits it")
            for text in ("Last", "First"):
                await desk.publish(text)
            assert await page.evaluate(WRITES, "I wrote it") == 201
            before = await (await operator.row("I wrote it", "waiting")).bounding_box()

            async def edit(route: Route) -> None:
                """Before any of them is cleared."""
                assert (await desk.edit(edited, text="Somebody has edited it")).status == 200
                await route.continue_()

            await page.route("**/onair/program/clear", edit, times=1)
            await page.click("#clear-all")
            said = page.locator("#said.wrong", has_text="Cleared: 2.")
            await said.get_by_text("I wrote it").wait_for()
            await said.get_by_text("Somebody edits it").wait_for()
            assert sorted(await shown(desk)) == ["First", "Last"]
            assert await (await operator.row("I wrote it", "waiting")).bounding_box() == before, (
                "what is said has its room"
            )
            for headline in (await desk.board()).values():
                await desk.act(headline, "expire")


@in_module
async def test_a_tile_is_drawn_in_the_font_and_with_the_logo_of_its_output(
    sits: Sits, redis_server: RedisServer, tmp_path: Path
) -> None:
    narrow, logo = tmp_path / "narrow.ttf", tmp_path / "logo.svg"
    logo.write_text(LOGO)
    with TTFont(bold_path()) as font:
        font["head"].unitsPerEm *= 2  # half as wide as any other
        font.save(narrow)
    with serving(redis_server, tmp_path, DRESSED.format(font=narrow, logo=logo)) as web:
        operator = await sits(output="wall", web=web)
        page = await operator.page.context.new_page()
        for output, title, channel, text, kicker in (
            ("wall", "Wall", "en", "As wide here as there", "NEWS"),
            ("arabic", "Arabic", "ar", "العاصفة تبلغ الساحل", "عاجل"),
        ):
            await page.goto(f"{web.url}/onair/{output}")
            async with aiohttp.ClientSession() as http:
                desk = Api(http, web.url, await fresh_key(web, "desk", "admin"), channel)
                await desk.publish(text, kicker=kicker)

            async def track(page: Page, title: str = title, text: str = text) -> Any:
                """Once the headline stands on it."""
                found = await page.evaluate(TRACK, title)
                return text in found["items"] and (found["room"], found["items"][text])

            drawn = await eventually(lambda: track(operator.page))
            assert drawn == await eventually(lambda: track(page))
            assert drawn[0] < 1920, "the logo has its room"
            assert drawn[1][1], "it has its kicker"
        assert await operator.page.locator(".tile .onair .logo").count() == 2


@in_module
async def test_who_may_only_look_gets_no_buttons_and_no_address(sits: Sits, desk: Api, web: Web) -> None:
    operator = await sits(Role.READER)
    await desk.publish("Only to look at")
    row = await operator.row("Only to look at", "waiting")
    assert await row.locator("button").count() == 0
    assert await operator.page.locator("#transport button:not([aria-disabled=true])").count() == 0
    assert await operator.page.locator("#address").is_hidden()
    await row.focus()
    await operator.press("c", "h", "t", "s")
    assert await shown(desk) == []
    assert await page_key(web, "program") not in await operator.page.content()


@in_module
async def test_an_editor_clears_and_a_producer_runs(sits: Sits, desk: Api) -> None:
    await desk.publish("Cleared by an editor")
    editor = await sits(Role.EDITOR)
    row = await editor.row("Cleared by an editor", "waiting")
    assert await row.locator("button").all_inner_texts() == ["Clear C", "Hold H", "Kill X"]
    await row.focus()
    await editor.press("c")
    await editor.told("clear")
    producer = await sits(Role.PRODUCER)
    row = await producer.row("Cleared by an editor", "loop")
    assert await row.locator("button").all_inner_texts() == ["Next N", "Breaking B", "Hold H"]
    address = await producer.page.locator("#addresses code").first.text_content()
    assert address is not None
    assert "/onair/program?page=main&key=" in address


@in_module
async def test_it_says_so_when_the_service_is_silent(sits: Sits, desk: Api, web: Web) -> None:
    """And of nothing that it is on screen, or next."""
    operator = await sits(output="open")
    headline = await desk.publish("Seen before it fell silent")
    places = operator.page.locator("#loop .place")
    async with reporting(desk, web, {"output": "open", "on_screen": [headline["id"]]}):
        await operator.page.locator(".tile[data-state=on]").wait_for()
        await places.first.wait_for()
    processes = [web.pid, *web.serving()]
    try:
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        await operator.page.locator("#alarms .loud", has_text=WORDS["en"]["gallery"]["lost"]).wait_for()
        assert await operator.page.get_attribute("#light", "data-state") == "stale"
        await operator.page.locator(".tile[data-state=on]").wait_for(state="detached")
        await eventually(lambda: none(places))
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)
    await operator.page.wait_for_selector("#light[data-state=live]")
    await operator.page.locator("#alarms p", has_text=WORDS["en"]["gallery"]["lost"]).wait_for(state="detached")
    await desk("POST", "/onair/open/forget", {"page": "main"})


@in_module
async def test_a_connection_that_leads_nowhere_is_opened_anew(sits: Sits, desk: Api, web: Web) -> None:
    async with Wire(web.url).laid() as wire:
        operator = await sits(url=wire.url)
        wire.cut()
        await desk.publish("Told over another connection")
        await operator.row("Told over another connection", "waiting")
        await operator.page.wait_for_selector("#light[data-state=live]")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("lang", ["en", "ar", "es"])
@in_module
async def test_for_everyone(sits: Sits, desk: Api, lang: str, width: int) -> None:
    """In each language: no fault that axe finds, nothing wider than the window, each dialog too."""
    await desk.publish("Waits to be looked at", kicker="NEWS", urgency="urgent")
    operator = await sits(locale=lang, viewport={"width": width, "height": 900})
    page = operator.page
    await operator.row("Waits to be looked at", "waiting")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.get_attribute("html", "dir") == ("rtl" if lang == "ar" else "ltr")
    await page.evaluate(AXE.read_text())
    for keys in ([], ["ArrowDown", "x"], ["f"], ["?"]):
        await operator.press(*keys)
        found = await page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })")
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]] == []
        await operator.press("Escape")


@pytest.mark.parametrize("lang", ["en", "ar", "es"])
@in_module
async def test_for_everyone_also_when_it_matters(sits: Sits, desk: Api, web: Web, lang: str) -> None:
    """While an alarm sounds, while the bar is taken over, and while it is off."""
    headline = await desk.publish("Takes the bar over", urgency="flash")
    operator = await sits(output="open", locale=lang)
    page, said = operator.page, WORDS[lang]["gallery"]
    await page.evaluate(AXE.read_text())
    order = {"id": headline["id"]}

    async def alarm() -> None:
        await reports(desk, web, output="open", state="blank")
        await page.locator("#alarms .loud").first.wait_for()

    async def taken_over() -> None:
        assert (await desk("POST", "/onair/open/breaking", order)).status == 200
        await page.locator(".bar-state", has_text=said["taken_over"]).wait_for()

    async def off() -> None:
        assert (await desk("POST", "/onair/open/stop")).status == 200
        await page.locator(".bar-state", has_text=said["off_air"]).wait_for()

    for happens in (alarm, taken_over, off):
        await happens()
        found = await page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })")
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert (await desk("POST", "/onair/open/take")).status == 200
    await desk("POST", "/onair/open/forget", {"page": "main"})


def test_every_word_of_the_page_is_there_in_each_language() -> None:
    def names(words: Any, prefix: str = "") -> set[str]:
        if not isinstance(words, dict):
            return {prefix}
        return {name for key, value in words.items() for name in names(value, f"{prefix}.{key}")}

    assert names(WORDS["ar"]["gallery"]) == names(WORDS["es"]["gallery"]) == names(WORDS["en"]["gallery"])
