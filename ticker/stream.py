"""A channel in Redis: its log, board, desk, tombstones and timers. All that changes them is here and in append.lua."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ticker.clock import Clock
from ticker.errors import NotReplicated
from ticker.events import Event, EventType
from ticker.headline import Record
from ticker.log import Log, Place
from ticker.position import Position
from ticker.store import Client, Gone, ask, refusal
from ticker.tombstone import Tombstone

APPEND = Path(__file__).with_name("append.lua").read_text()
TRIM = Path(__file__).with_name("trim.lua").read_text()
LARGEST_LEAD = 1_000  # ms that moments may run ahead in a burst; beyond that the clock was set back
WAIT_TIMEOUT = 2_000  # ms to wait for replicas
DESK_LOG_KEPT = 5_000  # entries, about; who was away for longer gets a snapshot


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
    desk_log: str
    desk_meta: str

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
    for_desk: EventType | None = None  # what the desk is told of it
    tombstones: Mapping[str, Tombstone] = field(default_factory=dict)
    timers: Mapping[str, int | None] = field(default_factory=dict)


class Appended(NamedTuple):
    position: str
    answer: str | None = None  # the one already given, when this was a repeat
    size: int = 0  # headlines on the strip now
    lowest: str = ""  # the id of the one that stands last


class Changed(Exception):
    """Not an error: something has changed since the situation was read, and the decision is made again."""


class Stream(Log):
    """All channels, over one client. Its log is what readers are told."""

    def __init__(
        self, redis: Client, clock: Clock, *, min_replicas: int = 0, new_epoch: Callable[[], str] | None = None
    ) -> None:
        super().__init__(redis, clock, new_epoch=new_epoch)
        self.min_replicas = min_replicas
        self._last_moment = 0

    def place(self, channel: str) -> Place:
        keys = Keys.of(channel)
        return Place(keys.log, keys.meta, (keys.board,))

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
            await self.hear_the_time_now_and_then()
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
        args += [change.for_desk or "", DESK_LOG_KEPT]
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
            await self.hear_the_time_now_and_then()
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
        return [Record.model_validate_json(raw) for raw in await self.kept(channel, on_desk=on_desk)]

    async def kept(self, channel: str, *, on_desk: bool = False) -> list[str]:
        """The same to the letter: what stands on the strip, or waits at the desk."""
        keys = Keys.of(channel)
        found: list[str] = await ask(self.redis, "hvals", keys.desk if on_desk else keys.board)
        return found

    async def size_of_desk(self, channel: str) -> int:
        """How many headlines are kept that are not on the strip."""
        size: int = await ask(self.redis, "hlen", Keys.of(channel).desk)
        return size

    async def group(self, channel: str, name: str) -> list[str]:
        """The ids of a group's headlines on this channel."""
        try:
            found = await self.redis.zrange(Keys.of(channel).groups, f"[{name} ", f"[{name} ~", bylex=True)
        except Gone as error:
            raise refusal(error) from error
        return [member.rpartition(" ")[2] for member in found]

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
        pipe.eval(TRIM, 2, keys.audit, keys.meta, f"{audit_before}-0")
        pipe.hgetall(keys.killed)
        trimmed, _, killed = await pipe.execute()
        old = [name for name, raw in killed.items() if Tombstone.decode(raw).at < audit_before]
        if old:
            await self.redis.hdel(keys.killed, *old)
        if trimmed:
            await self.redis.hset(keys.meta, "trimmed", str(log_before))
        return int(trimmed)


def _offset(stream_id: str) -> tuple[int, int]:
    return Position.at("", stream_id).offset


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
