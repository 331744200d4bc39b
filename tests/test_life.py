"""Every state × every action × every role, and what each does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.samples import NOW
from ticker import errors
from ticker.board import Board
from ticker.channel import Channel, Undo
from ticker.events import EventType
from ticker.headline import Draft, Patch, Record, Stale, State
from ticker.life import FORGET_AFTER, TABLE, Action, Cell, Command, Decision, No, decide
from ticker.urgency import Urgency
from ticker.writer import ALLOWED, ROLES, Role, Writer, rights_of

HOUR = 3_600_000
ID = "a" * 16
EN = Channel(name="en")
FOUR_EYES = Channel(name="en", approval=frozenset({Urgency.FLASH}))
CHANGED = Stale(action="correct", channel="es", id="b" * 16, by="cat", at=NOW - HOUR)
HELD = Stale(action="hold", channel="es", id="b" * 16, by="cat", at=NOW)


def record(state: State, **given_: object) -> Record:
    seen = state in (State.LIVE, State.HELD, State.EXPIRED)
    fields = {
        "id": ID, "channel": "en", "version": 3, "state": state, "lang": "en", "dir": "ltr", "text": "Text",
        "urgency": Urgency.ROUTINE, "author": "ann", "order": str(NOW) if seen else "",
        "published_at": NOW - HOUR if seen else None, "expires_at": NOW + HOUR if seen else None,
        "publish_at": NOW + HOUR if state is State.SCHEDULED else None, "stale": CHANGED,
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
    if action is Action.MARK:
        fields["stale"] = HELD
    if action is Action.JOIN:
        fields["group"] = "story"
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
        (State.LIVE, Action.JOIN, EventType.MOVED),
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


def test_an_edit_that_makes_it_more_urgent_says_when() -> None:
    for urgency, raised in ((Urgency.FLASH, NOW), (Urgency.ROUTINE, None), (Urgency.URGENT, None)):
        live = record(State.LIVE).replaced(urgency=Urgency.URGENT)
        patch = Patch(urgency=urgency, text="Other words")
        decision = decide(live, command(Action.UPDATE, patch=patch), EN, NOW)
        assert decision is not None
        assert decision.record is not None
        assert decision.record.raised_at == raised, urgency


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


# --- taking back ----------------------------------------------------------------------------------------------------

FLASH = Draft(text="Text", urgency=Urgency.FLASH)


def decided(current: Record | None, action: Action, channel: Channel = EN, now: int = NOW, **given_: object) -> Record:
    decision = decide(current, command(action, **given_), channel, now)
    assert decision is not None
    assert decision.record is not None
    return decision.record


def test_a_person_has_an_undo_window_and_a_key_has_none() -> None:
    decision = do(None, Action.PUBLISH, draft=FLASH, is_person=True)
    assert decision is not None
    assert decision.record is not None
    window = decision.record
    assert (window.state, window.publish_at, window.undo) == (State.SCHEDULED, NOW + 5000, True)
    assert (decision.event, decision.timers[f"release:{ID}"]) == (None, NOW + 5000)
    live = decided(window, Action.START, now=NOW + 5000)
    assert (live.state, live.publish_at, live.undo, live.published_at) == (State.LIVE, None, None, NOW + 5000)
    assert decided(None, Action.PUBLISH, draft=FLASH).state is State.LIVE
    assert decided(None, Action.PUBLISH, is_person=True).state is State.LIVE
    slow = Channel(name="en", undo=Undo(routine=30))
    assert decided(None, Action.PUBLISH, slow, is_person=True).publish_at == NOW + 30_000
    assert decided(window, Action.RELEASE, is_person=True).state is State.LIVE


def test_the_window_is_for_what_no_reader_has_seen() -> None:
    approved = record(State.AWAITING, urgency=Urgency.FLASH)
    assert decided(approved, Action.APPROVE, FOUR_EYES, is_person=True).undo
    draft = record(State.DRAFT, urgency=Urgency.FLASH)
    assert decided(draft, Action.RELEASE, is_person=True).undo
    back = decided(record(State.HELD, urgency=Urgency.FLASH), Action.RELEASE, is_person=True)
    assert back.state is State.LIVE


def test_an_hour_that_was_set_is_no_window() -> None:
    later = decided(None, Action.PUBLISH, draft=FLASH.model_copy(update={"publish_at": NOW + HOUR}), is_person=True)
    assert (later.publish_at, later.undo) == (NOW + HOUR, None)
    recalled = decided(later, Action.RECALL)
    assert (recalled.state, recalled.publish_at) == (State.DRAFT, NOW + HOUR)
    assert decided(recalled, Action.RELEASE, is_person=True).publish_at == NOW + HOUR


@pytest.mark.parametrize("action", [Action.RECALL, Action.HOLD])
def test_what_is_taken_back_gets_a_window_of_its_own_the_next_time(action: Action) -> None:
    window = decided(None, Action.PUBLISH, draft=FLASH, is_person=True)
    back = decide(window, command(action), EN, NOW + 3000)
    assert back is not None
    assert back.record is not None
    assert (back.event, set(back.timers.values())) == (None, {None})
    assert (back.record.publish_at, back.record.undo) == (None, None)
    again = decided(back.record, Action.RELEASE, now=NOW + 4000, is_person=True)
    assert (again.publish_at, again.undo) == (NOW + 9000, True)


def test_an_hour_given_within_the_window_ends_it() -> None:
    window = decided(None, Action.PUBLISH, draft=FLASH, is_person=True)
    later = decided(window, Action.UPDATE, patch=Patch(publish_at=NOW + HOUR), version=1)
    assert (later.state, later.publish_at, later.undo) == (State.SCHEDULED, NOW + HOUR, None)


def test_a_spiked_draft_is_gone_and_no_reader_is_told() -> None:
    for state in (State.DRAFT, State.AWAITING, State.SCHEDULED):
        decision = do(state, Action.SPIKE)
        assert decision is not None
        assert decision.record is not None
        assert (decision.record.state, decision.event) == (State.RETRACTED, None)


# --- four eyes ------------------------------------------------------------------------------------------------------


def test_alone_only_with_a_reason_and_it_is_marked() -> None:
    waiting = decided(None, Action.PUBLISH, FOUR_EYES, draft=FLASH, by="ann")
    alone = decided(waiting, Action.APPROVE, FOUR_EYES, by="ann", reason="Nobody else is here")
    assert (alone.state, alone.unseconded) == (State.LIVE, True)
    together = decided(waiting, Action.APPROVE, FOUR_EYES, by="bob", reason="Checked")
    assert (together.state, together.unseconded) == (State.LIVE, None)


@pytest.mark.parametrize("state", [State.LIVE, State.HELD])
@pytest.mark.parametrize("action", [Action.UPDATE, Action.CORRECT])
def test_what_readers_have_seen_is_raised_by_a_second_person_who_changes_nothing_else(
    state: State, action: Action
) -> None:
    note = {"correction": "It is more"} if action is Action.CORRECT else {}
    seen, raised = record(state), Patch(urgency=Urgency.FLASH, **note)
    for by, patch in (("ann", raised), ("Ann B. (ann)", raised), ("bob", Patch(text="Other", urgency=Urgency.FLASH))):
        with pytest.raises(errors.Forbidden, match="Only a second person may raise it to flash"):
            decide(
                seen.replaced(author=by if by != "bob" else "ann"), command(action, by=by, patch=patch), FOUR_EYES, NOW
            )
    assert decided(seen, action, by="ann", patch=raised).urgency is Urgency.FLASH
    assert decided(seen, action, FOUR_EYES, by="ann", patch=Patch(urgency=Urgency.URGENT, **note)).version == 4


def test_who_has_raised_it_is_its_author_and_another_raises_it_again() -> None:
    flash = decided(record(State.LIVE), Action.UPDATE, FOUR_EYES, patch=Patch(urgency=Urgency.FLASH, text="Text"))
    assert (flash.urgency, flash.author, flash.raised_at, flash.version) == (Urgency.FLASH, "bob", NOW, 4)
    calmer = decided(flash, Action.UPDATE, FOUR_EYES, by="ann", patch=Patch(urgency=Urgency.ROUTINE), version=4)
    again = Patch(urgency=Urgency.FLASH)
    with pytest.raises(errors.Forbidden):
        decide(calmer, command(Action.UPDATE, by="ann", patch=again, version=5), FOUR_EYES, NOW)
    assert decided(calmer, Action.UPDATE, FOUR_EYES, patch=again, version=5).urgency is Urgency.FLASH


def test_who_accepts_a_candidate_is_its_first_person_and_not_its_second() -> None:
    candidate = record(State.DRAFT, urgency=Urgency.FLASH, author="source:tips")
    waiting = decided(candidate, Action.RELEASE, FOUR_EYES, by="ann")
    assert waiting.state is State.AWAITING
    with pytest.raises(errors.Forbidden):
        decide(waiting, command(Action.APPROVE, by="ann"), FOUR_EYES, NOW)
    assert decided(waiting, Action.APPROVE, FOUR_EYES, by="bob").state is State.LIVE


def test_who_has_rewritten_it_is_approved_by_the_other() -> None:
    waiting = decided(None, Action.PUBLISH, FOUR_EYES, draft=FLASH, by="ann")
    rewritten = decided(waiting, Action.UPDATE, FOUR_EYES, by="bob", version=1)
    with pytest.raises(errors.Forbidden):
        decide(rewritten, command(Action.APPROVE, by="bob"), FOUR_EYES, NOW)
    assert decided(rewritten, Action.APPROVE, FOUR_EYES, by="ann").state is State.LIVE


@pytest.mark.parametrize("hands_in", [False, True])
def test_what_is_held_before_anybody_saw_it_is_no_way_round_the_second_person(*, hands_in: bool) -> None:
    draft = Draft(text="Text", publish_at=NOW + HOUR)
    held = decided(decided(None, Action.PUBLISH, FOUR_EYES, draft=draft), Action.HOLD, FOUR_EYES)
    urgency = Urgency.ROUTINE if hands_in else Urgency.FLASH
    flash = Patch(text="Other", urgency=urgency, publish_at=None)
    waiting = decided(held, Action.UPDATE, FOUR_EYES, patch=flash, version=1, hands_in=hands_in)
    assert (waiting.state, waiting.handed_in_by) == (State.AWAITING, "bob")
    with pytest.raises(errors.Forbidden):
        decide(waiting, command(Action.APPROVE), FOUR_EYES, NOW)
    untouched = decided(held, Action.RELEASE, FOUR_EYES, now=NOW + HOUR)
    assert untouched.state is State.LIVE


@pytest.mark.parametrize(
    ("state", "action"),
    [(State.DRAFT, Action.RELEASE), (State.HELD, Action.RELEASE), (State.AWAITING, Action.APPROVE)],
)
def test_what_is_past_its_end_is_not_let_out(state: State, action: Action) -> None:
    over = record(state, published_at=None, publish_at=None, expires_at=NOW - 1)
    with pytest.raises(errors.Invalid) as refused:
        decide(over, command(action, by="ben"), EN, NOW)
    assert refused.value.extra["errors"][0]["pointer"] == "/expires_at"


def test_what_the_clock_could_not_let_out_in_its_time_expires_unseen() -> None:
    over = record(State.SCHEDULED, publish_at=NOW - HOUR, expires_at=NOW)
    decision = decide(over, command(Action.START, by="clock"), EN, NOW)
    assert decision is not None
    assert decision.record is not None
    assert (decision.record.state, decision.event) == (State.EXPIRED, None)
    assert decision.timers[f"release:{ID}"] is None
    assert decision.timers[f"forget:{ID}"] == NOW + FORGET_AFTER


def test_what_is_approved_are_the_words_that_were_read() -> None:
    waiting = record(State.AWAITING, urgency=Urgency.FLASH)
    with pytest.raises(errors.VersionStale, match="You approved version 2; it is at version 3 now"):
        decide(waiting, command(Action.APPROVE, version=2), FOUR_EYES, NOW)
    assert decided(waiting, Action.APPROVE, FOUR_EYES, version=3).state is State.LIVE


def test_who_has_got_another_name_is_no_second_person() -> None:
    waiting = decided(None, Action.PUBLISH, FOUR_EYES, by="Ana Ruiz (ana)", draft=FLASH)
    assert waiting.state is State.AWAITING
    with pytest.raises(errors.Forbidden):
        decide(waiting, command(Action.APPROVE, by="Ana R. (bob) (ana)"), FOUR_EYES, NOW)
    assert decided(waiting, Action.APPROVE, FOUR_EYES, by="Ana Ruiz (bob)").state is State.LIVE


def test_words_that_were_changed_after_the_approval_are_approved_again() -> None:
    draft = FLASH.model_copy(update={"publish_at": NOW + HOUR})
    waiting = decided(None, Action.PUBLISH, FOUR_EYES, draft=draft, by="ann")
    approved = decided(waiting, Action.APPROVE, FOUR_EYES, by="bob")
    assert approved.state is State.SCHEDULED
    again = decide(approved, command(Action.UPDATE, by="ann", version=1), FOUR_EYES, NOW)
    assert again is not None
    assert again.record is not None
    assert (again.record.state, again.record.publish_at) == (State.AWAITING, NOW + HOUR)
    assert set(again.timers.values()) == {None}


# --- editions -------------------------------------------------------------------------------------------------------


def test_an_edition_is_marked_until_somebody_looks_at_it_or_changes_it() -> None:
    for state in (State.DRAFT, State.AWAITING, State.SCHEDULED, State.LIVE, State.HELD):
        marked = do(state, Action.MARK)
        assert marked is not None
        assert marked.record is not None
        assert (marked.event, marked.record.stale, marked.record.version) == (None, HELD, 3)
        assert decided(marked.record, Action.FRESH).stale is None
        assert decided(marked.record, Action.UPDATE).stale is None
        assert "stale" not in marked.record.to_json()
    assert decide(record(State.LIVE, stale=None), command(Action.FRESH), EN, NOW) is None


def test_who_is_in_a_group_stays_in_it() -> None:
    assert decide(record(State.LIVE, group="other"), command(Action.JOIN), EN, NOW) is None
    joined = decided(record(State.LIVE), Action.JOIN)
    assert (joined.group, joined.version) == ("story", 3)


# --- who ------------------------------------------------------------------------------------------------------------

BY_READERS_SEEN = (EventType.PUBLISHED, EventType.UPDATED, EventType.CORRECTED, EventType.RELEASED)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", sorted(ALLOWED))
@pytest.mark.parametrize("state", [None, *State])
def test_every_role_in_every_state(role: Role, action: Action, state: State | None) -> None:
    """Refused to the role, or done as the table says; who hands in brings nothing before readers."""
    writer = Writer("Bo (bo)", "session:1", rights_of({"en": role}), login="bo")
    try:
        writer.allow(action, "en")
    except errors.Forbidden:
        assert not ALLOWED[action] & ROLES[role]
        assert role is not Role.ADMIN
        return
    hands_in = writer.hands_in(action, "en")
    cell = TABLE[state][action]
    if isinstance(cell, No):
        with pytest.raises(cell.error):
            do(state, action, hands_in=hands_in, is_person=True)
        return
    try:
        decision = do(state, action, hands_in=hands_in, is_person=True)
    except errors.Forbidden:
        assert hands_in
        return
    if cell is Cell.NOTHING:
        assert decision is None
        return
    assert decision is not None
    if hands_in:
        assert decision.event is None
        assert decision.record is not None
        assert decision.record.state in (State.AWAITING, state)
    elif isinstance(cell, State):
        assert decision.record is not None
        assert decision.record.state is cell


class Desk(RuleBasedStateMachine):
    """One headline, whatever is done to it, by whomever and whenever; what readers are told of it is folded."""

    @initialize(draft=st.sampled_from([FLASH, Draft(text="Text"), Draft(text="Text", state="draft")]),
                channel=st.sampled_from([EN, FOUR_EYES]), person=st.booleans())  # fmt: skip
    def begin(self, draft: Draft, channel: Channel, person: bool) -> None:
        self.channel, self.now, self.killed = channel, NOW, False
        self.board, self.told = Board(), 0
        self.current: Record | None = None
        self.apply(command(Action.PUBLISH, by="ann", draft=draft, is_person=person))

    def apply(self, asked: Command) -> None:
        before = self.current
        try:
            decision = decide(None if self.killed else before, asked, self.channel, self.now, killed=self.killed)
        except errors.TickerError:
            return
        if decision is None:
            return
        assert not self.killed, "something happened to a killed headline"
        if asked.action is Action.RECALL:
            assert before is not None
            assert before.published_at is None, "a recall touched what a reader has seen"
            assert decision.event is None
        if decision.event is not None:
            self.told += 1
            self.board.apply(decision.event)
        self.current = decision.record
        self.killed = self.current is not None and self.current.state is State.RETRACTED

    @rule(action=st.sampled_from(sorted(set(Action) - {Action.PUBLISH, Action.START, Action.FORGET})),
          by=st.sampled_from(["ann", "bob"]), reason=st.sampled_from([None, "Why not"]), person=st.booleans(),
          hands_in=st.booleans())  # fmt: skip
    def act(self, action: Action, by: str, reason: str | None, person: bool, hands_in: bool) -> None:
        version = self.current.version if self.current else 0
        given_ = {"version": version} if action in (Action.UPDATE, Action.CORRECT) else {}
        self.apply(command(action, by=by, reason=reason, is_person=person, hands_in=hands_in, **given_))

    @rule(seconds=st.integers(0, 20))
    def the_clock(self, seconds: int) -> None:
        self.now += seconds * 1000
        self.apply(command(Action.START, by="clock"))
        self.apply(command(Action.EXPIRE, by="clock", at_once=False))

    @rule()
    def kill(self) -> None:
        before, told = self.current, self.told
        self.apply(command(Action.RETRACT))
        assert self.killed or before is None
        assert ID not in self.board
        assert self.told == told or (before is not None and before.published_at is not None)

    @invariant()
    def readers_have_what_is_live_and_nothing_else(self) -> None:
        live = self.current is not None and self.current.state is State.LIVE
        assert (ID in self.board) == live
        if self.current is not None and self.current.published_at is None:
            assert self.told == 0, "readers were told of what they have not seen"


TestDesk = Desk.TestCase
