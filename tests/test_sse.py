"""Server-sent events: as bytes on a socket, and as a browser's own EventSource understands them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
import pytest

from tests.api import Api, eventually_gone, eventually_shown, fresh_key, serving
from tests.chromium import browser
from tests.servers import RedisServer, Web
from ticker.text import clean


class Events:
    """A reader of an event stream over a bare socket: strict about every byte of the framing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = b""
        self.retry = 0
        self.chunks: list[bytes] = []
        self._left: list[str] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, web: Web, path: str = "/v1/channels/en/stream", *headers: str) -> AsyncIterator[Self]:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port, limit=2**22)
        try:
            lines = (f"GET {path} HTTP/1.1", "Host: x", *headers, "", "")
            writer.write("\r\n".join(lines).encode())
            events = cls(reader, writer)
            events.head = await reader.readuntil(b"\r\n\r\n")
            yield events
        finally:
            writer.transport.abort()

    async def chunk(self) -> bytes:
        """One chunk; empty at the end of the body."""
        size = await self.reader.readuntil(b"\r\n")
        body = await self.reader.readexactly(int(size, 16))
        assert await self.reader.readexactly(2) == b"\r\n"
        self.chunks.append(body)
        return body

    async def block(self) -> dict[str, str]:
        """The fields of one event. Each field has one line, and each event ends within its chunk."""
        while not self._left:
            chunk = await asyncio.wait_for(self.chunk(), 20)
            assert chunk, "the stream has ended"
            assert chunk.endswith(b"\n\n")
            assert b"\r" not in chunk
            self._left = chunk.decode()[:-2].split("\n\n")
        lines = self._left.pop(0).split("\n")
        fields = dict(line.split(": ", 1) for line in lines)
        assert len(fields) == len(lines)
        return fields

    async def message(self) -> dict[str, Any]:
        """One message, with `id:` and `event:` as the message says."""
        fields = await self.block()
        if set(fields) == {"retry"}:
            self.retry = int(fields["retry"])
            return await self.message()
        message: dict[str, Any] = json.loads(fields["data"])
        assert fields["event"] == message["type"]
        assert fields.get("id") == message.get("position")
        return message

    async def news(self) -> dict[str, Any]:
        """The next message that is no heartbeat: a process may send its first one at any moment."""
        while (message := await self.message())["type"] == "heartbeat":
            pass
        return message

    async def until(self, type_: str) -> list[dict[str, Any]]:
        messages = [await self.message()]
        while messages[-1]["type"] != type_:
            messages.append(await self.message())
        return messages


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("web"), TICKER_HEARTBEAT_SECONDS="2") as web:
        yield web


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "admin"))


async def test_a_stream_begins_with_a_retry_and_a_snapshot(web: Web, desk: Api) -> None:
    async with Events.open(web) as events:
        snapshot = await events.message()
        head = events.head.decode().lower()
        assert head.startswith("http/1.1 200 ok")
        for line in (
            "content-type: text/event-stream; charset=utf-8",
            "cache-control: no-store",
            "x-accel-buffering: no",
        ):
            assert line in head
        assert 1000 <= events.retry <= 4000
        assert snapshot["type"] == "snapshot"
        assert "reason" not in snapshot
        headline = await desk.publish("Comes over the stream")
        published = await events.news()
        assert (published["type"], published["headline"]["id"]) == ("published", headline["id"])
        assert len([chunk for chunk in events.chunks if b"event: heartbeat" not in chunk]) == 3
        beat = await events.message()
        assert (beat["type"], beat["position"], beat["every_ms"]) == ("heartbeat", published["position"], 2000)


@pytest.mark.parametrize("by", ["Last-Event-ID", "after"])
async def test_a_resume_is_the_net_change_and_a_heartbeat(web: Web, desk: Api, by: str) -> None:
    gone, kept = await desk.publish(f"Killed meanwhile {by}"), await desk.publish(f"Edited meanwhile {by}")
    await eventually_shown(desk, kept)
    start = (await desk.get()).json["position"]
    await desk.edit(kept, text=f"Once {by}")
    last = (await desk.edit(kept, version=2, text=f"Twice {by}")).json
    await desk.act(gone, "retract", {"reason": "wrong"})
    await eventually_gone(desk, gone)
    query, headers = ("", [f"Last-Event-ID: {start}"]) if by != "after" else (f"?after={start}", [])
    async with Events.open(web, "/v1/channels/en/stream" + query, *headers) as events:
        messages = await events.until("heartbeat")
    assert [message["type"] for message in messages] == ["retracted", "updated", "heartbeat"]
    assert messages[1]["headline"]["text"] == last["text"]
    snapshot = (await desk.get()).json
    assert messages[0]["position"] == start
    assert messages[1]["position"] == messages[2]["position"] == snapshot["position"]
    assert messages[2]["hash"] == snapshot["hash"]


async def test_last_event_id_is_newer_than_the_address(web: Web, desk: Api) -> None:
    start = (await desk.get()).json["position"]
    await eventually_shown(desk, await desk.publish("Seen already"))
    newer = (await desk.get()).json["position"]
    async with Events.open(web, f"/v1/channels/en/stream?after={start}", f"Last-Event-ID: {newer}") as events:
        assert (await events.message())["type"] == "heartbeat"


async def test_an_unknown_position_says_why(web: Web) -> None:
    async with Events.open(web, "/v1/channels/en/stream", "Last-Event-ID: nonsense") as events:
        message = await events.message()
    assert (message["type"], message["reason"]) == ("snapshot", "unknown")


async def test_a_filter_holds_for_the_stream(web: Web, desk: Api) -> None:
    async with Events.open(web, "/v1/channels/en/stream?urgency=flash") as events:
        await events.message()
        await desk.publish("Routine, not wanted")
        flash = await desk.publish("Flash, wanted", urgency="flash")
        [*beats, published] = await events.until("published")
        assert {message["type"] for message in beats} <= {"heartbeat"}
        assert published["headline"]["id"] == flash["id"]
        await desk.edit(flash, urgency="routine")
        [*_, expired] = await events.until("expired")
        assert expired["id"] == flash["id"]


ODD = [
    "two\nlines", "two\r\nlines", "a\u2028b\u2029c", "\ufeffmark first", "zero\u0000byte", "\x1b[31mred\x07",
    "id: 666\n\nevent: retracted\ndata: {}", ": a comment", "data:x\n\ndata:y", '{"type":"retracted"}', "a\u0085b",
    "non\ufffecharacter\uffff", "<script>alert(1)</script>", "\\n \\u0000 %0a &#10;", "خبر\u202eعاجل", "👩‍👩‍👧‍👦 🏴\U000e0067\U000e007f",  # noqa: E501
]  # fmt: skip


async def test_odd_text_is_one_event_with_the_exact_text(web: Web, desk: Api) -> None:
    async with Events.open(web) as events:
        await events.message()
        for text in ODD:
            headline = await desk.publish(text, source={"name": "odd", "id": text})
            [*_, published] = await events.until("published")
            assert published["headline"]["text"] == headline["text"] == clean(text)
            assert published["headline"]["source"]["id"] == text
        for chunk in events.chunks:
            assert b"\x00" not in chunk


async def test_a_browser_reads_the_same(web: Web, desk: Api) -> None:
    """Chromium's own EventSource: one event each, the exact text, and the position to resume at."""
    async with browser() as chromium:
        page = await chromium.new_page()
        await page.goto(f"{web.url}/healthz")
        await page.evaluate(
            """() => new Promise((resolve) => {
                window.seen = [];
                window.source = new EventSource("/v1/channels/en/stream");
                source.addEventListener("snapshot", resolve);
                for (const type of ["published", "retracted", "message"])
                    source.addEventListener(type, (event) => seen.push([type, event.lastEventId, event.data]));
            })"""
        )
        texts = [(await desk.publish(f"{text} again"))["text"] for text in ODD]
        await page.wait_for_function("(count) => seen.length >= count", arg=len(ODD))
        seen = await page.evaluate("seen")
    messages = [json.loads(data) for _, _, data in seen]
    assert [kind for kind, _, _ in seen] == ["published"] * len(ODD)
    assert [message["headline"]["text"] for message in messages] == texts
    assert [position for _, position, _ in seen] == [message["position"] for message in messages]


async def test_a_reader_that_leaves_is_forgotten(web: Web, desk: Api) -> None:
    from tests.servers import eventually  # noqa: PLC0415

    async def readers(count: int) -> bool:
        return f'ticker_connections{{channel="ar",transport="sse"}} {count}.0' in (await desk.get("/metrics")).text

    async with Events.open(web, "/v1/channels/ar/stream") as events:
        await events.message()
        await eventually(lambda: readers(1))
    await eventually(lambda: readers(0))
