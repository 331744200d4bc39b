"""A system that an output's playlist is pushed to, and how it is doing. Pure."""

from dataclasses import dataclass

STALE_AFTER = 15_000  # ms: what was told longer ago tells of a process that has ended


@dataclass(frozen=True, slots=True)
class Target:
    """One system of one output, as the process that pushes has told it. Times are ms."""

    output: str
    system: str  # casparcg, vmix, singular or h2r
    trouble: str = ""  # a sentence; empty when the system has what it should
    playlist: str = ""  # the id of the one that it has, or should have
    since: int = 0  # it is in this trouble, or in none
    at: int = 0  # this was told

    def is_told(self, now: int) -> bool:
        """Whoever told it still pushes."""
        return now - self.at < STALE_AFTER

    def is_up(self, now: int) -> bool:
        return not self.trouble and self.is_told(now)
