"""From sending a publish to its last reader, from few readers to many."""

from benchmarks.figures.measure import rounded
from benchmarks.figures.options import Options
from benchmarks.figures.sweep import numbers, sweep
from benchmarks.report import Figure, Lines, Table
from benchmarks.subjects import FLOORS


def latency(options: Options) -> Figure:
    runs = sweep(options)
    heads = [f"{readers:,} readers" for readers in numbers(options)]
    rows = [
        [name, *(" / ".join(map(rounded, (s.last.p50, s.last.p99, s.last.max))) for s in run.steps.values())]
        for name, run in runs.items()
    ]
    return Figure(
        name="latency",
        title="Publish to last reader",
        tables=[Table("ms: p50 / p99 / max of the events' last readers", ["subject", *heads], rows)],
        picture=Lines(
            x="readers",
            y="ms to the last reader, p50",
            log_y=True,
            panels={
                kind.upper(): {
                    subject.name: [(readers, step.last.p50) for readers, step in runs[subject.name].steps.items()]
                    for subject in options.subjects
                    if subject.kind == kind
                }
                for kind in FLOORS
            },
        ),
        notes=[
            "The last byte of the message at the reader; the readers share a core with whoever publishes.",
            f"Medians of {options.repetitions} runs with the events of `fanout`: with many readers they are few.",
        ],
    )
