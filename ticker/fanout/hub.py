"""The hub: one process's fan-out. Follows each channel's stream once and keeps its fan-out fed."""

import asyncio
import functools
import json
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from ticker import protocol
from ticker.channel import Channel
from ticker.desk.log import DeskLog
from ticker.desk.tally import TALLIED, Tallies
from ticker.errors import NoChannel, Overloaded, Unavailable
from ticker.events import Event
from ticker.fanout import canary
from ticker.fanout.canary import Canary
from ticker.fanout.delivery import deliver
from ticker.fanout.fanout import Fanout
from ticker.fanout.subscriber import Subscriber
from ticker.fanout.subscription import Subscription
from ticker.headline import Record
from ticker.lag import Lag
from ticker.log import Log
from ticker.position import Position
from ticker.protocol import CloseCode
from ticker.store import Gone, end_if_cancelled
from ticker.stream import Stream

TICK = 1.0  # s between looks at the clock
CHECK = 2.0  # s between looks at whether Redis still has the history we are in
# After a fan-out, a pause as many times as long as it took: what comes meanwhile leaves as one write, and writers
# get their turn. With few readers it is nothing; with many, a burst costs a few writes and not hundreds.
PAUSE = 2
LONGEST_PAUSE = 0.05  # s
AGAIN = (0.05, 2.0)  # s before Redis is tried again: the first delay, and the longest

# Told of a channel what has come, once it is on the board; of nothing when the board was loaded anew.
Listener = Callable[[str, Sequence[tuple[Position, Event]]], None]

logger = logging.getLogger(__name__)


class Hub:
    def __init__(
        self,
        stream: Stream,
        channels: Mapping[str, Channel],
        *,
        heartbeat_seconds: int = 15,
        drain_seconds: float = 5,
        max_connections: int = 20_000,
        stall_seconds: float = 10,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.stream = stream
        self.drain_seconds = drain_seconds
        self.max_connections = max_connections
        self.draining = False
        self.loaded = asyncio.Event()  # every channel has been, once
        self.connections = 0
        self._uniform = uniform
        every_ms = heartbeat_seconds * 1000
        self.fanouts = {
            name: Fanout(channel, every_ms=every_ms, tallies=Tallies(TALLIED), deliver=deliver)
            for name, channel in channels.items()
        }
        self.desk_log = DeskLog(stream)
        self.desks = {
            name: Fanout(channel, every_ms=every_ms, to_json=Record.to_record, deliver=deliver)
            for name, channel in channels.items()
        }
        perch = Fanout(canary.new_channel(), every_ms=every_ms, deliver=deliver)
        self.canary = Canary(stream, perch, stall_seconds=stall_seconds)
        self.lag = Lag()
        self.listeners: list[Listener] = []  # told after the readers
        self.farewells: list[Callable[[], None]] = []  # called when this process goes away, before any reader is let go

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tick())
            tasks.create_task(self.lag.run())
            tasks.create_task(self.canary.run(functools.partial(self._follow, self.stream)))
            for log, fanouts in ((self.stream, self.fanouts), (self.desk_log, self.desks)):
                for fanout in fanouts.values():
                    tasks.create_task(self._follow(log, fanout))

    # --- the readers ------------------------------------------------------------------------------------------------

    def fanout(self, channel: str) -> Fanout:
        """What readers of a channel are told. NoChannel, or Unavailable before it was first loaded."""
        return self._loaded(self.fanouts, channel)

    def desk(self, channel: str) -> Fanout:
        """The same of those who work at it."""
        return self._loaded(self.desks, channel)

    def _of(self, subscription: Subscription) -> Fanout:
        return (self.desk if subscription.at_desk else self.fanout)(subscription.channel)

    def _loaded(self, fanouts: Mapping[str, Fanout], channel: str) -> Fanout:
        fanout = fanouts.get(channel)
        if fanout is None:
            raise NoChannel(channel)
        if fanout.position is None:
            raise Unavailable("This channel is not loaded yet; try again in a moment.")
        fanout.now = self.stream.now()
        return fanout

    def admit(self, subscription: Subscription) -> None:
        """TickerError when no further connection, or not this one, can be taken."""
        self._of(subscription).check_room_for(subscription.filter, subscription.network)
        self.check_room()

    def check_room(self) -> None:
        """Overloaded when no further connection can be taken."""
        if self.draining:
            raise Overloaded("This process is going away; connect again.", retry_after=1)
        if self.connections >= self.max_connections:
            retry_after = round(self._uniform(2, 15))
            raise Overloaded("There are too many connections here; come back a little later.", retry_after=retry_after)

    def join(self, subscription: Subscription, subscriber: Subscriber, greeting: bytes = b"") -> None:
        """From now on the subscriber gets everything it asked for. See Fanout.join."""
        after = subscription.after
        position = Position.parse(after) if after else None
        self._of(subscription).join(
            subscriber,
            position,
            resume=bool(after),
            greeting=greeting,
            output=subscription.output,
            network=subscription.network,
        )

    def hear(self, channel: str, subscriber: Subscriber, text: str) -> bool:
        """Whether the text frame says `{"type":"done","position":…}`: a reader has done what was asked of it."""
        if '"done"' not in text:
            return False
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return False
        if not isinstance(said, dict) or said.get("type") != "done":
            return False
        self.fanouts[channel].tallies.confirm(subscriber, str(said.get("position")), self.stream.now())
        return True

    @property
    def ready(self) -> bool:
        return not self.draining and all(fanout.position is not None for fanout in self.fanouts.values())

    def _every(self) -> Iterable[Fanout]:
        return (*self.fanouts.values(), *self.desks.values())

    def stalled(self, fanout: Fanout) -> bool:
        """Nothing comes out of the channel's stream, not even that there is nothing, although Redis is there."""
        return fanout.position is not None and not fanout.stale and self.canary.overdue(fanout.counts.turned_at)

    async def drain(self) -> None:
        """Let every reader go, spread over the set time, each told when to come back."""
        self.draining = True
        for farewell in self.farewells:
            farewell()
        readers = [subscriber for fanout in self._every() for subscriber in fanout.subscribers()]
        random.shuffle(readers)
        began = time.monotonic()
        for i, subscriber in enumerate(readers):
            ahead = self.drain_seconds * i / len(readers) - (time.monotonic() - began)
            if ahead > 0:
                await asyncio.sleep(ahead)
            if subscriber.fanout is None:
                continue  # gone by itself meanwhile
            retry_ms = round(self._uniform(0, 1000 * max(1.0, self.drain_seconds)))
            subscriber.write(subscriber.encoding([protocol.goodbye(retry_ms)]))
            subscriber.gone()
            subscriber.close(CloseCode.RESTART)

    # --- the stream -------------------------------------------------------------------------------------------------

    async def _follow(self, log: Log, fanout: Fanout) -> None:
        failures = 0
        while True:
            end_if_cancelled()
            try:
                await self._load_unless_it_holds(log, fanout)
                failures = 0
                await self._take(log, fanout)
            except Gone as error:
                failures += 1
                if not fanout.stale:
                    fanout.stale = True
                    fanout.beat()
                    logger.warning("%s: Redis is away (%s); readers keep what they have", fanout.channel.name, error)
                longest = min(AGAIN[0] * 2 ** min(failures, 10), AGAIN[1])
                await asyncio.sleep(self._uniform(0, longest))
            except Exception:
                logger.exception("%s: a fault of ours; going on", fanout.channel.name)
                await asyncio.sleep(AGAIN[1])

    async def _load_unless_it_holds(self, log: Log, fanout: Fanout) -> None:
        name = fanout.channel.name
        await log.hear_the_time()
        fanout.now = self.stream.now()
        if fanout.position is None or not await log.holds(name, fanout.position):
            loaded = await log.load(name)
            if fanout.position is not None:
                logger.warning("%s: loaded anew, at %s after %s", name, loaded.position, fanout.position)
            fanout.stale = False
            fanout.load(loaded)
            self._tell(fanout, ())
            if self.ready:
                self.loaded.set()
            fanout.counts.turned_at = time.monotonic()
        elif fanout.stale:
            fanout.stale = False
            fanout.beat()
            fanout.counts.turned_at = time.monotonic()
            logger.info("%s: Redis is back; going on after %s", name, fanout.position)

    async def _take(self, log: Log, fanout: Fanout) -> None:
        """Take what comes, until history no longer holds."""
        assert fanout.position is not None
        name = fanout.channel.name
        checked = time.monotonic()
        async for batch in log.follow(name, fanout.position):
            end_if_cancelled()
            if batch:
                fanout.now = self.stream.now()
                began = time.monotonic()
                fanout.take(batch)
                now = self.stream.now()
                fanout.count(now)
                self._tell(fanout, batch)
                for position, _ in batch:
                    fanout.counts.delay.observe((now - position.ms) / 1000)
                await asyncio.sleep(0)  # the loop writes
                spent = time.monotonic() - began
                await asyncio.sleep(min(PAUSE * spent, LONGEST_PAUSE))
            fanout.counts.turned_at = time.monotonic()
            if time.monotonic() - checked > CHECK:
                checked = time.monotonic()
                await log.hear_the_time()
                if not await log.holds(name, fanout.position):
                    return

    def _tell(self, fanout: Fanout, batch: Sequence[tuple[Position, Event]]) -> None:
        """Those who follow what readers see; the desk's fan-out is of the same name."""
        if self.fanouts.get(fanout.channel.name) is fanout:
            for tell in self.listeners:
                tell(fanout.channel.name, batch)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            now = self.stream.now()
            for fanout in self._every():
                fanout.tick(now)
