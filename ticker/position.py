"""A position: how far a reader has read. All that a reader must remember."""

import re
from typing import NamedTuple

_TEXT = re.compile(r"([a-z0-9]{6,16})-(\d{1,15})-(\d{1,10})")


class Position(NamedTuple):
    """`<epoch>-<ms>-<n>`: the channel's epoch and the Redis stream id. Order means something within one epoch only."""

    epoch: str
    ms: int
    n: int

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """None when the text is not a position: the reader then gets a snapshot, never an error."""
        match = _TEXT.fullmatch(text)
        return cls(match[1], int(match[2]), int(match[3])) if match else None

    @classmethod
    def at(cls, epoch: str, stream_id: str) -> "Position":
        ms, _, n = stream_id.partition("-")
        return cls(epoch, int(ms), int(n or 0))

    @property
    def stream_id(self) -> str:
        return f"{self.ms}-{self.n}"

    @property
    def offset(self) -> tuple[int, int]:
        """What to compare with another position of the same epoch."""
        return (self.ms, self.n)

    def __str__(self) -> str:
        return f"{self.epoch}-{self.ms}-{self.n}"
