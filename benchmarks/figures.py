"""The figures: what is done to the subjects, and what is read off."""

import itertools
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks import machine
from benchmarks.load import Heard, Load
from benchmarks.report import Figure, say
from benchmarks.subjects import FLOOR, PLAIN_SIZE, TICKER_SSE, TICKER_WS, USUAL, Publisher, Running, Subject

SETTLE = 1.0  # s of rest after connecting and after hanging up
RATE = 10  # events a second, for `fanout`
FANOUT_COLUMNS = (
    "subject",
    "µs/delivery",
    "× floor",
    "lowest",
    "highest",
    "µs/publish, no readers",
    "less publishing",
    "bytes",
)


@dataclass(frozen=True)
class Options:
    subjects: Sequence[Subject] = USUAL
    seconds: int | None = None  # how long a window is; each figure has its own idea
    connections: int | None = None
    repetitions: int = 3
    rate: int = 200  # accepted publishes a second, for `soak`


# --- fanout ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """Server CPU of one run, in µs."""

    delivery: float  # per delivered message, everything included
    publish: float  # per event, with no reader connected
    wire: float  # bytes per delivered message


def fanout(options: Options) -> Figure:
    """What one delivered message costs the server in CPU: user and system time, less that of an idle window."""
    seconds, connections = options.seconds or 5, options.connections or 1000
    size = _payload(options.subjects)
    runs: dict[str, list[Cost]] = {subject.name: [] for subject in options.subjects}
    for repetition, subject in itertools.product(range(options.repetitions), options.subjects):
        cost = _cost(subject, connections, seconds, size)
        runs[subject.name].append(cost)
        say(f"fanout {repetition + 1}/{options.repetitions} {subject.name}: {cost.delivery:.1f} µs")
    medians = {name: statistics.median(cost.delivery for cost in costs) for name, costs in runs.items()}
    floor = medians.get(FLOOR.name)
    return Figure(
        name="fanout",
        title=f"Server CPU per delivered message: {connections} connections, {RATE} events/s",
        unit="µs",
        columns=FANOUT_COLUMNS,
        rows=[_fanout_row(name, costs, medians[name], floor, connections) for name, costs in runs.items()],
        bars=medians,
        notes=[
            f"Median of {options.repetitions} interleaved runs, windows of {seconds} s, {size} bytes of JSON each.",
            "The first column has everything in it, also what the server does to accept an event.",
        ],
    )


def _fanout_row(name: str, costs: Sequence[Cost], median: float, floor: float | None, connections: int) -> list[str]:
    publish = statistics.median(cost.publish for cost in costs)
    lowest, highest = min(cost.delivery for cost in costs), max(cost.delivery for cost in costs)
    return [
        name,
        f"{median:.1f}",
        f"{median / floor:.2f}" if floor else "",
        f"{lowest:.1f}",
        f"{highest:.1f}",
        f"{publish:.0f}",
        f"{median - publish / connections:.1f}",
        f"{statistics.median(cost.wire for cost in costs):.0f}",
    ]


def _payload(subjects: Sequence[Subject]) -> int:
    """The JSON bytes of this project's messages: the others are given as many."""
    if TICKER_SSE not in subjects and TICKER_WS not in subjects:
        return PLAIN_SIZE
    with TICKER_SSE.running() as running, Load(running, sse=1) as load:
        _publish_for(running, 1, RATE)
        load.settle(RATE)
        heard = load.end(RATE)
    return round(heard.payload / heard.deliveries)


def _load(subject: Subject, running: Running, connections: int) -> Load:
    return Load(running, sse=connections) if subject.kind == "sse" else Load(running, ws=connections)


def _cost(subject: Subject, connections: int, seconds: int, size: int) -> Cost:
    events = RATE * seconds
    with subject.running(size) as running:
        _publish_for(running, 1, RATE)  # what is done only once is not counted
        rest = _cpu(running, lambda: time.sleep(seconds))
        alone = _cpu(running, lambda: _publish_for(running, seconds, RATE)) - rest
        with _load(subject, running, connections) as load:
            time.sleep(SETTLE)
            load.begin()
            idle = _cpu(running, lambda: time.sleep(seconds))
            idle_heartbeats = load.heartbeats()
            load.begin()
            busy = _cpu(running, lambda: _publish_for(running, seconds, RATE))
            load.settle(events * connections)
            heard = load.end(events)
    if heard.missing or heard.repeated:
        raise RuntimeError(f"{subject.name} lost or repeated messages: {heard}")
    messages = heard.deliveries + heard.heartbeats
    delivery = (busy - idle) / (messages - idle_heartbeats)
    return Cost(delivery * 1e6, alone / events * 1e6, heard.bytes / messages)


def _cpu(running: Running, action: Callable[[], object]) -> float:
    before = machine.cpu_seconds(running.pid)
    action()
    return machine.cpu_seconds(running.pid) - before


def _publish_for(running: Running, seconds: int, rate: int) -> None:
    publisher = running.publisher()
    start = time.monotonic()
    for event in range(seconds * rate):
        _sleep_until(start + event / rate)
        answer = publisher.publish(event)
        if answer.status >= 300:
            raise RuntimeError(f"A publish was refused: {answer.status} {answer.body.decode()}")
    _sleep_until(start + seconds)
    publisher.close()


def _sleep_until(moment: float) -> None:
    time.sleep(max(0, moment - time.monotonic()))


# --- latency --------------------------------------------------------------------------------------------------------


def latency(options: Options) -> Figure:
    """From sending the request to the last byte at the reader, on a system that does nothing else."""
    rate, events = 50, 500
    spreads = {}
    for subject in options.subjects:
        say(f"latency {subject.name}")
        with subject.running() as running, _load(subject, running, 1) as load:
            time.sleep(SETTLE)
            load.begin()
            _publish_for(running, events // rate, rate)
            load.settle(events)
            spreads[subject.name] = load.end(events).latency
    return Figure(
        name="latency",
        title="Publish to reader on an idle system",
        unit="ms, p99",
        columns=("subject", "p50 ms", "p99 ms", "max ms"),
        rows=[[name, f"{s.p50:.2f}", f"{s.p99:.2f}", f"{s.max:.2f}"] for name, s in spreads.items()],
        bars={name: s.p99 for name, s in spreads.items()},
        notes=[f"{events} publishes over HTTP, {rate} a second, one reader; to the last byte of the message."],
    )


# --- soak -----------------------------------------------------------------------------------------------------------

WRITERS = 8


@dataclass
class Accepted:
    """What the writers of a soak were answered."""

    ids: dict[int, str] = field(default_factory=dict)  # event: its headline
    refused: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # that each answer took

    @property
    def p99(self) -> float:
        """In ms."""
        return statistics.quantiles(self.seconds, n=100)[98] * 1000 if len(self.seconds) > 1 else 0


def soak(options: Options) -> Figure:
    """Much is published to many, and everything accepted must reach everyone once. The figure fails otherwise."""
    seconds, connections = options.seconds or 60, options.connections or 500
    events = options.rate * seconds
    with TICKER_SSE.running() as running:
        sse = connections // 2
        with Load(running, sse=sse, ws=connections - sse, most_events=events) as load:
            time.sleep(SETTLE)
            load.begin()
            before, start = machine.cpu_seconds(running.pid), time.monotonic()
            accepted = _flood(running, events, options.rate)
            took = time.monotonic() - start
            cpu = machine.cpu_seconds(running.pid) - before
            say("soak: waiting for the last deliveries")
            load.settle(len(accepted.ids) * connections)
            heard = load.end(events, accepted.ids)
    return _soak_figure(accepted, heard, options.rate, took, cpu)


def _flood(running: Running, events: int, rate: int) -> Accepted:
    accepted, turns, start = Accepted(), itertools.count(), time.monotonic()

    def write() -> None:
        publisher = running.publisher()
        while (event := next(turns)) < events:
            _sleep_until(start + event / rate)
            _publish_once(publisher, event, accepted)
            if event % (rate * 5) == 0:
                say(f"soak: {event}/{events} published, {len(accepted.ids)} accepted")
        publisher.close()

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return accepted


def _publish_once(publisher: Publisher, event: int, accepted: Accepted) -> None:
    sent = time.monotonic()
    answer = publisher.publish(event)
    accepted.seconds.append(time.monotonic() - sent)
    if answer.status == 201:
        accepted.ids[event] = answer.headline_id
    else:
        accepted.refused[str(answer.status)] += 1


def _soak_figure(accepted: Accepted, heard: Heard, rate: int, took: float, cpu: float) -> Figure:
    lost = sum(readers for event, readers in heard.missing.items() if event in accepted.ids)
    reached = len(accepted.ids) / took
    refused = ", ".join(f"{n} × {status}" for status, n in accepted.refused.items()) or "0"
    rows = [
        ["accepted a second", f"{reached:.1f} (wanted {rate})"],
        ["accepted", f"{len(accepted.ids)} in {took:.1f} s"],
        ["refused", refused],
        ["answer p99 ms", f"{accepted.p99:.1f}"],
        ["readers", f"{heard.connections} ({heard.closed} closed)"],
        ["deliveries", f"{heard.deliveries} ({heard.deliveries / took:.0f} a second)"],
        ["lost", str(lost)],
        ["repeated", str(heard.repeated)],
        ["gone again before they came (net change)", str(heard.net)],
        ["removals, snapshots", f"{heard.removals}, {heard.snapshots}"],
        ["delivery p50, p99, max ms", f"{heard.latency.p50:.1f}, {heard.latency.p99:.1f}, {heard.latency.max:.1f}"],
        ["last reader p50, p99 ms", f"{heard.last.p50:.1f}, {heard.last.p99:.1f}"],
        ["server CPU", f"{cpu / took * 100:.0f} %"],
    ]
    return Figure(
        name="soak",
        title=f"{rate} publishes/s to {heard.connections} readers",
        unit="ms",
        columns=("", "soak"),
        rows=rows,
        bars={"p50": heard.latency.p50, "p99": heard.latency.p99, "max": heard.latency.max},
        notes=["Half of the readers on SSE, half on WebSocket; every accepted headline must reach each of them once."],
        failed=bool(lost or heard.repeated or not accepted.ids),
    )


FIGURES: dict[str, Callable[[Options], Figure]] = {"fanout": fanout, "latency": latency, "soak": soak}
