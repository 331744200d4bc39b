"""How a process ends, how many it takes, and how long it waits to be asked, over real connections."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.api import Api, fresh_key, serving
from tests.servers import PATIENCE, ROOT, RedisServer, Web, eventually, eventually_now, running
from tests.tcp import calling
from tests.test_connection import narrow
from tests.test_sse import Events
from tests.test_transport import all_of
from tests.test_websocket import PONG, TEXT, WS, Socket
from ticker.fanout.transport import HttpProtocol
from ticker.server import Server

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
        await eventually(lambda: leaving.process is not None and leaving.process.poll() is not None)
        assert leaving.process.returncode == 0
    assert "Traceback" not in leaving.said()


async def test_who_came_in_at_the_last_moment_is_answered(web: Web, tmp_path: Path) -> None:
    leaving = Patient(web.env["TICKER_REDIS_URL"], tmp_path)
    async with running(leaving), calling(leaving.port) as (reader, writer):
        assert leaving.process is not None
        leaving.process.terminate()
        await eventually(lambda: _refuses(leaving.port), "nobody is let in any more")
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 ")
        await eventually(lambda: leaving.process is not None and leaving.process.poll() is not None)
        assert leaving.process.returncode == 0


async def test_it_ends_although_somebody_has_come_and_asks_nothing(web: Web, tmp_path: Path) -> None:
    """As browsers open connections ahead of need."""
    leaving = Web(web.env["TICKER_REDIS_URL"], tmp_path)
    async with running(leaving), calling(leaving.port) as (reader, _):
        assert await asyncio.to_thread(leaving.stop) == 0
        assert await reader.read() == b""


async def _refuses(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


@pytest.mark.timeout(180)
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

        await eventually(paused, within=100)
        assert await asyncio.to_thread(leaving.stop) == 0
        sock.close()


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


class Timed(Web):
    """A web process with other times to wait."""

    times: str

    def start(self) -> "Timed":
        program = f"from ticker import serve, server, settings\n{self.times}\nserve.run(settings.load())"
        with self.log.open("ab") as out:
            command = [sys.executable, "-c", program]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=out, stderr=out)
        return self


class Hasty(Timed):
    """It has less patience for headers that never end."""

    times = "server.Server.head_seconds, server.Server.sweep_seconds = 0.5, 0.05"


class Patient(Timed):
    """It hears newcomers also on a machine that has other things to do."""

    times = f"server.Server.newcomer_seconds = {PATIENCE / 2}"


@pytest.fixture(scope="module")
def hasty(web: Web, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    hasty = Hasty(web.env["TICKER_REDIS_URL"], tmp_path_factory.mktemp("hasty")).start()
    try:
        eventually_now(hasty.answers)
        yield hasty
    finally:
        hasty.kill()
    assert "Traceback" not in hasty.said()


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
        while (received := await socket_.receive())[0] == TEXT:  # a heartbeat
            pass
        assert received[0] == PONG


async def test_who_takes_nothing_of_a_last_answer_is_let_go(folder: Path) -> None:
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    far.setblocking(False)
    config = uvicorn.Config(PlainTextResponse("never asked"), lifespan="off", ws="none")
    config.load()
    server = Server(config)
    loop = asyncio.get_running_loop()
    transport, connection = await loop.create_connection(
        lambda: HttpProtocol(config, server.server_state, {}, loop), sock=near
    )
    transport.write(b"." * 500_000)
    transport.close()
    patience = server.head_seconds
    server._look_at(connection, 1.0)
    far.recv(100_000)
    await eventually(lambda: transport.get_write_buffer_size() < connection.unsent)
    server._look_at(connection, patience + 1.5)  # it takes some
    server._look_at(connection, 2 * patience + 1.4)
    assert transport.get_write_buffer_size() > 0
    server._look_at(connection, 2 * patience + 1.6)
    await eventually(lambda: not server.server_state.connections)
    far.close()
