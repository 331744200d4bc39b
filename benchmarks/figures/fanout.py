"""What one delivered message costs the server in CPU, from few readers to many."""

from collections.abc import Mapping

from benchmarks.figures.measure import rounded
from benchmarks.figures.options import Options
from benchmarks.figures.sweep import Run, numbers, sweep
from benchmarks.report import Figure, Lines, Table
from benchmarks.subjects import FLOORS


def fanout(options: Options) -> Figure:
    runs = sweep(options)
    return Figure(
        name="fanout",
        title="Server CPU per delivered message",
        tables=[_net(options, runs), _gross(options, runs), _wire(options, runs)],
        picture=Lines(
            x="readers",
            y="µs of server CPU per message, net of publishing",
            panels={
                kind.upper(): {
                    subject.name: [(readers, step.net) for readers, step in runs[subject.name].steps.items()]
                    for subject in options.subjects
                    if subject.kind == kind
                }
                for kind in FLOORS
            },
        ),
        notes=[
            f"Medians of {options.repetitions} interleaved runs. User and system time, less that of an idle second.",
            "Net: less what the same events cost with no reader connected, for all subjects alike.",
        ],
    )


def _net(options: Options, runs: Mapping[str, Run]) -> Table:
    rows = []
    for subject in options.subjects:
        costs = {readers: step.net for readers, step in runs[subject.name].steps.items()}
        floor = runs.get(FLOORS[subject.kind])
        times = [rounded(cost / floor.steps[readers].net) if floor else "" for readers, cost in costs.items()]
        flat = max(costs.values()) / min(costs.values())
        rows.append([subject.name, *map(rounded, costs.values()), *times, f"{flat:.2f}"])
    heads = [f"{readers:,}" for readers in numbers(options)]
    return Table(
        "µs per message, net of publishing, by readers; then as multiples of the floor",
        ["subject", *heads, *(f"× floor, {head}" for head in heads), "highest / lowest"],
        rows,
    )


def _gross(options: Options, runs: Mapping[str, Run]) -> Table:
    rows = [
        [name, *(rounded(step.gross) for step in run.steps.values()), rounded(run.publish)]
        for name, run in runs.items()
    ]
    heads = [f"{readers:,}" for readers in numbers(options)]
    return Table(
        "µs per message, everything included, by readers",
        ["subject", *heads, "µs per event, no readers"],
        rows,
    )


def _wire(options: Options, runs: Mapping[str, Run]) -> Table:
    rows = []
    for subject in options.subjects:
        wire = max(step.wire for step in runs[subject.name].steps.values())  # where fewest heartbeats were among them
        compressed = runs[subject.name].compressed
        rows.append([subject.name, f"{wire:.0f}", f"{compressed:.0f}" if compressed else ""])
    return Table("bytes on the wire per message", ["subject", "as it is", "to who asks for compression"], rows)
