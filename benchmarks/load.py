"""The readers of a benchmark (readers/*.c), driven from Python."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from benchmarks import machine
from benchmarks.subject import Running


@dataclass(frozen=True)
class Spread:
    """Of many durations, in ms."""

    p50: float
    p99: float
    max: float


@dataclass(frozen=True)
class Tally:
    """What has come so far."""

    deliveries: int
    removals: int
    heartbeats: int
    bytes: int
    live: int

    @property
    def messages(self) -> int:
        return self.deliveries + self.removals


@dataclass(frozen=True)
class Heard:
    """What the readers got. `net` counts those told only that a headline has gone again."""

    connections: int
    closed: int
    deliveries: int
    bytes: int
    payload: int
    snapshots: int
    heartbeats: int
    removals: int
    strange: int
    repeated: int
    net: int
    latency: Spread
    first: Spread  # latency of each event's first reader
    last: Spread  # and of its last
    missing: Mapping[int, int]  # event: how many readers lack it

    @property
    def lost(self) -> int:
        """Per reader and event."""
        return sum(self.missing.values())


@dataclass(frozen=True)
class Arrivals:
    """Of readers that came back."""

    arrivals: list[int]  # in each 100 ms
    goodbyes: int
    closed: int
    refused: int
    live: int


class Load:
    """A process of readers; `open` connects them."""

    def __init__(
        self,
        running: Running,
        *,
        sse: int = 0,
        ws: int = 0,
        ws_path: str | None = None,
        most_events: int = 5000,
        at_once: int = 100,
        receive_buffer: int = 0,
        compress: bool = False,
        obey: bool = False,
    ) -> None:
        self.readers = sse + ws
        self._command = [str(machine.compiled("readers")), "-p", str(running.port), "-c", str(machine.LOAD_CORE)]
        self._command += ["-s", str(sse), "-S", running.path, "-w", str(ws), "-W", ws_path or running.path]
        self._command += ["-e", str(most_events), "-a", str(at_once), "-b", str(receive_buffer)]
        flags = {"-g": running.greets, "-z": compress, "-o": obey}
        self._command += [flag for flag, wanted in flags.items() if wanted]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def open(self, readers: int | None = None) -> float:
        """Dial until there are so many (all of them), and wait until they are live. The ms it took."""
        return float(self._ask(f"open {readers or self.readers}")["ms"])

    def again(self) -> Spread:
        """All hang up and come back at once: when each was live, from when the first hung up."""
        return _spread(self._ask("again")["back_us"])

    def move(self, path: str) -> None:
        """Where those go who dial from now on."""
        self._ask(f"paths {path} {path}")

    def begin(self) -> None:
        """Forget what was counted so far."""
        self._ask("begin")

    def tally(self) -> Tally:
        return Tally(**self._ask("count"))

    def arrivals(self) -> Arrivals:
        return Arrivals(**self._ask("arrivals"))

    def settle(self, expected: int, patience: float = 10) -> None:
        """Wait for that many deliveries, or until none has come for `patience` s."""
        seen, since = -1, time.monotonic()
        while (now := self.tally().deliveries) < expected and time.monotonic() - since < patience:
            if now != seen:
                seen, since = now, time.monotonic()
            time.sleep(0.01)

    def end(self, events: int, ids: Mapping[int, str] | None = None) -> Heard:
        """What came of the events 0 to `events` - 1. `ids` says which headline each was."""
        for event, headline_id in (ids or {}).items():
            self._tell(f"id {event} {headline_id}")
        answer = self._ask(f"end {events}")
        for name in ("latency", "first", "last"):
            answer[name] = _spread(answer.pop(f"{name}_us"))
        answer["missing"] = dict(answer["missing"])
        return Heard(**answer)

    def _tell(self, order: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(order + "\n")

    def _ask(self, order: str) -> dict[str, Any]:
        self._tell(order)
        assert self._process.stdin
        self._process.stdin.flush()
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The readers have ended; their reason is above.")
        return dict(json.loads(line))


def _spread(us: Mapping[str, int]) -> Spread:
    return Spread(**{key: value / 1000 for key, value in us.items()})
