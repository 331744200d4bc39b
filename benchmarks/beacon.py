"""What a read costs: `scripts/bench beacon`; `python -m benchmarks.beacon` for the counting by itself.

Four servers one after the other, each pinned to one core and asked by a load on another: the beacon as `ticker web`
answers it, in its HTTP protocol; the same with nothing counted; the beacon by its ASGI route; and a plain Starlette
handler that does one Redis command. What counts is the server's CPU time (user and system) per answered
request, the median of windows of a second, so that who waits for a core does not show; requests a second per core is
its inverse. All speak keep-alive HTTP/1.1 without pipelining, each request another reader's read.
"""

import argparse
import asyncio
import contextlib
import gc
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks import machine
from benchmarks.report import say
from tests.servers import RedisServer, binaries
from ticker.channel import Channel, MostRead
from ticker.fanout.transport import HttpProtocol
from ticker.most_read import api as most_read
from ticker.most_read.beacon import Beacon
from ticker.most_read.reads import Reads
from ticker.most_read.robots import is_robot
from ticker.most_read.scope import Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import StoryDraft, story_id
from ticker.store import connect, monotonic_ms, new_clock

STORIES, AGENTS, CONNECTIONS = 500, 400, 64
PATIENCE = 60  # s until a server answers, or has written what it counted
WARM = 1.0  # s
WINDOW = 1.0  # s
CHANNEL = Channel(name="en", most_read=MostRead(hosts=("news.example.org",), network_reads=10**6))
CHANNELS = {"en": CHANNEL}
PATH = "/v1/channels/en/reads"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
LINKS = [f"https://news.example.org/{number}" for number in range(STORIES)]


# --- the servers ------------------------------------------------------------------------------------------------------


async def serve(kind: str, redis_url: str, port: int) -> None:
    gc.set_threshold(50_000, 50, 100)  # as `ticker web` has it
    clock = new_clock()
    async with connect(redis_url) as client:
        reads = Reads(client, CHANNELS, lambda: clock.now(monotonic_ms()))
        await reads.turn()
        running = asyncio.create_task(reads.run())
        beacon = Beacon(reads, CHANNELS)
        app = plain(client) if kind == PLAIN else routed(Nothing() if kind == FLOOR else beacon)
        protocol = "httptools" if kind in (PLAIN, ROUTE) else HttpProtocol
        config = uvicorn.Config(app, port=port, log_level="error", access_log=False, http=protocol, ws="none")
        config.timeout_keep_alive = PATIENCE  # while the rest is written, the load says nothing
        await uvicorn.Server(config).serve()
        running.cancel()


def plain(client: Any) -> Starlette:
    async def read(request: Request) -> Response:
        body = await request.body()
        await client.zincrby("plain", 1, body[2:18])
        return Response(status_code=204)

    return Starlette(routes=[Route(PATH, read, methods=["POST"])])


class _Hub:
    """As much of a hub as the beacon's route asks for."""

    def fanout(self, _: str) -> Any:
        return argparse.Namespace(channel=CHANNEL)


def routed(beacon: "Beacon | Nothing") -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        yield {"beacon": beacon}

    app = Starlette(routes=most_read.routes, lifespan=lifespan)
    app.state.hub, app.state.beacon = _Hub(), beacon
    return app


class Nothing:
    """The floor: what HTTP and the sockets cost."""

    def takes(self, *_: Any) -> bool:
        return True

    def answer(self, *_: Any) -> bytes:
        return b"HTTP/1.1 204 No Content\r\n\r\n"


# --- the load ---------------------------------------------------------------------------------------------------------


def requests() -> Iterator[bytes]:
    """Each another reader on another story."""
    for number in itertools.count():
        body = f"s={story_id(LINKS[number % STORIES])}&d=12"
        agent = f"{BROWSER} v{number // STORIES}"
        yield (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {agent}\r\nOrigin: https://news.example.org\r\n"
            f"Accept: */*\r\nAccept-Language: en\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


class Asking(asyncio.Protocol):
    """One kept connection: the next request follows the answer, while the load goes on."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self.source, self.answered = source, 0
        self.on, self.idle = False, True

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert data.startswith(b"HTTP/1.1 204"), data
        self.answered += 1
        self._ask()

    def go_on(self, *, on: bool) -> None:
        self.on = on
        if self.idle:
            self._ask()

    def _ask(self) -> None:
        self.idle = not self.on
        if self.on:
            self.transport.write(next(self.source))


@dataclass(frozen=True)
class Cost:
    """Of one run of one server."""

    windows: list[float]  # µs of CPU a read, one by one
    written: float  # how many of the reads answered meanwhile reached Redis meanwhile
    whole: float  # µs of CPU a read, from the first one until the last is written


async def ask(port: int, seconds: float, pid: int, redis_url: str, *, writes: bool) -> Cost:
    loop, source = asyncio.get_running_loop(), requests()
    asking = [(await loop.create_connection(lambda: Asking(source), "127.0.0.1", port))[1] for _ in range(CONNECTIONS)]

    def answered() -> int:
        return sum(one.answered for one in asking)

    async def rest() -> None:
        for one in asking:
            one.go_on(on=False)
        await until(lambda: all(one.idle for one in asking))
        await until(lambda: not writes or in_redis(redis_url) == answered())

    for one in asking:
        one.go_on(on=True)
    await asyncio.sleep(WARM)
    await rest()  # all stories have been looked up, and nothing waits to be written
    costs, start, began = [], answered(), machine.cpu_seconds(pid)
    for one in asking:
        one.go_on(on=True)
    for _ in range(round(seconds / WINDOW)):
        before, cpu = answered(), machine.cpu_seconds(pid)
        await asyncio.sleep(WINDOW)
        costs.append((machine.cpu_seconds(pid) - cpu) / max(1, answered() - before) * 1e6)
    written = (in_redis(redis_url) - start) / max(1, answered() - start) if writes else 0
    await rest()
    whole = (machine.cpu_seconds(pid) - began) / (answered() - start) * 1e6
    for one in asking:
        one.transport.abort()
    return Cost(costs, written, whole)


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError("The server does not answer, or counts reads and does not write them.")
        await asyncio.sleep(0.2)


def in_redis(redis_url: str) -> int:
    """Reads that have reached a ranking."""
    with redis.from_url(redis_url, decode_responses=True) as client:
        return sum(map(int, client.hvals(Scope("en").readers)))


async def answers(port: int) -> None:
    for _ in range(round(PATIENCE / 0.05)):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise RuntimeError("the server does not answer")


async def measured(kind: str, redis_url: str, seconds: float) -> Cost:
    port = machine.free_port()
    with machine.pinned([machine.SERVER_CORE]):
        command = [sys.executable, "-m", "benchmarks.beacon", "--serve", kind, redis_url, str(port)]
        server = subprocess.Popen(command, cwd=machine.HERE.parent)  # noqa: ASYNC220  a moment
    try:
        await answers(port)
        cost = await ask(port, seconds, server.pid, redis_url, writes=kind in WRITE)
    finally:
        server.kill()
        server.wait()
    return cost


# --- what the counting costs ------------------------------------------------------------------------------------------


def counting() -> None:
    """The counting by itself, without HTTP: every read another reader's."""
    reads = Reads(None, CHANNELS, lambda: 0)
    reads.salts.keep({0: b"s" * 32})
    said = [f"s={story_id(link)}&d=12" for link in LINKS]
    agents = [f"{BROWSER} v{number}" for number in range(AGENTS)]
    rounds = list(itertools.product(agents, said))
    reads.count("en", said[0], "192.0.2.1", agents[0])
    for agent in agents:
        reads.count("en", "s=x", "192.0.2.1", agent)
    began = time.process_time()
    for agent, one in rounds:
        reads.count("en", one, "192.0.2.2", agent)
    print(f"counting alone: {(time.process_time() - began) / len(rounds) * 1e6:.1f} µs a read")
    fresh = [f"{BROWSER} never seen {number}" for number in range(2_000)]
    began = time.process_time()
    for agent in fresh:
        is_robot(agent)
    print(f"a look at an agent that is not remembered: {(time.process_time() - began) / len(fresh) * 1e6:.1f} µs")


async def registered(redis_url: str) -> None:
    async with connect(redis_url) as client:
        for number, link in enumerate(LINKS):
            draft = StoryDraft(title=f"Story {number}", link=link, section=f"Section {number % 10}")
            await Stories(client).register(CHANNEL, draft, time.time_ns() // 1_000_000)


def costs(seconds: float, repetitions: int) -> dict[str, list[Cost]]:
    """What a read costs each kind of server, all runs: each with a Redis of its own, to which every reader is new."""
    found: dict[str, list[Cost]] = {kind: [] for kind in KINDS}
    for repetition, kind in itertools.product(range(repetitions), KINDS):
        say(f"beacon {repetition + 1}/{repetitions}: {kind}")
        with a_redis() as server:
            uvloop.run(registered(server.url))
            found[kind].append(uvloop.run(measured(kind, server.url, seconds)))
    return found


@contextlib.contextmanager
def a_redis() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(list(binaries().values())[-1], Path(folder), "--slowlog-log-slower-than", "1000").start()
        try:
            yield server
        finally:
            server.stop()


OURS, FLOOR, ROUTE, PLAIN = "as `ticker web` answers", "nothing counted", "by the ASGI route", "Starlette, one command"
KINDS = (OURS, FLOOR, ROUTE, PLAIN)
WRITE = (OURS, ROUTE)  # in batches


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beacon", description="What counting a read costs.")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.serve:
        kind, url, port = given.serve
        uvloop.run(serve(kind, url, int(port)))
        return 0
    os.sched_setaffinity(0, {machine.LOAD_CORE})
    counting()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
