"""The load client, load.c, driven from Python."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from benchmarks import machine
from benchmarks.subjects import Running


@dataclass(frozen=True)
class Spread:
    """Of many durations, in ms."""

    p50: float
    p99: float
    max: float


@dataclass(frozen=True)
class Heard:
    """What the readers got. `lost` counts per reader and event; `net` are those told only that it has gone again."""

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


class Load:
    """Connections that are open, and have been since the `with`."""

    def __init__(self, running: Running, *, sse: int = 0, ws: int = 0, most_events: int = 20_000) -> None:
        self._command = [str(machine.compiled("load")), "-p", str(running.port), "-e", str(most_events)]
        self._command += ["-c", str(machine.LOAD_CORE)]
        if sse:
            self._command += ["-s", str(sse), "-S", running.sse_path]
        if ws:
            self._command += ["-w", str(ws), "-W", running.ws_path]
        self.connect_ms = 0.0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.connect_ms = self._answer()["connect_ms"]
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

    def begin(self) -> None:
        """Forget what was counted so far."""
        self._ask("begin")

    def deliveries(self) -> int:
        return int(self._ask("count")["deliveries"])

    def heartbeats(self) -> int:
        return int(self._ask("count")["heartbeats"])

    def settle(self, expected: int, patience: float = 3) -> None:
        """Wait for that many deliveries, or until none has come for `patience` s."""
        seen, since = -1, time.monotonic()
        while (now := self.deliveries()) < expected and time.monotonic() - since < patience:
            if now != seen:
                seen, since = now, time.monotonic()
            time.sleep(0.1)

    def end(self, events: int, ids: Mapping[int, str] | None = None) -> Heard:
        """What came of the events 0 to `events` - 1. `ids` says which headline each was."""
        for event, headline_id in (ids or {}).items():
            self._tell(f"id {event} {headline_id}")
        answer = self._ask(f"end {events}")
        for name in ("latency", "first", "last"):
            answer[name] = Spread(**{key: value / 1000 for key, value in answer.pop(f"{name}_us").items()})
        answer["missing"] = dict(answer["missing"])
        return Heard(**answer)

    def _tell(self, order: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(order + "\n")

    def _ask(self, order: str) -> dict[str, Any]:
        self._tell(order)
        assert self._process.stdin
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The load client has ended; its reason is above.")
        return dict(json.loads(line))
