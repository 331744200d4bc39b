"""The benchmarks: what is pure in them, and one figure for real."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import document, machine, pictures, report, subjects
from benchmarks.figures import FIGURES
from benchmarks.figures.measure import median_spread, rounded
from benchmarks.figures.sweep import MOST_DELIVERIES, READERS, pace
from benchmarks.load import Load, Spread
from benchmarks.peers import FLOOR_SSE, FLOOR_WS
from benchmarks.publisher import publish_steadily
from benchmarks.reading import Answers
from benchmarks.report import Bars, Figure, Histogram, Lines, Table
from tests.tcp import answering

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"

BARS = Figure(
    name="speed",
    title="How fast",
    tables=[Table("µs", ["subject", "µs"], [["ticker", "1.5"], ["a longer name", "12"]])],
    picture=Bars("µs", {"ticker": 1.5, "a longer name": 12}),
    notes=["A note."],
)


# --- the report -----------------------------------------------------------------------------------------------------


def test_a_table_is_aligned_markdown():
    assert report.as_text(BARS).splitlines()[4:8] == [
        "| subject       |  µs |",
        "|---------------|----:|",
        "| ticker        | 1.5 |",
        "| a longer name |  12 |",
    ]


def test_a_failed_figure_says_so():
    failed = Figure("speed", "How fast", BARS.tables, BARS.picture, failed=True)
    assert "FAILED" in report.as_text(failed)
    assert "FAILED" not in report.as_text(BARS)


def test_what_is_kept_can_be_read_again(tmp_path):
    report.keep([BARS], {"cpu": "an abacus"}, tmp_path)
    kept = json.loads((tmp_path / "results.json").read_text())
    assert kept["about"] == {"cpu": "an abacus"}
    assert kept["figures"][0]["tables"][0]["rows"] == [["ticker", "1.5"], ["a longer name", "12"]]
    assert "- cpu: an abacus" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize(
    "picture",
    [
        Bars("µs", {"ticker-sse": 1.5, "floor-sse": 1.0, "queue-sse": 120.0}),
        Lines("readers", "µs", {"SSE": {"ticker-sse": [(100, 1), (1000, 2)], "x": [(100, 1), (1000, 2)]}, "WS": {}}),
        Lines("readers", "ms", {"": {"x": [(0, 1), (10, 200)]}}, log_x=False, log_y=True),
        Histogram("s", "readers", 0.1, {"ticker-sse": [1, 0, 5], "ticker-ws": []}),
    ],
)
def test_every_kind_of_picture_can_be_drawn(picture, tmp_path):
    drawn = pictures.draw(Figure("speed", "How fast", [], picture), tmp_path)
    assert drawn == tmp_path / "speed.svg"
    assert "<svg" in drawn.read_text()


@given(st.lists(st.floats(min_value=0, max_value=1), min_size=1, max_size=12))
def test_labels_are_moved_apart_and_keep_their_order(heights):
    least = 0.05
    moved = pictures.apart(heights, least)
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed = [moved[i] for i in order]
    assert all(upper - lower > least * 0.999 for lower, upper in itertools.pairwise(placed))


def test_labels_that_do_not_touch_stay_where_they_are():
    assert pictures.apart([0.9, 0.1, 0.5], 0.05) == [0.9, 0.1, 0.5]


# --- the page -------------------------------------------------------------------------------------------------------


def test_a_run_takes_the_place_of_the_one_before():
    page = PAGE.read_text()
    once = document.renewed(page, [BARS], {"cpu": "an abacus"})
    again = document.renewed(once, [BARS], {"cpu": "eight cores"})
    assert "![How fast](performance/speed.svg)" in again
    assert "### speed: How fast" in again
    assert "eight cores" in again
    assert "an abacus" in once
    assert "an abacus" not in again
    assert again.partition(document.BEGIN)[0] == page.partition(document.BEGIN)[0]
    assert again.partition(document.END)[2] == page.partition(document.END)[2]


def test_a_page_without_a_place_is_refused():
    with pytest.raises(RuntimeError, match="no place for a run"):
        document.renewed("# Performance\n", [BARS], {})


def test_the_page_tells_of_every_figure_and_subject():
    page = PAGE.read_text()
    for name in [*FIGURES, *subjects.SUBJECTS]:
        assert f"`{name}`" in page, name


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"), [(0.123, "0.12"), (9.876, "9.88"), (12.34, "12.3"), (123.4, "123"), (12345, "12,345")]
)
def test_numbers_have_three_digits_that_say_something(value, shown):
    assert rounded(value) == shown


def test_the_median_of_spreads_is_taken_of_each_part():
    assert median_spread([Spread(1, 9, 30), Spread(2, 7, 20), Spread(3, 8, 10)]) == Spread(2, 8, 20)


@given(st.integers(1, 100_000), st.floats(0.5, 10))
def test_before_many_readers_events_are_slower(readers, seconds):
    rate, events = pace(readers, seconds)
    assert rate * readers <= MOST_DELIVERIES * 1.001 or rate == pace(1, seconds)[0]
    assert events >= 3


def test_readers_grow():
    assert list(READERS) == sorted(READERS)


def test_an_unknown_subject_is_named():
    with pytest.raises(RuntimeError, match="no subject swift"):
        subjects.chosen("floor-sse,swift")


# --- for real -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", [FLOOR_SSE, FLOOR_WS], ids=["sse", "ws"])
def test_readers_count_what_was_sent_and_come_back(subject):
    machine.raise_file_limit()
    counts = {subject.kind: 20}
    with subject.running(300) as running, Load(running, sse=counts.get("sse", 0), ws=counts.get("ws", 0)) as load:
        load.open(5)
        assert load.tally().live == 5
        load.open()
        load.begin()
        publish_steadily(running.publisher, 4, 100)
        load.settle(80)
        heard = load.end(5)
        assert (heard.connections, heard.deliveries, heard.repeated, heard.closed) == (20, 80, 0, 0)
        assert heard.payload == 80 * 300
        assert heard.missing == {4: 20}  # which was never published
        assert 0 < heard.first.p50 <= heard.last.max
        load.again()
        load.begin()
        publish_steadily(running.publisher, 1, 100)
        load.settle(20)
        assert load.end(1).lost == 0


async def test_pages_report_reads_when_they_are_told_to_and_not_before():
    came = asyncio.Queue[bytes]()

    async def answer(reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            came.put_nowait(await reader.readexactly(size))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with answering(answer) as port:
        command = ["-m", "benchmarks.reading", str(port), "200", "0.5"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        reading = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, **pipes)
        assert await reading.stdout.readline() == b"ready\n"
        assert came.empty()
        said, _ = await reading.communicate(b"\n")
        answers = Answers(**json.loads(said))
        assert answers.sent == answers.answered == came.qsize() == 100


def test_who_shares_a_core_waits_for_it():
    busy = [sys.executable, "-c", "while True: pass"]
    with machine.pinned([machine.SERVER_CORE]):
        pair = [subprocess.Popen(busy) for _ in range(2)]
    try:
        deadline = time.monotonic() + 30
        while min(machine.waited_seconds(one.pid) for one in pair) < 0.05:
            assert time.monotonic() < deadline, "two who never stop share a core, and one of them never waits"
            time.sleep(0.05)
    finally:
        for one in pair:
            one.kill()
            one.wait()


def test_a_figure_end_to_end(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--quick", "fanout", "--subjects", "floor-sse,ticker-sse"]
    command += ["--connections", "20,50", "--seconds", "0.5", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "results.json").read_text())
    net = kept["figures"][0]["tables"][0]
    assert net["columns"][:3] == ["subject", "20", "50"]
    assert [row[0] for row in net["rows"]] == ["floor-sse", "ticker-sse"]
    assert all(float(row[2].replace(",", "")) > 0 for row in kept["figures"][0]["tables"][1]["rows"])
    assert (tmp_path / "fanout.svg").exists()
    assert "## fanout" in done.stdout
