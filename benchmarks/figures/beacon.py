"""What a read costs that a page reports."""

import statistics

from benchmarks.beacon import OURS, PLAIN, WRITE, Cost, costs
from benchmarks.figures.options import Options
from benchmarks.report import Bars, Figure, Table


def beacon(options: Options) -> Figure:
    found = costs(options.window(6, 2), options.repetitions)
    medians = {kind: statistics.median(_windows(runs)) for kind, runs in found.items()}
    rows = [
        [
            kind,
            f"{medians[kind]:.1f}",
            f"{1e6 / medians[kind]:,.0f}",
            f"{min(_windows(runs)):.1f}",
            f"{max(_windows(runs)):.1f}",
            f"{min(run.written for run in runs):.0%}" if kind in WRITE else "",
        ]
        for kind, runs in found.items()
    ]
    return Figure(
        name="beacon",
        title="What a read costs the server that counts it",
        tables=[Table("", ["server", "µs a read", "reads/s a core", "lowest", "highest", "written meanwhile"], rows)],
        picture=Bars("µs of CPU a read", medians),
        notes=[
            f"Medians of windows of a second, {options.repetitions} runs each in turn, writing to Redis included.",
            "Written meanwhile: of the reads answered, how many reached Redis in the same time, in the worst run.",
            f"Ours takes {medians[PLAIN] / medians[OURS]:.1f} times as many as the plain handler.",
        ],
    )


def _windows(runs: list[Cost]) -> list[float]:
    return [window for run in runs for window in run.windows]
