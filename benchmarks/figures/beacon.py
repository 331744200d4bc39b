"""What a read costs that a page reports."""

import statistics

from benchmarks.beacon import OURS, PLAIN, WRITE, Cost, costs
from benchmarks.figures.options import Options
from benchmarks.report import Bars, Figure, Table


def beacon(options: Options) -> Figure:
    found = costs(options.window(6, 2), options.repetitions)
    medians = {kind: statistics.median(_windows(runs)) for kind, runs in found.items()}
    wholes = {kind: statistics.median(run.whole for run in runs) for kind, runs in found.items()}
    rows = [
        [
            kind,
            *(f"{value:.1f}" for value in (medians[kind], min(_windows(runs)), max(_windows(runs)))),
            f"{min(run.written for run in runs):.0%}" if kind in WRITE else "",
            f"{wholes[kind]:.1f}",
            f"{1e6 / wholes[kind]:,.0f}",
        ]
        for kind, runs in found.items()
    ]
    columns = ["server", "µs a read", "lowest", "highest", "written meanwhile", "µs, all written", "reads/s a core"]
    return Figure(
        name="beacon",
        title="What a read costs the server that counts it",
        tables=[Table("", columns, rows)],
        picture=Bars("µs of CPU a read", wholes),
        notes=[
            f"Medians of windows of a second under full load, {options.repetitions} runs each in turn.",
            "Written meanwhile: of the reads answered, how many reached Redis in the same time, in the worst run.",
            "All written: of the whole run, the time after it included in which the rest was written.",
            f"Ours takes {wholes[PLAIN] / wholes[OURS]:.1f} times as many as the plain handler.",
        ],
    )


def _windows(runs: list[Cost]) -> list[float]:
    return [window for run in runs for window in run.windows]
