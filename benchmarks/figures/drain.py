"""One of two processes is told to stop: its readers are sent off one by one, and come back when they were told to."""

import os
import signal
import time
from dataclasses import dataclass

from benchmarks import machine
from benchmarks.figures.measure import SETTLE, interleaved
from benchmarks.figures.options import Options
from benchmarks.load import Arrivals, Heard, Load
from benchmarks.publisher import publish_steadily
from benchmarks.report import Figure, Histogram, Table, say
from benchmarks.subject import Running, Subject
from benchmarks.subjects import TWO_PROCESSES

RATE = 5  # events a second
LONGEST = 40.0  # s until all should be back


@dataclass(frozen=True)
class Drain:
    arrivals: Arrivals
    heard: Heard
    seconds: float  # until all were back


def drain(options: Options) -> Figure:
    readers = options.readers(6000, 600)
    subjects = [TWO_PROCESSES[subject] for subject in options.ours if subject in TWO_PROCESSES]
    runs = {subject.name: _drain(subject, readers) for subject in interleaved("drain", 1, subjects)}
    rows = []
    for name, run in runs.items():
        back, spread = sum(run.arrivals.arrivals), run.arrivals.arrivals
        rows.append([
            name, f"{run.arrivals.goodbyes:,}", f"{back:,}", f"{run.seconds:.1f}", str(max(spread, default=0)),
            f"{back / max(1, sum(1 for n in spread if n)):.0f}", f"{run.arrivals.live:,} of {readers:,}",
            f"{run.arrivals.refused:,}", str(run.heard.lost),
        ])  # fmt: skip
    columns = ["subject", "told goodbye", "came back", "all back after, s", "most in 100 ms", "on average", "live"]
    return Figure(
        name="drain",
        title=f"One of two processes stops, {readers:,} readers",
        tables=[Table("", [*columns, "turned away", "lost messages"], rows)],
        picture=Histogram("s after SIGTERM", "readers back per 100 ms", 0.1, {
            name: run.arrivals.arrivals for name, run in runs.items()
        }),
        notes=[
            (f"SIGTERM to one process; {RATE} events a second are published meanwhile, and must reach every reader, "
            "live or by its resume."),
        ],
        failed=any(run.heard.lost or run.arrivals.live < readers for run in runs.values()),
    )  # fmt: skip


def _drain(subject: Subject, readers: int) -> Drain:
    counts = {subject.kind: readers}
    with (
        subject.running() as running,
        Load(running, sse=counts.get("sse", 0), ws=counts.get("ws", 0), obey=True, most_events=1000) as load,
    ):
        publish_steadily(running.publisher, 1, RATE)
        load.open()
        time.sleep(SETTLE)
        load.begin()
        start = time.monotonic()
        os.kill(_child(running), signal.SIGTERM)
        events = _publish_until_back(running, load, readers, start)
        seconds = time.monotonic() - start
        load.settle(events * readers, patience=1)
        return Drain(load.arrivals(), load.end(events), seconds)


def _child(running: Running) -> int:
    return machine.family(running.pid)[1]


def _publish_until_back(running: Running, load: Load, readers: int, start: float) -> int:
    """How many events that were."""
    events = 0
    while True:
        publish_steadily(running.publisher, RATE, RATE, first=events)
        events += RATE
        told = load.arrivals()
        say(f"  {told.goodbyes} told goodbye, {sum(told.arrivals)} back, {told.live} live")
        since = time.monotonic() - start
        if (told.live == readers and told.goodbyes and since > 3 and told.closed <= sum(told.arrivals)) or (
            since > LONGEST
        ):
            return events
