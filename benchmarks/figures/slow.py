"""Some readers are stopped while much is published: what the others notice, and what becomes of the stopped."""

import os
import signal
import time
from dataclasses import dataclass

from benchmarks import machine
from benchmarks.figures.measure import SETTLE, interleaved, load_of, rounded
from benchmarks.figures.options import Options
from benchmarks.load import Heard, Load
from benchmarks.publisher import Writers
from benchmarks.report import Bars, Figure, Table, say
from benchmarks.subject import Running, Subject

RATE = 100  # events a second
WRITERS = 4
SHARE = 20  # one of so many readers is stopped
SMALL = 4096  # bytes of the stopped readers' receive buffers: they fill within a second or two


@dataclass(frozen=True)
class Slow:
    before: Heard
    during: Heard
    rss: tuple[float, float, float]  # MB before, during (the most), after
    stopped: Heard  # all they got, once they were let go on

    @property
    def times(self) -> float:
        """What the p99 of the others is, of what it was."""
        return self.during.latency.p99 / self.before.latency.p99

    @property
    def failed(self) -> bool:
        return bool(self.stopped.lost or self.during.lost or self.stopped.closed)


def slow(options: Options) -> Figure:
    readers = options.readers(1000, 200)
    seconds = options.window(6, 4)
    all_runs: dict[str, list[Slow]] = {}
    for subject in interleaved("slow", options.repetitions, options.ours):
        all_runs.setdefault(subject.name, []).append(_slow(subject, readers, seconds))
    runs = {name: sorted(of, key=lambda run: run.times)[len(of) // 2] for name, of in all_runs.items()}
    rows = [
        [
            name,
            *(f"{rounded(heard.latency.p50)} / {rounded(heard.latency.p99)}" for heard in (run.before, run.during)),
            f"{run.times:.2f}",
            *(f"{mb:.1f}" for mb in run.rss),
            f"{run.stopped.lost} of {run.stopped.connections * round(RATE * seconds):,}",
            f"{run.stopped.net:,}",
            str(run.stopped.closed),
        ]
        for name, run in runs.items()
    ]
    columns = ["subject", "p50 / p99 before, ms", "p50 / p99 during, ms", "p99, times", "MB before", "MB during"]
    columns += ["MB after", "lost by the stopped", "told as gone again", "cut off"]
    return Figure(
        name="slow",
        title=f"{readers // SHARE} of {readers:,} readers stopped, {RATE} events/s",
        tables=[Table("", columns, rows)],
        picture=Bars(
            "ms, p99 of the others",
            {
                f"{name}, {when}": heard.latency.p99
                for name, run in runs.items()
                for when, heard in (("before", run.before), ("during", run.during))
            },
        ),
        notes=[
            (
                f"{seconds:g} s before, {seconds:g} s in which a twentieth of the readers is stopped (SIGSTOP); then "
                "they go on. Every event of the second half must have reached each of them, or be told as gone again. "
                f"The run of {options.repetitions} whose ratio is in the middle."
            ),
        ],
        failed=any(run.failed for of in all_runs.values() for run in of),
    )


def _slow(subject: Subject, readers: int, seconds: float) -> Slow:
    few, events = max(1, readers // SHARE), round(RATE * seconds)
    with (
        subject.running() as running,
        load_of(subject, running, readers - few, most_events=events) as others,
        load_of(subject, running, few, most_events=events, receive_buffer=SMALL) as stopped,
    ):
        others.open()
        stopped.open()
        time.sleep(SETTLE)
        _, before, rss_before = _window(running, others, events)
        stopped.begin()
        os.kill(stopped.pid, signal.SIGSTOP)
        try:
            ids, during, rss_during = _window(running, others, events)
        finally:
            os.kill(stopped.pid, signal.SIGCONT)
        say("  the stopped go on")
        stopped.settle(events * few)
        time.sleep(1)
        caught_up = stopped.end(events, ids)
        after = machine.rss_kb(running.pid) / 1024
    return Slow(before, during, (rss_before, rss_during, after), caught_up)


def _window(running: Running, others: Load, events: int) -> tuple[dict[int, str], Heard, float]:
    others.begin()
    writers = Writers(running.publisher, WRITERS, events, RATE)
    writers.join()
    if writers.accepted.refused:
        raise RuntimeError(f"Publishes were refused: {dict(writers.accepted.refused)}")
    rss = machine.rss_kb(running.pid) / 1024
    others.settle(events * others.readers, patience=1)
    return writers.accepted.ids, others.end(events, writers.accepted.ids), rss
