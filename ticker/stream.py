"""A channel in Redis: its log, board, desk, tombstones and timers. All commands to them are here and in append.lua."""

import json
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ticker import events
from ticker.clock import Clock
from ticker.errors import NotReplicated
from ticker.events import Event, EventType
from ticker.fanout import Loaded
from ticker.headline import Headline, Record
from ticker.position import Position
from ticker.ranking import LISTS
from ticker.scope import Scope
from ticker.store import Client, Gone, monotonic_ms, refusal
from ticker.tombstone import Tombstone

logger = logging.getLogger(__name__)

APPEND = Path(__file__).with_name("append.lua").read_text()
RENEW = Path(__file__).with_name("renew.lua").read_text()

RECENT = 5_000  # entries of the log a process reads when it starts, to resume readers from
BATCH = 1_000  # entries taken from the log at once
BLOCK = 1_000  # ms that a follower waits before it checks that history still holds
HEAR_EVERY = 2_000  # ms between looks at Redis's clock
LARGEST_LEAD = 1_000  # ms that moments may run ahead in a burst; beyond that the clock was set back
WAIT_TIMEOUT = 2_000  # ms to wait for replicas
TOLD = [f"told:{name}" for name in LISTS]  # what readers are told of each most-read list


class Keys(NamedTuple):
    """The keys of one channel. The braces keep them together on a Cluster, where one script may touch them all."""

    log: str
    board: str
    places: str
    desk: str
    killed: str
    due: str
    meta: str
    audit: str
    groups: str

    @classmethod
    def of(cls, channel: str) -> "Keys":
        return cls(*(f"ticker:{{{channel}}}:{name}" for name in cls._fields))


@dataclass(frozen=True)
class Situation:
    """What a decision is made on: a headline and all that bears on it, as Redis had it at one moment."""

    now: int
    id: str
    on_board: str
    on_desk: str
    killed: Mapping[str, str]
    answer: str | None

    @cached_property
    def record(self) -> Record | None:
        raw = self.on_board or self.on_desk
        return Record.model_validate_json(raw) if raw else None

    def tombstone(self, identity: str) -> Tombstone | None:
        raw = self.killed.get(identity)
        return Tombstone.decode(raw) if raw else None


@dataclass(frozen=True)
class Change:
    """What one call of append.lua makes true."""

    situation: Situation
    board: str
    desk: str
    audit: Mapping[str, Any]
    answer: str
    answer_ms: int
    event: Event | None = None
    tombstones: Mapping[str, Tombstone] = field(default_factory=dict)
    timers: Mapping[str, int | None] = field(default_factory=dict)


class Appended(NamedTuple):
    position: str
    answer: str | None = None  # the one already given, when this was a repeat
    size: int = 0  # headlines on the strip now
    lowest: str = ""  # the id of the one that stands last


class Changed(Exception):
    """Not an error: something has changed since the situation was read, and the decision is made again."""


class Stream:
    """All channels' logs, over one client."""

    def __init__(
        self, redis: Client, clock: Clock, *, min_replicas: int = 0, new_epoch: Callable[[], str] | None = None
    ) -> None:
        self.redis = redis
        self.clock = clock
        self.min_replicas = min_replicas
        self._new_epoch = new_epoch or (lambda: secrets.token_hex(4))
        self._heard_at = -HEAR_EVERY
        self._last_moment = 0

    def now(self) -> int:
        return self.clock.now(monotonic_ms())

    def _moment(self) -> int:
        """Now, and never the same ms twice: of two headlines the later one stands first."""
        now = self.now()
        if 0 <= self._last_moment - now < LARGEST_LEAD:
            now = self._last_moment + 1
        self._last_moment = now
        return now

    # --- writing ----------------------------------------------------------------------------------------------------

    async def read(self, channel: str, headline_id: str, identities: Sequence[str], once: str) -> Situation:
        """Everything that bears on a change of this headline. TickerError when Redis cannot say."""
        keys = Keys.of(channel)
        pipe = self.redis.pipeline(transaction=False)
        pipe.hget(keys.board, headline_id)
        pipe.hget(keys.desk, headline_id)
        pipe.hmget(keys.killed, [headline_id, *identities])
        pipe.get(_once_key(channel, once))
        try:
            await self._hear_the_time_now_and_then()
            board, desk, killed, answer = await pipe.execute()
        except Gone as error:
            raise refusal(error) from error
        found = {name: raw for name, raw in zip([headline_id, *identities], killed, strict=True) if raw}
        return Situation(self._moment(), headline_id, board or "", desk or "", found, answer)

    def nothing_yet(self, headline_id: str) -> Situation:
        """The situation of a headline that nobody has ever seen."""
        return Situation(self._moment(), headline_id, "", "", {}, None)

    async def append(self, channel: str, identities: Sequence[str], once: str, change: Change) -> Appended:
        """Make a change true. Changed when the situation no longer holds; TickerError when Redis cannot do it."""
        keys = Keys.of(channel)
        found = change.situation
        args: list[str | int] = [found.id, found.on_board, found.on_desk, change.board, change.desk]
        args += [_dump(change.audit)[:-1], change.answer, change.answer_ms, self._new_epoch()]
        args += [_place(found.on_board), _place(change.board)]
        args += [_member(found.on_board or found.on_desk), _member(change.board or change.desk)]
        barred = list(dict.fromkeys([found.id, *identities]))
        args.append(len(barred))
        for identity in barred:
            tombstone = change.tombstones.get(identity)
            args += [identity, found.killed.get(identity, ""), tombstone.encode() if tombstone else ""]
        args.append(len(change.timers))
        for timer, at in change.timers.items():
            args += [timer, "" if at is None else at]
        for name, value in (change.event.to_fields() if change.event else {}).items():
            args += [name, value]
        reply = await self._evaluate(channel, [*keys, _once_key(channel, once)], args)
        if reply[0] == "changed":
            raise Changed
        if reply[0] == "once":
            await self.confirm(channel, once)
            return Appended(*split_answer(reply[1]))
        return Appended(reply[1], size=reply[2], lowest=reply[3].rpartition(" ")[2])

    async def confirm(self, channel: str, once: str) -> None:
        """Before an answer is given again: what it says must be on enough replicas by now.

        A small write goes first, because WAIT speaks only of what its own connection has written.
        """
        if self.min_replicas:
            pipe = self.redis.pipeline(transaction=False)
            pipe.pexpire(_once_key(channel, once), 24 * 3600 * 1000)
            await self._execute(pipe, channel)

    async def _evaluate(self, channel: str, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        pipe = self.redis.pipeline(transaction=False)
        pipe.eval(APPEND, len(keys), *keys, *args)
        return await self._execute(pipe, channel)

    async def _execute(self, pipe: Any, channel: str) -> Any:
        """One write, and as many replicas as the settings ask for."""
        try:
            await self._hear_the_time_now_and_then()
            if self.min_replicas:
                pipe.execute_command("WAIT", self.min_replicas, WAIT_TIMEOUT, **self._beside(Keys.of(channel).log))
            reply, *confirmed = await pipe.execute()
        except Gone as error:
            raise refusal(error) from error
        if confirmed and confirmed[0] < self.min_replicas:
            raise NotReplicated(
                f"Only {confirmed[0]} of {self.min_replicas} replicas have confirmed; it may still be lost. "
                "Send it again with the same Idempotency-Key.",
                channel=channel,
            )
        return reply

    def _beside(self, key: str) -> dict[str, Any]:
        """On a Cluster a command without a key must be told which node it is for."""
        get_node = getattr(self.redis, "get_node_from_key", None)
        return {"target_nodes": get_node(key)} if get_node else {}

    async def records(self, channel: str, *, on_desk: bool = False) -> list[Record]:
        keys = Keys.of(channel)
        try:
            raw = await self.redis.hvals(keys.desk if on_desk else keys.board)
        except Gone as error:
            raise refusal(error) from error
        return [Record.model_validate_json(text) for text in raw]

    async def group(self, channel: str, name: str) -> list[str]:
        """The ids of a group's headlines on this channel."""
        try:
            found = await self.redis.zrange(Keys.of(channel).groups, f"[{name} ", f"[{name} ~", bylex=True)
        except Gone as error:
            raise refusal(error) from error
        return [member.rpartition(" ")[2] for member in found]

    # --- reading ----------------------------------------------------------------------------------------------------

    async def load(self, channel: str) -> Loaded:
        """The board, where it stands in the log, and the log's last entries: all of one moment."""
        keys = Keys.of(channel)
        pipe = self.redis.pipeline(transaction=True)
        pipe.hsetnx(keys.meta, "epoch", self._new_epoch())
        pipe.hmget(keys.meta, ["epoch", "last"])
        pipe.hvals(keys.board)
        pipe.xrevrange(keys.log, count=RECENT + 1)
        pipe.hget(keys.meta, "trimmed")
        pipe.hmget(Scope(channel).lists, TOLD)
        _, (epoch, last), board, entries, trimmed, lists = await pipe.execute()
        complete = len(entries) <= RECENT and not trimmed
        recent = _events(epoch, list(reversed(entries[:RECENT])), lists)
        headlines = [headline for raw in board if (headline := _headline(channel, raw)) is not None]
        return Loaded(Position.at(epoch, last or "0-0"), headlines, recent, complete)

    async def follow(self, channel: str, position: Position) -> AsyncIterator[list[tuple[Position, Event]]]:
        """What comes after a position, in batches; an empty one when nothing came for a while.

        Ends when this is no longer the history that led there. That is asked along with each batch, on the same
        connection: behind the same address may stand another Redis from one command to the next.
        """
        keys = Keys.of(channel)
        after = position.stream_id
        while True:
            pipe = self.redis.pipeline(transaction=False)
            pipe.hmget(keys.meta, ["epoch", "last"])
            pipe.xrange(keys.log, after, after)
            pipe.xread({keys.log: after}, count=BATCH, block=BLOCK)
            (epoch, last), here, reply = await pipe.execute()
            if epoch != position.epoch or not (here or after in ("0-0", last)):
                return
            entries = reply[0][1] if reply else []
            told = any(fields.get("type") == EventType.MOST_READ for _, fields in entries)
            lists = await self.redis.hmget(Scope(channel).lists, TOLD) if told else []
            after = entries[-1][0] if entries else after
            yield _events(position.epoch, entries, lists)

    async def waiting(self, channel: str, position: Position) -> list[Position]:
        """Where the events stand that the log has after the position; the first BATCH of them."""
        entries = await self.redis.xrange(Keys.of(channel).log, f"({position.stream_id}", count=BATCH)
        return [Position.at(position.epoch, entry_id) for entry_id, fields in entries if _event(fields) is not None]

    async def holds(self, channel: str, position: Position) -> bool:
        """Whether this is still the history that led to the position. Renews the epoch when it is not.

        A stream that is behind its reader, or lacks the entry the reader stands on, has lost its tail: a failover,
        or a restored backup.
        """
        keys = Keys.of(channel)
        pipe = self.redis.pipeline(transaction=False)
        pipe.hmget(keys.meta, ["epoch", "last"])
        pipe.xrange(keys.log, position.stream_id, position.stream_id)
        pipe.xrange(keys.log, count=1)
        pipe.hget(keys.meta, "trimmed")
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
        await self.redis.eval(RENEW, 1, Keys.of(channel).meta, epoch, self._new_epoch())

    async def hear_the_time(self) -> None:
        get_node = getattr(self.redis, "get_default_node", None)  # a Cluster's nodes each have a clock; one is enough
        seconds, microseconds = await self.redis.time(**({"target_nodes": get_node()} if get_node else {}))
        self._heard_at = monotonic_ms()
        self.clock.observe(seconds * 1000 + microseconds // 1000, self._heard_at)

    async def _hear_the_time_now_and_then(self) -> None:
        if monotonic_ms() - self._heard_at > HEAR_EVERY:
            await self.hear_the_time()

    # --- the clock's work -------------------------------------------------------------------------------------------

    async def due(self, channel: str, now: int, most: int = 500) -> list[str]:
        """The timers that have run out, earliest first."""
        found: list[str] = await self.redis.zrange(
            Keys.of(channel).due, "-inf", str(now), byscore=True, offset=0, num=most
        )
        return found

    async def drop_timer(self, channel: str, timer: str) -> None:
        await self.redis.zrem(Keys.of(channel).due, timer)

    async def trim(self, channel: str, *, log_before: int, audit_before: int) -> int:
        """Let go of what is older than is kept (ms), but for the last event. How many log entries went."""
        keys = Keys.of(channel)
        last = await self.redis.hget(keys.meta, "last")
        pipe = self.redis.pipeline(transaction=False)
        pipe.xtrim(keys.log, minid=min(f"{log_before}-0", last or "0-0", key=_offset), approximate=False)
        pipe.xtrim(keys.audit, minid=f"{audit_before}-0", approximate=False)
        pipe.hgetall(keys.killed)
        trimmed, _, killed = await pipe.execute()
        old = [name for name, raw in killed.items() if Tombstone.decode(raw).at < audit_before]
        if old:
            await self.redis.hdel(keys.killed, *old)
        if trimmed:
            await self.redis.hset(keys.meta, "trimmed", str(log_before))
        return int(trimmed)


def _events(
    epoch: str, entries: Sequence[tuple[str, Mapping[str, str]]], lists: Sequence[str | None]
) -> list[tuple[Position, Event]]:
    """Those that can be read. Of a most-read list the entry has only the name: what it is now is in `lists`."""
    found = []
    told_of = dict(zip(TOLD, lists, strict=False))
    for entry_id, fields in entries:
        told = told_of.get(fields.get("id", "").replace("most_read", "told", 1))
        event = _event({**fields, "list": told} if told else fields)
        if event is not None:
            found.append((Position.at(epoch, entry_id), event))
    return found


def _event(fields: Mapping[str, str]) -> Event | None:
    try:
        return events.from_fields(fields)
    except ValueError:
        return None  # written by a newer version: readers ignore unknown types, and so do we


def _offset(stream_id: str) -> tuple[int, int]:
    return Position.at("", stream_id).offset


def _headline(channel: str, raw: str) -> Headline | None:
    """One that cannot be read must not keep all the others from the strip."""
    try:
        return Headline.model_validate_json(raw)
    except ValueError as error:
        logger.error("%s: a headline in Redis cannot be read and is left out: %s", channel, error)  # noqa: TRY400
        return None


def _place(raw: str) -> str:
    """Where a headline stands, as a text whose bytes sort like the strip; the blank sorts before every digit."""
    if not raw:
        return ""
    fields = json.loads(raw)
    return f"{int(fields['pinned'])}{fields['order']} {fields['id']}"


def _member(raw: str) -> str:
    """Where a headline stands among those of the channel's groups."""
    fields = json.loads(raw) if raw else {}
    return f"{fields['group']} {fields['id']}" if fields.get("group") else ""


def _once_key(channel: str, once: str) -> str:
    return f"ticker:{{{channel}}}:once:{once}"


def split_answer(stored: str) -> tuple[str, str]:
    """Position and answer, as append.lua keeps them under `once`."""
    position, _, answer = stored.partition(" ")
    return position, answer


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
