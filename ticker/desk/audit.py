"""The audit of a channel: who did what. Read, searched and verified here; written in the step that it is about."""

from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple, Protocol

from ticker import text
from ticker.desk.chain import Chain, Entry
from ticker.store import Client, Gone, refusal
from ticker.stream import Keys

AT_ONCE = 500  # entries taken from Redis in one step
LOOKED_AT = 20_000  # entries that one search looks at; the next begins where it ended
MOST = 500  # entries of one answer


class Wanted(NamedTuple):
    """What is looked for; all of it must be so."""

    q: str = ""  # in the texts, the reason, or who it was: words, in any case and punctuation
    by: str = ""  # a part of the writer's name
    action: str = ""
    id: str = ""
    since: int | None = None  # ms
    until: int | None = None  # ms, with it

    def matches(self, entry: Entry) -> bool:
        fields = entry.fields
        if self.id and fields.get("id") != self.id:
            return False
        if self.action and fields.get("action") != self.action:
            return False
        if self.by and self.by.casefold() not in str(fields.get("by", "")).casefold():
            return False
        return not self.q or _folded(self.q) in " ".join(
            _folded(str(fields.get(name) or "")) for name in ("before", "after", "reason", "by")
        )


EVERYTHING = Wanted()


def _folded(words: str) -> str:
    return text.fingerprint(words) or words


class Page(NamedTuple):
    """Entries, newest first, and where to go on; None at the end."""

    entries: list[Entry]
    next: str | None


class Verdict(NamedTuple):
    """What the chain says: how many entries, the hash of the last, and the first fault there is."""

    entries: int
    hash: str
    fault: str | None


class Chained(Protocol):
    """The keys of a chain: its entries, and what is known of them."""

    @property
    def audit(self) -> str: ...

    @property
    def meta(self) -> str: ...


class Audit:
    """Of channels; or of whatever else has a chain, whose keys `where` names."""

    def __init__(self, redis: Client, where: Callable[[str], Chained] = Keys.of) -> None:
        self.redis = redis
        self._where = where

    async def search(self, channel: str, wanted: Wanted, *, after: str | None = None, limit: int = 100) -> Page:
        """The newest that are wanted, or those older than the entry `after`."""
        start = f"({after}" if after else "+" if wanted.until is None else str(wanted.until)
        end = "-" if wanted.since is None else str(wanted.since)
        found: list[Entry] = []
        for _ in range(0, LOOKED_AT, AT_ONCE):
            entries = await self._range("xrevrange", channel, start, end)
            for entry in entries:
                if wanted.matches(entry):
                    found.append(entry)
                    if len(found) == limit:
                        return Page(found, entry.id)
            if len(entries) < AT_ONCE:
                return Page(found, None)
            start = f"({entries[-1].id}"
        return Page(found, start[1:])

    async def read(self, channel: str, wanted: Wanted = EVERYTHING) -> AsyncIterator[list[Entry]]:
        """All that are wanted, oldest first, some at a time."""
        start = "-" if wanted.since is None else str(wanted.since)
        end = "+" if wanted.until is None else str(wanted.until)
        while True:
            entries = await self._range("xrange", channel, start, end)
            yield [entry for entry in entries if wanted.matches(entry)]
            if len(entries) < AT_ONCE:
                return
            start = f"({entries[-1].id}"

    async def verify(self, channel: str, known: str | None = None) -> Verdict:
        """Whether all that was ever written still stands as it was, but for what was trimmed.

        `known` is a hash that was noted down earlier, out of reach of whoever could change Redis.
        """
        keys = self._where(channel)
        pipe = self.redis.pipeline(transaction=True)  # entries may be added and trimmed while we look
        pipe.hmget(keys.meta, ["audit_from", "chain"])
        pipe.xrevrange(keys.audit, count=1)
        pipe.xrange(keys.audit, count=AT_ONCE)
        try:
            (before, kept), last, first = await pipe.execute()
        except Gone as error:
            raise refusal(error) from error
        chain = Chain(before or "")
        entries = [_entry(*raw) for raw in first]
        chain.take(entries)
        while entries and entries[-1].id != last[0][0]:
            entries = await self._range("xrange", channel, f"({entries[-1].id}", last[0][0])
            chain.take(entries)
        chain.end(kept or "")
        if known:
            chain.knows(known)
        return Verdict(chain.count, chain.hash or "", chain.fault)

    async def _range(self, command: str, channel: str, start: str, end: str) -> list[Entry]:
        try:
            raw = await getattr(self.redis, command)(self._where(channel).audit, start, end, count=AT_ONCE)
        except Gone as error:
            raise refusal(error) from error
        return [_entry(*one) for one in raw]


def _entry(entry_id: str, fields: dict[str, Any]) -> Entry:
    return Entry(entry_id, str(fields.get("entry", "")), str(fields.get("chain", "")))
