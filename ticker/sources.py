"""What is remembered of each source: how its last poll went, which entries were seen, and who polls it.

All keys of a source carry its name as the hash tag, so that they lie together on a Cluster:

    ticker:source:{NAME}:state   hash: address, validators, times (ms), failures, `count:*`
    ticker:source:{NAME}:seen    hash: headline id -> Seen; `=digest` -> headline id (the same entry under another id)
    ticker:source:{NAME}:lease   string with a time to live: the token of the process that polls it
    ticker:sources               set: the names that were ever polled
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from ticker.seen import Known, Seen
from ticker.store import Client, Gone, refusal

NAMES = "ticker:sources"
SCANNED = 1_000  # fields looked at per HSCAN

RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class Keys(NamedTuple):
    state: str
    seen: str
    lease: str

    @classmethod
    def of(cls, source: str) -> "Keys":
        return cls(*(f"ticker:source:{{{source}}}:{name}" for name in cls._fields))


@dataclass(frozen=True, slots=True)
class State:
    """How a source is doing. Times are ms; 0 is never."""

    url: str = ""  # where it has moved to for good; empty: where the settings say
    configured: str = ""  # the address of the settings when `url` was learnt
    etag: str = ""
    last_modified: str = ""
    next_at: int = 0
    polled_at: int = 0
    ok_at: int = 0
    new_at: int = 0  # the last time that something new came
    since: int = 0  # the first poll
    pruned_at: int = 0
    failures: int = 0  # polls that have failed in a row
    error: str = ""  # why the last one did; empty when it did not
    quiet: int = 0  # 1 when nothing new has come for longer than the source's `quiet_after`
    holder: str = ""  # the process that polled it last
    counts: Mapping[str, int] = field(default_factory=dict)  # by outcome, since ever


class Sources:
    def __init__(self, redis: Client) -> None:
        self.redis = redis

    async def names(self) -> list[str]:
        try:
            return sorted(await self.redis.smembers(NAMES))
        except Gone as error:
            raise refusal(error) from error

    # --- state ------------------------------------------------------------------------------------------------------

    async def state(self, source: str) -> State:
        try:
            return _state(await self.redis.hgetall(Keys.of(source).state))
        except Gone as error:
            raise refusal(error) from error

    async def states(self) -> dict[str, State]:
        """Of every source that was ever polled."""
        return {name: await self.state(name) for name in await self.names()}

    async def save(self, source: str, *, counts: Mapping[str, int] | None = None, **fields: str | int) -> None:
        """Set fields of the state, and add to its counts."""
        key = Keys.of(source).state
        pipe = self.redis.pipeline(transaction=False)
        pipe.sadd(NAMES, source)
        if fields:
            pipe.hset(key, mapping=fields)
        for name, more in (counts or {}).items():
            pipe.hincrby(key, f"count:{name}", more)
        try:
            await pipe.execute()
        except Gone as error:
            raise refusal(error) from error

    async def forget(self, source: str) -> None:
        """Everything that is remembered of a source: its entries will be handed in anew."""
        keys = Keys.of(source)
        try:
            await self.redis.delete(keys.state, keys.seen)
            await self.redis.srem(NAMES, source)
        except Gone as error:
            raise refusal(error) from error

    # --- what was seen ----------------------------------------------------------------------------------------------

    async def known(self, source: str, ids: Iterable[str], aliases: Iterable[str] = ()) -> Known:
        ids, aliases = list(dict.fromkeys(ids)), list(dict.fromkeys(aliases))
        try:
            same = await self._fields(source, [f"={alias}" for alias in aliases])
            others = [name for name in dict.fromkeys(same.values()) if name not in set(ids)]
            seen = await self._fields(source, [*ids, *others])
        except Gone as error:
            raise refusal(error) from error
        return Known({name: Seen.decode(raw) for name, raw in seen.items()}, {k[1:]: v for k, v in same.items()})

    async def _fields(self, source: str, names: list[str]) -> dict[str, str]:
        if not names:
            return {}
        values = await self.redis.hmget(Keys.of(source).seen, names)
        return {name: value for name, value in zip(names, values, strict=True) if value is not None}

    async def remember(self, source: str, entries: Mapping[str, Seen], aliases: Mapping[str, str]) -> None:
        fields = {name: seen.encode() for name, seen in entries.items()}
        fields |= {f"={alias}": name for alias, name in aliases.items()}
        if not fields:
            return
        try:
            await self.redis.hset(Keys.of(source).seen, mapping=fields)
        except Gone as error:
            raise refusal(error) from error

    async def overlook(self, source: str, ids: Iterable[str]) -> None:
        """As if these entries had not been seen: they will be decided on anew."""
        names = list(ids)
        try:
            if names:
                await self.redis.hdel(Keys.of(source).seen, *names)
        except Gone as error:
            raise refusal(error) from error

    async def prune(self, source: str, before: int) -> int:
        """Forget the entries that were last in the document before then (ms). How many."""
        key = Keys.of(source).seen
        old: set[str] = set()
        same: dict[str, str] = {}
        cursor: Any = 0
        try:
            while True:
                cursor, fields = await self.redis.hscan(key, cursor, count=SCANNED)
                same |= {name: value for name, value in fields.items() if name.startswith("=")}
                old |= {n for n, raw in fields.items() if n[0] != "=" and Seen.decode(raw).last < before}
                if not int(cursor):
                    break
            gone = [*old, *(name for name, value in same.items() if value in old)]
            for start in range(0, len(gone), SCANNED):
                await self.redis.hdel(key, *gone[start : start + SCANNED])
        except Gone as error:
            raise refusal(error) from error
        return len(old)

    # --- the lease --------------------------------------------------------------------------------------------------

    async def take(self, source: str, token: str, ms: int) -> bool:
        """Be the one that polls this source, unless another is."""
        try:
            return bool(await self.redis.set(Keys.of(source).lease, token, nx=True, px=ms))
        except Gone as error:
            raise refusal(error) from error

    async def renew(self, source: str, token: str, ms: int) -> bool:
        """False when the lease is another's by now, or nobody's."""
        return await self._compare(RENEW, source, token, ms)

    async def release(self, source: str, token: str) -> bool:
        return await self._compare(RELEASE, source, token)

    async def holder(self, source: str) -> str | None:
        try:
            token: str | None = await self.redis.get(Keys.of(source).lease)
        except Gone as error:
            raise refusal(error) from error
        return token

    async def _compare(self, script: str, source: str, *args: str | int) -> bool:
        try:
            return bool(await self.redis.eval(script, 1, Keys.of(source).lease, *args))
        except Gone as error:
            raise refusal(error) from error


def _state(fields: Mapping[str, str]) -> State:
    counts = {name[6:]: int(value) for name, value in fields.items() if name.startswith("count:")}
    values: dict[str, Any] = {}
    for name in State.__slots__:
        if name in fields:
            values[name] = int(fields[name]) if isinstance(_DEFAULT[name], int) else fields[name]
    return State(**values, counts=counts)


_DEFAULT = asdict(State())
