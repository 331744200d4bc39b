"""What a reader that connects costs the server in CPU."""

import statistics

from benchmarks.figures.measure import cpu_of, interleaved, load_of, rounded
from benchmarks.figures.options import Options
from benchmarks.figures.sweep import sweep
from benchmarks.publisher import publish_steadily
from benchmarks.report import Bars, Figure, Table
from benchmarks.subject import Subject

MISSED = 10  # events


def connect(options: Options) -> Figure:
    costs = {}
    for name, run in sweep(options).items():
        came = max(run.steps)
        shares = zip([0, *run.steps], run.steps.items(), strict=False)
        costs[name] = sum(step.connect * (readers - before) for before, (readers, step) in shares) / came
    costs |= _of_ours(options)
    return Figure(
        name="connect",
        title="Server CPU per connect",
        tables=[Table("", ["subject", "µs"], [[name, rounded(cost)] for name, cost in costs.items()])],
        picture=Bars("µs", costs),
        notes=[
            "Of all the readers of `fanout`, until each has its answer: this project's, until it has its snapshot.",
            (
                f"Resume: with a position that lies {MISSED} events back. "
                "As a browser: with the compression that a browser asks for."
            ),
        ],
    )


def _of_ours(options: Options) -> dict[str, float]:
    runs: dict[str, list[float]] = {}
    for subject in interleaved("connect", options.repetitions, options.ours):
        runs.setdefault(f"{subject.name}, resume", []).append(_resume(subject, options))
        runs.setdefault(f"{subject.name}, as a browser", []).append(_cost(subject, options, compress=True))
    return {name: statistics.median(of) for name, of in runs.items()}


def _resume(subject: Subject, options: Options) -> float:
    return _cost(subject, options, missed=MISSED)


def _cost(subject: Subject, options: Options, *, missed: int = 0, compress: bool = False) -> float:
    readers, warm = options.readers(3000, 400), 100
    with subject.running() as running:
        publish_steadily(running.publisher, MISSED, 20)
        with load_of(subject, running, readers + warm, compress=compress) as load:
            if missed:
                assert running.position
                load.move(f"{running.path}?after={running.position()}")
                publish_steadily(running.publisher, missed, 20)
            load.open(warm)
            return cpu_of(running, lambda: load.open(readers + warm)) / readers * 1e6
