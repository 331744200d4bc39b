"""The wire agencies' ladder."""

from enum import StrEnum


class Urgency(StrEnum):
    FLASH = "flash"
    URGENT = "urgent"
    BULLETIN = "bulletin"
    ROUTINE = "routine"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return _RANK[self]

    def at_least(self, other: "Urgency") -> bool:
        return self.rank <= other.rank


_RANK = {urgency: rank for rank, urgency in enumerate(Urgency)}
