"""What reads do to the fan-out: the same events to the same readers, without reads and with 2,000 a second."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import redis
import uvloop

from benchmarks import machine
from benchmarks.beacon import CHANNEL, in_redis, registered
from benchmarks.figures.measure import SETTLE, load_of, median_spread, rounded
from benchmarks.figures.options import Options
from benchmarks.load import Load, Spread
from benchmarks.process import ROOT
from benchmarks.project import started
from benchmarks.publisher import publish_steadily
from benchmarks.reading import Answers
from benchmarks.report import Bars, Figure, Table, say
from benchmarks.subject import Running, Subject

EVENTS = 10  # a second
READS = 2_000  # a second
LONGEST = 1_000  # µs that 99 of 100 of each Redis command may take
PATIENCE = 15  # s until the last reads are written: a story with few of them waits for ten

HOSTS = f'[channels.en.most_read]\nhosts = ["{CHANNEL.most_read.hosts[0]}"]\n'
TICKER = Subject("ticker-ws, most read", "ws", started("ws", config=HOSTS, scheduler=True))
WITHOUT, WITH = "without reads", f"with {READS:,} reads/s"


@dataclass(frozen=True)
class Minute:
    """One window."""

    last: Spread  # ms from sending a publish to its last reader
    cpu: float  # of a core, by the server
    waited: float  # of the time, by the server for a core
    answers: Answers | None  # to the reads
    written: int  # reads
    commands: Mapping[str, float]  # µs, p99 of each Redis command; empty before Redis 7


def reads(options: Options) -> Figure:
    seconds, readers = options.window(60, 3), options.readers(1_000, 100)
    found: dict[str, list[Minute]] = {WITHOUT: [], WITH: []}
    with TICKER.running() as running:
        uvloop.run(registered(_url(running)))
        with load_of(TICKER, running, readers, most_events=round(EVENTS * seconds) + 1) as load:
            load.open()
            time.sleep(SETTLE)
            for repetition in range(options.repetitions):
                for name, minutes in found.items():
                    say(f"reads {repetition + 1}/{options.repetitions}: {name}")
                    minutes.append(_minute(running, load, seconds, READS if name == WITH else 0))
    return _figure(found, readers, seconds)


def _minute(running: Running, load: Load, seconds: float, rate: int) -> Minute:
    events = round(EVENTS * seconds)
    before = in_redis(_url(running))
    with ExitStack() as stack:
        client = stack.enter_context(redis.Redis(unix_socket_path=str(running.redis), decode_responses=True))
        client.config_resetstat()
        reading = stack.enter_context(_reading(running.port, rate, seconds)) if rate else None
        load.begin()
        cpu, waited, start = machine.cpu_seconds(running.pid), machine.waited_seconds(running.pid), time.monotonic()
        if reading:
            _begin(reading)
        publish_steadily(running.publisher, events, EVENTS)
        load.settle(events * load.readers)
        cpu, took = machine.cpu_seconds(running.pid) - cpu, time.monotonic() - start
        waited = machine.waited_seconds(running.pid) - waited
        answers = Answers(**json.loads(reading.communicate(timeout=60)[0])) if reading else None
        heard = load.end(events)
        if heard.missing or heard.repeated or heard.closed:
            raise RuntimeError(f"Messages were lost or repeated, or readers cut off: {heard}")
        written = _written(running, before, answers.answered if answers else 0)
        return Minute(heard.last, cpu / took, waited / took, answers, written, _commands(client))


def _reading(port: int, rate: int, seconds: float) -> "subprocess.Popen[str]":
    """Connected, and waiting for `_begin`: its start would take the readers' core from them for a second."""
    command = [sys.executable, "-m", "benchmarks.reading", str(port), str(rate), str(seconds)]
    reading = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert reading.stdout
    if reading.stdout.readline() != "ready\n":
        raise RuntimeError("Who reports reads did not start; its reason is above.")
    return reading


def _begin(reading: "subprocess.Popen[str]") -> None:
    assert reading.stdin
    reading.stdin.write("\n")
    reading.stdin.flush()


def _written(running: Running, before: int, expected: int) -> int:
    deadline = time.monotonic() + PATIENCE
    while (written := in_redis(_url(running)) - before) < expected and time.monotonic() < deadline:
        time.sleep(0.5)
    return written


def _commands(client: Any) -> dict[str, float]:
    """By Redis's own clock, since the window began."""
    found = client.info("latencystats")
    return {name.removeprefix("latency_percentiles_usec_"): float(one["p99"]) for name, one in found.items()}


def _url(running: Running) -> str:
    return f"unix://{running.redis}"


def _figure(found: Mapping[str, list[Minute]], readers: int, seconds: float) -> Figure:
    last = {name: median_spread(minute.last for minute in minutes) for name, minutes in found.items()}
    rows = [
        [name, *(rounded(value) for value in (spread.p50, spread.p99, spread.max)),
         f"{statistics.median(minute.cpu for minute in found[name]):.0%}",
         f"{statistics.median(minute.waited for minute in found[name]):.1%}"]
        for name, spread in last.items()
    ]  # fmt: skip
    told = [minute for minute in found[WITH] if minute.answers]
    beacons = [
        [f"{one.answers.answered / one.answers.seconds:,.0f}", f"{one.answers.answered:,} of {one.answers.sent:,}",
         f"{one.written:,}", rounded(one.answers.p50), rounded(one.answers.p99)]
        for one in told if one.answers
    ]  # fmt: skip
    names = sorted({name for minutes in found.values() for minute in minutes for name in minute.commands})
    commands = [
        [name, *(rounded(max(minute.commands.get(name, 0) for minute in minutes)) for minutes in found.values())]
        for name in names
    ]
    slow = [row[0] for row in commands if any(minute.commands.get(row[0], 0) > LONGEST for minute in found[WITH])]
    return Figure(
        name="reads",
        title=f"{READS:,} reads a second beside the fan-out",
        tables=[
            Table("ms from a publish to its last reader", ["", "p50", "p99", "max", "server CPU", "it waited"], rows),
            Table("the reads, run by run", ["answered a second", "answered", "written", "p50, ms", "p99, ms"], beacons),
            Table("µs of Redis commands, p99 in the worst run", ["command", *found], commands),
        ],
        picture=Bars("ms to the last reader, p99", {name: spread.p99 for name, spread in last.items()}),
        notes=[
            f"{readers:,} readers on WebSocket, {EVENTS} events a second for {seconds:.0f} s; medians of the runs.",
            "It waited: of the time, how much the server was ready to run and had no core (Linux, schedstat).",
            f"Redis commands above {LONGEST / 1000:.0f} ms in 99 of 100: {', '.join(slow) or 'none'}.",
        ],
        failed=any(one.answers.answered < one.answers.sent or one.written < one.answers.answered
                   for one in told if one.answers),
    )  # fmt: skip
