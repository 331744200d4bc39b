"""Limits, slow readers and the end of a process, over real connections."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.api import Api, fresh_key, serving
from tests.servers import RedisServer, Web
from tests.test_connection import narrow
from tests.test_sse import Events
from tests.test_websocket import memory

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


# --- limits ---------------------------------------------------------------------------------------------------------


async def all_of(port: int, data: bytes) -> bytes:
    """What is answered until the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.transport.abort()


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


async def test_large_headers_in_one_read_are_refused_too(web: Web, desk: Api) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 7000 + b"\r\n"
    answer = await all_of(web.port, head)
    assert answer.startswith(b"HTTP/1.1 431 ")
    body = b'{"text": "A body is no head"}'.ljust(50_000)
    head = f"POST /v1/channels/en/headlines HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    head += f"Authorization: Bearer {desk.key}\r\nContent-Type: application/json\r\n\r\n"
    assert (await all_of(web.port, head.encode() + body)).startswith(b"HTTP/1.1 201 ")


async def test_requests_one_behind_the_other_have_a_limit_and_leave_nothing(web: Web) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    assert (await all_of(web.port, request * 9 + request.replace(b"Host", b"Connection: close\r\nHost"))).count(
        b"HTTP/1.1 200"
    ) == 10

    async def pile(rounds: int) -> None:
        for _ in range(rounds):
            sock = await narrow(web.port)
            await asyncio.get_running_loop().sock_sendall(sock, request * 5000)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()

    await pile(3)
    before = memory(web)
    await pile(10)
    answer = await all_of(web.port, request)
    assert answer.startswith(b"HTTP/1.1 200")
    assert memory(web) - before < 10_000_000


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
