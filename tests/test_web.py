"""web/ in a real browser: the board by the shared vectors, the ticker against a scripted server, the page as seen."""

import asyncio
import json
import mimetypes
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from tests.servers import eventually
from tests.tcp import answering

ROOT = Path(__file__).parent.parent
VECTORS = json.loads((ROOT / "tests/vectors/board.json").read_text(encoding="utf-8"))["cases"]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
)
NOW = "2026-11-23T10:00:00.000Z"

Message = dict[str, Any]


# --- a server that says what the test tells it to ---------------------------------------------------------------------


class Call:
    """One request for one channel, over whichever way it came: "ws", "stream" (SSE) or "events" (long poll)."""

    def __init__(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        request, *lines = head.decode().splitlines()
        url = urlsplit(request.split(" ")[1])
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        self.path = url.path
        self.way = way = url.path.rsplit("/", 1)[-1]
        self.channel = url.path.split("/")[-2]
        self.query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        self.after = headers.get("last-event-id") or self.query.get("after")
        self.said: list[str] = []
        self._writer = writer
        self._protocol = _handshake(head, writer) if way == "ws" else None
        if way == "stream":
            self._write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: hello\n\n")

    def send(self, *messages: Message) -> None:
        if self._protocol:
            for message in messages:
                self._protocol.send_text(json.dumps(message).encode())
            self._flush()
        elif self.way == "stream":
            for message in messages:
                self._write(event_stream(message))
        else:
            self.answer(200, json.dumps({"messages": messages}).encode())

    def answer(self, status: int, body: bytes = b"", kind: str = "application/json", headers: str = "") -> None:
        """An ordinary HTTP answer; the end of this call."""
        head = f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        self._write(f"{head}Content-Security-Policy: {CSP}\r\nCache-Control: no-store\r\n{headers}\r\n".encode() + body)
        self._writer.close()

    def close(self, code: int, reason: str = "") -> None:
        assert self._protocol
        self._protocol.send_close(code, reason)
        self._flush()
        self._writer.close()

    def cut(self) -> None:
        self._writer.transport.abort()

    async def until_hung_up(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65536):
            if self._protocol:
                self._protocol.receive_data(data)
                frames = (event for event in self._protocol.events_received() if isinstance(event, Frame))
                self.said += [frame.data.decode() for frame in frames if frame.opcode is Opcode.TEXT]
                self._flush()
                if self._protocol.close_expected():
                    return

    @property
    def open(self) -> bool:
        return not self._writer.is_closing()

    def _flush(self) -> None:
        assert self._protocol
        self._write(b"".join(self._protocol.data_to_send()))

    def _write(self, data: bytes) -> None:
        if self.open:
            self._writer.write(data)


Script = Callable[[Call], Awaitable[None]]


class Wire:
    """Serves web/ as the real server does, and hands every other request to the test's script."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.script: Script = silence
        self.channels: list[Message] = [{"name": "en", "title": "English", "lang": "en", "dir": "ltr"}]

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator["Wire"]:
        async with answering(self._serve, port) as served:
            self.url = f"http://127.0.0.1:{served}/"
            yield self

    def __getitem__(self, way: str) -> list[Call]:
        return [call for call in self.calls if call.way == way]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = Call(await reader.readuntil(b"\r\n\r\n"), writer)
        if call.way in ("ws", "stream", "events"):
            self.calls.append(call)
            await self.script(call)
        else:
            self._file(call)
        await call.until_hung_up(reader)

    def _file(self, call: Call) -> None:
        path = call.path
        if path == "/v1/channels":
            return call.answer(200, json.dumps({"channels": self.channels}).encode())
        if path == "/blank":
            return call.answer(200, b"<!doctype html><title>blank</title>", "text/html")
        file = ROOT / "web/index.html" if path == "/" else ROOT / path.lstrip("/")
        if not file.is_file() or ROOT / "web" not in file.parents:
            return call.answer(404)
        kind = "text/javascript" if file.suffix == ".js" else mimetypes.guess_type(file)[0] or "text/plain"
        return call.answer(200, file.read_bytes(), f"{kind}; charset=utf-8")


def _handshake(head: bytes, writer: asyncio.StreamWriter) -> ServerProtocol:
    protocol = ServerProtocol()
    protocol.receive_data(head)
    [request] = protocol.events_received()
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    writer.write(b"".join(protocol.data_to_send()))
    return protocol


async def silence(_: Call) -> None:
    """Open, and not a word."""


def event_stream(message: Message) -> bytes:
    place = f"id: {message['position']}\n" if "position" in message else ""
    return f"event: {message['type']}\n{place}data: {json.dumps(message)}\n\n".encode()


# --- what it says -----------------------------------------------------------------------------------------------------


def headline(name: str, text: str = "", *, order: int = 0, version: int = 1, **fields: Any) -> Message:
    return {
        "id": name, "version": version, "order": f"{1763937600000 + order}", "text": text or f"Headline {name}",
        "urgency": "routine", "lang": "en", "dir": "ltr", **fields,
    }  # fmt: skip


def crc(*headlines: Message) -> str:
    lines = "\n".join(f"{item['id']}:{item['version']}" for item in headlines)
    return f"{zlib.crc32(lines.encode()):08x}"


def snapshot(position: str, *headlines: Message, every_ms: int = 15000) -> Message:
    return {
        "type": "snapshot", "channel": "en", "position": position, "now": NOW, "hash": crc(*headlines),
        "every_ms": every_ms, "lang": "en", "dir": "ltr", "title": "English", "headlines": list(headlines),
    }  # fmt: skip


def heartbeat(position: str, *headlines: Message, every_ms: int = 15000, **fields: Any) -> Message:
    return {
        "type": "heartbeat", "position": position, "now": NOW, "hash": crc(*headlines), "every_ms": every_ms, **fields
    }  # fmt: skip


def published(position: str, item: Message, kind: str = "published") -> Message:
    return {"type": kind, "position": position, "headline": item}


def retracted(position: str, name: str) -> Message:
    return {"type": "retracted", "position": position, "id": name, "note": "Not confirmed"}


# --- fixtures ---------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(loop_scope="module")
async def wire() -> AsyncIterator[Wire]:
    async with Wire().serving() as wire:
        yield wire


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Browser, wire: Wire) -> AsyncIterator[Page]:
    """A page whose errors, blocked by the content policy or thrown, fail the test."""
    faults: list[str] = []
    context = await chromium.new_context()
    page = await context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    await context.close()
    assert faults == []


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def start(page: Page, wire: Wire, options: str = "{}") -> None:
    """A Ticker alone in an empty page. It tells `window.seen` what it does."""
    await page.goto(wire.url + "blank")
    await page.evaluate(
        """async (options) => {
            const { Ticker } = await import("/web/ticker.js");
            window.ticker = new Ticker({ channel: "en", random: () => 0, ...options });
            window.seen = [];
            for (const type of ["change", "state", "flash", "retracted"])
                ticker.addEventListener(type, ({ detail }) => seen.push([type, detail]));
            ticker.start();
        }""",
        json.loads(options),
    )


async def shows(page: Page, *ids: str) -> None:
    """Wait until the ticker's board is this."""
    await page.wait_for_function(
        "(ids) => JSON.stringify(ticker.board.ordered().map(({ id }) => id)) === JSON.stringify(ids)", arg=list(ids)
    )


async def state(page: Page, name: str) -> None:
    await page.wait_for_function("(name) => ticker.state === name", arg=name)


def always(*messages: Message) -> Script:
    async def script(call: Call) -> None:
        call.send(*messages)

    return script


# --- the board --------------------------------------------------------------------------------------------------------


async def test_the_board_by_the_vectors(page: Page, wire: Wire) -> None:
    await page.goto(wire.url + "blank")
    got = await page.evaluate(
        """async (cases) => {
            const { Board } = await import("/web/board.js");
            return cases.map(({ name, messages }) => {
                const board = new Board();
                messages.forEach((message) => board.apply(message));
                return { name, board: board.ordered().map(({ id }) => id), hash: board.hash() };
            });
        }""",
        VECTORS,
    )
    assert [(c["name"], c["board"], c["hash"]) for c in got] == [(c["name"], c["board"], c["hash"]) for c in VECTORS]


async def test_apply_says_whether_anything_changed(page: Page, wire: Wire) -> None:
    await page.goto(wire.url + "blank")
    a, b = headline("a"), headline("b", order=1)
    messages = [
        (snapshot("p", a), True), (snapshot("p", a), True), (published("p", b), True), (published("p", b), False),
        (heartbeat("p"), False), ({"type": "held", "id": "b"}, True), ({"type": "held", "id": "b"}, False),
        (published("p", b, "released"), True), (retracted("p", "b"), True), (published("p", b), False),
        (snapshot("p", a, b), True), ({"type": "unknown", "id": "a"}, False), (snapshot("p"), True),
    ]  # fmt: skip
    got = await page.evaluate(
        """async (messages) => {
            const { Board } = await import("/web/board.js");
            const board = new Board();
            return messages.map((message) => board.apply(message));
        }""",
        [message for message, _ in messages],
    )
    assert got == [changed for _, changed in messages]


async def test_a_snapshot_keeps_what_has_not_changed(page: Page, wire: Wire) -> None:
    await page.goto(wire.url + "blank")
    a, b = headline("a"), headline("b", order=1)
    got = await page.evaluate(
        """async ([messages, again]) => {
            const { Board } = await import("/web/board.js");
            const board = new Board();
            messages.forEach((message) => board.apply(message));
            const [a, b] = ["a", "b"].map((id) => board.get(id));
            board.apply(again);
            return [board.get("a") === a, board.get("b") === b, board.ordered().map(({ id, text }) => id + text)];
        }""",
        [
            [snapshot("p", a, b, headline("c")), retracted("p", "c")],
            snapshot("p", a, b | {"text": "Other"}, headline("c"), headline("d")),
        ],
    )
    assert got == [True, False, ["bOther", "aHeadline a", "dHeadline d"]]


async def test_what_has_expired_is_not_on_air(page: Page, wire: Wire) -> None:
    await page.goto(wire.url + "blank")
    ends = headline("a", expires_at="2026-11-23T10:00:00.000Z")
    got = await page.evaluate(
        """async ({ message, end }) => {
            const { Board } = await import("/web/board.js");
            const board = new Board();
            board.apply(message);
            return [end - 1, end].map((now) => board.onAir(now).length);
        }""",
        {"message": snapshot("p", ends), "end": 1795428000000},
    )
    assert got == [1, 0]


# --- the ticker -------------------------------------------------------------------------------------------------------


async def test_follows_over_websocket(page: Page, wire: Wire) -> None:
    a, b = headline("a"), headline("b", order=1)
    wire.script = always(snapshot("e-1-0", a))
    await start(page, wire)
    await shows(page, "a")
    wire.calls[0].send(published("e-2-0", b))
    await shows(page, "b", "a")
    wire.calls[0].send(retracted("e-3-0", "a"))
    await shows(page, "b")
    assert await page.evaluate("ticker.state") == "live"
    kinds = await page.evaluate("seen.map(([type]) => type)")
    assert kinds == ["state", "change", "state", "change", "retracted", "change"]
    assert [call.way for call in wire.calls] == ["ws"]


async def test_it_says_that_it_has_done_what_it_was_asked_for(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0", headline("a"), headline("b")))
    await start(page, wire)
    await shows(page, "a", "b")
    wire.calls[0].send(retracted("e-2-0", "a") | {"confirm": "e-2-0"}, retracted("e-3-0", "b"))
    await shows(page)
    done = '{"type":"done","position":"e-2-0"}'
    await eventually(lambda: wire.calls[0].said == [done])
    await page.evaluate("ticker.stop()")


async def test_where_there_is_no_way_back_it_says_nothing(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0", headline("a")))
    await start(page, wire, '{"transports": ["sse"]}')
    await shows(page, "a")
    wire.calls[0].send(retracted("e-2-0", "a") | {"confirm": "e-2-0"}, published("e-3-0", headline("b")))
    await shows(page, "b")
    assert await page.evaluate("ticker.state") == "live"


async def test_a_filter_is_asked_for(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0"))
    await start(page, wire, '{"urgency": "urgent", "section": "world"}')
    await state(page, "live")
    assert wire.calls[0].query == {"urgency": "urgent", "section": "world"}


async def test_falls_back_to_sse_and_then_to_long_poll(page: Page, wire: Wire) -> None:
    async def only(call: Call) -> None:
        if call.way == "events" and call.after is None:
            call.send(snapshot("e-1-0", headline("a")))

    wire.script = only
    await start(page, wire, '{"patience": 2500}')
    await shows(page, "a")
    assert [call.way for call in wire.calls[:3]] == ["ws", "stream", "events"]
    await until(lambda: len(wire["events"]) > 1)
    assert wire["events"][1].query == {"after": "e-1-0", "wait": "25"}
    wire["events"][1].send(published("e-2-0", headline("b", order=1)))
    await shows(page, "b", "a")


async def test_follows_over_sse(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0", headline("a")))
    await start(page, wire, '{"transports": ["sse"]}')
    await shows(page, "a")
    wire.calls[0].send(retracted("e-2-0", "a"), published("e-2-0", headline("b")))
    await shows(page, "b")


async def test_an_event_source_that_gave_up_is_opened_again(page: Page, wire: Wire) -> None:
    async def busy_at_first(call: Call) -> None:
        if len(wire.calls) == 1:
            call.answer(503)
        else:
            call.send(snapshot("e-1-0", headline("a")))

    wire.script = busy_at_first
    await start(page, wire, '{"transports": ["sse"]}')
    await shows(page, "a")


@pytest.mark.parametrize("way", ["ws", "sse", "poll"])
async def test_resumes_at_its_position_after_a_cut(page: Page, wire: Wire, way: str) -> None:
    a, b = headline("a"), headline("b", order=1)
    wire.script = always(snapshot("e-1-0", a))
    await start(page, wire, json.dumps({"transports": [way]}))
    await shows(page, "a")
    wire.script = always(published("e-5-0", b), heartbeat("e-5-0", b, a))
    for call in wire.calls:
        call.cut()
    await shows(page, "b", "a")
    assert "e-1-0" in [call.after for call in wire.calls]
    await state(page, "live")


async def test_comes_back_to_the_better_way(page: Page, wire: Wire) -> None:
    async def no_websocket(call: Call) -> None:
        if call.way == "stream":
            call.send(snapshot("e-1-0", headline("a"), every_ms=60_000))
        else:
            call.cut()

    wire.script = no_websocket
    await page.clock.install()
    await start(page, wire)
    await shows(page, "a")
    wire.script = always(heartbeat("e-1-0", headline("a")))
    await page.clock.fast_forward(61_000)
    await page.wait_for_function("() => ticker.transport === 'ws'")
    assert wire["ws"][-1].after == "e-1-0"
    await until(lambda: len(wire["stream"]) >= 1)


async def test_another_hash_brings_a_snapshot(page: Page, wire: Wire) -> None:
    a, b = headline("a"), headline("b", order=1)

    async def script(call: Call) -> None:
        call.send(snapshot("e-2-0", a, b) if len(wire.calls) > 1 else snapshot("e-1-0", a))

    wire.script = script
    await start(page, wire)
    await shows(page, "a")
    await page.evaluate("ticker._resyncMs = 600_000")
    wire.calls[0].send(heartbeat("e-2-0", b, a))
    await shows(page, "b", "a")
    assert wire.calls[1].after is None
    wire.calls[1].send(heartbeat("e-2-0", headline("c")))
    await state(page, "stale")
    assert len(wire.calls) == 2  # not again so soon


async def test_goodbye_says_when_to_come_back(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0", headline("a")))
    await start(page, wire)
    await shows(page, "a")
    loop = asyncio.get_running_loop()
    asked = loop.time()
    wire.calls[0].send({"type": "goodbye", "retry_ms": 1200})
    await until(lambda: len(wire.calls) == 2)
    assert loop.time() - asked >= 1.1
    assert wire.calls[1].after == "e-1-0"
    assert wire.calls[1].way == "ws"


async def test_a_refusal_is_final(page: Page, wire: Wire) -> None:
    async def refuse(call: Call) -> None:
        call.close(1008, "this page is not allowed here")

    wire.script = refuse
    await start(page, wire)
    await state(page, "stopped")
    assert await page.evaluate("ticker.reason") == "this page is not allowed here"
    assert len(wire.calls) == 1


async def test_a_full_server_is_given_its_time(page: Page, wire: Wire) -> None:
    loop = asyncio.get_running_loop()
    called: list[float] = []

    async def full(call: Call) -> None:
        called.append(loop.time())
        if len(called) == 1:
            call.answer(503, headers="Retry-After: 1\r\n")
        else:
            call.send(snapshot("e-1-0", headline("a")))

    wire.script = full
    await start(page, wire, '{"transports": ["poll"]}')
    await shows(page, "a")
    assert called[1] - called[0] >= 0.9


async def test_a_silent_connection_is_a_dead_one(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0", headline("a"), every_ms=200))
    await start(page, wire)
    await until(lambda: len(wire["ws"]) >= 2)
    assert wire["ws"][1].after == "e-1-0"


async def test_a_stale_server_is_not_shown_as_live(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0"), heartbeat("e-1-0", stale=True))
    await start(page, wire)
    await state(page, "stale")
    wire.calls[0].send(heartbeat("e-1-0"))
    await state(page, "live")


async def test_offline_is_said_and_online_reconnects_at_once(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0"))
    await start(page, wire)
    await state(page, "live")
    await page.evaluate("dispatchEvent(new Event('offline'))")
    assert await page.evaluate("ticker.state") == "offline"
    await page.evaluate("dispatchEvent(new Event('online'))")
    await state(page, "live")
    assert [call.after for call in wire.calls] == [None, "e-1-0"]


async def test_a_headline_expires_without_the_server(page: Page, wire: Wire) -> None:
    brief = headline("a", expires_at="2026-11-23T10:00:00.500Z")
    wire.script = always(snapshot("e-1-0", brief))  # it is ten o'clock by the server's clock
    await start(page, wire)
    await shows(page, "a")
    await page.wait_for_function("() => ticker.board.onAir(ticker.now()).length === 0")
    await page.wait_for_function(
        "() => seen.some(([type, detail]) => type === 'change' && detail.messages.length === 0)"
    )


async def test_a_flash_sounds_once_and_not_for_history(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0", headline("old", urgency="flash", published_at=NOW)))
    await start(page, wire)
    await shows(page, "old")
    flash = headline("a", order=1, urgency="flash", published_at=NOW)
    old = headline("b", order=2, urgency="flash", published_at="2026-11-23T08:00:00.000Z")
    wire.calls[0].send(published("e-2-0", flash), published("e-3-0", {**flash, "version": 2}), published("e-4-0", old))
    await shows(page, "b", "a", "old")
    sounded = "seen.filter(([type]) => type === 'flash').map(([, { headline, news }]) => [headline.id, news])"
    assert await page.evaluate(sounded) == [["old", False], ["a", True]]


async def test_stop_is_quiet(page: Page, wire: Wire) -> None:
    wire.script = always(snapshot("e-1-0"))
    await start(page, wire)
    await state(page, "live")
    await page.evaluate("ticker.stop()")
    await until(lambda: not any(call.open for call in wire.calls))
    assert await page.evaluate("[ticker.state, ticker.transport]") == ["stopped", ""]


# --- the page ---------------------------------------------------------------------------------------------------------


async def visit(page: Page, wire: Wire, *headlines: Message) -> Call:
    wire.script = always(snapshot("e-1-0", *headlines))
    await page.goto(wire.url)
    await page.wait_for_selector("section[data-state='live']")
    return wire.calls[-1]


async def crawling(page: Page, wire: Wire, *headlines: Message) -> Call:
    """A visit, and the strip has been drawn: it is live a frame before."""
    call = await visit(page, wire, *headlines)
    await page.wait_for_selector(".track li")
    return call


def listed(page: Page) -> Any:
    return page.eval_on_selector_all(".list h3", "(all) => all.map((h3) => h3.textContent)")


async def test_markup_is_shown_as_text(page: Page, wire: Wire) -> None:
    bold = headline("a", "<img src=x onerror=alert(1)> & <b>bold</b>", kicker="<i>k</i>", link="javascript:alert(1)")
    safe = headline("b", "Linked", order=1, link="https://news.example/b")
    await crawling(page, wire, bold, safe)
    assert await listed(page) == ["Linked", bold["text"]]
    assert await page.locator("section :is(img, b, i)").count() == 0
    hrefs = "(all) => all.map((a) => [a.href, a.rel])"
    assert await page.eval_on_selector_all(".list a", hrefs) == [["https://news.example/b", "noopener"]]
    assert await page.locator(".track bdi", has_text="<b>bold</b>").count() > 0


async def test_an_empty_strip_says_so_in_its_language(page: Page, wire: Wire) -> None:
    wire.channels = [
        {"name": lang, "title": lang, "lang": lang, "dir": "rtl" if lang == "ar" else "ltr"}
        for lang in ("en", "ar", "es")
    ]
    await visit(page, wire)
    await page.wait_for_function("() => document.querySelectorAll('[data-state=live]').length === 3")
    assert await page.locator(".quiet").all_text_contents() == [
        "No headlines right now", "لا توجد عناوين في الوقت الحالي", "No hay titulares en este momento",
    ]  # fmt: skip


async def test_the_first_headlines_fill_the_window_and_the_next_come_in_from_its_end(page: Page, wire: Wire) -> None:
    call = await crawling(page, wire, *(headline(f"h{n}", f"Number {n}", order=n) for n in range(12)))
    inside = """() => {
        const edge = document.querySelector(".window").getBoundingClientRect().right;
        const items = Array.from(document.querySelectorAll(".track li"));
        return items.filter((li) => li.getBoundingClientRect().left < edge).map((li) => li.textContent);
    }"""
    assert len(await page.evaluate(inside)) > 3
    await page.evaluate("document.querySelector('.track').getAnimations()[0].pause()")
    call.send(published("e-2-0", headline("new", "New one", order=100)))
    await page.wait_for_function("() => document.querySelector('.track').textContent.includes('New one')")
    assert "New one" not in await page.evaluate(inside)


async def test_a_killed_headline_is_blank_at_once_and_nothing_moves(page: Page, wire: Wire) -> None:
    call = await crawling(page, wire, *(headline(f"h{n}", f"Headline number {n}", order=n) for n in range(6)))
    await page.evaluate("document.querySelector('.track').getAnimations()[0].pause()")  # no item leaves meanwhile
    item = page.locator(".track li", has_text="Headline number 4").first
    others = "() => Array.from(document.querySelectorAll('.track li'), (li) => li.style.insetInlineStart)"
    before = (await page.evaluate(others))[:3]
    assert await item.count() == 1
    call.send(retracted("e-2-0", "h4"))
    await page.wait_for_function("() => !document.querySelector('main').textContent.includes('Headline number 4')")
    assert await page.locator(".track .gone").count() == 1
    assert (await page.evaluate(others))[:3] == before


async def test_pausing_holds_back_what_is_new_but_no_kill(page: Page, wire: Wire) -> None:
    call = await crawling(page, wire, headline("a"), headline("b", order=1))
    button = page.locator(".pause")
    await button.focus()
    await page.keyboard.press("Space")
    assert await button.get_attribute("aria-pressed") == "true"
    call.send(published("e-2-0", headline("c", order=2)), retracted("e-3-0", "a"))
    await page.wait_for_function("() => document.querySelector('.count').textContent === '1 new'")
    assert await listed(page) == ["Headline b"]
    still = "() => document.querySelector('.track').getAnimations()[0].ready.then((crawl) => crawl.currentTime)"
    assert await page.evaluate(still) == await page.evaluate(still)
    await page.keyboard.press("Space")
    await page.wait_for_function("() => document.querySelector('.count').textContent === ''")
    assert await listed(page) == ["Headline c", "Headline b"]


async def test_a_flash_lies_over_the_strip_until_it_is_withdrawn(page: Page, wire: Wire) -> None:
    call = await visit(page, wire, headline("a"))
    call.send(published("e-2-0", headline("f", "The dam has broken", order=1, urgency="flash")))
    await page.wait_for_selector(".strap >> text=The dam has broken")
    assert await page.locator("[role=alert]").text_content() == "Flash: The dam has broken"
    call.send(retracted("e-3-0", "f"))
    await page.wait_for_selector(".strap", state="hidden")


async def test_a_flash_that_is_corrected_is_so_where_it_lies_and_goes_when_it_is_none(page: Page, wire: Wire) -> None:
    call = await visit(page, wire, headline("a"))
    call.send(published("e-2-0", headline("f", "12 killed", order=1, urgency="flash")))
    await page.wait_for_selector(".strap >> text=12 killed")
    corrected = headline("f", "2 killed", order=1, version=2, urgency="flash", correction="Two, not twelve")
    call.send(published("e-3-0", corrected, "corrected"))
    await page.wait_for_selector(".strap >> text=/^2 killed$/")
    assert await page.locator(".strap .words").all_text_contents() == ["2 killed"]
    call.send(published("e-4-0", corrected | {"version": 3, "urgency": "urgent"}, "updated"))
    await page.wait_for_selector(".strap", state="hidden")


class Listener:
    """What a screen reader finds in the two regions, with nothing else on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def begin(self, url: str) -> None:
        await self.page.clock.install(time=0)
        await self.page.clock.pause_at(1000)
        await self.page.goto(url)
        await self.page.evaluate(
            """async () => {
                const { Announcer } = await import("/web/announcer.js");
                const { Board } = await import("/web/board.js");
                const { wordsFor } = await import("/web/words.js");
                const region = (id) => document.body.appendChild(Object.assign(document.createElement("div"), { id }));
                window.announcer = new Announcer(region("log"), region("alert"));
                announcer.words = await wordsFor("en");
                announcer.show([], []);
                window.board = new Board();
            }"""
        )

    async def show(self, *headlines: Message, held: tuple[Message, ...] = ()) -> str:
        await self.page.evaluate(
            """([shown, onAir]) => {
                board.apply({ type: "snapshot", headlines: onAir });
                announcer.show(shown.map(({ id }) => board.get(id)), board.ordered());
            }""",
            [list(headlines), [*headlines, *held]],
        )
        return await self.page.text_content("#log") or ""

    async def after(self, ms: int) -> str:
        await self.page.clock.run_for(ms)
        return await self.page.text_content("#log") or ""

    async def interrupt(self, flash: Message) -> None:
        await self.page.evaluate(
            """(headline) => {
                board.apply({ type: "published", headline });
                announcer.interrupt(board.get(headline.id), "Flash");
            }""",
            flash,
        )

    async def alert(self) -> str:
        return await self.page.text_content("#alert") or ""


@pytest_asyncio.fixture(loop_scope="module")
async def listener(page: Page, wire: Wire) -> Listener:
    listener = Listener(page)
    await listener.begin(wire.url + "blank")
    return listener


async def test_a_screen_reader_is_told_what_a_headline_says_by_then(listener: Listener) -> None:
    a = headline("a", "12 missing")
    await listener.show(a)
    await listener.show(a | {"text": "13 missing"})  # an ordinary update, while it waits
    assert await listener.after(500) == "13 missing"
    corrected = a | {"text": "2 missing", "correction": "Two"}
    await listener.show(corrected)
    await listener.show(corrected | {"text": "2 people are missing"})
    assert await listener.after(20_000) == "Correction: 2 people are missing"


async def test_a_screen_reader_is_told_of_a_flash_once_however_late(listener: Listener) -> None:
    late, first, second = (headline(name, name, urgency="flash") for name in ("late", "first", "second"))
    await listener.show(late)  # nobody was interrupted for it: it is too old
    assert await listener.after(500) == "late"
    await listener.interrupt(first)
    await listener.show(late, first)
    await listener.show(late, first, second)
    await listener.interrupt(second)
    assert await listener.alert() == "Flash: second"
    assert await listener.after(9_999) == "late"
    assert await listener.alert() == "Flash: second"
    assert await listener.after(1) == ""  # afterwards it would only be found a second time
    assert await listener.alert() == ""
    assert await listener.after(20_000) == ""
    await listener.show(late, first, second, headline("next", "Next"))
    assert await listener.after(500) == "Next"


async def test_a_pause_takes_no_flash_from_a_screen_reader(listener: Listener) -> None:
    flash = headline("f", "The dam has broken", urgency="flash")
    await listener.interrupt(flash)
    await listener.show(held=(flash,))
    assert await listener.alert() == "Flash: The dam has broken"
    await listener.show()
    assert await listener.alert() == ""


async def test_a_screen_reader_is_told_nothing_that_was_killed_while_it_waited(listener: Listener) -> None:
    show, after = listener.show, listener.after
    a, b = headline("a", "12 killed"), headline("b", "Storm")
    await show(a)
    assert await after(500) == "12 killed"
    await show(a | {"text": "2 killed", "correction": "Two"}, b)  # waits until the first has been read
    assert await show(b) == ""
    assert await after(20_000) == "Storm"
    corrected = b | {"text": "Gale", "correction": "A gale"}
    await show(corrected)
    assert await after(20_000) == "Correction: Gale"
    await listener.page.evaluate("announcer.say({ text: 'It was false' }, 'Withdrawn')")
    assert await show() == ""
    assert await after(20_000) == "Withdrawn: It was false"


async def test_a_lost_connection_is_told_in_words(page: Page, wire: Wire) -> None:
    call = await visit(page, wire, headline("a"))
    wire.script = silence
    call.cut()
    await page.wait_for_function("() => /· last update /.test(document.querySelector('.light').textContent)")
    assert "Live" not in (await page.locator(".light").text_content() or "")


async def test_corrections_and_updates_are_marked(page: Page, wire: Wire) -> None:
    early, late = "2026-11-23T09:00:00.000Z", "2026-11-23T09:30:00.000Z"
    await visit(
        page, wire,
        headline("a", version=2, published_at=early, updated_at=late),
        headline("b", version=2, order=1, published_at=early, updated_at=late, correction="It was two, not three."),
    )  # fmt: skip
    rows = await page.locator(".list .meta").all_text_contents()
    assert "Correction: It was two, not three." in rows[0]
    assert all("Updated" in row for row in rows)


async def test_only_what_is_new_glows_and_only_once(page: Page, wire: Wire) -> None:
    call = await visit(page, wire, headline("a"))
    b = headline("b", order=1)
    call.send(published("e-2-0", b))
    await page.wait_for_selector(".list .new >> text=Headline b")
    await page.evaluate("document.querySelectorAll('.list > li').forEach((row) => { row.seen = true; })")
    call.send(snapshot("e-3-0", headline("a"), b, headline("c", order=2)))
    await page.wait_for_selector(".list .new >> text=Headline c")
    assert await page.evaluate("document.querySelectorAll('.list > li').length") == 3
    assert await page.evaluate("[...document.querySelectorAll('.list > li')].filter((row) => row.seen).length") == 2
    await page.evaluate("document.getAnimations().forEach((one) => one.animationName === 'arrive' && one.finish())")
    await page.wait_for_function("() => !document.querySelector('.list .new')")
    call.send(published("e-4-0", b | {"text": "Changed", "version": 2}, "updated"))
    await page.wait_for_selector(".list li:not(.new) >> text=Changed")


async def test_what_was_today_has_its_date_tomorrow(page: Page, wire: Wire) -> None:
    await page.clock.install(time="2026-11-23T12:00:00")
    noon = await page.evaluate("new Date().toISOString()")
    call = await visit(page, wire, headline("a", published_at=noon))
    time = page.locator(".list li", has_text="Headline a").locator("time")
    assert await time.text_content() == "12:00"
    await page.clock.set_system_time("2026-11-24T00:01:00")
    call.send(published("e-2-0", headline("b", order=1)))
    await page.wait_for_selector(".list >> text=Headline b")
    assert await time.text_content() == "Nov 23, 2026, 12:00"


async def test_reduced_motion_has_the_list_only(page: Page, wire: Wire) -> None:
    await page.emulate_media(reduced_motion="reduce")
    await visit(page, wire, headline("a"))
    assert await page.evaluate("document.getAnimations().length") == 0
    assert await page.locator(".track li").count() == 0
    assert await listed(page) == ["Headline a"]


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
async def test_the_crawl_never_jumps(page: Page, wire: Wire, direction: str) -> None:
    """Where every item is in every frame, while headlines come, change and go: each on its straight line.

    It begins shortly before the track is set back to its start, which must not show either.
    """
    wire.channels = [{"name": "en", "title": "Strip", "lang": "en", "dir": direction}]
    call = await crawling(page, wire, *(headline(f"s{n}", f"A headline to begin with, {n}", order=n) for n in range(5)))
    await page.evaluate(
        """() => {
            const [crawl] = document.querySelector(".track").getAnimations();
            crawl.currentTime = (49_900 / 80) * 1000;
            window.crawl = crawl;
            const first = new Map();
            window.worst = 0; window.samples = 0;
            const sign = document.querySelector(".channel").dir === "rtl" ? 1 : -1;
            const look = () => {
                const now = document.timeline.currentTime;
                for (const item of document.querySelectorAll(".track li")) {
                    const x = item.getBoundingClientRect()[sign > 0 ? "right" : "left"] - sign * 80 * now / 1000;
                    if (first.has(item)) worst = Math.max(worst, Math.abs(x - first.get(item)));
                    else first.set(item, x);
                    samples += 1;
                }
                requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
        }"""
    )
    for n in range(20):
        call.send(published(f"e-{n + 2}-0", headline(f"n{n}", f"New one {n}, " + "longer " * (n % 5), order=100 + n)))
        if n % 4 == 1:
            call.send(published(f"e-{n + 2}-0", headline(f"n{n - 1}", "Changed", order=99 + n, version=2), "updated"))
        if n % 4 == 3:
            call.send(retracted(f"e-{n + 2}-0", f"n{n - 1}"))
        await page.wait_for_function(
            "(text) => document.querySelector('.list').textContent.includes(text)", arg=f"New one {n},"
        )
        seen = await page.evaluate("samples")
        await page.wait_for_function("(seen) => samples > seen + 60", arg=seen)
    await page.wait_for_function("() => crawl.currentTime < 60_000")
    assert await page.evaluate("worst") < 0.5
