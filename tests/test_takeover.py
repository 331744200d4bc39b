"""Take-overs stand one after another; a more urgent one does not wait."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW, headline
from tests.test_control import clearance, output
from ticker.onair.control import Breaking, Control
from ticker.onair.takeover import TakeOver, Wanted, schedule, wanted
from ticker.urgency import Urgency

IDS = [letter * 16 for letter in "abcdefgh"]


def want(number: int, at: int, ms: int | None = 100, rank: int = 1) -> Wanted:
    return Wanted(headline(IDS[number], expires_at=None), at, ms, rank)


def times(placed: list[TakeOver]) -> list[tuple[str, int, int | None]]:
    return [(one.headline.id[0], one.since, one.until) for one in placed]


def test_one_of_the_same_urgency_waits() -> None:
    assert times(schedule([want(0, 10), want(1, 50)])) == [("a", 10, 110), ("b", 110, 210)]


def test_a_more_urgent_one_ends_what_stands() -> None:
    placed = schedule([want(0, 10), want(1, 50, rank=0), want(2, 60)])
    assert times(placed) == [("a", 10, 50), ("b", 50, 150), ("c", 150, 250)]


def test_one_that_nobody_has_ended_stays() -> None:
    assert times(schedule([want(0, 10, ms=None), want(1, 50)])) == [("a", 10, None)]
    assert times(schedule([want(0, 10, ms=None), want(1, 50, rank=0)])) == [("a", 10, 50), ("b", 50, 150)]


asked = st.lists(
    st.tuples(st.integers(0, 500), st.sampled_from([20, 100, None]), st.integers(0, 3)), max_size=len(IDS)
).map(lambda rows: [want(number, *row) for number, row in enumerate(rows)])


@given(asked)
def test_none_overlaps_another_or_begins_before_its_time(asked: list[Wanted]) -> None:
    placed = schedule(asked)
    at = {one.headline.id: one for one in asked}
    for before, after in itertools.pairwise(placed):
        assert before.until is not None
        assert before.until <= after.since
    for one in placed:
        mine = at[one.headline.id]
        assert one.since >= mine.at
        assert one.until is None or one.until > one.since
        standing = [other for other in asked if other.rank < mine.rank and one.since < other.at]
        assert one.until is None or not [o for o in standing if o.at < one.until], "a more urgent one waited"
    if None not in [one.ms for one in asked]:
        assert len(placed) == len(asked)


def test_a_flash_takes_over_from_when_it_could_be_seen() -> None:
    flash = headline(IDS[0], urgency=Urgency.FLASH, published_at=NOW)
    cleared = Control(cleared={IDS[0]: clearance(flash.version, at=NOW + 5000)})
    assert [one.at for one in wanted(output(), Control(), [flash])] == [NOW]
    assert [one.at for one in wanted(output(), cleared, [flash])] == [NOW + 5000]
    assert wanted(output(takeover=None), Control(), [flash]) == []
    assert wanted(output(), Control(ended=(IDS[0],)), [flash]) == []


def test_one_that_is_raised_takes_over_from_then_and_one_that_is_mended_not_again() -> None:
    raised = headline(IDS[0], urgency=Urgency.FLASH, published_at=NOW, raised_at=NOW + 9000, version=3)
    assert [one.at for one in wanted(output(), Control(), [raised])] == [NOW + 9000]
    mended = Control(cleared={IDS[0]: clearance(3, at=NOW + 8000).model_copy(update={"since": NOW + 1000})})
    flash = headline(IDS[0], urgency=Urgency.FLASH, published_at=NOW, version=3)
    assert [one.at for one in wanted(output(), mended, [flash])] == [NOW + 1000]


def test_none_stands_longer_than_its_headline_holds() -> None:
    over, ends = headline(IDS[0], expires_at=40), headline(IDS[1], expires_at=70)
    asked = [want(2, 0, ms=50), Wanted(over, 10, None, 1), Wanted(ends, 20, None, 1)]
    assert times(schedule(asked)) == [("c", 0, 50), ("b", 50, 70)]


def test_by_hand_it_is_any_headline_that_is_cleared() -> None:
    routine = headline(IDS[1])
    control = Control(breaking=Breaking(id=IDS[1], version=1, at=NOW))
    assert wanted(output(), control, []) == []
    assert [(one.at, one.ms) for one in wanted(output(), control, [routine])] == [(NOW, None)]
    both = headline(IDS[1], urgency=Urgency.FLASH)
    assert len(wanted(output(), control, [both])) == 1, "a flash by hand takes over once"
