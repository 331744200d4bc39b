"""Places on the strip: wherever a headline is put, it stands there, and no other moves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from tests.samples import headline as sample
from ticker.board import Board
from ticker.desk.place import place
from ticker.errors import NoHeadline, Refused
from ticker.headline import Record


def strip(count: int, **given_: Any) -> list[Record]:
    return [
        Record(**sample(f"{'a' * 14}{chr(97 + i)}a", order=str(NOW - i), **given_).model_dump()) for i in range(count)
    ]


def put(records: list[Record], who: Record, **where: Any) -> list[str]:
    order = place(records, who.id, **{"above": None, "below": None, "to": None, "pinned": None, **where})
    assert order is not None
    moved = [r.replaced(order=order) if r.id == who.id else r for r in records]
    return [headline.id for headline in Board(moved)]


@given(st.data(), st.integers(2, 8))
def test_it_stands_where_it_was_put_and_the_others_keep_their_order(data: st.DataObject, count: int) -> None:
    records = strip(count)
    who, beside = data.draw(st.permutations(records).map(lambda drawn: drawn[:2]))
    where = data.draw(st.sampled_from(["above", "below"]))
    ids = put(records, who, **{where: beside.id})
    assert ids.index(who.id) - ids.index(beside.id) == (-1 if where == "above" else 1)
    assert [i for i in ids if i != who.id] == [r.id for r in records if r.id != who.id]


def test_top_and_bottom() -> None:
    records = strip(3)
    assert put(records, records[2], to="top")[0] == records[2].id
    assert put(records, records[0], to="bottom")[-1] == records[0].id


def test_pinned_ones_are_a_list_of_their_own() -> None:
    pinned, *others = strip(3)
    records = [pinned.replaced(pinned=True), *others]
    with pytest.raises(NoHeadline):
        put(records, others[0], above=pinned.id)


def test_who_is_not_on_the_strip_has_no_place() -> None:
    assert place(strip(2), "z" * 16, above=None, below=None, to="top", pinned=None) is None


def test_a_gap_that_is_full_says_so() -> None:
    upper, lower, who = strip(3)
    records = [upper.replaced(order="2" * 60), lower.replaced(order="2" * 59 + "1"), who]
    with pytest.raises(Refused, match="no more room"):
        put(records, who, above=lower.id)
