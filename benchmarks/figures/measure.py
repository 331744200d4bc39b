"""What most figures do: readers of the subject's kind, CPU of a window, medians of runs."""

import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from benchmarks import machine
from benchmarks.load import Load, Spread
from benchmarks.report import say
from benchmarks.subject import Running, Subject

SETTLE = 0.5  # s of rest after connecting
IDLE = 1.0  # s in which what a server costs by itself is measured


def load_of(subject: Subject, running: Running, readers: int, *, most_events: int = 5000, **how: Any) -> Load:
    """Readers of the kind that the subject serves."""
    counts = {subject.kind: readers}
    return Load(running, sse=counts.get("sse", 0), ws=counts.get("ws", 0), most_events=most_events, **how)


def cpu_of(running: Running, action: Callable[[], object]) -> float:
    """CPU seconds of the server while that is done."""
    before = machine.cpu_seconds(running.pid)
    action()
    return machine.cpu_seconds(running.pid) - before


def rest(seconds: float) -> Callable[[], None]:
    return lambda: time.sleep(seconds)


def interleaved(name: str, repetitions: int, subjects: Sequence[Subject]) -> Iterator[Subject]:
    """Each subject in turn, and that again: a machine that grows slower grows slower for all."""
    for repetition, subject in itertools.product(range(repetitions), subjects):
        say(f"{name} {repetition + 1}/{repetitions}: {subject.name}")
        yield subject


def median_spread(spreads: Iterable[Spread]) -> Spread:
    of = list(spreads)
    return Spread(*(statistics.median(values) for values in zip(*((s.p50, s.p99, s.max) for s in of), strict=True)))


def rounded(value: float) -> str:
    """Three digits that say something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
