"""From few readers to many, one server for all steps: what fanout, latency, connect and memory are read off."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from benchmarks import machine
from benchmarks.figures.measure import IDLE, SETTLE, cpu_of, interleaved, load_of, median_spread, rest
from benchmarks.figures.options import Options
from benchmarks.load import Load, Spread
from benchmarks.project import TICKER_SSE
from benchmarks.publisher import publish_steadily, sleep_until
from benchmarks.report import say
from benchmarks.subject import PLAIN_SIZE, Running, Subject

READERS = (100, 1_000, 5_000, 10_000, 15_000)
FEW = (100, 1_000)  # for a quick run
MOST_DELIVERIES = 20_000  # a second; and no event before the one before it has reached everyone, so nothing piles up
FASTEST = 20  # events a second
SHORTEST = (2.0, 1.0)  # s that events are published for at each step; in a quick run


@dataclass(frozen=True)
class Step:
    """Of one number of readers; medians once the runs are put together."""

    gross: float  # µs of CPU per delivered message, everything included
    net: float  # the same, less what the same events cost with no reader
    wire: float  # bytes per delivered message
    last: Spread  # ms from sending a publish to its last reader
    connect: float  # µs of CPU per reader that came for this step
    rss: float  # kB


@dataclass(frozen=True)
class Run:
    publish: float  # µs of CPU per event, with no reader
    rss: float  # kB before the first reader
    compressed: float  # bytes per message to who asks for compression; 0 where that is not measured
    steps: Mapping[int, Step]  # by the number of readers


def numbers(options: Options) -> tuple[int, ...]:
    return options.connections or options.pick(READERS, FEW)


@cache
def sweep(options: Options) -> Mapping[str, Run]:
    """The medians of all runs, by the subject's name. Made once, whichever figures are asked for."""
    size = _payload(options)
    runs: dict[str, list[Run]] = {subject.name: [] for subject in options.subjects}
    for subject in interleaved("sweep", options.repetitions, options.subjects):
        run = _run(subject, options, size)
        runs[subject.name].append(run)
        say("  " + ", ".join(f"{readers}: {step.net:.1f} µs" for readers, step in run.steps.items()))
    return {name: _medians(of, numbers(options)) for name, of in runs.items()}


def _run(subject: Subject, options: Options, size: int) -> Run:
    with subject.running(size) as running:
        publish_steadily(running.publisher, FASTEST, FASTEST)  # what is done only once is not counted
        publish = _publish_cost(running, options)
        compressed = _compressed(subject, running) if subject.ours else 0
        before = machine.rss_kb(running.pid)
        most = max(numbers(options))
        with load_of(subject, running, most, most_events=1000) as load:
            steps, came = {}, 0
            for readers in numbers(options):
                steps[readers] = _step(running, load, options, readers, readers - came, publish)
                came = readers
    return Run(publish, before, compressed, steps)


def _publish_cost(running: Running, options: Options) -> float:
    events = round(FASTEST * options.window(*SHORTEST) * 1.5)  # it is spread over few readers, and its noise with it
    idle = cpu_of(running, rest(events / FASTEST))
    return (cpu_of(running, lambda: publish_steadily(running.publisher, events, FASTEST)) - idle) / events * 1e6


def _compressed(subject: Subject, running: Running) -> float:
    readers, events = 10, FASTEST
    with load_of(subject, running, readers, compress=True) as load:
        load.open()
        load.begin()
        publish_steadily(running.publisher, events, FASTEST)
        time.sleep(SETTLE)
        return load.tally().bytes / (events * readers)


def _step(running: Running, load: Load, options: Options, readers: int, new: int, publish: float) -> Step:
    connect = cpu_of(running, lambda: load.open(readers))
    time.sleep(SETTLE)
    rss = machine.rss_kb(running.pid)
    idle, idle_heartbeats = _idle(running, load)
    load.begin()
    rate, events = pace(readers, options.window(*SHORTEST))
    start = time.monotonic()
    busy = cpu_of(running, lambda: _publish_in_turn(running, load, events, rate))
    took = time.monotonic() - start
    heard = load.end(events)
    if heard.missing or heard.repeated or heard.closed:
        raise RuntimeError(f"Messages were lost or repeated, or readers cut off: {heard}")
    # Heartbeats and removals are messages, too; heartbeats of the idle time are in what is taken off.
    messages = heard.deliveries + heard.removals + heard.heartbeats - idle_heartbeats * took
    gross = (busy - idle * took) / messages * 1e6
    return Step(
        gross=gross,
        net=gross - publish / readers,
        wire=heard.bytes / (heard.deliveries + heard.removals + heard.heartbeats),
        last=heard.last,
        connect=connect / new * 1e6,
        rss=rss,
    )


def _idle(running: Running, load: Load) -> tuple[float, float]:
    """CPU seconds and heartbeats in a second without events; without heartbeats, too, if three tries find one."""
    for _ in range(3):
        load.begin()
        cpu = cpu_of(running, rest(IDLE)) / IDLE
        heartbeats = load.tally().heartbeats / IDLE
        if not heartbeats:
            break
    return cpu, heartbeats


def _publish_in_turn(running: Running, load: Load, events: int, rate: float) -> None:
    readers = load.tally().live
    start = time.monotonic()
    publisher = running.publisher()
    for event in range(events):
        sleep_until(start + event / rate)
        publisher.publish(event)
        load.settle((event + 1) * readers)
    sleep_until(start + events / rate)
    publisher.close()


def pace(readers: int, seconds: float) -> tuple[float, int]:
    """Events a second, and how many: slower before many, so that no core is full; at least three."""
    rate = min(FASTEST, MOST_DELIVERIES / readers)
    return rate, max(3, round(rate * seconds))


def _payload(options: Options) -> int:
    """The JSON bytes of this project's messages: the others are given as many."""
    if not options.ours:
        return PLAIN_SIZE
    with TICKER_SSE.running() as running, Load(running, sse=1) as load:
        load.open()
        load.begin()
        publish_steadily(running.publisher, 10, FASTEST)
        load.settle(10)
        heard = load.end(10)
    return round(heard.payload / heard.deliveries)


def _medians(runs: list[Run], readers: tuple[int, ...]) -> Run:
    def step(of: list[Step]) -> Step:
        names = ("gross", "net", "wire", "connect", "rss")
        values = {name: statistics.median(getattr(step, name) for step in of) for name in names}
        return Step(last=median_spread(step.last for step in of), **values)

    return Run(
        publish=statistics.median(run.publish for run in runs),
        rss=statistics.median(run.rss for run in runs),
        compressed=statistics.median(run.compressed for run in runs),
        steps={number: step([run.steps[number] for run in runs]) for number in readers},
    )
