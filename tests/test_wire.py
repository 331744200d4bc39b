"""The queue for servers that do not hand us their transport, driven by a real fan-out."""

import asyncio
import json

from ticker.channel import Channel
from ticker.events import EventType, removal
from ticker.fanout import SLOW_AFTER, Fanout, Loaded
from ticker.filter import EVERYTHING
from ticker.position import Position
from ticker.protocol import CloseCode, lines
from ticker.wire import FULL, QueueWire


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
    slow.open.set()
    while not slow.taken or slow.taken[-1]["position"] != str(at(10 * FULL - 1)):
        await asyncio.sleep(0)
    assert slow.fanout.paused == 0
    assert {m["id"] for m in slow.taken[1:]} == {f"id{n}" for n in range(1, 10 * FULL)}
    slow.wire.close(CloseCode.RESTART)
    await asyncio.wait_for(running, 5)
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
    await asyncio.wait_for(running, 5)
    assert list(slow.fanout.subscribers()) == []


async def test_who_goes_ends_the_run():
    slow, gone = Slow(), asyncio.Event()
    running = asyncio.create_task(slow.wire.run(slow.send, gone.wait()))
    gone.set()
    await asyncio.wait_for(running, 5)
    assert slow.wire.closed is None
