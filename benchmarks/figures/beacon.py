"""What a read costs that a page reports."""

import statistics

from benchmarks.beacon import OURS, PLAIN, costs
from benchmarks.figures.options import Options
from benchmarks.report import Bars, Figure, Table


def beacon(options: Options) -> Figure:
    found = costs(options.window(6, 2), options.repetitions)
    medians = {kind: statistics.median(windows) for kind, windows in found.items()}
    rows = [
        [kind, f"{medians[kind]:.1f}", f"{1e6 / medians[kind]:,.0f}", f"{min(windows):.1f}", f"{max(windows):.1f}"]
        for kind, windows in found.items()
    ]
    return Figure(
        name="beacon",
        title="What a read costs the server that counts it",
        tables=[Table("", ["server", "µs a read", "reads/s a core", "lowest", "highest"], rows)],
        picture=Bars("µs of CPU a read", medians),
        notes=[
            f"Medians of windows of a second, {options.repetitions} runs each in turn; writing to Redis included.",
            f"Ours takes {medians[PLAIN] / medians[OURS]:.1f} times as many as the plain handler.",
        ],
    )
