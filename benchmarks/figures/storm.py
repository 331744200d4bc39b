"""All readers are cut off and come back at once, each with its position."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks.figures.measure import cpu_of, interleaved, load_of, median_spread, rounded
from benchmarks.figures.options import Options
from benchmarks.load import Spread
from benchmarks.publisher import publish_steadily
from benchmarks.report import Bars, Figure, Table
from benchmarks.subject import Subject

MISSED = 10  # events
AT_ONCE = 2000  # handshakes under way at a time: as many as the backlog of a listening socket surely has room for


@dataclass(frozen=True)
class Storm:
    back: Spread  # ms until a reader was live again
    last: Spread  # ms to the last reader, of an event published after
    cpu: float  # s
    commands: Mapping[str, int]  # that Redis was sent meanwhile


def storm(options: Options) -> Figure:
    readers = options.readers(10_000, 1000)
    runs: dict[str, list[Storm]] = {}
    for subject in interleaved("storm", options.repetitions, options.ours):
        runs.setdefault(subject.name, []).append(_storm(subject, readers))
    back = {name: median_spread(storm.back for storm in of) for name, of in runs.items()}
    rows = [
        [
            name,
            *(f"{value / 1000:.2f}" for value in (back[name].p50, back[name].p99, back[name].max)),
            rounded(sorted(storm.cpu / readers * 1e6 for storm in of)[len(of) // 2]),
            rounded(median_spread(storm.last for storm in of).max),
            _told(of[-1].commands),
        ]
        for name, of in runs.items()
    ]
    columns = ["subject", "half live, s", "99 % live, s", "all live, s", "CPU µs/reader", "next event, ms"]
    return Figure(
        name="storm",
        title=f"{readers:,} readers come back at once, {MISSED} events behind",
        tables=[Table("", [*columns, "Redis commands meanwhile"], rows)],
        picture=Bars("s until all are live again", {name: spread.max / 1000 for name, spread in back.items()}),
        notes=[
            (
                "From the first hang-up until a reader has its first message. "
                f"Medians of {options.repetitions} runs. Next event: one published after, at its last reader."
            ),
            "Redis commands: all that were counted from the hang-up until all were live; of the last run.",
        ],
    )


def _storm(subject: Subject, readers: int) -> Storm:
    with subject.running() as running, load_of(subject, running, readers, at_once=AT_ONCE) as load:
        assert running.position
        assert running.redis
        publish_steadily(running.publisher, 1, 10)
        load.open()
        load.move(f"{running.path}?after={running.position()}")
        publish_steadily(running.publisher, MISSED, 20)
        load.settle(readers * (MISSED + 1), patience=1)
        back: list[Spread] = []
        before = _commands(running.redis)
        cpu = cpu_of(running, lambda: back.append(load.again()))
        after = _commands(running.redis)
        load.begin()
        time.sleep(0.5)
        publish_steadily(running.publisher, 1, 1)
        load.settle(readers)
        heard = load.end(1)
    if heard.lost:
        raise RuntimeError(f"{subject.name}: readers that came back missed the next event: {heard}")
    asked = {name: after[name] - before.get(name, 0) for name in after if after[name] > before.get(name, 0)}
    return Storm(back[0], heard.last, cpu, asked)


def _commands(path: Path) -> dict[str, int]:
    """How often each was called, but for this question."""
    with redis.Redis(unix_socket_path=str(path)) as asked:
        stats = asked.info("commandstats")
    ours = {"cmdstat_info", "cmdstat_client|setinfo", "cmdstat_hello"}
    return {name.removeprefix("cmdstat_"): int(stat["calls"]) for name, stat in stats.items() if name not in ours}


def _told(commands: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(commands.items())) or "none"
