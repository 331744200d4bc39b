"""The page's two clocks, as JavaScript runs them: the service's time by its messages, and which frame comes next."""

import itertools
import json
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.servers import ROOT

ONAIR = (ROOT / "web" / "onair").as_uri()
SCRIPT = f"""
const {{ Clock }} = await import("{ONAIR}/clock.js");
const {{ Leash }} = await import("{ONAIR}/leash.js");
const {{ TimeOfDay }} = await import("{ONAIR}/time.js");
const {{ DateTimeFormat }} = Intl;
const given = JSON.parse(process.argv[1]);
const run = {{
  clock({{ offset, heard, local }}) {{
    const clock = new Clock(offset);
    for (const [now, at] of heard) clock.heard(now, at);
    return clock.now(local);
  }},
  leash({{ exact, rate }}) {{
    const leash = new Leash();
    return exact.map((one) => leash.next(one, rate));
  }},
  time({{ moment, lang, zone, old }}) {{ // an old browser knows no `hourCycle`
    const known = ({{ hourCycle, ...options }}) => (old ? options : {{ hourCycle, ...options }});
    Intl.DateTimeFormat = function (one, options) {{ return new DateTimeFormat(one, known(options)); }};
    const node = {{}};
    new TimeOfDay(node, lang, zone).tell(moment);
    return node.textContent;
  }},
}};
console.log(JSON.stringify(given.map(([name, options]) => run[name](options))));
"""


def ran(*calls: tuple[str, dict[str, Any]]) -> list[Any]:
    command = ["node", "--input-type=module", "-e", SCRIPT, json.dumps(calls)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    found: list[Any] = json.loads(done.stdout)
    return found


def frames(exact: list[float], rate: float = 50) -> list[int]:
    (found,) = ran(("leash", {"exact": exact, "rate": rate}))
    return list(found)


def clock(*heard: tuple[float, float], local: float, offset: float = 0) -> float:
    (found,) = ran(("clock", {"offset": offset, "heard": heard, "local": local}))
    return float(found)


# --- the service's time ---------------------------------------------------------------------------------------------


def test_until_a_service_speaks_it_is_the_machines_own() -> None:
    assert clock(local=10, offset=1000) == 1010


@settings(max_examples=8)
@given(st.lists(st.integers(0, 900), min_size=1, max_size=20))
def test_the_message_that_was_least_late_is_believed(late: list[int]) -> None:
    heard = [(5000 + i * 100, i * 100 + by) for i, by in enumerate(late)]

    assert clock(*heard, local=10_000) == 15_000 - min(late)


def test_what_was_heard_long_ago_is_forgotten_since_clocks_drift() -> None:
    assert clock((1000, 0), (60_990, 60_000), local=60_000) == 60_990


def test_one_message_that_was_held_up_is_no_clock_set_back_and_three_are() -> None:
    back = [(10_000 + late, 20_000 + late) for late in (0, 1000, 2000)]

    assert clock((20_000, 10_000), *back[:2], local=21_000) == 31_000
    assert clock((20_000, 10_000), *back, local=22_000) == 12_000


def test_what_a_connection_that_stood_still_brings_at_once_is_no_clock_set_back() -> None:
    held_up = [(20_000 + ms, 24_000) for ms in (500, 1000, 1500, 2000)]

    assert clock((20_000, 20_000), *held_up, (25_000, 25_000), local=25_000) == 25_000
    assert clock((20_000, 20_000), *held_up, local=24_000) == 24_000


def test_a_clock_that_is_set_forward_is_believed_at_once() -> None:
    assert clock((1000, 0), (9_000_000, 1000), local=1000) == 9_000_000


# --- the time of day ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    ("lang", "zone", "midnight", "afternoon"),
    [
        ("en", "UTC", "00:07", "13:07"),
        ("es", "Europe/Madrid", "01:07", "14:07"),
        ("ar-EG", "UTC", "\u0660\u0660:\u0660\u0667", "\u0661\u0663:\u0660\u0667"),
        ("no language", "nowhere", "00:07", "13:07"),
    ],
)
def test_the_clock_has_twenty_four_hours(lang: str, zone: str, midnight: str, afternoon: str, *, old: bool) -> None:
    minutes = {"midnight": 7, "afternoon": 13 * 60 + 7}
    moments = [1_764_028_800_000 + minutes[name] * 60_000 for name in ("midnight", "afternoon")]

    told = ran(*(("time", {"moment": moment, "lang": lang, "zone": zone, "old": old}) for moment in moments))
    assert told == [midnight, afternoon]


# --- the frames -----------------------------------------------------------------------------------------------------


@settings(max_examples=8)
@given(st.lists(st.floats(-0.9, 0.9), min_size=2, max_size=200))
def test_a_screen_at_the_outputs_rate_moves_by_one_however_the_clock_wavers(wavering: list[float]) -> None:
    drawn = frames([1000.5, *(1001.5 + i + by for i, by in enumerate(wavering))])

    assert drawn == list(range(1000, 1001 + len(wavering)))


def test_a_faster_screen_repeats_frames_and_never_goes_back() -> None:
    drawn = frames([1000 + i * 50 / 60 for i in range(600)])

    assert all(after - before in (0, 1) for before, after in itertools.pairwise(drawn))
    assert abs(drawn[-1] - (1000 + 599 * 50 / 60)) < 2.5


def test_a_slower_screen_leaves_frames_out() -> None:
    drawn = frames([1000 + i * 2 for i in range(300)])

    assert abs(drawn[-1] - 1598) < 2.5
    assert all(after > before for before, after in itertools.pairwise(drawn))


def steps(drawn: list[int]) -> list[int]:
    return [after - before for before, after in itertools.pairwise(drawn)]


@pytest.mark.parametrize("phase", [0, 0.3, 0.5, 0.95])
@pytest.mark.parametrize(("rate", "pattern"), [(25, [2]), (30, [2, 2, 1]), (50 / 3, [3]), (12.5, [4])])
def test_a_host_that_asks_less_often_moves_as_evenly_as_it_can(rate: float, pattern: list[int], phase: float) -> None:
    wavering = (0.1, -0.1, 0.05, 0, -0.15) if len(pattern) == 1 else (0,) * 5
    drawn = frames([1000 + phase + i * 50 / rate + wavering[i % 5] for i in range(302)])

    found = steps(drawn)[50:]
    period = len(pattern)
    assert sorted(found[:period]) == sorted(pattern)
    assert found == found[:period] * (len(found) // period) + found[: len(found) % period]


@pytest.mark.parametrize(("rate", "by"), [(48, {1, 2}), (50, {1}), (59.94, {0, 1}), (60, {0, 1})])
def test_a_host_near_the_outputs_rate_moves_by_one_and_seldom_by_another(rate: float, by: set[int]) -> None:
    found = steps(frames([1000.5 + i * 50 / rate for i in range(600)]))

    assert set(found) == by
    assert abs(sum(one != 1 for one in found) - 600 * abs(1 - 50 / rate)) <= 2


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0.2, 25), st.integers(1, 60)), min_size=1, max_size=8), st.floats(0, 1))
def test_a_host_that_gets_slower_and_faster_stays_with_the_clock(phases: list[tuple[float, int]], start: float) -> None:
    """Each phase: the frames from one ask to the next, and how many asks."""
    exact = list(itertools.accumulate((by for by, many in phases for _ in range(many)), initial=1000 + start))
    drawn = frames(exact)

    assert all(by >= 0 for by in steps(drawn))
    assert max(abs(frame + 0.5 - by_the_clock) for frame, by_the_clock in zip(drawn, exact, strict=True)) <= 2.5


def test_a_host_that_is_fast_again_does_not_stand_still() -> None:
    slow = [1000.5 + i * 5 for i in range(30)]
    fast = [slow[-1] + (i + 1) * 50 / 60 for i in range(60)]

    found = steps(frames(slow + fast))[-60:]
    assert max(len(list(run)) for by, run in itertools.groupby(found) if by == 0) <= 4
    assert max(found) <= 2


def test_after_a_standstill_it_is_where_others_are() -> None:
    assert frames([1000.5, 1001.5, 1400.7]) == [1000, 1001, 1400]


def test_a_clock_that_was_set_back_is_followed() -> None:
    assert frames([1000.5, 1001.5, 20.2, 21.2]) == [1000, 1001, 20, 21]
