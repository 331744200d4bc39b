from hypothesis import given
from hypothesis import strategies as st

from tests.samples import headline
from ticker.board import Board
from ticker.events import Event, EventType, removal, upsert
from ticker.fanout import changes
from ticker.fanout.changes import Changes

IDS = [c * 16 for c in "abcde"]
EVENTS = st.lists(
    st.one_of(
        st.builds(
            lambda i, v: upsert(EventType.UPDATED, headline(IDS[i], version=v)), st.integers(0, 4), st.integers(1, 9)
        ),
        st.builds(lambda i: removal(EventType.HELD, IDS[i]), st.integers(0, 4)),
    ),
    max_size=40,
)


@given(EVENTS, st.data())
def test_the_net_change_brings_any_earlier_board_to_the_last(events: list[Event], data: st.DataObject) -> None:
    known = Changes((0, 0))
    boards = [Board()]
    for i, event in enumerate(events, 1):
        known.record((i, 0), event)
        board = Board(list(boards[-1]))
        board.apply(event)
        boards.append(board)
    start = data.draw(st.integers(0, len(events)))
    board = Board(list(boards[start]))
    net = known.since((start, 0))
    assert net is not None
    assert len({event.id for event in net}) == len(net), "a headline comes once, as it is now"
    for event in net:
        board.apply(event)
    assert list(board) == list(boards[-1])


def test_what_lies_too_far_back_is_not_known() -> None:
    known = Changes((5, 0))
    assert known.since((4, 9)) is None
    assert known.since((5, 0)) == []


def test_memory_is_bounded_and_the_floor_rises(monkeypatch) -> None:
    monkeypatch.setattr(changes, "MOST", 3)
    known = Changes((0, 0))
    for i, headline_id in enumerate(IDS, 1):
        known.record((i, 0), removal(EventType.EXPIRED, headline_id))
    assert known.since((1, 0)) is None
    assert [event.id for event in known.since((2, 0)) or []] == IDS[2:]
