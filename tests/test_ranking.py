"""Exact decay, and the rules of a list."""

import itertools
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from ticker.channel import MostRead
from ticker.most_read import ranking
from ticker.most_read.ranking import HOUR, Candidate, Held, Ranked, Ruling, Today, Verdict, Window, barred, rank
from ticker.most_read.story import Story, story_id

POLICY = MostRead(least_reads=1)
FRESH = Ranked([], [])
H = Window.DAY.half_life


def story(number: int = 0, *, age: int = HOUR, group: str | None = None) -> Story:
    link = f"https://news.example.org/{number}"
    return Story(id=story_id(link), title=f"Story {number}", link=link, published_at=NOW - age, group=group)


def candidates(reads: Sequence[float]) -> list[Candidate]:
    return [Candidate(story(number), one, one) for number, one in enumerate(reads)]


def weight(at: int, landmark: int, half_life: int) -> float:
    """What a read adds, by the definition; count.lua does it."""
    return math.exp2((at - landmark) / half_life)


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
    score = sum(weight(NOW - age, landmark, h) for age in ages)
    exact = math.fsum(2.0 ** (-age / h) for age in ages)
    assert ranking.decayed(score, landmark, h, NOW) == pytest.approx(exact, rel=1e-9)


@given(st.floats(1e-3, 1e6), st.integers(0, 10**9), st.sampled_from(Window))
def test_half_is_left_after_a_half_life(reads: float, age: int, window: Window) -> None:
    h = window.half_life
    score = reads * weight(NOW, NOW - age % h, h)
    now = ranking.decayed(score, NOW - age % h, h, NOW)
    assert ranking.decayed(score, NOW - age % h, h, NOW + h) == pytest.approx(now / 2, rel=1e-12)


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
    first = rank(all_, Ranked(before, before), Held(), POLICY, NOW, H)
    assert sorted(first.order) == sorted(exact)
    by_id = {one.story.id: one.reads for one in all_}
    for above, below in zip(first.order, first.order[1:], strict=False):
        assert by_id[below] <= by_id[above] * POLICY.steady_ratio
    later = rank(all_, first, Held(), POLICY, NOW + POLICY.settle_seconds * 1000, H)
    assert (later.rows, later.order, later.unsettled_at) == (exact, exact, None)


def test_a_list_does_not_flicker() -> None:
    a, b = (story(number).id for number in (0, 1))
    list_ = rank(candidates([100, 99]), FRESH, Held(), POLICY, NOW, H)
    for second in range(20):
        close = candidates([100, 101] if second % 2 else [101, 100])
        list_ = rank(close, list_, Held(), POLICY, NOW + second * 1000, H)
        assert list_.rows == [a, b]
    assert rank(candidates([100, 106]), list_, Held(), POLICY, NOW + 20_000, H).rows == [b, a]


def why(reads: float = 50, held: Held | None = None, age: int = HOUR, policy: MostRead | None = None) -> str | None:
    return barred(Candidate(story(age=age), reads, reads), held or Held(), policy or MostRead(), NOW)


def test_what_keeps_a_story_out() -> None:
    one = story().id
    assert why() is None
    assert why(reads=29.9) == "little_evidence"
    assert why(age=31 * 24 * HOUR) == "old"
    assert why(age=-1) == "early"
    assert why(held=Held({one: Ruling(Verdict.PIN)}), age=-1) == "early"
    assert why(held=Held(flags={one: "few_readers"})) == "few_readers"
    assert why(held=Held({one: Ruling(Verdict.ALLOW)}, {one: "few_readers"})) is None
    assert why(held=Held({one: Ruling(Verdict.EXCLUDE)})) == "excluded"
    assert why(held=Held(withheld={one: "retracted"})) == "retracted"
    assert why(held=Held({one: Ruling(Verdict.PIN)}, withheld={one: "retracted"})) == "retracted"
    assert why(reads=0, held=Held({one: Ruling(Verdict.PIN)})) is None
    assert why(held=Held(withheld={one: "expired"})) == "expired"
    assert why(held=Held(withheld={one: "expired"}), policy=MostRead(expired_leave=False)) is None


@given(st.sampled_from([None, *Verdict]), st.booleans(), st.sampled_from([None, "retracted", "expired"]), st.booleans())
def test_what_is_new_and_much_read_is_kept_out_by_what_was_said_of_it_alone(
    verdict: Verdict | None, flagged: bool, withheld: str | None, expired_leave: bool
) -> None:
    one, policy = story(), MostRead(expired_leave=expired_leave)
    held = Held(
        {one.id: Ruling(verdict)} if verdict else {},
        {one.id: "revived"} if flagged else {},
        {one.id: withheld} if withheld else {},
    )
    assert held.out(policy) == ({one.id} if barred(Candidate(one, 1e6, 1e6), held, policy, NOW) else set())


def test_pins_stand_where_the_editor_has_put_them() -> None:
    ids = [story(number).id for number in range(5)]
    held = Held({ids[4]: Ruling(Verdict.PIN, 1), ids[3]: Ruling(Verdict.PIN, 3), ids[0]: Ruling(Verdict.PIN, 50)})
    assert rank(candidates([9, 8, 7, 6, 5]), FRESH, held, POLICY, NOW, H).rows == [
        ids[4], ids[1], ids[3], ids[2], ids[0],
    ]  # fmt: skip


def test_editions_of_one_story_are_one_row() -> None:
    both = [Candidate(story(1, group="storm"), 10, 10), Candidate(story(2, group="storm"), 20, 20)]
    assert rank(both, FRESH, Held(), POLICY, NOW, H).rows == [story(2).id]


def test_a_list_is_never_longer_than_it_may_be() -> None:
    assert len(rank(candidates([5.0] * 80), FRESH, Held(), POLICY, NOW, H).rows) == ranking.ROWS


DAY = 24 * HOUR


# --- made only when it must be ----------------------------------------------------------------------------------------

NUMBERS = range(8)
LATER = st.sampled_from([1, 2_000, 29_000, 10 * 60_000, 3 * HOUR, 20 * HOUR])
LOOKS = st.lists(
    st.tuples(LATER, st.dictionaries(st.sampled_from(NUMBERS), st.integers(1, 60), max_size=3)), max_size=40
)
PLACES = st.dictionaries(st.sampled_from(NUMBERS), st.integers(1, 8).map(lambda place: Ruling(Verdict.PIN, place)))
POLICIES = st.builds(
    MostRead, least_reads=st.integers(1, 40), steady_ratio=st.sampled_from([1, 1.05, 2]), oldest_days=st.just(2)
)


@given(LOOKS, POLICIES, PLACES, st.sampled_from(ranking.LISTS), st.sets(st.sampled_from(NUMBERS)))
def test_a_list_left_alone_until_it_must_change_is_the_one_made_at_every_look(
    looks: list[tuple[int, dict[int, int]]], policy: MostRead, pins: dict[int, Ruling], name: str, grouped: set[int]
) -> None:
    stories = [
        story(number, age=(number - 1) * 7 * HOUR, group="g" if number in grouped else None) for number in NUMBERS
    ]
    held = Held({stories[number].id: ruling for number, ruling in pins.items()})
    window = Window.HOUR if name == ranking.RISING else Window(name)
    scores: dict[Window, dict[int, float]] = {window: dict.fromkeys(NUMBERS, 0.0) for window in Window}
    now, eager, lazy = NOW, FRESH, FRESH
    for step, reads in looks:
        now += step
        for (one, kept), (number, times) in itertools.product(scores.items(), reads.items()):
            kept[number] += times * weight(now, NOW, one.half_life)

        def count(number: int, of: Window, now: int = now) -> float:
            return ranking.decayed(scores[of][number], NOW, of.half_life, now)

        if name == ranking.RISING:
            both = [(count(number, Window.HOUR), count(number, Window.DAY)) for number in NUMBERS]
            given_ = [Candidate(stories[n], ranking.rising(h, d), h, d) for n, (h, d) in enumerate(both)]
        else:
            given_ = [Candidate(stories[n], count(n, window), count(n, window)) for n in NUMBERS]
        eager = rank(given_, eager, held, policy, now, window.half_life)
        if reads or now >= lazy.until:
            lazy = rank(given_, lazy, held, policy, now, window.half_life)
        assert lazy[:3] == eager[:3]


def test_a_list_is_left_alone_for_as_long_as_nothing_can_happen() -> None:
    """Or else the test above would hold for one that is made at every look."""
    fading, old = rank(candidates([100, 50]), FRESH, Held(), POLICY, NOW, H), POLICY.oldest_days * DAY - HOUR
    assert fading.until == NOW + min(math.floor(H * math.log2(50)), old)
    few = rank(candidates([2, 1.5]), FRESH, Held(), POLICY, NOW, H)
    assert few.until == NOW + math.floor(H * math.log2(1.5))
    assert rank([Candidate(story(age=old), 1e9, 1e9)], FRESH, Held(), POLICY, NOW, H).until == NOW + HOUR
    unsettled = rank(candidates([100, 101]), fading, Held(), POLICY, NOW + 1, H)
    assert (unsettled.rows, unsettled.until) == (fading.rows, NOW + 1 + POLICY.settle_seconds * 1000)
    assert rank([], FRESH, Held(), POLICY, NOW, H).until == math.inf
    fast, slow = (
        Candidate(story(1), ranking.rising(60, 60), 60, 60),
        Candidate(story(2), ranking.rising(100, 117), 100, 117),
    )
    rising = rank([fast, slow], FRESH, Held(), POLICY, NOW, Window.HOUR.half_life)
    assert rising.rows == [story(1).id, story(2).id]
    left = 24 * 40 / (60 * 117 - 100 * 60)
    assert rising.until == math.floor(NOW - Window.DAY.half_life * math.log2(left))


COUNTS = st.lists(st.tuples(st.integers(1, 5_000), st.integers(0, 50_000)), min_size=2, max_size=8)


@given(COUNTS, st.sampled_from(["24h", ranking.RISING]), st.lists(st.floats(0, 1, exclude_max=True), max_size=5))
def test_until_then_nothing_changes(counts: list[tuple[int, int]], name: str, parts: list[float]) -> None:
    """Whenever one looks before the time that a list tells of itself, it is the same."""

    def made(now: int) -> Ranked:
        evidence = Window.HOUR if name == ranking.RISING else Window.DAY
        hour, day = (ranking.decayed(1, NOW, window.half_life, now) for window in (evidence, Window.DAY))
        given_ = [
            Candidate(story(n), ranking.rising(h * hour, (h + d) * day), h * hour, (h + d) * day)
            if name == ranking.RISING
            else Candidate(story(n), h * hour, h * hour)
            for n, (h, d) in enumerate(counts)
        ]
        return rank(given_, FRESH, Held(), POLICY, now, evidence.half_life)

    first = made(NOW)
    for part in parts:
        assert made(NOW + int(max(0, first.until - NOW) * part)).rows == first.rows


def test_the_same_reads_give_the_same_list_again_though_it_was_cut_and_pinned() -> None:
    """What lies beyond the last row is remembered, so that it does not come and go by looking twice."""
    reads = [200.0 - number for number in range(ranking.ROWS - 2)] + [96, 100, 101]
    before = [story(number).id for number in range(ranking.ROWS)]
    held = Held({story(5).id: Ruling(Verdict.PIN, 1)})
    first = rank(candidates(reads), Ranked(before, before), held, POLICY, NOW, H)
    second = rank(candidates(reads), first, held, POLICY, NOW + 2_000, H)
    assert second[:3] == first[:3]


def test_a_pin_is_not_passed_by_another_edition_of_the_same_story() -> None:
    both = [Candidate(story(1, group="storm"), 10, 10), Candidate(story(2, group="storm"), 20, 20)]
    held = Held({story(1).id: Ruling(Verdict.PIN)})
    assert rank(both, FRESH, held, POLICY, NOW, H).rows == [story(1).id]


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
    assert ranking.is_revived(story(age=age * DAY), day, week, MostRead(), NOW, 0) is revived


def read_evenly(days: float) -> tuple[float, float]:
    """The day's reads and the week's of a story that has a read every three minutes since so long ago."""
    ages = [(number + 0.5) * HOUR / 20 for number in range(round(days * 480))]
    return reads_of(ages, Window.DAY), reads_of(ages, Window.WEEK)


@given(st.floats(0.1, 60))
def test_so_much_more_has_the_week_than_the_day_of_what_is_read_evenly(days: float) -> None:
    day, week = read_evenly(days)
    assert ranking.even(round(days * DAY)) == pytest.approx(week / day, rel=0.02)
    assert 1 == ranking.even(0) < ranking.even(1) < ranking.even(round(days * DAY)) <= 7


@given(st.floats(0.1, 40), st.floats(0, 400), st.integers(1, 10))
def test_what_is_read_evenly_was_never_dead(days: float, before: float, revived_days: int) -> None:
    """A live page, of whatever age; and an older story that has been read all the time, as far as is known: nobody
    counted before.
    """
    day, week = read_evenly(days)
    policy, since = MostRead(revived_days=revived_days), NOW - round(days * DAY)
    assert not ranking.is_revived(story(age=NOW - since), day, week, policy, NOW, 0)
    assert not ranking.is_revived(story(age=NOW - since + round(before * DAY)), day, week, policy, NOW, since)


@given(st.floats(0.05, 0.2), st.floats(3, 400))
def test_what_nobody_has_read_for_days_and_many_read_now_is_noticed(days: float, quiet: float) -> None:
    day, week = read_evenly(days)
    back = story(age=round((days + quiet) * DAY))
    assert ranking.is_revived(back, day, week, MostRead(least_reads=1), NOW, 0)


@given(st.floats(1, 1e5), st.floats(1, 20), st.floats(1, 400), st.floats(0, 60))
def test_time_alone_revives_nothing_that_is_old_already(day: float, times: float, age: float, later: float) -> None:
    """So that a story is looked into when it is read, and when it comes of age."""
    one, after, policy = story(age=round(age * DAY)), round(later * DAY), MostRead(least_reads=1, revived_days=1)
    faded, left = (math.exp2(-after / window.half_life) for window in (Window.DAY, Window.WEEK))
    if ranking.is_revived(one, day * faded, day * times * left, policy, NOW + after, 0):
        assert ranking.is_revived(one, day, day * times, policy, NOW + 1, 0)


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
