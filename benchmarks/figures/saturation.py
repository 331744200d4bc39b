"""Deliveries a second when more is published than the server can deliver."""

import statistics
import time
from dataclasses import dataclass

from benchmarks import machine
from benchmarks.figures.measure import SETTLE, interleaved, load_of
from benchmarks.figures.options import Options
from benchmarks.publisher import Writers
from benchmarks.report import Bars, Figure, Table
from benchmarks.subject import Subject
from benchmarks.subjects import TWO_PROCESSES

WRITERS = 4
WARM_UP = 1.0  # s
MOST_EVENTS = 40_000


@dataclass(frozen=True)
class Rush:
    messages: float  # a second, at the readers
    events: float  # a second, accepted
    server: float  # cores that the server used
    readers: float  # cores that the readers used: near one, it is they who are measured


def saturation(options: Options) -> Figure:
    subjects = (*options.subjects, *(TWO_PROCESSES[s] for s in options.subjects if s in TWO_PROCESSES))
    readers, seconds = options.readers(1000, 500), options.window(3, 1.5)
    runs: dict[str, list[Rush]] = {}
    for subject in interleaved("saturation", options.repetitions, subjects):
        runs.setdefault(subject.name, []).append(_rush(subject, readers, seconds))

    def median(name: str, of: str) -> float:
        return float(statistics.median(getattr(rush, of) for rush in runs[name]))

    rows = [
        [name, f"{median(name, 'messages'):,.0f}", f"{median(name, 'events'):,.0f}"]
        + [f"{median(name, part) * 100:.0f} %" for part in ("server", "readers")]
        for name in runs
    ]
    return Figure(
        name="saturation",
        title=f"Deliveries a second at saturation, {readers:,} readers",
        tables=[Table("", ["subject", "messages/s", "accepted events/s", "server CPU", "readers' CPU"], rows)],
        picture=Bars("messages a second", {name: median(name, "messages") for name in runs}),
        notes=[
            (
                f"{WRITERS} writers publish as fast as they are answered; {seconds:g} s are counted, after a warm-up. "
                f"Medians of {options.repetitions} runs."
            ),
            "Messages are counted, not writes: what piled up may leave as one. This project's include removals.",
            "Where the server's CPU is well below 100 %, the writers or the readers' core is what was full.",
        ],
    )


def _rush(subject: Subject, readers: int, seconds: float) -> Rush:
    with subject.running() as running, load_of(subject, running, readers, most_events=MOST_EVENTS) as load:
        load.open()
        time.sleep(SETTLE)
        load.begin()
        writers = Writers(running.publisher, WRITERS, MOST_EVENTS)
        time.sleep(WARM_UP)
        before, start = load.tally(), time.monotonic()
        events, cpu, mine = len(writers.accepted.ids), machine.cpu_seconds(running.pid), machine.cpu_seconds(load.pid)
        time.sleep(seconds)
        after, took = load.tally(), time.monotonic() - start
        cpu, mine = machine.cpu_seconds(running.pid) - cpu, machine.cpu_seconds(load.pid) - mine
        events = len(writers.accepted.ids) - events
        writers.stop()
    return Rush((after.messages - before.messages) / took, events / took, cpu / took, mine / took)
