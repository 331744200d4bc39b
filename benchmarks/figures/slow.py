"""Some readers are stopped while much is published: what the others notice, and what becomes of the stopped."""

import os
import signal
import time
from dataclasses import dataclass

from benchmarks import machine
from benchmarks.figures.measure import SETTLE, interleaved, load_of, rounded
from benchmarks.figures.options import Options
from benchmarks.load import Heard, Load
from benchmarks.publisher import publish_steadily
from benchmarks.report import Bars, Figure, Table, say
from benchmarks.subject import Running, Subject

RATE = 100  # events a second
SHARE = 20  # one of so many readers is stopped
SMALL = 4096  # bytes of the stopped readers' receive buffers: they fill within a second or two


@dataclass(frozen=True)
class Slow:
    before: Heard
    during: Heard
    rss: tuple[float, float, float]  # MB before, during (the most), after
    stopped: Heard  # all they got, once they were let go on


def slow(options: Options) -> Figure:
    readers = options.readers(1000, 200)
    seconds = options.window(10, 3)
    runs = {s.name: _slow(s, readers, seconds) for s in interleaved("slow", 1, options.ours)}
    rows = [
        [
            name,
            *(f"{rounded(heard.latency.p50)} / {rounded(heard.latency.p99)}" for heard in (run.before, run.during)),
            f"{run.during.latency.p99 / run.before.latency.p99:.2f}",
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
                "they go on. Every event of the second half must have reached each of them, or be told as gone again."
            ),
        ],
        failed=any(run.stopped.lost or run.during.lost or run.stopped.closed for run in runs.values()),
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
    ids = publish_steadily(running.publisher, events, RATE)
    rss = machine.rss_kb(running.pid) / 1024
    others.settle(events * others.readers, patience=1)
    return ids, others.end(events, ids), rss
