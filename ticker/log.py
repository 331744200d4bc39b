"""A log in Redis and those who follow it: where it stands, what comes, and whether it is still the same history.

A channel has two of them: what readers are told (`ticker.stream`), and what the desk is told (`ticker.desk.log`).
"""

import itertools
import logging
import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from ticker import events
from ticker.clock import Clock
from ticker.events import Event, EventType
from ticker.fanout.fanout import Loaded
from ticker.headline import Headline
from ticker.most_read.ranking import LISTS
from ticker.most_read.scope import Scope
from ticker.position import Position
from ticker.store import Client, monotonic_ms

logger = logging.getLogger(__name__)

RENEW = Path(__file__).with_name("renew.lua").read_text()

RECENT = 5_000  # entries of the log a process reads when it starts, to resume readers from
BATCH = 1_000  # entries taken from the log at once
BLOCK = 1_000  # ms that a follower waits before it checks that history still holds
HEAR_EVERY = 2_000  # ms between looks at Redis's clock
TOLD = [f"told:{name}" for name in LISTS]  # what readers are told of each most-read list

Entries = Sequence[tuple[str, Mapping[str, str]]]


class Place(NamedTuple):
    """Where a log is kept: its entries, what is known of it, and the headlines as its last entry left them."""

    log: str
    meta: str
    headlines: tuple[str, ...]


class Log(ABC):
    """All channels' logs of one kind, over one client."""

    model: ClassVar[type[Headline]] = Headline

    def __init__(self, redis: Client, clock: Clock, *, new_epoch: Callable[[], str] | None = None) -> None:
        self.redis = redis
        self.clock = clock
        self._new_epoch = new_epoch or (lambda: secrets.token_hex(4))
        self._heard_at = -HEAR_EVERY

    @abstractmethod
    def place(self, channel: str) -> Place: ...

    def tells_of(self, headline: Headline) -> bool:  # noqa: ARG002  all that is kept
        """Whether one that is kept belongs to what this log tells."""
        return True

    def now(self) -> int:
        return self.clock.now(monotonic_ms())

    async def load(self, channel: str) -> Loaded:
        """The headlines, where they stand in the log, and the log's last entries: all of one moment."""
        place = self.place(channel)
        pipe = self.redis.pipeline(transaction=True)
        pipe.hsetnx(place.meta, "epoch", self._new_epoch())
        pipe.hmget(place.meta, ["epoch", "last", "trimmed"])
        pipe.xrevrange(place.log, count=RECENT + 1)
        for key in place.headlines:
            pipe.hvals(key)
        _, (epoch, last, trimmed), entries, *kept = await pipe.execute()
        complete = len(entries) <= RECENT and not trimmed
        recent = await self._events(channel, epoch, list(reversed(entries[:RECENT])))
        read = (self._headline(channel, raw) for raw in itertools.chain.from_iterable(kept))
        headlines = [headline for headline in read if headline is not None and self.tells_of(headline)]
        return Loaded(Position.at(epoch, last or "0-0"), headlines, recent, complete)

    async def follow(self, channel: str, position: Position) -> AsyncIterator[list[tuple[Position, Event]]]:
        """What comes after a position, in batches; an empty one when nothing came for a while.

        Ends when this is no longer the history that led there. That is asked along with each batch, on the same
        connection: behind the same address may stand another Redis from one command to the next.
        """
        place = self.place(channel)
        after = position.stream_id
        while True:
            pipe = self.redis.pipeline(transaction=False)
            pipe.hmget(place.meta, ["epoch", "last"])
            pipe.xrange(place.log, after, after)
            pipe.xread({place.log: after}, count=BATCH, block=BLOCK)
            (epoch, last), here, reply = await pipe.execute()
            if epoch != position.epoch or not (here or after in ("0-0", last)):
                return
            entries = reply[0][1] if reply else []
            came = await self._events(channel, position.epoch, entries)
            after = entries[-1][0] if entries else after
            yield came

    async def waiting(self, channel: str, position: Position) -> list[Position]:
        """Where the events stand that the log has after the position; the first BATCH of them."""
        entries = await self.redis.xrange(self.place(channel).log, f"({position.stream_id}", count=BATCH)
        return [
            Position.at(position.epoch, entry_id) for entry_id, fields in entries if self._event(fields) is not None
        ]

    async def holds(self, channel: str, position: Position) -> bool:
        """Whether this is still the history that led to the position. Renews the epoch when it is not.

        A log that is behind its reader, or lacks the entry the reader stands on, has lost its tail: a failover,
        or a restored backup.
        """
        place = self.place(channel)
        pipe = self.redis.pipeline(transaction=False)
        pipe.hmget(place.meta, ["epoch", "last"])
        pipe.xrange(place.log, position.stream_id, position.stream_id)
        pipe.xrange(place.log, count=1)
        pipe.hget(place.meta, "trimmed")
        (epoch, last), here, first, trimmed = await pipe.execute()
        if epoch != position.epoch:
            return False
        if last is not None and Position.at(epoch, last) == position:
            return True
        if position.offset == (0, 0) or here:
            return True
        oldest = Position.at(epoch, first[0][0]).offset if first else None
        if trimmed and last is not None and oldest is not None and position.offset < oldest:
            return False  # nothing is wrong, but what came in between is trimmed: load anew
        await self.renew(channel, position.epoch)
        return False

    async def renew(self, channel: str, epoch: str) -> None:
        """Begin a new epoch, unless somebody has: every reader gets a snapshot."""
        await self.redis.eval(RENEW, 1, self.place(channel).meta, epoch, self._new_epoch())

    async def hear_the_time(self) -> None:
        get_node = getattr(self.redis, "get_default_node", None)  # a Cluster's nodes each have a clock; one is enough
        seconds, microseconds = await self.redis.time(**({"target_nodes": get_node()} if get_node else {}))
        self._heard_at = monotonic_ms()
        self.clock.observe(seconds * 1000 + microseconds // 1000, self._heard_at)

    async def hear_the_time_now_and_then(self) -> None:
        if monotonic_ms() - self._heard_at > HEAR_EVERY:
            await self.hear_the_time()

    async def _events(self, channel: str, epoch: str, entries: Entries) -> list[tuple[Position, Event]]:
        """Those that can be read. Of a most-read list the entry has only the name: what it is now is kept apart."""
        told = any(fields.get("type") == EventType.MOST_READ for _, fields in entries)
        lists = await self.redis.hmget(Scope(channel).lists, TOLD) if told else []
        told_of = dict(zip(TOLD, lists, strict=False))
        found = []
        for entry_id, fields in entries:
            list_ = told_of.get(fields.get("id", "").replace("most_read", "told", 1))
            event = self._event({**fields, "list": list_} if list_ else fields)
            if event is not None:
                found.append((Position.at(epoch, entry_id), event))
        return found

    def _event(self, fields: Mapping[str, str]) -> Event | None:
        try:
            return events.from_fields(fields, self.model)
        except ValueError:
            return None  # written by a newer version: readers ignore unknown types, and so do we

    def _headline(self, channel: str, raw: str) -> Headline | None:
        """One that cannot be read must not keep all the others from the strip."""
        try:
            return self.model.model_validate_json(raw)
        except ValueError as error:
            logger.error("%s: a headline in Redis cannot be read and is left out: %s", channel, error)  # noqa: TRY400
            return None
