"""Limits, slow readers and the end of a process, over real connections."""

import asyncio
import contextlib
import json
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.servers import ROOT, RedisServer, Web, eventually, eventually_now, running
from tests.test_api import Api, eventually_gone, eventually_shown, fresh_key, serving
from tests.test_sse import Events
from tests.test_websocket import WS, Socket, memory, received
from ticker.board import Board
from ticker.headline import Headline

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


# --- slow readers ---------------------------------------------------------------------------------------------------


class Fold:
    """A reader's board: the messages it was sent, one after the other."""

    def __init__(self) -> None:
        self.board: dict[str, Any] = {}
        self.position = self.hash = ""
        self.count = 0

    def apply(self, message: dict[str, Any]) -> None:
        self.count += 1
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

        async def edited() -> bool:
            nonlocal headline, edits
            for _ in range(100):
                edits += 1
                headline = (await desk.edit(headline, text=f"{edits:05} " + "many words " * 24)).json
                while (message := await received(other))["type"] == "heartbeat":
                    pass
                assert message["headline"]["version"] == headline["version"]
            return await paused()

        await eventually(edited, "the reader is paused", within=60)
        for _ in range(3):
            await edited()
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


# --- the end --------------------------------------------------------------------------------------------------------


async def test_a_stopping_process_says_goodbye_to_everybody(web: Web, tmp_path: Path) -> None:
    leaving = Web(web.env["TICKER_REDIS_URL"], tmp_path, TICKER_DRAIN_SECONDS="1")
    async with running(leaving), contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(Events.open(leaving)) for _ in range(100)]
        sockets = [await stack.enter_async_context(Socket.open(leaving)) for _ in range(100)]
        async with aiohttp.ClientSession() as http:
            position = (await Api(http, leaving.url).get()).json["position"]
            poll = asyncio.create_task(Api(http, leaving.url).get(f"events?after={position}&wait=60"))
            for reader in (*streams, *sockets):
                assert (await reader.message())["type"] == "snapshot"  # type: ignore[attr-defined]
            loop = asyncio.get_running_loop()
            began = loop.time()
            assert leaving.process is not None
            leaving.process.terminate()
            delays = [(await stream.until("goodbye"))[-1]["retry_ms"] for stream in streams]
            for stream in streams:
                assert await stream.chunk() == b""
                assert await stream.reader.read() == b""
            for socket_ in sockets:
                while (message := await socket_.message())["type"] != "goodbye":
                    pass
                delays.append(message["retry_ms"])
                assert await socket_.closed() == 1012
            assert (await poll).json["messages"][0]["type"] in ("goodbye", "heartbeat")
        assert all(0 <= delay <= 1000 for delay in delays)
        assert len(set(delays)) > 50
        await eventually(lambda: leaving.process is not None and leaving.process.poll() is not None, within=8)
        assert leaving.process.returncode == 0
        assert loop.time() - began < 8
    assert "Traceback" not in leaving.said()


async def test_it_ends_although_a_reader_takes_nothing(web: Web, desk: Api, tmp_path: Path) -> None:
    leaving = Web(web.env["TICKER_REDIS_URL"], tmp_path)
    async with running(leaving):
        sock = await narrow(leaving.port)
        await asyncio.get_running_loop().sock_sendall(sock, f"GET {STREAM} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        headline = await desk.publish("Edited until the pipe is full", link=LONG, image=LONG)
        at_leaving = Api(desk.http, leaving.url, desk.key)

        async def paused() -> bool:
            nonlocal headline
            for n in range(100):
                headline = (await at_leaving.edit(headline, text=f"{headline['version']} {n} " + "words " * 40)).json
            return 'ticker_paused{channel="en"} 1.0' in (await at_leaving.get("/metrics")).text

        await eventually(paused, within=60)
        assert await asyncio.to_thread(leaving.stop, 12) == 0
        sock.close()


# --- limits ---------------------------------------------------------------------------------------------------------


async def test_more_connections_than_allowed(web: Web, tmp_path: Path) -> None:
    full = Web(
        web.env["TICKER_REDIS_URL"], tmp_path, TICKER_MAX_CONNECTIONS="3", TICKER_CONFIG=web.env["TICKER_CONFIG"]
    )
    async with running(full), aiohttp.ClientSession() as http:
        desk = Api(http, full.url, await fresh_key(full, "Desk", "admin"))
        async with Events.open(full) as first, Events.open(full) as second, Socket.open(full) as third:
            for reader in (first, second, third):
                await reader.message()  # type: ignore[attr-defined]
            refused = await desk.get("stream")
            assert refused.fault == (503, "overloaded")
            assert 2 <= int(refused.headers["retry-after"]) <= 15
            position = (await desk.get()).json["position"]
            assert (await desk.get(f"events?after={position}&wait=5")).fault == (503, "overloaded")
            with pytest.raises(InvalidStatus) as no_socket:
                async with connect(full.ws_url + WS):
                    pass
            assert no_socket.value.response.status_code == 503
            assert int(no_socket.value.response.headers["retry-after"]) >= 2
            told = await desk.get("stream", Accept="text/event-stream")
            assert (told.status, told.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
            retry = next(line for line in told.text.splitlines() if line.startswith("retry: "))
            assert 2000 <= int(retry.removeprefix("retry: ")) <= 15_000
            headline = await desk.publish("For those who are in")
            for reader in (first, second, third):
                while "headline" not in (message := await reader.message()):  # type: ignore[attr-defined]
                    pass
                assert message["headline"]["id"] == headline["id"]
            first.writer.transport.abort()

            async def room() -> bool:
                async with Events.open(full) as fourth:
                    return fourth.head.startswith(b"HTTP/1.1 200")

            await eventually(room, "there is room again")


class Hasty(Web):
    """A web process with less patience for headers that never end."""

    def start(self) -> "Hasty":
        program = (
            "from ticker import serve, server, settings\n"
            "server.Server.head_seconds, server.Server.sweep_seconds = 0.5, 0.05\n"
            "serve.run(settings.load())"
        )
        with self.log.open("ab") as out:
            command = [sys.executable, "-c", program]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=out, stderr=out)
        return self


@pytest.fixture(scope="module")
def hasty(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    hasty = Hasty(web.env["TICKER_REDIS_URL"], tmp_path_factory.mktemp("hasty")).start()
    try:
        eventually_now(hasty.answers)
        yield hasty
    finally:
        hasty.kill()
    assert "Traceback" not in hasty.said()


async def all_of(port: int, data: bytes) -> bytes:
    """What is answered until the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"G", b"POST /v1/channels/en/headlines HTTP/1.1\r\n"]
)
async def test_headers_that_never_end_are_given_up(hasty: Web, head: bytes) -> None:
    answer = await all_of(hasty.port, head)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "/problems/slow"


async def test_who_says_nothing_is_let_go_and_who_listens_is_not(hasty: Web) -> None:
    async with Events.open(hasty, STREAM) as events, Socket.open(hasty) as socket_:
        assert await all_of(hasty.port, b"") == b""
        assert await all_of(hasty.port, b"\r\n\r\n") == b""
        again = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /slow"
        answer = await all_of(hasty.port, again)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 408 " in answer
        assert (await events.message())["type"] == "snapshot"
        assert (await socket_.message())["type"] == "snapshot"
        await socket_.send(b"\x89\x80\0\0\0\0")
        assert (await socket_.receive())[0] == 10


async def test_a_head_of_ten_megabytes_is_refused_early(web: Web) -> None:
    before = memory(web)
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: ")
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 10_000_000:
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000
    answer = b""
    with contextlib.suppress(OSError):
        answer = await asyncio.wait_for(reader.read(), 10)
    writer.transport.abort()
    assert sent < 10_000_000
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert memory(web) - before < 10_000_000


async def test_large_headers_are_refused_with_a_problem(web: Web) -> None:
    for head in (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40_000, b"GET /" + b"x" * 40_000):
        answer = await all_of(web.port, head)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "/problems/head-too-large"


async def test_behind_a_stream_nothing_can_be_piled_up(web: Web) -> None:
    """A second request behind an endless answer: its headers have a limit as well."""
    before = memory(web)
    async with Events.open(web) as events:
        await events.message()
        events.writer.write(b"GET / HTTP/1.1\r\nX: ")
        with pytest.raises(OSError):  # noqa: PT012
            for _ in range(500):
                events.writer.write(b"x" * 100_000)
                await events.writer.drain()
    assert memory(web) - before < 10_000_000


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 100]
)
async def test_what_is_not_http_gets_a_problem(web: Web, garbage: bytes) -> None:
    answer = await all_of(web.port, garbage)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "/problems/malformed"


async def test_a_reset_in_the_middle_of_everything_hurts_nobody(web: Web, desk: Api) -> None:
    linger = struct.pack("ii", 1, 0)
    for data in (b"GET ", f"GET {STREAM} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
                 b"POST /v1/channels/en/headlines HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"):  # fmt: skip
        sock = await narrow(web.port)
        await asyncio.get_running_loop().sock_sendall(sock, data)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        sock.close()
    assert (await desk.get("/healthz")).status == 200


# --- another server: no wire of ours --------------------------------------------------------------------------------


class PlainUvicorn(Web):
    """The application as any ASGI server runs it, without our protocol classes."""

    def start(self) -> "PlainUvicorn":
        command = [sys.executable, "-m", "uvicorn", "ticker.app:create_app", "--factory", "--port", str(self.port)]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=out, stderr=out)
        return self


@pytest.fixture(scope="module")
def plain(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    env = {"TICKER_CONFIG": web.env["TICKER_CONFIG"], "TICKER_HEARTBEAT_SECONDS": "1"}
    plain = PlainUvicorn(web.env["TICKER_REDIS_URL"], tmp_path_factory.mktemp("plain"), **env).start()
    try:
        eventually_now(plain.answers)
        yield plain
    finally:
        plain.kill()


async def test_plain_asgi_delivers_the_same_messages(web: Web, plain: Web, desk: Api) -> None:
    async with Events.open(web) as ours, Events.open(plain) as theirs, connect(plain.ws_url + WS) as socket_:
        first = await ours.message()
        for snapshot in (await theirs.message(), await received(socket_)):
            assert snapshot | {"now": ""} == first | {"now": ""}
        headline = await desk.publish("Over any server")
        await desk.act(headline, "retract", {"reason": "test"})
        messages = [m for m in await ours.until("retracted") if m["type"] != "heartbeat"]
        assert [m for m in await theirs.until("retracted") if m["type"] != "heartbeat"] == messages
        over_socket: list[dict[str, Any]] = []
        while len(over_socket) < len(messages):
            message = await received(socket_)
            over_socket += [message] if message["type"] != "heartbeat" else []
        assert over_socket == messages


async def test_plain_asgi_resumes_and_filters(plain: Web, desk: Api) -> None:
    start = (await Api(desk.http, plain.url).get()).json["position"]
    flash = await desk.publish("Flash over plain ASGI", urgency="flash")
    await desk.publish("Routine over plain ASGI")
    await eventually_shown(Api(desk.http, plain.url), flash)
    async with Events.open(plain, f"{STREAM}?urgency=flash", f"Last-Event-ID: {start}") as events:
        messages = await events.until("heartbeat")
    assert [message["type"] for message in messages] == ["published", "heartbeat"]
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        async with connect(plain.ws_url + "/v1/channels/xx/ws") as socket_:
            await socket_.recv()


@pytest.mark.parametrize("way", ["sse", "websocket"])
async def test_plain_asgi_pauses_and_catches_up_a_slow_reader(plain: Web, desk: Api, way: str) -> None:
    await test_a_reader_that_stops_reading_is_caught_up_by_the_net_change(
        plain, Api(desk.http, plain.url, desk.key), way
    )
