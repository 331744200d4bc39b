"""The chain of the audit: each entry carries the hash of all before it. Pure.

An entry's hash is the SHA-1 of the hash before it, followed by the entry. So whatever is changed, removed or put
elsewhere shows at the next entry; what is cut off at the end, against the hash that is kept beside the entries.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any


class Entry:
    """One, as it is kept: `text` is JSON to the letter, since the hash is of it."""

    def __init__(self, id: str, text: str, chain: str) -> None:  # noqa: A002
        self.id = id
        self.text = text
        self.chain = chain

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Empty when it is no longer JSON: `Chain` says so."""
        try:
            fields = json.loads(self.text)
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and (self.id, self.text, self.chain) == (other.id, other.text, other.chain)

    def __hash__(self) -> int:
        return hash((self.id, self.text, self.chain))

    def __repr__(self) -> str:
        return f"<entry {self.id}: {self.text}>"


def link(before: str, text: str) -> str:
    """The hash of an entry that follows the one with the hash `before`; of the very first, ''."""
    return hashlib.sha1((before + text).encode(), usedforsecurity=False).hexdigest()


class Chain:
    """Entries are looked at one after another, oldest first; `fault` names the first that is wrong."""

    def __init__(self, before: str | None = "") -> None:
        """`before` is the hash that the first one follows from; None when that is not known."""
        self.hash = before
        self.count = 0
        self.last: str | None = None
        self.hashes = {before} if before else set()
        self.fault: str | None = None

    def take(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.count += 1
            follows = self.hash is None or link(self.hash, entry.text) == entry.chain
            if not follows and self.fault is None:
                self.fault = (
                    f"Entry {entry.id}, number {self.count} of those kept, does not follow from what stands before it: "
                    "it was changed, or an entry before it was removed, changed or put elsewhere."
                )
            self.hash, self.last = entry.chain, entry.id
            self.hashes.add(entry.chain)

    def end(self, kept: str) -> str | None:
        """What is wrong, if anything, now that all have been looked at. `kept` is the hash kept beside them."""
        if self.fault is None and (self.hash or "") != kept:
            where = f"after entry {self.last}" if self.last else "all of them"
            self.fault = f"The newest entries are missing: {where}."
        return self.fault

    def knows(self, known: str) -> str | None:
        """What is wrong, if a hash that was noted down earlier is not in it."""
        if self.fault is None and known not in self.hashes:
            self.fault = f"The hash {known} is not in it: entries were written anew, or that one is no longer kept."
        return self.fault
