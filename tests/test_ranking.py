"""Exact decay, and the rules of a list."""

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from ticker import ranking
from ticker.channel import MostRead
from ticker.ranking import HOUR, Candidate, Held, Ranked, Ruling, Today, Verdict, Window, barred, rank
from ticker.story import Story, story_id

POLICY = MostRead(least_reads=1)
FRESH = Ranked([], None)


def story(number: int = 0, *, age: int = HOUR, group: str | None = None) -> Story:
    link = f"https://news.example.org/{number}"
    return Story(id=story_id(link), title=f"Story {number}", link=link, published_at=NOW - age, group=group)


def candidates(reads: Sequence[float]) -> list[Candidate]:
    return [Candidate(story(number), one, one) for number, one in enumerate(reads)]


# --- the arithmetic ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", Window)
def test_the_effective_width_is_the_windows(window: Window) -> None:
    assert window.half_life / math.log(2) == pytest.approx(window.ms, rel=1e-6)


TIMES = st.lists(st.integers(0, 30 * 24 * HOUR), min_size=1, max_size=50)


@given(TIMES, st.sampled_from(Window))
def test_the_score_is_the_exact_decay(ages: list[int], window: Window) -> None:
    h, landmark = window.half_life, NOW - 30 * 24 * HOUR
    if (NOW - landmark) / h > ranking.REBASE_AT:
        landmark = NOW - ranking.REBASE_AT * h
    score = sum(ranking.weight(NOW - age, landmark, h) for age in ages)
    exact = math.fsum(2.0 ** (-age / h) for age in ages)
    assert ranking.decayed(score, landmark, h, NOW) == pytest.approx(exact, rel=1e-9)


@given(st.floats(1e-3, 1e6), st.integers(0, 10**9), st.sampled_from(Window))
def test_half_is_left_after_a_half_life(reads: float, age: int, window: Window) -> None:
    h = window.half_life
    score = reads * ranking.weight(NOW, NOW - age % h, h)
    now = ranking.decayed(score, NOW - age % h, h, NOW)
    assert ranking.decayed(score, NOW - age % h, h, NOW + h) == pytest.approx(now / 2, rel=1e-12)


@given(st.lists(st.floats(1.0, 2.0**600), min_size=1), st.integers(ranking.REBASE_AT + 1, 900), st.sampled_from(Window))
def test_rebasing_changes_no_bit(scores: list[float], lives: int, window: Window) -> None:
    h = window.half_life
    now = NOW + lives * h
    landmark, steps = ranking.rebase(NOW, h, now)
    assert steps == lives
    assert landmark == now - (now - NOW) % h
    factor = 2.0**-steps
    whole = [score for score in scores if score * factor > 2.0**-1022]  # smaller ones are long forgotten
    assert [score * factor / factor for score in whole] == whole
    assert ranking.rebase(NOW, h, NOW + ranking.REBASE_AT * h) == (NOW, 0)


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="rebase first"):
        ranking.weight(NOW + 600 * HOUR, NOW, HOUR)


def test_rising_is_a_rate_and_not_a_number_of_reads() -> None:
    steady, new = ranking.rising(1_000, 24_000), ranking.rising(200, 200)
    assert new > 20 * steady
    assert steady == pytest.approx(1, rel=0.01)


# --- the rules --------------------------------------------------------------------------------------------------------

READS = st.lists(st.floats(1, 1e6), max_size=30)


@given(READS, st.randoms(use_true_random=False))
def test_a_list_settles_to_the_exact_order(reads: list[float], chance: random.Random) -> None:
    all_ = candidates(reads)
    exact = [one.story.id for one in sorted(all_, key=lambda one: (-one.reads, one.story.id))]
    before = exact[:]
    chance.shuffle(before)
    first = rank(all_, Ranked(before, None), Held(), POLICY, NOW)
    assert sorted(first.order) == sorted(exact)
    by_id = {one.story.id: one.reads for one in all_}
    for above, below in zip(first.order, first.order[1:], strict=False):
        assert by_id[below] <= by_id[above] * POLICY.steady_ratio
    later = rank(all_, first, Held(), POLICY, NOW + POLICY.settle_seconds * 1000)
    assert later == (exact, None)


def test_a_list_does_not_flicker() -> None:
    a, b = (story(number).id for number in (0, 1))
    list_ = rank(candidates([100, 99]), FRESH, Held(), POLICY, NOW)
    for second in range(20):
        close = candidates([100, 101] if second % 2 else [101, 100])
        list_ = rank(close, list_, Held(), POLICY, NOW + second * 1000)
        assert list_.order == [a, b]
    assert rank(candidates([100, 106]), list_, Held(), POLICY, NOW + 20_000).order == [b, a]


def why(reads: float = 50, held: Held | None = None, age: int = HOUR, policy: MostRead | None = None) -> str | None:
    return barred(Candidate(story(age=age), reads, reads), held or Held(), policy or MostRead(), NOW)


def test_what_keeps_a_story_out() -> None:
    one = story().id
    assert why() is None
    assert why(reads=29.9) == "little_evidence"
    assert why(age=31 * 24 * HOUR) == "old"
    assert why(held=Held(flags={one: "one_network"})) == "one_network"
    assert why(held=Held({one: Ruling(Verdict.ALLOW)}, {one: "one_network"})) is None
    assert why(held=Held({one: Ruling(Verdict.EXCLUDE)})) == "excluded"
    assert why(held=Held(withheld={one: "retracted"})) == "retracted"
    assert why(held=Held({one: Ruling(Verdict.PIN)}, withheld={one: "retracted"})) == "retracted"
    assert why(reads=0, held=Held({one: Ruling(Verdict.PIN)})) is None
    assert why(held=Held(withheld={one: "expired"})) == "expired"
    assert why(held=Held(withheld={one: "expired"}), policy=MostRead(expired_leave=False)) is None


def test_pins_stand_where_the_editor_has_put_them() -> None:
    ids = [story(number).id for number in range(5)]
    held = Held({ids[4]: Ruling(Verdict.PIN, 1), ids[3]: Ruling(Verdict.PIN, 3), ids[0]: Ruling(Verdict.PIN, 50)})
    assert rank(candidates([9, 8, 7, 6, 5]), FRESH, held, POLICY, NOW).order == [
        ids[4], ids[1], ids[3], ids[2], ids[0],
    ]  # fmt: skip


def test_editions_of_one_story_are_one_row() -> None:
    both = [Candidate(story(1, group="storm"), 10, 10), Candidate(story(2, group="storm"), 20, 20)]
    assert rank(both, FRESH, Held(), POLICY, NOW).order == [story(2).id]


def test_a_list_is_never_longer_than_it_may_be() -> None:
    assert len(rank(candidates([5.0] * 80), FRESH, Held(), POLICY, NOW).order) == ranking.ROWS


DAY = 24 * HOUR


def reads_of(ages: Sequence[float], window: Window) -> float:
    return math.fsum(2.0 ** (-age / window.half_life) for age in ages)


@pytest.mark.parametrize(
    ("age", "ages", "revived"),
    [
        pytest.param(900, [hour * 2 * DAY / 1_300 for hour in range(1_300)], True, id="1,300 in two days, dead before"),
        pytest.param(900, [hour * 20 * DAY / 13_000 for hour in range(13_000)], False, id="read evenly for weeks"),
        pytest.param(1, [hour * DAY / 13_000 for hour in range(13_000)], False, id="new"),
    ],
)
def test_a_story_back_from_the_dead_is_noticed(age: int, ages: list[float], revived: bool) -> None:
    day, week = reads_of(ages, Window.DAY), reads_of(ages, Window.WEEK)
    assert ranking.is_revived(story(age=age * DAY), day, week, MostRead(), NOW) is revived


USUAL = {f"s{number}": Today(1_200, 1_000) for number in range(10)}


@pytest.mark.parametrize(
    ("reads", "readers", "few"),
    [
        pytest.param(30 * 24, 30, True, id="thirty who come back every hour"),
        pytest.param(1_300, 1_300, False, id="thirteen hundred, each of them once"),
        pytest.param(44_000, 40_000, False, id="a surprise that everybody sends to everybody"),
        pytest.param(9_000, 3_000, False, id="a live page"),
        pytest.param(2_000 + 100 * 24, 2_000 + 100, False, id="a hundred cannot have what two thousand read held out"),
        pytest.param(29, 1, False, id="too little to say"),
    ],
)
def test_what_a_few_read_again_and_again_is_noticed(reads: int, readers: int, few: bool) -> None:
    found = ranking.comes_of_few(USUAL | {"one": Today(reads, readers)}, MostRead(least_reads=30))
    assert found == (["one"] if few else [])


def test_where_all_readers_come_back_it_is_no_cause() -> None:
    today = {f"s{number}": Today(6_000, 1_000) for number in range(3)}
    assert ranking.comes_of_few(today, MostRead()) == []
    assert ranking.comes_of_few({}, MostRead()) == []
    assert ranking.comes_of_few({"alone": Today(480, 10)}, MostRead()) == ["alone"]


@given(st.dictionaries(st.text(max_size=3), st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), max_size=8))
def test_what_is_noticed_has_that_many_reads_for_each_reader(found: dict[str, tuple[int, int]]) -> None:
    today = {story: Today(reads + readers, readers) for story, (reads, readers) in found.items()}
    for story in ranking.comes_of_few(today, MostRead()):
        assert today[story].reads > ranking.RETURNS * today[story].readers
