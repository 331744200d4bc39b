"""What a run was asked for."""

from dataclasses import dataclass
from typing import TypeVar

from benchmarks.subject import Subject

T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    subjects: tuple[Subject, ...]
    quick: bool = False
    repetitions: int = 3
    connections: tuple[int, ...] = ()  # empty: as each figure has it
    seconds: float | None = None  # how long a window is; None: as each figure has it
    rate: int = 200  # accepted publishes a second, for `soak`

    def pick(self, full: T, quick: T) -> T:
        return quick if self.quick else full

    def readers(self, full: int, quick: int) -> int:
        """For a figure of one size."""
        return self.connections[-1] if self.connections else self.pick(full, quick)

    def window(self, full: float, quick: float) -> float:
        return self.seconds or self.pick(full, quick)

    @property
    def ours(self) -> list[Subject]:
        """Figures that only this project can have are drawn of these."""
        return [subject for subject in self.subjects if subject.ours]
