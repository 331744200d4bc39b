"""The Python board, on the vectors that the JavaScript board runs too."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW, headline
from ticker.board import Board, hash_of
from ticker.events import Event, EventType, removal, upsert

CASES = json.loads((Path(__file__).parent / "vectors" / "board.json").read_text())["cases"]

UPSERTS = {"published", "updated", "corrected", "moved", "released"}
REMOVALS = {"retracted", "held", "expired"}


class Reader:
    """A reader that folds messages as docs/protocol.md says, on the Python board."""

    def __init__(self) -> None:
        self.board = Board()
        self.killed: set[str] = set()

    def apply(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "snapshot":
            self.board = Board(headline(**h) for h in message["headlines"] if h["id"] not in self.killed)
        elif kind in UPSERTS and message["headline"]["id"] not in self.killed:
            self.board.apply(upsert(EventType(kind), headline(**message["headline"])))
        elif kind in REMOVALS:
            if kind == "retracted":
                self.killed.add(message["id"])
            self.board.apply(removal(EventType(kind), message["id"]))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_vector(case: dict[str, Any]) -> None:
    reader = Reader()
    for message in case["messages"]:
        reader.apply(message)
    assert [h.id for h in reader.board] == case["board"]
    assert reader.board.hash() == case["hash"]


def test_on_air_leaves_out_what_is_over_and_the_fold_does_not() -> None:
    board = Board([headline("a" * 16, expires_at=NOW), headline("b" * 16, expires_at=NOW + 1)])
    assert [h.id for h in board.on_air(NOW)] == ["b" * 16]
    assert len(board) == 2


IDS = [c * 16 for c in "abcd"]
EVENTS = st.one_of(
    st.builds(
        lambda i, v, o, p: upsert(EventType.UPDATED, headline(IDS[i], version=v, order=str(NOW + o), pinned=p)),
        st.integers(0, 3), st.integers(1, 3), st.integers(0, 5), st.booleans(),
    ),
    st.builds(lambda i: removal(EventType.EXPIRED, IDS[i]), st.integers(0, 3)),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=30))
def test_apply_says_whether_anything_changed_and_repeats_change_nothing(events: list[Event]) -> None:
    board = Board()
    for event in events:
        before = list(board)
        changed = board.apply(event)
        assert changed == (list(board) != before)
        assert not board.apply(event)


@given(st.lists(EVENTS, max_size=30))
def test_order_is_total_and_hash_follows_it(events: list[Event]) -> None:
    board = Board()
    for event in events:
        board.apply(event)
    keys = [(not h.pinned, [-ord(c) for c in h.order], h.id) for h in board]
    assert keys == sorted(keys)
    assert board.hash() == hash_of(board)
    assert board.get("nobody") is None
    assert all(h.id in board for h in board)
