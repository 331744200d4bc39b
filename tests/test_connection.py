"""A reader's open stream, over real connections: what it is sent, and what happens when it does not read."""

import asyncio
import contextlib
import json
import socket
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import connect

from tests.api import Api, eventually_gone, eventually_shown, fresh_key, serving
from tests.chromium import browser
from tests.servers import RedisServer, Web, eventually, free_port, running
from tests.test_hub import at_work
from tests.test_sse import ODD, Events
from tests.test_websocket import WS, Socket, memory, received
from ticker import protocol, serve
from ticker.board import Board
from ticker.fanout.connection import EventStream
from ticker.fanout.subscription import Subscription
from ticker.headline import Headline
from ticker.settings import Settings
from ticker.store import Client

STREAM = "/v1/channels/en/stream"
LONG = "https://news.example/" + "x" * 2000  # fills a pipe sooner


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    with serving(redis_server, folder, TICKER_HEARTBEAT_SECONDS="1") as web:
        yield web


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "admin"))


class Fold:
    """A reader's board: the messages it was sent, one after the other, and how many of them brought something."""

    def __init__(self) -> None:
        self.board: dict[str, Any] = {}
        self.position = self.hash = ""
        self.count = 0

    def apply(self, message: dict[str, Any]) -> None:
        self.count += message["type"] != "heartbeat"
        if message["type"] == "snapshot":
            self.board = {item["id"]: item for item in message["headlines"]}
        elif "headline" in message:
            self.board[message["headline"]["id"]] = message["headline"]
        elif "id" in message:
            self.board.pop(message["id"], None)
        self.position = message["position"]
        self.hash = message.get("hash", "")

    @property
    def own_hash(self) -> str:
        return Board(Headline.model_validate(item) for item in self.board.values()).hash()


async def narrow(port: int) -> socket.socket:
    """A connection that holds next to nothing on its way."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return sock


@pytest.mark.parametrize("way", ["sse", "websocket"])
async def test_a_reader_that_stops_reading_is_caught_up_by_the_net_change(web: Web, desk: Api, way: str) -> None:
    await stop_and_go_on(web, desk, way)


async def stop_and_go_on(web: Web, desk: Api, way: str) -> None:
    """A reader stops reading while much happens, and then goes on."""
    sock = await narrow(web.port)
    reader, writer = await asyncio.open_connection(sock=sock, limit=2**22)
    slow: Events | Socket
    if way == "sse":
        writer.write(f"GET {STREAM} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        slow = Events(reader, writer)
    else:
        writer.write(f"GET {WS} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())  # fmt: skip  # noqa: E501
        slow = Socket(reader, writer)
    await reader.readuntil(b"\r\n\r\n")
    fold = Fold()
    fold.apply(await slow.message())
    writer.transport.pause_reading()  # type: ignore[attr-defined]

    victim = await desk.publish(f"Killed while it was away ({way}, {web.port})")
    headline = await desk.publish(f"Edited very often ({way}, {web.port})", link=LONG, image=LONG)
    await eventually_shown(desk, headline)
    before, edits = memory(web), 0

    async def paused() -> bool:
        return 'ticker_paused{channel="en"} 1.0' in (await desk.get("/metrics")).text

    async with connect(web.ws_url + WS) as other:
        await received(other)

        stuck = 0  # looks in a row that found it paused: it takes nothing, and is not just a moment behind
        while stuck < 4:
            for _ in range(10):
                edits += 1
                headline = (await desk.edit(headline, text=f"{edits:05} " + "many words " * 24)).json
                while (message := await received(other))["type"] == "heartbeat":
                    pass
                assert message["headline"]["version"] == headline["version"]
            stuck = stuck + 1 if await paused() else 0
    await desk.act(victim, "retract", {"reason": "wrong"})
    await eventually_gone(desk, victim)
    await eventually_shown(desk, headline)
    assert await paused()
    assert memory(web) - before < 10_000_000

    writer.transport.resume_reading()  # type: ignore[attr-defined]
    target = (await desk.get()).json
    while fold.position != target["position"] or not fold.hash:
        fold.apply(await slow.message())
    assert fold.board == {item["id"]: item for item in target["headlines"]}
    assert fold.hash == fold.own_hash == target["hash"]
    assert fold.count < edits  # it was given the net change, and not what it had missed one by one
    assert not await paused()
    writer.transport.abort()


# --- how a stream begins --------------------------------------------------------------------------------------------

GZIP = "Accept-Encoding: gzip, deflate, br"


def request(*headers: str, path: str = STREAM, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/{version}", "Host: x", *headers, "", "")).encode()


async def test_what_a_reader_lacks_comes_with_the_answer_in_one_write(web: Web, desk: Api) -> None:
    """One write is one packet here: head, retry and snapshot together."""
    await eventually_shown(desk, await desk.publish("There before the reader"))
    for data in (request(), request(GZIP), handshake_request()):
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(data)
        first = await asyncio.wait_for(reader.read(65536), 20)
        body = first.partition(b"\r\n\r\n")[2]
        if data == request(GZIP):
            body = gunzipped(body)
        assert b'"snapshot"' in body
        assert b"There before the reader" in body
        writer.transport.abort()


def handshake_request() -> bytes:
    return request("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                   "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", path=WS)  # fmt: skip


def gunzipped(body: bytes) -> bytes:
    """What a body in chunks holds, as far as it has come. The chunks are as they were written: whole pieces each."""
    decompressor, text = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
    while body:
        size, _, body = body.partition(b"\r\n")
        text += decompressor.decompress(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :]
    return text


async def test_a_compressed_stream_says_the_same_in_fewer_bytes(web: Web, desk: Api) -> None:
    async with Events.open(web) as plain, Events.open(web, STREAM, GZIP) as packed:
        assert b"content-encoding: gzip" in packed.head
        assert b"content-encoding" not in plain.head
        decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
        assert decompressor.decompress(await packed.chunk()).startswith(b"retry: ")
        await plain.message()
        decompressor.decompress(await packed.chunk())
        for text in ODD:
            headline = await desk.publish(f"{text} in a compressed stream of words, words, words")
            [*_, published] = await plain.until("published")
            event = b""
            while b"event: published" not in event:
                chunk = await packed.chunk()
                event = decompressor.decompress(chunk)
            assert json.loads(event.decode().split("data: ", 1)[1]) == published
            assert published["headline"]["id"] == headline["id"]
            assert len(chunk) < len(event)


async def test_a_browser_reads_a_compressed_stream(web: Web, desk: Api) -> None:
    """Chromium's EventSource asks for it by itself, and shows each event as it comes."""
    async with browser() as chromium:
        page = await chromium.new_page()
        encodings: list[str | None] = []
        page.on("response", lambda response: encodings.append(response.headers.get("content-encoding")))
        await page.goto(f"{web.url}/healthz")
        await page.evaluate(
            """() => new Promise((resolve) => {
                window.seen = [];
                window.source = new EventSource("/v1/channels/en/stream");
                source.addEventListener("snapshot", resolve);
                source.addEventListener("published", (event) => seen.push(JSON.parse(event.data).headline.text));
            })"""
        )
        for n in range(3):
            headline = await desk.publish(f"To a browser, compressed, {n}")
            await page.wait_for_function("(text) => seen.at(-1) === text", arg=headline["text"])
        assert "gzip" in encodings


async def test_curl_reads_a_compressed_stream_to_its_end(web: Web, tmp_path: Path) -> None:
    leaving = Web(web.env["TICKER_REDIS_URL"], tmp_path, TICKER_DRAIN_SECONDS="0")
    async with running(leaving):
        curl = await asyncio.create_subprocess_exec(
            "curl", "-sS", "-N", "--compressed", leaving.url + STREAM, stdout=asyncio.subprocess.PIPE
        )
        assert curl.stdout is not None
        await asyncio.wait_for(curl.stdout.readuntil(b"event: snapshot\n"), 20)
        assert await asyncio.to_thread(leaving.stop) == 0
        rest = await asyncio.wait_for(curl.stdout.read(), 20)
        assert b"event: goodbye\n" in rest
        assert await curl.wait() == 0


@pytest.mark.parametrize(
    "data",
    [
        request(version="1.0"),
        request("Content-Length: 2") + b"{}",
        request("Expect: 100-continue"),
        request(path="/v1/channels/%65n/stream"),
        request(path=STREAM + "?section=sp%6frt"),
    ],
    ids=["1.0", "body", "expect", "escaped", "query"],
)
async def test_an_unusual_request_gets_the_same_stream(web: Web, data: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(data)
    text = await asyncio.wait_for(reader.readuntil(b"event: snapshot\n"), 20)
    assert b" 200 " in text
    assert b"text/event-stream" in text
    writer.transport.abort()


async def test_a_stream_may_begin_on_a_connection_that_has_served_before(web: Web, desk: Api) -> None:
    """Also when its request came before the answer to the first was on its way: answers keep their order."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    first = request(path="/healthz")
    writer.write(first)
    assert b'{"status":"ok"}' in await reader.readuntil(b"}")
    writer.write(first + request(path="/v1/channels/en/events") + request())
    text = await asyncio.wait_for(reader.readuntil(b"event: snapshot\n"), 20)
    assert text.index(b'{"status":"ok"}') < text.index(b'{"messages":') < text.index(b"text/event-stream")
    headline = await desk.publish("To a connection that was used before")
    assert headline["id"].encode() in await asyncio.wait_for(reader.readuntil(headline["id"].encode()), 20)
    writer.transport.abort()


@pytest.mark.parametrize("waiting", [20_000, 500_000], ids=["little", "much"])
async def test_what_waits_of_an_earlier_answer_pauses_a_stream_from_its_beginning(redis: Client, waiting: int) -> None:
    """Who takes nothing of what it asked for first is no faster with what comes behind; and the order is kept."""
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    far.setblocking(False)
    loop = asyncio.get_running_loop()
    async with at_work(redis) as hub:
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=near)
        transport.write(b"." * waiting)
        asked = Subscription("en")
        stream = EventStream(hub, set(), protocol.event_stream_chunk, asked)
        stream.open(transport, b"HEAD", asked)
        fanout = hub.fanout("en")
        assert fanout.paused == 1
        assert fanout.buffered > 0
        taken = b""

        def drained() -> bool:
            nonlocal taken
            with contextlib.suppress(BlockingIOError):
                taken += far.recv(65536)
            return fanout.paused == 0

        await eventually(drained)
        await eventually(lambda: drained() and b"event: snapshot" in taken)
        assert taken.startswith(b"." * waiting + b"HEAD")
        transport.abort()
        await eventually(lambda: hub.connections == 0)
        far.close()


@pytest.mark.parametrize(
    "behind", [request(path="/healthz"), request("Content-Length: 2", method="POST") + b"{}", request()]
)
async def test_what_stands_behind_a_stream_is_not_answered(web: Web, desk: Api, behind: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port, limit=2**22)
    writer.write(request() + behind)
    text = await asyncio.wait_for(reader.readuntil(b"event: snapshot\n"), 20)
    headline = await desk.publish("To who asked for too much")
    text += await asyncio.wait_for(reader.readuntil(headline["id"].encode()), 20)
    assert text.count(b"HTTP/1.1 ") == 1
    writer.transport.abort()


async def test_nonsense_behind_a_request_for_a_stream_is_refused(web: Web) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(request() + b"nonsense")
    assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.1 400 ")
    writer.transport.abort()


async def test_the_head_alone_of_a_stream(web: Web) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(request("Connection: close", method="HEAD"))
    head = await asyncio.wait_for(reader.read(), 20)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert head.endswith(b"\r\n\r\n")
    writer.transport.abort()


@pytest.mark.parametrize(
    ("channel", "origin", "shared"),
    [("en", "https://any.example", "*"), ("closed", "https://news.example", "https://news.example"),
     ("closed", "https://evil.example", None), ("en", None, None)],
)  # fmt: skip
async def test_a_stream_is_shared_with_the_channels_origins(
    web: Web, channel: str, origin: str | None, shared: str | None
) -> None:
    headers = [f"Origin: {origin}"] if origin else []
    async with Events.open(web, f"/v1/channels/{channel}/stream", *headers) as events:
        allowed = f"access-control-allow-origin: {shared}\r\n".encode()
        assert (allowed in events.head) if shared else (b"access-control" not in events.head)


async def test_nothing_is_compressed_where_the_settings_say_so(web: Web, tmp_path: Path) -> None:
    plain = Web(web.env["TICKER_REDIS_URL"], tmp_path, TICKER_COMPRESS="0")
    async with running(plain), Events.open(plain, STREAM, GZIP) as events:
        assert (await events.message())["type"] == "snapshot"
        async with connect(plain.ws_url + WS, compression="deflate") as socket_:
            assert socket_.response is not None
            assert "Sec-WebSocket-Extensions" not in socket_.response.headers


async def test_who_vanishes_is_left_to_the_kernel_by_the_listening_socket(web: Web) -> None:
    """Each accepted connection inherits the time after which the kernel gives its peer up."""
    with serve.bind(Settings(bind=f"127.0.0.1:{free_port()}")) as listening:
        serve.drop_vanished_peers(listening, 7)
        listening.setblocking(True)
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7000
                assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 3
