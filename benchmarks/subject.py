"""A subject: something that takes what is published and hands it to readers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.publisher import NewPublisher

PLAIN_SIZE = 400  # bytes of a message, where this project has not been asked how long its own are


@dataclass(frozen=True)
class Running:
    """A subject that serves."""

    pid: int
    port: int
    path: str  # of readers
    publisher: NewPublisher
    greets: bool = False  # the server speaks first: a reader is live with its first message
    position: Callable[[], str] | None = None  # of the log, now: what a reader may resume after
    redis: Path | None = None  # socket of the Redis behind it


@dataclass(frozen=True)
class Subject:
    name: str  # of the command line and of the tables
    kind: str  # "sse" or "ws"
    start: Callable[[int], Iterator[Running]]  # given the bytes a message should have
    installed: Callable[[], bool] = lambda: True

    @contextmanager
    def running(self, size: int = PLAIN_SIZE) -> Iterator[Running]:
        with contextmanager(self.start)(size) as running:
            yield running

    @property
    def ours(self) -> bool:
        return self.name.startswith("ticker")
