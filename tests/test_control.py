"""Every cue on every control: what it does, what it refuses, and that nothing is shown that nobody has cleared."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from ticker.errors import Forbidden, Invalid, NoHeadline, Refused, TickerError, VersionStale
from ticker.headline import Record, State
from ticker.onair.control import ASKED_TWICE, MOST_GONE, Breaking, Clearance, Control, Cue, Order, Said, decide
from ticker.onair.output import Output
from ticker.urgency import Urgency

ONE, TWO, GONE = "a" * 16, "b" * 16, "c" * 16


def record(headline_id: str, **fields: Any) -> Record:
    given = {"text": "Words", "urgency": Urgency.ROUTINE, "version": 1, "author": "Ann (ann)", **fields}
    return Record(id=headline_id, channel="en", state=State.LIVE, lang="en", dir="ltr", published_at=NOW, **given)


BOARD = {ONE: record(ONE), TWO: record(TWO, urgency=Urgency.FLASH, version=3)}


def clearance(version: int = 1, by: str = "ann", at: int = NOW) -> Clearance:
    return Clearance(version=version, by=by, at=at, since=at)


def output(**fields: Any) -> Output:
    return Output.model_validate({"name": "program", "channels": ["en"], **fields})


def said(by: str = "Ben (ben)", now: int = NOW, board: dict[str, Record] = BOARD, **fields: Any) -> Said:
    return Said(output(**fields), board, by, now)


def after(control: Control, cue: Cue, told: Said | None = None, **order: Any) -> Control:
    return decide(control, cue, Order(**order), told or said()) or control


def test_what_was_cleared_is_cleared_at_that_version_and_no_other() -> None:
    control = after(Control(), Cue.CLEAR, id=TWO)
    assert control.clears(output(), BOARD[TWO])
    assert not control.clears(output(), record(TWO, version=4))
    assert control.cleared[TWO].by == "Ben (ben)"
    assert (control.why(record(TWO, version=4)), control.why(BOARD[ONE])) == ("edited", "not_cleared")


def test_a_version_that_is_no_longer_the_newest_is_not_cleared_by_mistake() -> None:
    with pytest.raises(VersionStale):
        after(Control(), Cue.CLEAR, id=TWO, version=2)
    assert after(Control(), Cue.CLEAR, id=TWO, version=3).cleared


def test_without_a_rule_everything_is_cleared_but_what_is_held() -> None:
    automatic = output(clearance="automatic")
    assert Control().clears(automatic, BOARD[ONE])
    held = after(Control(), Cue.HOLD, id=ONE)
    assert not held.clears(automatic, BOARD[ONE])
    assert held.why(BOARD[ONE]) == "held"
    assert after(held, Cue.CLEAR, id=ONE).clears(automatic, BOARD[ONE])


def test_what_cannot_be_shown_there_cannot_be_cleared_or_take_over() -> None:
    board = {ONE: record(ONE, text="Words 漢" * 20)}
    for cue, rules in ((Cue.CLEAR, {}), (Cue.BREAKING, {"clearance": "automatic"})):
        with pytest.raises(Refused, match="On Program: "):
            after(Control(), cue, said(board=board, longest=20, **rules), id=ONE)


def test_whoever_wrote_it_cannot_clear_it_where_two_people_are_asked_for() -> None:
    """Also under another display name: the login in brackets counts."""
    with pytest.raises(Forbidden):
        after(Control(), Cue.CLEAR, said(by="Anna (ann)", two_people=True), id=ONE)
    assert after(Control(), Cue.CLEAR, said(two_people=True), id=ONE).cleared
    assert after(Control(), Cue.CLEAR, said(by="Ann (ann)"), id=ONE).cleared


def test_what_is_held_loses_its_clearance_and_its_take_over() -> None:
    control = after(after(Control(), Cue.CLEAR, id=ONE), Cue.BREAKING, id=ONE)
    assert control.breaking is not None
    held = after(control, Cue.HOLD, id=ONE)
    assert (held.breaking, held.cleared, held.held) == (None, {}, {ONE: "Ben (ben)"})


def test_something_that_has_gone_meanwhile_can_be_held_and_not_cleared() -> None:
    assert set(after(Control(), Cue.HOLD, id=GONE).held) == {GONE}
    with pytest.raises(NoHeadline):
        after(Control(), Cue.CLEAR, id=GONE)


def test_a_hold_outlives_what_happens_to_the_headline_and_to_others() -> None:
    """At the desk it is held, too, and released later; here it is still held, by whoever said so last."""
    control = after(Control(), Cue.HOLD, id=ONE)
    away = said(board={TWO: BOARD[TWO]}, by="Cat (cat)")
    for cue in (Cue.HOLD, Cue.CLEAR):
        control = after(control, cue, away, id=TWO)
    assert control.held == {ONE: "Ben (ben)"}
    assert not control.clears(output(clearance="automatic"), BOARD[ONE])
    assert after(control, Cue.HOLD, said(by="Cat (cat)"), id=ONE).held == {ONE: "Cat (cat)"}


def test_of_what_has_left_the_board_only_so_much_is_remembered() -> None:
    control = Control()
    for number in range(MOST_GONE + 3):
        control = after(control, Cue.HOLD, id=f"{number:x}".rjust(16, "z").translate(str.maketrans("0189", "ghij")))
    control = after(control, Cue.HOLD, id=ONE)
    assert len(control.held) == MOST_GONE + 1, "and what is on the board, however much"
    assert ONE in control.held


def test_only_what_is_cleared_takes_over() -> None:
    with pytest.raises(Refused):
        after(Control(), Cue.BREAKING, id=ONE)
    control = after(after(Control(), Cue.CLEAR, id=ONE), Cue.BREAKING, id=ONE, seconds=9.5)
    assert control.breaking is not None
    assert control.breaking.until == NOW + 9500


def test_what_takes_the_bar_over_is_not_begun_anew_by_the_same_words() -> None:
    """Nobody knows whether they were heard when the answer was lost. Another version or another time is another."""
    automatic = {"clearance": "automatic"}
    for seconds in (None, 5.0):
        control = after(Control(), Cue.BREAKING, said(**automatic), id=ONE, seconds=seconds)
        again = Order(id=ONE, seconds=seconds)
        assert decide(control, Cue.BREAKING, again, said(now=NOW + 4999, **automatic)) is None
        assert after(control, Cue.BREAKING, said(now=NOW + 1, **automatic), id=ONE, seconds=9).breaking == Breaking(
            id=ONE, version=1, at=NOW + 1, until=NOW + 9001
        )
        edited = said(now=NOW + 1, board={ONE: record(ONE, version=2)}, **automatic)
        assert decide(control, Cue.BREAKING, again, edited)
    assert decide(control, Cue.BREAKING, again, said(now=NOW + 5000, **automatic)), "it was over"


def test_a_take_over_that_was_ended_does_not_come_back_until_it_is_asked_for() -> None:
    control = after(after(Control(), Cue.CLEAR, id=TWO), Cue.CLEAR_TAKEOVER)
    assert (control.breaking, control.ended) == (None, (TWO,))
    assert after(control, Cue.BREAKING, id=TWO).ended == ()
    again = after(control, Cue.CLEAR_TAKEOVER, said(now=NOW + 1, board={TWO: record(TWO, version=4)}))
    assert again.ended == (TWO,), "also while its edit waits"


def test_ending_a_take_over_does_not_end_one_that_nobody_has_cleared_yet() -> None:
    assert after(Control(breaking=None), Cue.CLEAR_TAKEOVER).ended == ()
    assert after(Control(), Cue.CLEAR_TAKEOVER, said(clearance="automatic")).ended == (TWO,)


def test_since_when_it_may_be_shown_at_its_urgency_outlives_an_edit() -> None:
    cleared = after(Control(), Cue.CLEAR, said(now=NOW), id=TWO)
    mended = {TWO: record(TWO, urgency=Urgency.FLASH, version=4)}
    raised = {TWO: record(TWO, urgency=Urgency.FLASH, version=4, raised_at=NOW + 5)}
    for board, since in ((mended, NOW), (raised, NOW + 9)):
        again = after(cleared, Cue.CLEAR, said(now=NOW + 9, board=board), id=TWO).cleared[TWO]
        assert (again.version, again.at, again.since) == (4, NOW + 9, since)


def test_the_bar_leaves_as_was_said_and_comes_back() -> None:
    left = after(Control(), Cue.STOP, stop="loop")
    assert (left.on, left.stop) == (False, "loop")
    taken = after(left, Cue.TAKE, id=ONE)
    assert (taken.on, taken.stop, taken.first) == (True, None, ONE)


def test_the_same_asked_for_anew_comes_anew_and_a_repeat_is_one_wish() -> None:
    asked = after(Control(), Cue.TAKE, id=ONE)
    assert (asked.first, asked.first_at) == (ONE, NOW)
    lost = said(now=NOW + ASKED_TWICE - 1)
    assert decide(asked, Cue.TAKE, Order(id=ONE), lost) is None
    assert after(asked, Cue.TAKE, lost, id=TWO).first_at == lost.now
    anew = after(asked, Cue.TAKE, said(now=NOW + ASKED_TWICE), id=ONE)
    assert (anew.first, anew.first_at, anew.number) == (ONE, NOW + ASKED_TWICE, asked.number + 1)
    of_old = Control(first=ONE)
    assert after(of_old, Cue.TAKE, id=ONE).first_at == NOW, "kept by a service that knew no moment"
    assert (after(anew, Cue.TAKE).first, after(anew, Cue.TAKE).first_at) == (None, None)


def test_a_hold_has_its_moment_and_is_one_however_often_it_is_said() -> None:
    held = after(Control(), Cue.HOLD, id=ONE)
    assert held.held_at == NOW
    assert decide(held, Cue.HOLD, Order(id=ONE), said(now=NOW + 9)) is None
    assert after(held, Cue.HOLD, said(now=NOW + 9), id=TWO).held_at == NOW + 9


def test_speed_and_order() -> None:
    assert after(Control(), Cue.SPEED, speed=7).speed == 7
    assert after(Control(speed=7), Cue.SPEED).speed is None
    assert after(Control(), Cue.ORDER, ids=[TWO, ONE]).running_order == (TWO, ONE)


@pytest.mark.parametrize("cue", [Cue.CLEAR, Cue.HOLD, Cue.BREAKING])
def test_a_headline_must_be_named(cue: Cue) -> None:
    with pytest.raises(Invalid):
        after(Control(), cue)


orders = st.builds(
    Order,
    id=st.sampled_from([None, ONE, TWO, GONE]),
    version=st.sampled_from([None, 1, 3]),
    seconds=st.sampled_from([None, 5.0]),
    stop=st.sampled_from(["now", "item", "loop"]),
    speed=st.sampled_from([None, 3]),
    ids=st.lists(st.sampled_from([ONE, TWO]), max_size=3),
)


@given(st.lists(st.tuples(st.sampled_from(list(Cue)), orders), max_size=30))
def test_whatever_is_said(cues: list[tuple[Cue, Order]]) -> None:
    """A cue said twice is the same as once; each change has the next number; what is held is never shown; and nothing
    is cleared that was not live when somebody said so.
    """
    control, now = Control(), NOW
    for cue, order in cues:
        now += 1
        try:
            becomes = decide(control, cue, order, said(now=now))
        except TickerError:
            continue
        if becomes is None:
            continue
        assert (becomes.number, becomes.at) == (control.number + 1, now)
        assert decide(becomes, cue, order, said(now=now + 1)) is None
        control = becomes
        assert not set(control.held) & set(control.cleared)
        assert set(control.cleared) <= set(BOARD)
        assert not any(control.clears(output(clearance="automatic"), h) for h in BOARD.values() if h.id in control.held)
        assert Control.model_validate_json(control.model_dump_json()) == control
