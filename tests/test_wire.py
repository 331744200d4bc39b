"""The queue for servers that do not hand us their transport, driven by a real fan-out."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.api import Api, eventually_shown, fresh_key, serving
from tests.servers import PATIENCE, ROOT, RedisServer, Web, eventually_now
from tests.test_connection import stop_and_go_on
from tests.test_sse import Events
from tests.test_websocket import WS, news, received
from ticker.channel import Channel
from ticker.events import EventType, removal
from ticker.fanout.fanout import SLOW_AFTER, Fanout, Loaded
from ticker.fanout.wire import FULL, QueueWire
from ticker.filter import EVERYTHING
from ticker.position import Position
from ticker.protocol import CloseCode, lines

STREAM = "/v1/channels/en/stream"


def at(n: int) -> Position:
    return Position("abcdefgh", 1000, n)


class Slow:
    """A connection that takes bytes only while it is open."""

    def __init__(self) -> None:
        self.open, self.taken = asyncio.Event(), []
        self.wire = QueueWire(lines, EVERYTHING)
        self.fanout = Fanout(Channel(name="en"), every_ms=15_000)
        self.fanout.load(Loaded(at(0), [], [], complete=True))
        self.fanout.join(self.wire)

    async def send(self, data: bytes) -> None:
        await self.open.wait()
        self.taken += [json.loads(line) for line in data.splitlines()]

    def take(self, n: int) -> None:
        self.fanout.take([(at(n), removal(EventType.RETRACTED, f"id{n}"))])


async def test_the_queue_is_bounded_and_caught_up():
    slow = Slow()
    running = asyncio.create_task(slow.wire.run(slow.send, asyncio.Event().wait()))
    for n in range(1, 10 * FULL):
        slow.take(n)
    assert slow.fanout.paused == 1
    assert slow.wire._queue.qsize() <= FULL
    assert slow.fanout.buffered > 0
    slow.open.set()
    while not slow.taken or slow.taken[-1]["position"] != str(at(10 * FULL - 1)):
        await asyncio.sleep(0)
    assert slow.fanout.paused == 0
    assert {m["id"] for m in slow.taken[1:]} == {f"id{n}" for n in range(1, 10 * FULL)}
    slow.wire.close(CloseCode.RESTART)
    await asyncio.wait_for(running, PATIENCE)
    slow.wire.write(b"after the end")
    assert slow.wire._queue.empty()


async def test_who_takes_nothing_for_thirty_seconds_is_cut_without_waiting_for_it():
    slow = Slow()
    running = asyncio.create_task(slow.wire.run(slow.send, asyncio.Event().wait()))
    for n in range(1, 2 * FULL):
        slow.take(n)
    slow.fanout.tick(SLOW_AFTER - 1)
    assert slow.wire.closed is None
    slow.fanout.tick(SLOW_AFTER)
    assert slow.wire.closed is CloseCode.SLOW == 4408
    await asyncio.wait_for(running, PATIENCE)
    assert list(slow.fanout.subscribers()) == []


async def test_who_goes_ends_the_run():
    slow, gone = Slow(), asyncio.Event()
    running = asyncio.create_task(slow.wire.run(slow.send, gone.wait()))
    gone.set()
    await asyncio.wait_for(running, PATIENCE)
    assert slow.wire.closed is None


# --- under another server ---------------------------------------------------------------------------------------------


class PlainUvicorn(Web):
    """The application as any ASGI server runs it, without our protocol classes."""

    def start(self) -> "PlainUvicorn":
        command = [sys.executable, "-m", "uvicorn", "ticker.app:create_app", "--factory", "--port", str(self.port)]
        command += ["--ws-ping-interval", "600"]  # its own pings are not what is tested
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=out, stderr=out)
        return self


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    with serving(redis_server, folder, TICKER_HEARTBEAT_SECONDS="1") as web:
        yield web


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "admin"))


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

        async def all_hear(type_: str) -> None:
            message = await ours.news()
            assert message["type"] == type_
            assert await theirs.news() == await news(socket_) == message

        headline = await desk.publish("Over any server")
        await all_hear("published")  # before there is more: what comes at once is told as one change
        await desk.act(headline, "retract", {"reason": "test"})
        await all_hear("retracted")


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
    await stop_and_go_on(plain, Api(desk.http, plain.url, desk.key), way)
