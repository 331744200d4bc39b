"""The canary: an event that a process sends all the time through its own path, to know that the path works.

It goes the way of every headline: into a stream in Redis, out of it by the hub's follower, through a fan-out
to a subscriber. Its channel is this process's own: in no list, served to nobody, gone from Redis soon after
the process. Because Redis has just taken an event, we also know that it is there: so it is our fault, and not
Redis's, when nothing comes out.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import ClassVar

from ticker import protocol
from ticker.channel import Channel
from ticker.events import EventType, upsert
from ticker.fanout.fanout import Fanout, Loaded
from ticker.fanout.subscriber import Subscriber
from ticker.headline import Headline, State, new_id
from ticker.histogram import Histogram
from ticker.position import Position
from ticker.protocol import CloseCode
from ticker.store import Gone, end_if_cancelled
from ticker.stream import Keys, Stream
from ticker.urgency import Urgency

EVERY = 2.0  # s between two of them
PROMPT = 1.0  # s in which a Redis that is there answers
KEPT = 300_000  # ms that the keys outlive the last one
LOG = 100  # entries kept in its log
MOST = 100  # that may be under way; beyond that it is known that none comes back

SEND = """
redis.call('HSETNX', KEYS[2], 'epoch', ARGV[3])
redis.call('HSET', KEYS[2], 'last', redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], '*', unpack(ARGV, 4)))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return 1
"""


def new_channel() -> Channel:
    """A channel for one process's canary. Random: processes share a Redis, and a pid comes again."""
    return Channel(name=f"canary-{secrets.token_hex(8)}")


class Canary:
    def __init__(self, stream: Stream, fanout: Fanout, *, stall_seconds: float = 10) -> None:
        self.stream = stream
        self.fanout = fanout
        self.stall_seconds = stall_seconds
        self.delay = Histogram()  # from before it is sent to its write
        self.sent = 0
        self.refused = 0
        self._epoch = secrets.token_hex(4)
        self._under_way: dict[int, float] = {}  # number: when it was sent; in that order
        self._there_since: float | None = None  # since when Redis has taken each of them promptly
        self._taken_at = 0.0
        # At the beginning of a history of its own, so that what is sent before it is followed comes back too.
        fanout.load(Loaded(Position(self._epoch, 0, 0), [], [], complete=True))
        fanout.listen(Perch(self._came_back))

    async def run(self, follow: Callable[[Fanout], Coroutine[None, None, None]]) -> None:
        """Until it is cancelled. It is followed once it is in Redis: to follow what is not there makes it, for ever."""
        followed = False
        async with asyncio.TaskGroup() as tasks:
            while True:
                if await self.send() and not followed:
                    followed = True
                    tasks.create_task(follow(self.fanout))
                end_if_cancelled()
                await asyncio.sleep(EVERY)

    async def send(self) -> bool:
        """Whether Redis took it."""
        number = self.sent + self.refused + 1
        began = time.monotonic()
        if len(self._under_way) < MOST:
            self._under_way[number] = began
        keys = Keys.of(self.fanout.channel.name)
        event = upsert(EventType.UPDATED, self._headline(number))
        fields = [part for field in event.to_fields().items() for part in field]
        try:
            await self.stream.redis.eval(SEND, 2, keys.log, keys.meta, KEPT, LOG, self._epoch, *fields)
        except Gone:
            self.refused += 1
            self._under_way.pop(number, None)
            self._there_since = None
            return False
        self.sent += 1
        self.taken(began, time.monotonic())
        return True

    def taken(self, began: float, now: float) -> None:
        """Redis has taken one that was sent at `began`."""
        self._taken_at = now
        if self._there_since is None or now - began > PROMPT:
            self._there_since = now

    def overdue(self, since: float) -> bool:
        """Whether what should have gone on since then has not for the set time, and Redis was there all the while.

        While Redis is away or hangs nothing is overdue: readers are served from memory.
        """
        if self._there_since is None:
            return False
        return self._taken_at - max(since, self._there_since) > self.stall_seconds

    @property
    def stalled(self) -> bool:
        """Redis took it, and it does not come back."""
        return any(self.overdue(sent) for sent in list(self._under_way.values())[:1])

    def _came_back(self, data: bytes) -> None:
        now = time.monotonic()
        for line in data.splitlines():
            message = json.loads(line)
            if message["type"] == "snapshot":
                self._under_way.clear()  # another history: nobody knows what became of those
            elif "headline" in message:
                for number in [n for n in self._under_way if n <= message["headline"]["version"]]:
                    self.delay.observe(now - self._under_way.pop(number))

    def _headline(self, number: int) -> Headline:
        channel = self.fanout.channel
        return Headline(
            id=_ID,
            channel=channel.name,
            version=number,
            state=State.LIVE,
            lang=channel.lang,
            dir=channel.dir,
            text="Canary",
            urgency=Urgency.ROUTINE,
        )


_ID = new_id(bytes(10))


class Perch(Subscriber):
    """Where it lands: takes everything at once, and is never closed."""

    __slots__ = ("_landed",)
    transport: ClassVar[str] = "canary"

    def __init__(self, landed: Callable[[bytes], None]) -> None:
        super().__init__(protocol.lines)
        self._landed = landed

    def write(self, data: bytes) -> None:
        self._landed(data)

    def close(self, code: CloseCode) -> None:
        pass
