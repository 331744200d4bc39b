"""Every state × every action, and what each does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from ticker import errors
from ticker.channel import Channel
from ticker.events import EventType
from ticker.headline import Draft, Patch, Record, State
from ticker.life import FORGET_AFTER, TABLE, Action, Cell, Command, Decision, No, decide
from ticker.urgency import Urgency

HOUR = 3_600_000
ID = "a" * 16
EN = Channel(name="en")
FOUR_EYES = Channel(name="en", approval=frozenset({Urgency.FLASH}))


def record(state: State, **given_: object) -> Record:
    seen = state in (State.LIVE, State.HELD, State.EXPIRED)
    fields = {
        "id": ID, "channel": "en", "version": 3, "state": state, "lang": "en", "dir": "ltr", "text": "Text",
        "urgency": Urgency.ROUTINE, "author": "ann", "order": str(NOW) if seen else "",
        "published_at": NOW - HOUR if seen else None, "expires_at": NOW + HOUR if seen else None,
        "publish_at": NOW + HOUR if state is State.SCHEDULED else None,
    }  # fmt: skip
    return Record(**{**fields, **given_})


def command(action: Action, by: str = "bob", **given_: object) -> Command:
    fields: dict[str, object] = {"id": ID}
    if action is Action.PUBLISH:
        fields["draft"] = Draft(text="Text")
    if action in (Action.UPDATE, Action.CORRECT):
        note = {"correction": "It was wrong"} if action is Action.CORRECT else {}
        fields |= {"patch": Patch(text="Other", **note), "version": 3}
    if action is Action.MOVE:
        fields["order"] = str(NOW + 1)
    if action is Action.EXPIRE:
        fields["at_once"] = True
    return Command(action, by, **{**fields, **given_})  # type: ignore[arg-type]


def do(state: State | None, action: Action, channel: Channel = EN, now: int = NOW, **given_: object) -> Decision | None:
    current = record(state) if state not in (None, State.RETRACTED) else None
    return decide(current, command(action, **given_), channel, now, killed=state is State.RETRACTED)


def test_the_table_has_every_cell() -> None:
    assert set(TABLE) == {None, *State}
    for state, row in TABLE.items():
        assert set(row) == set(Action), state


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", [None, *State])
def test_every_cell_does_what_it_says(state: State | None, action: Action) -> None:
    cell = TABLE[state][action]
    now = NOW + 2 * HOUR if action is Action.START else NOW
    if isinstance(cell, No):
        with pytest.raises(cell.error):
            do(state, action, now=now)
        return
    decision = do(state, action, now=now)
    if cell is Cell.NOTHING:
        assert decision is None
    elif cell is Cell.GONE:
        assert decision is not None
        assert decision.record is None
    elif cell is Cell.SAME:
        assert decision is not None
        assert decision.record is not None
        assert decision.record.state is state
    elif cell is Cell.GO:
        assert decision is not None
        assert decision.record is not None
        assert decision.record.state is State.LIVE
    else:
        assert decision is not None
        assert decision.record is not None
        assert decision.record.state is cell


def test_only_what_readers_have_seen_is_told_to_them() -> None:
    for state in (State.DRAFT, State.AWAITING, State.SCHEDULED):
        for action in (Action.UPDATE, Action.RETRACT, *([Action.HOLD] if state is State.SCHEDULED else [])):
            decision = do(state, action)
            assert decision is not None
            assert decision.event is None


@pytest.mark.parametrize(
    ("state", "action", "told"),
    [
        (None, Action.PUBLISH, EventType.PUBLISHED),
        (State.DRAFT, Action.RELEASE, EventType.PUBLISHED),
        (State.AWAITING, Action.APPROVE, EventType.PUBLISHED),
        (State.SCHEDULED, Action.RELEASE, EventType.PUBLISHED),
        (State.LIVE, Action.UPDATE, EventType.UPDATED),
        (State.LIVE, Action.CORRECT, EventType.CORRECTED),
        (State.LIVE, Action.HOLD, EventType.HELD),
        (State.LIVE, Action.MOVE, EventType.MOVED),
        (State.LIVE, Action.RETRACT, EventType.RETRACTED),
        (State.LIVE, Action.EXPIRE, EventType.EXPIRED),
        (State.HELD, Action.RELEASE, EventType.RELEASED),
        (State.HELD, Action.RETRACT, EventType.RETRACTED),
        (State.EXPIRED, Action.RETRACT, EventType.RETRACTED),
    ],
)
def test_what_readers_are_told(state: State | None, action: Action, told: EventType) -> None:
    decision = do(state, action)
    assert decision is not None
    assert decision.event is not None
    assert decision.event.type is told
    assert (decision.event.headline is None) == told.removes


def test_publishing_gives_a_place_an_hour_and_an_end() -> None:
    decision = do(None, Action.PUBLISH)
    assert decision is not None
    assert decision.record is not None
    live = decision.record
    assert (live.version, live.published_at, live.order, live.author) == (1, NOW, str(NOW), "bob")
    assert live.expires_at == NOW + EN.expires_in * 1000
    assert decision.timers[f"expire:{ID}"] == live.expires_at


def test_a_draft_kept_back_and_one_for_later() -> None:
    kept = do(None, Action.PUBLISH, draft=Draft(text="T", state="draft"))
    assert kept is not None
    assert kept.record is not None
    assert (kept.record.state, kept.event, dict(kept.timers)) == (State.DRAFT, None, {})
    later = do(None, Action.PUBLISH, draft=Draft(text="T", publish_at="2026-11-23T10:30:00Z", expires_in=60))
    assert later is not None
    assert later.record is not None
    assert (later.record.state, later.event) == (State.SCHEDULED, None)
    assert later.timers[f"release:{ID}"] == later.record.publish_at
    due = decide(later.record, command(Action.START), EN, later.record.publish_at or 0)
    assert due is not None
    assert due.record is not None
    assert due.record.expires_at == (later.record.publish_at or 0) + 60_000
    assert decide(later.record, command(Action.START), EN, NOW) is None


def test_a_second_person_must_approve() -> None:
    flash = Draft(text="T", urgency=Urgency.FLASH)
    waiting = do(None, Action.PUBLISH, FOUR_EYES, draft=flash, by="ann")
    assert waiting is not None
    assert waiting.record is not None
    assert waiting.record.state is State.AWAITING
    with pytest.raises(errors.Forbidden):
        decide(waiting.record, command(Action.APPROVE, by="ann"), FOUR_EYES, NOW)
    with pytest.raises(errors.Refused):
        decide(waiting.record, command(Action.RELEASE, by="bob"), FOUR_EYES, NOW)
    live = decide(waiting.record, command(Action.APPROVE, by="bob"), FOUR_EYES, NOW)
    assert live is not None
    assert live.record is not None
    assert live.record.state is State.LIVE
    routine = do(None, Action.PUBLISH, FOUR_EYES)
    assert routine is not None
    assert routine.record is not None
    assert routine.record.state is State.LIVE


def test_what_is_handed_in_waits_for_approval_everywhere() -> None:
    handed_in = do(None, Action.PUBLISH, hands_in=True, by="ann")
    assert handed_in is not None
    assert handed_in.record is not None
    assert handed_in.record.state is State.AWAITING
    live = decide(handed_in.record, command(Action.APPROVE), EN, NOW)
    assert live is not None
    assert live.record is not None
    assert live.record.state is State.LIVE
    for state, action in ((State.LIVE, Action.UPDATE), (State.SCHEDULED, Action.RELEASE), (State.HELD, Action.RELEASE)):
        with pytest.raises(errors.Forbidden):
            do(state, action, hands_in=True)
    again = do(State.SCHEDULED, Action.UPDATE, hands_in=True)
    assert again is not None
    assert again.record is not None
    assert again.record.state is State.AWAITING
    assert set(again.timers.values()) == {None}


HANDS_IN = [Action.PUBLISH, Action.UPDATE, Action.RELEASE, Action.HOLD]


@given(st.sampled_from([None, *State]), st.lists(st.sampled_from([*HANDS_IN, Action.START]), max_size=20))
def test_by_handing_in_alone_no_word_reaches_readers(start: State | None, actions: list[Action]) -> None:
    current = record(start) if start not in (None, State.RETRACTED) else None
    approved = current.text if current else ""
    for action in actions:
        version = current.version if current else 0
        given_ = {"version": version} if action is Action.UPDATE else {}
        by = {"by": "clock"} if action is Action.START else {"by": "ann", "hands_in": True}
        try:
            asked = command(action, **{**given_, **by})
            decision = decide(current, asked, EN, NOW + 2 * HOUR, killed=start is State.RETRACTED)
        except errors.TickerError:
            continue
        if decision is not None:
            current = decision.record
            assert current is not None
            told = decision.event.headline if decision.event else None
            assert told is None or told.text == approved


def test_an_edit_on_an_old_version_is_stale() -> None:
    with pytest.raises(errors.VersionStale) as refused:
        do(State.LIVE, Action.UPDATE, version=2)
    assert refused.value.extra["version"] == 3
    current = Record.model_validate(refused.value.extra["current"])
    assert (current.version, current.text, current.author) == (3, "Text", "ann")


def test_an_edit_that_changes_nothing_is_nothing() -> None:
    assert do(State.LIVE, Action.UPDATE, patch=Patch(text="Text")) is None


def test_an_edit_keeps_the_place_and_raises_the_version() -> None:
    decision = do(State.LIVE, Action.CORRECT)
    assert decision is not None
    assert decision.record is not None
    corrected = decision.record
    assert (corrected.version, corrected.order, corrected.correction) == (4, str(NOW), "It was wrong")
    assert (corrected.updated_at, corrected.published_at) == (NOW, NOW - HOUR)


def test_expiry_can_be_extended_and_an_early_timer_does_nothing() -> None:
    extended = do(State.LIVE, Action.UPDATE, patch=Patch(expires_in=7200))
    assert extended is not None
    assert extended.record is not None
    assert extended.timers[f"expire:{ID}"] == NOW + 2 * HOUR
    assert decide(extended.record, command(Action.EXPIRE, at_once=False), EN, NOW + HOUR) is None
    over = decide(extended.record, command(Action.EXPIRE, at_once=False), EN, NOW + 2 * HOUR)
    assert over is not None
    assert over.timers[f"forget:{ID}"] == NOW + 2 * HOUR + FORGET_AFTER


@pytest.mark.parametrize(
    ("draft", "pointers"),
    [
        ({"expires_at": "2026-11-23T08:00:00Z"}, ["/expires_at"]),
        ({"publish_at": "2026-11-23T12:00:00Z", "expires_at": "2026-11-23T11:00:00Z"}, ["/expires_at"]),
        ({"publish_at": "2099-01-01T00:00:00Z", "expires_at": "2099-01-02T00:00:00Z"}, ["/publish_at", "/expires_at"]),
    ],
)
def test_times_that_make_no_sense_are_refused(draft: dict[str, str], pointers: list[str]) -> None:
    with pytest.raises(errors.Invalid) as refused:
        do(None, Action.PUBLISH, draft=Draft(text="T", **draft))
    assert [fault["pointer"] for fault in refused.value.extra["errors"]] == pointers


def test_a_held_one_comes_back_where_it_was() -> None:
    held = do(State.LIVE, Action.HOLD)
    assert held is not None
    assert held.record is not None
    back = decide(held.record, command(Action.RELEASE), EN, NOW)
    assert back is not None
    assert back.record is not None
    assert (back.record.order, back.record.published_at) == (str(NOW), NOW - HOUR)


@given(st.lists(st.sampled_from([a for a in Action if a is not Action.PUBLISH]), max_size=25))
def test_no_way_leads_out_of_the_table_and_a_kill_is_the_end(actions: list[Action]) -> None:
    current: Record | None = None
    killed = False
    first = decide(None, command(Action.PUBLISH), EN, NOW)
    assert first is not None
    current = first.record
    for action in actions:
        try:
            version = current.version if current else 0
            given_ = {"version": version} if action in (Action.UPDATE, Action.CORRECT) else {}
            decision = decide(None if killed else current, command(action, **given_), EN, NOW, killed=killed)
        except errors.TickerError:
            continue
        if decision is None:
            continue
        assert not killed, "something happened to a killed headline"
        killed = action is Action.RETRACT
        current = decision.record
        if current is None:
            return
        assert current.state in State
        if decision.event is not None and decision.event.headline is not None:
            assert current.state is State.LIVE
