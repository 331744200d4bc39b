"""Who is who in a document: which entry is which headline. Pure.

An entry is the same as one seen before when its source and id are. Where ids are missing or shared, the link
stands in, then the title; where ids change from poll to poll, link and title together tell.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ticker import text
from ticker.headline import Source, source_headline_id
from ticker.urgency import Urgency
from workers.sources.entry import Document, Entry, Tombstone, newest

LONGEST_ID = 400  # characters of an id that readers get to see; a longer one is hashed


class Terms(Protocol):
    """What the settings say about a source."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str | None: ...
    @property
    def urgency(self) -> Urgency: ...
    @property
    def section(self) -> str | None: ...
    @property
    def trusted(self) -> bool: ...
    @property
    def limit(self) -> int: ...
    @property
    def max_age(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Match:
    """An entry of the document and who it is."""

    entry: Entry
    key: str  # what identifies it within its source
    id: str  # of its headline
    alias: str | None  # of its link and title


@dataclass(frozen=True, slots=True)
class Matched:
    """The entries that are considered, oldest first, and what is withdrawn."""

    matches: tuple[Match, ...]
    tombstones: tuple[tuple[str, Tombstone], ...] = field(default=())

    @property
    def ids(self) -> list[str]:
        return [match.id for match in self.matches] + [headline_id for headline_id, _ in self.tombstones]

    @property
    def aliases(self) -> list[str]:
        return [match.alias for match in self.matches if match.alias]


def identify(document: Document, source: Terms) -> Matched:
    """The newest entries, each once, by what identifies it."""
    entries = newest(document.entries, source.limit)
    found: dict[str, Match] = {}
    for entry, key in zip(entries, _keys(entries), strict=True):
        if key is not None and key not in found:
            found[key] = Match(entry, key, headline_id(source, key), _alias(entry))
    withdrawn = {headline_id(source, _in_utf8(_same_scheme(stone.ref))): stone for stone in document.tombstones}
    return Matched(tuple(reversed(found.values())), tuple(withdrawn.items()))


def headline_id(source: Terms, key: str) -> str:
    named = source_of(source, key)
    return source_headline_id(named.name, named.id or "")


def source_of(source: Terms, key: str) -> Source:
    """As readers see it. Two sources may share a title: their names keep their ids apart."""
    shown = key if len(key) <= LONGEST_ID else digest(key)
    if source.title is None:
        return Source(name=source.name, id=shown)
    return Source(name=source.title, id=f"{source.name}:{shown}")


def _keys(entries: Sequence[Entry]) -> list[str | None]:
    families: dict[str | None, list[Entry]] = defaultdict(list)
    for entry in entries:
        families[entry.id].append(entry)
    told_apart = {entry_id for entry_id, family in families.items() if entry_id and _is_one_entry(family)}
    links = Counter(_link(entry) for entry in entries)
    keys = (_key(entry, told_apart, links) for entry in entries)
    return [_in_utf8(key) if key is not None else None for key in keys]


def _in_utf8(key: str) -> str:
    """A string of JSON may hold half a character, which nothing that we keep can."""
    return key.encode("utf-8", "replace").decode()


def _key(entry: Entry, told_apart: set[str], links: Counter[str | None]) -> str | None:
    link = _link(entry)
    if entry.id in told_apart:
        return _same_scheme(entry.id)
    if link and links[link] == 1:
        return link
    return f"title:{_words(entry)}" if entry.title else link


def _is_one_entry(family: list[Entry]) -> bool:
    """Atom lets a document hold several versions of an entry: same id and link, each updated at its own time."""
    times = {entry.updated for entry in family}
    same_link = len({_link(entry) for entry in family}) == 1
    return len(family) == 1 or (None not in times and len(times) == len(family) and same_link)


def _link(entry: Entry) -> str | None:
    return _same_scheme(entry.link) if entry.link else None


def _same_scheme(address: str) -> str:
    """A site that moves to https does not publish all its news anew."""
    return "https://" + address.removeprefix("http://") if address.startswith("http://") else address


def _alias(entry: Entry) -> str | None:
    return _words(entry) if entry.link and entry.title else None


def _words(entry: Entry) -> str:
    return digest(f"{_link(entry)}\0{text.fingerprint(entry.title) or entry.title}")


def digest(value: str) -> str:
    return hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=12).hexdigest()
