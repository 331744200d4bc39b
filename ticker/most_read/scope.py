"""A scope: what a ranking is of. A channel, one of its sections, or one of its regions. Pure.

All keys of a scope carry one hash tag, so that one script may touch them; those of a channel, its own.
"""

from typing import NamedTuple
from urllib.parse import quote, unquote

from ticker.most_read.ranking import HOUR, Window

SECTION, REGION = "section", "region"


class Scope(NamedTuple):
    channel: str
    kind: str = ""  # "section", "region"; empty: the channel as a whole
    name: str = ""

    @property
    def path(self) -> str:
        """`section/World%20News`; empty for the channel."""
        return f"{self.kind}/{quote(self.name, safe='')}" if self.kind else ""

    @classmethod
    def parse(cls, channel: str, path: str) -> "Scope":
        kind, _, name = path.partition("/")
        return cls(channel, kind, unquote(name))

    def key(self, name: str) -> str:
        tag = f"{self.channel}/{self.path}" if self.kind else self.channel
        return f"ticker:{{{tag}}}:{name}"

    def ranking(self, window: Window) -> str:
        """zset: story → forward-decayed reads."""
        return self.key(f"read:{window}")

    @property
    def landmarks(self) -> str:
        """hash: 1, 2, 3 (the windows in their order) → ms."""
        return self.key("read:landmarks")

    @property
    def readers(self) -> str:
        """hash: story → reads counted, undecayed."""
        return self.key("read:readers")

    def today(self, now: int) -> str:
        """hash: story → reads on the day of `now` that count whole; with `:STORY`, HyperLogLog of its readers."""
        return self.key(f"read:day:{now // (24 * HOUR)}")

    @property
    def lists(self) -> str:
        """hash: list → its rows, JSON; `as_of` → ms."""
        return self.key("most_read")


def scopes_of(channel: str, section: str | None, region: str | None) -> list[Scope]:
    """Those in which a story is ranked beside its channel."""
    named = ((SECTION, section), (REGION, region))
    return [Scope(channel, kind, name) for kind, name in named if name]
