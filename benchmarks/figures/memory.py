"""What an idle reader holds in the server's memory, and what is left when many have come and gone."""

from benchmarks import machine
from benchmarks.figures.measure import interleaved, load_of, rounded
from benchmarks.figures.options import Options
from benchmarks.figures.sweep import sweep
from benchmarks.report import Bars, Figure, Lines, Table, say
from benchmarks.subject import Subject

MANY = 10_000


def memory(options: Options) -> Figure:
    runs = sweep(options)
    readers = max((n for n in next(iter(runs.values())).steps if n <= MANY), default=0) or max(
        next(iter(runs.values())).steps
    )
    kb = {name: (run.steps[readers].rss - run.rss) / readers for name, run in runs.items()}
    return Figure(
        name="memory",
        title="Memory per idle reader",
        tables=[
            Table("", ["subject", "kB", "kB before"], [[n, rounded(v), f"{runs[n].rss:,.0f}"] for n, v in kb.items()])
        ],
        picture=Bars("kB", kb),
        notes=[f"RSS of the process with {readers:,} readers, less that before the first, by their number."],
    )


def churn(options: Options) -> Figure:
    """Readers come and go, over and over: RSS between the rounds."""
    readers = options.readers(1000, 500)
    rounds = options.pick(100, 8)
    curves = {subject.name: _churn(subject, readers, rounds) for subject in interleaved("churn", 1, options.ours)}
    rows = [
        [name, f"{curve[0][1]:,.0f}", f"{curve[-1][1]:,.0f}", f"{(curve[-1][1] / curve[0][1] - 1) * 100:+.1f} %"]
        for name, curve in curves.items()
    ]
    return Figure(
        name="churn",
        title=f"{readers * rounds:,} connects and drops",
        tables=[Table("", ["subject", "MB before", "MB after", "more"], rows)],
        picture=Lines("connects so far", "MB of RSS, nobody connected", {"": curves}, log_x=False),
        notes=[f"{readers:,} readers come and go at a time. Before: after the first two rounds, which warm up."],
    )


def _churn(subject: Subject, readers: int, rounds: int) -> list[tuple[float, float]]:
    warm, looks = 2, 10
    curve: list[tuple[float, float]] = []
    with subject.running() as running:
        for turn in range(looks + 1):
            with load_of(subject, running, readers) as load:
                load.open()
                for _ in range(warm - 1 if turn == 0 else max(1, rounds // looks) - 1):
                    load.again()
            machine.rest_until_idle(running.pid)
            curve.append((turn * readers * max(1, rounds // looks), machine.rss_kb(running.pid) / 1024))
            say(f"  {curve[-1][0]:,} connects: {curve[-1][1]:.1f} MB")
    return curve
