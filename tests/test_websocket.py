"""WebSocket: as the `websockets` client sees it, and what a hostile peer can do over a bare socket."""

import asyncio
import base64
import json
import os
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

import aiohttp
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.api import Api, eventually_gone, eventually_shown, fresh_key
from tests.servers import PATIENCE, Web, eventually
from tests.test_sse import ODD
from ticker.text import clean

WS = "/v1/channels/en/ws"
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    size = len(payload)
    mark = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | reserved | opcode])
    if size < 126:
        head += bytes([mark | size])
    elif size < 65536:
        head += bytes([mark | 126]) + struct.pack("!H", size)
    else:
        head += bytes([mark | 127]) + struct.pack("!Q", size)
    return head + (b"\0\0\0\0" if masked else b"") + payload


class Socket:
    """A WebSocket peer that keeps no rules but those the test tells it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    @asynccontextmanager
    async def open(cls, web: Web, path: str = WS, *headers: str) -> AsyncIterator[Self]:
        async with cls.shaken(web, path, *headers) as (socket, head):
            assert head.startswith(b"HTTP/1.1 101"), head
            yield socket

    @classmethod
    @asynccontextmanager
    async def shaken(cls, web: Web, path: str = WS, *headers: str, method: str = "GET", **change: str | None) -> Any:
        """After a handshake with the given changes: the socket, and the head of the answer."""
        fields = {
            "Host": f"127.0.0.1:{web.port}", "Upgrade": "websocket", "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version": "13",
        }  # fmt: skip
        for name, value in change.items():
            fields[name.replace("_", "-")] = value
        lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        try:
            writer.write("\r\n".join((f"{method} {path} HTTP/1.1", *lines, *headers, "", "")).encode())
            try:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            except asyncio.IncompleteReadError as cut:
                head = cut.partial
            yield cls(reader, writer), head
        finally:
            writer.transport.abort()

    async def receive(self, *, compressed: bool = False) -> tuple[int, bytes]:
        """Opcode and payload of the next frame. The server's are whole and unmasked."""
        head = await asyncio.wait_for(self.reader.readexactly(2), 20)
        assert head[0] & 0xF0 == (0xC0 if compressed else 0x80)
        assert not head[1] & 0x80
        size = head[1]
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return head[0] & 0x0F, await self.reader.readexactly(size)

    async def message(self) -> dict[str, Any]:
        opcode, payload = await self.receive()
        assert opcode == TEXT
        message: dict[str, Any] = json.loads(payload)
        return message

    async def closed(self) -> int:
        """The code with which the server closes; nothing comes after it."""
        while True:
            opcode, payload = await self.receive()
            if opcode == CLOSE:
                assert await asyncio.wait_for(self.reader.read(), 20) == b""
                return int(struct.unpack("!H", payload[:2])[0])

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "admin"))


async def received(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 20))
    return message


async def news(socket: ClientConnection) -> dict[str, Any]:
    """The next message that is no heartbeat: a process may send its first one at any moment."""
    while (message := await received(socket))["type"] == "heartbeat":
        pass
    return message


# --- a good client --------------------------------------------------------------------------------------------------


async def test_one_message_per_text_frame(web: Web, desk: Api) -> None:
    async with connect(web.ws_url + WS, compression=None) as socket:
        assert (await received(socket))["type"] == "snapshot"
        for text in ODD:
            headline = await desk.publish(text)
            published = await news(socket)
            assert published["headline"]["text"] == headline["text"] == clean(text)


async def test_a_resume_is_the_net_change_and_a_heartbeat(web: Web, desk: Api) -> None:
    gone, kept = await desk.publish("Killed meanwhile"), await desk.publish("Edited meanwhile")
    await eventually_shown(desk, kept)
    start = (await desk.get()).json["position"]
    await desk.edit(kept, text="Once")
    await desk.edit(kept, version=2, text="Twice")
    await desk.act(gone, "retract", {"reason": "wrong", "note": "Withdrawn"})
    await eventually_gone(desk, gone)
    async with connect(f"{web.ws_url}{WS}?after={start}") as socket:
        messages = [await received(socket) for _ in range(3)]
    assert [message["type"] for message in messages] == ["retracted", "updated", "heartbeat"]
    assert messages[0]["note"] == "Withdrawn"
    assert messages[-1]["position"] == (await desk.get()).json["position"]


async def test_what_a_client_says_is_ignored(web: Web, desk: Api) -> None:
    async with connect(web.ws_url + WS) as socket:
        await received(socket)
        for said in ("", "hello", '{"type":"retracted"}', b"\x00\xff", ["in ", "pieces"]):
            await socket.send(said)
        await (await socket.ping())
        await desk.publish("Still here")
        assert (await news(socket))["headline"]["text"] == "Still here"


async def test_compressed_messages_keep_no_context_on_either_side(web: Web, desk: Api) -> None:
    """One compressed frame serves all, so it may lean on nothing that one reader has had before."""
    async with connect(web.ws_url + WS, compression="deflate") as socket:
        assert socket.response is not None
        agreed = socket.response.headers["Sec-WebSocket-Extensions"]
        assert agreed == "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        assert (await received(socket))["type"] == "snapshot"
        for text in ODD:
            headline = await desk.publish(f"{text} compressed")
            assert (await news(socket))["headline"]["text"] == headline["text"]
        await socket.send("what is said may be compressed too " * 20)
        await (await socket.ping())


async def test_compression_makes_the_bytes_fewer(web: Web, desk: Api) -> None:
    sizes: dict[str, list[int]] = {}
    offers = {"plain": (), "deflate": ("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",)}
    async with AsyncExitStack() as stack:
        sockets = {way: await stack.enter_async_context(Socket.open(web, WS, *offers[way])) for way in offers}
        for _ in range(3):
            await desk.publish("Compressible, " * 10, kicker="COMPRESSIBLE")
        for way, socket in sockets.items():
            sizes[way] = []
            while len(sizes[way]) < 4:
                _, payload = await socket.receive(compressed=way == "deflate")
                if b'"type":"heartbeat"' not in (inflated(payload) if way == "deflate" else payload):
                    sizes[way].append(len(payload))
    assert all(small < whole for small, whole in zip(sizes["deflate"], sizes["plain"], strict=True))


def inflated(payload: bytes) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(payload + b"\0\0\xff\xff")


# --- refused handshakes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/channels/xx/ws", 404), (WS + "?urgency=loud", 422), ("/nothing", 404)],
)
async def test_a_refusal_is_an_http_answer(web: Web, path: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(web.ws_url + path):
            pass
    assert refused.value.response.status_code == status


async def test_a_handshake_of_another_version_is_told_ours(web: Web) -> None:
    async with Socket.shaken(web, Sec_WebSocket_Version="8") as (_, head):
        assert head.startswith(b"HTTP/1.1 426 ")
        assert b"upgrade: websocket\r\n" in head
        assert b"sec-websocket-version: 13\r\n" in head


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://news.example", 101), ("https://evil.example", 403), ("null", 403), ("https://news.example.evil", 403),
        ("https://news.example:444", 403), ("http://[", 403), ("", 403), (None, 101), ("own", 101),
    ],
)  # fmt: skip
async def test_pages_of_foreign_origins_are_refused(web: Web, origin: str | None, status: int) -> None:
    origin = web.url if origin == "own" else origin
    async with Socket.shaken(web, "/v1/channels/closed/ws", Origin=origin) as (_, head):
        assert head.startswith(b"HTTP/1.1 %d" % status)
    async with Socket.shaken(web, WS, Origin=origin) as (_, head):
        assert head.startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize(
    "change",
    [
        {"Sec_WebSocket_Version": "8"}, {"Sec_WebSocket_Version": None}, {"Sec_WebSocket_Key": None},
        {"Sec_WebSocket_Key": "short"}, {"method": "POST"}, {"Upgrade": "h2c"}, {"Connection": "close"},
    ],
    ids=["version", "no-version", "no-key", "key", "post", "h2c", "close"],
)  # fmt: skip
async def test_a_bad_handshake_is_answered_and_ended(web: Web, change: dict[str, Any]) -> None:
    async with Socket.shaken(web, **change) as (socket, head):
        assert head.startswith(b"HTTP/1.1 4") or head == b""
        assert b" 101 " not in head
        await asyncio.wait_for(socket.reader.read(), 10)


# --- hostile peers --------------------------------------------------------------------------------------------------

WRONG = {
    "unmasked": (frame(TEXT, b"x", masked=False), 1002),
    "unmasked ping": (frame(PING, masked=False), 1002),
    "oversized": (frame(TEXT, b"x" * 5000), 1009),
    "said to be huge": (b"\x82\xff" + struct.pack("!Q", 2**62) + b"\0\0\0\0", 1009),
    "negative size": (b"\x82\xff" + struct.pack("!Q", 2**63) + b"\0\0\0\0", 1009),
    "oversized in pieces": (frame(TEXT, b"x", fin=False) + frame(CONT, b"x" * 500, fin=False) * 10, 1009),
    "bad text": (frame(TEXT, b"\xff\xfe"), 1007),
    "half a character": (frame(TEXT, b"\xe2\x82"), 1007),
    "bad text in pieces": (frame(TEXT, b"\xe2", fin=False) + frame(CONT, b"\x28"), 1007),
    "bad text and a close": (frame(TEXT, b"\xff") + frame(CLOSE, struct.pack("!H", 1000)), 1000),
    "surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "reserved bit 1": (frame(TEXT, b"x", reserved=0x40), 1002),
    "reserved bit 2": (frame(TEXT, b"x", reserved=0x20), 1002),
    "reserved bit 3": (frame(PING, reserved=0x10), 1002),
    "continuation of nothing": (frame(CONT, b"x"), 1002),
    "text within text": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), 1002),
    "fragmented ping": (frame(PING, fin=False), 1002),
    "ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "close with a bad code": (frame(CLOSE, b"\x00\x01"), 1002),
    "close with a reserved code": (frame(CLOSE, struct.pack("!H", 1005)), 1002),
    "close with a bad reason": (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
    **{f"opcode {code}": (frame(code, b"x"), 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_breach_of_the_protocol_has_its_code(web: Web, desk: Api, case: str) -> None:
    data, code = WRONG[case]
    async with Socket.open(web) as socket, connect(web.ws_url + WS) as other:
        await received(other)
        await socket.send(data)
        assert await socket.closed() == code
        headline = await desk.publish(f"After {case}")
        assert (await news(other))["headline"]["id"] == headline["id"]


async def test_a_close_is_answered_with_its_code(web: Web) -> None:
    async with Socket.open(web) as socket:
        await socket.send(frame(CLOSE, struct.pack("!H", 1000)))
        assert await socket.closed() == 1000


async def test_a_frame_byte_by_byte_is_a_frame(web: Web) -> None:
    async with Socket.open(web) as socket:
        await socket.message()
        for byte in frame(PING, b"slow"):
            await socket.send(bytes([byte]))
        while (received := await socket.receive())[0] == TEXT:  # a heartbeat
            pass
        assert received == (PONG, b"slow")


async def test_half_a_frame_and_then_nothing_hurts_nobody(web: Web, desk: Api) -> None:
    async with Socket.open(web) as socket:
        await socket.message()
        await socket.send(frame(TEXT, b"x" * 100)[:50])
        headline = await desk.publish("To who has not finished speaking")
        while (message := await socket.message())["type"] == "heartbeat":
            pass
        assert message["headline"]["id"] == headline["id"]


def memory(web: Web) -> int:
    return int(psutil.Process(web.pid).memory_info().rss)


FLOODS = {
    "pings": frame(PING, b"x" * 125) * 400,
    "texts": frame(TEXT) * 9000,
    "texts and pings": (frame(TEXT, b"x") + frame(PING, b"x" * 125)) * 400,
    "empty fragments": frame(TEXT, fin=False) + frame(CONT, fin=False) * 9000,
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_is_cut_and_hurts_nobody(web: Web, desk: Api, kind: str) -> None:
    """Sent as fast as it goes, by one who reads nothing."""
    async with connect(web.ws_url + WS) as other, Socket.open(web) as socket:
        await received(other)
        before = memory(web)
        socket.writer.transport.pause_reading()  # type: ignore[attr-defined]

        async def flood() -> None:
            sent = 0
            while sent < 50_000_000:
                await socket.send(FLOODS[kind])
                sent += len(FLOODS[kind])

        flooding = asyncio.create_task(flood())
        for n in range(3):
            headline = await desk.publish(f"During the flood of {kind}, {n}")
            assert (await news(other))["headline"]["id"] == headline["id"]
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(flooding, PATIENCE)
        assert memory(web) - before < 20_000_000


async def test_a_flood_that_reads_is_told_why(web: Web) -> None:
    async with Socket.open(web) as socket:
        await socket.send(frame(PING, b"x") * 8000)
        await socket.send(frame(PING, b"x") * 8000)
        while (received := await socket.receive())[0] != CLOSE:
            assert received[0] in (TEXT, PONG)
        assert struct.unpack("!H", received[1][:2])[0] == 1008


async def test_readers_that_vanish_are_forgotten(web: Web, desk: Api) -> None:
    async def readers(count: int) -> bool:
        return (
            f'ticker_connections{{channel="ar",transport="websocket"}} {count}.0' in (await desk.get("/metrics")).text
        )

    async with Socket.open(web, "/v1/channels/ar/ws") as socket:
        await socket.message()
        await eventually(lambda: readers(1))
    await eventually(lambda: readers(0))
