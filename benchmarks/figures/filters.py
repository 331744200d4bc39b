"""What filters cost: many readers over several, against as many without."""

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.figures.measure import IDLE, cpu_of, interleaved, load_of, rest, rounded
from benchmarks.figures.options import Options
from benchmarks.project import started
from benchmarks.publisher import publish_steadily
from benchmarks.report import Bars, Figure, Table
from benchmarks.subject import Subject

SECTIONS = 20
URGENCIES = ("flash", "urgent", "bulletin", "routine")
RATE = 10  # events a second


def _flash(event: int, text: str) -> bytes:
    return json.dumps({"text": text, "urgency": "flash", "section": f"s{event % SECTIONS}"}).encode()


def _one_section(_: int, text: str) -> bytes:
    return json.dumps({"text": text, "urgency": "flash", "section": "s0"}).encode()


@dataclass(frozen=True)
class Case:
    name: str
    queries: tuple[str, ...]  # of one reader after the other
    reached: int  # readers of a hundred that each event passes to
    draft: Callable[[int, str], bytes]


CASES = (
    Case("no filter", ("",), 100, _flash),
    Case(
        f"{SECTIONS} filters, an event passes one of them",
        tuple(f"?section=s{n}" for n in range(SECTIONS)),
        100 // SECTIONS,
        _flash,
    ),
    Case(
        "9 filters, an event passes all of them",
        (*(f"?urgency={u}" for u in URGENCIES), "?section=s0", *(f"?urgency={u}&section=s0" for u in URGENCIES)),
        100,
        _one_section,
    ),
)


def filters(options: Options) -> Figure:
    readers = options.readers(1000, 500) // SECTIONS * SECTIONS
    kinds = {subject.kind for subject in options.ours}
    subjects = {
        Subject(f"ticker-{kind}, {case.name}", kind, started(_path(kind), draft=case.draft)): case
        for kind in sorted(kinds)
        for case in CASES
    }
    runs: dict[str, list[tuple[float, float]]] = {}
    for subject in interleaved("filters", options.repetitions, list(subjects)):
        runs.setdefault(subject.name, []).append(_cost(subject, subjects[subject], readers, options.window(2, 1)))
    event = {name: statistics.median(cost for cost, _ in of) for name, of in runs.items()}
    message = {name: statistics.median(cost for _, cost in of) for name, of in runs.items()}
    rows = [[name, rounded(cost / 1000), rounded(message[name])] for name, cost in event.items()]
    return Figure(
        name="filters",
        title=f"What filters cost, {readers:,} readers",
        tables=[Table("", ["", "ms of CPU per event", "µs per message"], rows)],
        picture=Bars("ms of server CPU per event", {name: cost / 1000 for name, cost in event.items()}),
        notes=[f"{RATE} events a second, publishing included. Medians of {options.repetitions} runs."],
    )


def _path(kind: str) -> str:
    return {"sse": "stream", "ws": "ws"}[kind]


def _cost(subject: Subject, case: Case, readers: int, seconds: float) -> tuple[float, float]:
    """µs per event, and per message."""
    events = max(SECTIONS, round(RATE * seconds))
    with subject.running() as running:
        publish_steadily(running.publisher, 5, RATE)
        with load_of(subject, running, readers) as load:
            for turn, query in enumerate(case.queries):
                load.move(running.path + query)
                load.open(readers * (turn + 1) // len(case.queries))
            load.begin()
            idle = cpu_of(running, rest(IDLE)) / IDLE
            load.begin()
            busy = cpu_of(running, lambda: publish_steadily(running.publisher, events, RATE)) - idle * events / RATE
            load.settle(events * readers * case.reached // 100)
            messages = load.tally().deliveries
    if messages != events * readers * case.reached // 100:
        raise RuntimeError(f"{subject.name}: {messages} messages came of {events} events to {readers} readers")
    return busy / events * 1e6, busy / messages * 1e6
