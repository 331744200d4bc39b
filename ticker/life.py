"""A headline's life: which action is possible in which state, and what it does. Pure.

TABLE has a cell for every state and every action. `decide` looks the cell up, applies it, and returns what
must become true; the desk then makes it true in one step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from ticker import candidate, errors
from ticker.channel import DAY, Channel
from ticker.events import Event, EventType, removal, upsert
from ticker.headline import Draft, Patch, Record, Stale, State
from ticker.order import first
from ticker.times import check_times as _check_times
from ticker.times import new_expiry as _new_expiry

FORGET_AFTER = 48 * 3600 * 1000  # ms an expired headline is remembered, so that no late copy revives it


class Action(StrEnum):
    PUBLISH = "publish"
    UPDATE = "update"
    CORRECT = "correct"
    APPROVE = "approve"
    HOLD = "hold"
    RELEASE = "release"
    RETRACT = "retract"
    MOVE = "move"
    RECALL = "recall"  # back to a draft, before any reader has seen it
    SPIKE = "spike"  # a draft nobody wants: gone, but its words are not barred
    JOIN = "join"  # becomes one of a group of editions
    MARK = "mark"  # the desk: another edition of it has changed
    FRESH = "fresh"  # somebody has looked, and it still holds
    START = "start"  # the clock: the time of a scheduled headline has come
    EXPIRE = "expire"  # its time on the strip is over: the clock says so, or somebody
    FORGET = "forget"  # the clock: an expired one need not be remembered longer


class Cell(Enum):
    """What a cell of the table says, where it does not simply name the next state."""

    GO = "go: live, or scheduled, or to be approved first"
    SAME = "stays in its state"
    NOTHING = "already so: nothing happens"
    GONE = "is removed from memory"


@dataclass(frozen=True, slots=True)
class No:
    """A refusal: the kind of error and the sentence that says what to do instead."""

    error: type[errors.TickerError]
    sentence: str


_UNKNOWN = No(errors.NoHeadline, "")
_EXISTS = No(errors.Refused, "It is here already; change it with PATCH.")
_NOT_SEEN = No(errors.Refused, "No reader has seen it yet, so there is nothing to correct: update it.")
_NOT_SHOWN = No(errors.Refused, "It is shown to nobody, so there is nothing to hold; retract it to be rid of it.")
_NOT_ON_STRIP = No(errors.Refused, "Only a live headline has a place on the strip.")
_APPROVE_FIRST = No(errors.Refused, "It waits for a second person: approve it.")
_NOT_WAITING = No(errors.Refused, "It does not wait for approval; release it to publish it.")
_SEEN = No(errors.Refused, "Readers have it already: hold it, or retract it.")
_HELD_BACK = No(errors.Refused, "It is held: release it, or retract it.")
_KILLED = No(errors.Killed, "It was killed and cannot come back; publish a new headline in other words.")
_EXPIRED = No(errors.Refused, "It has expired; publish it anew.")

A = Action
TABLE: Mapping[State | None, Mapping[Action, State | Cell | No]] = {
    None: {
        A.PUBLISH: Cell.GO, A.UPDATE: _UNKNOWN, A.CORRECT: _UNKNOWN, A.APPROVE: _UNKNOWN, A.HOLD: _UNKNOWN,
        A.RELEASE: _UNKNOWN, A.RETRACT: _UNKNOWN, A.MOVE: _UNKNOWN, A.RECALL: _UNKNOWN, A.SPIKE: _UNKNOWN,
        A.JOIN: _UNKNOWN, A.MARK: Cell.NOTHING, A.FRESH: _UNKNOWN,
        A.START: Cell.NOTHING, A.EXPIRE: Cell.NOTHING, A.FORGET: Cell.NOTHING,
    },
    State.DRAFT: {
        A.PUBLISH: _EXISTS, A.UPDATE: Cell.SAME, A.CORRECT: _NOT_SEEN, A.APPROVE: _NOT_WAITING, A.HOLD: _NOT_SHOWN,
        A.RELEASE: Cell.GO, A.RETRACT: State.RETRACTED, A.MOVE: _NOT_ON_STRIP, A.RECALL: Cell.NOTHING,
        A.SPIKE: State.RETRACTED, A.JOIN: Cell.SAME, A.MARK: Cell.SAME, A.FRESH: Cell.SAME,
        A.START: Cell.NOTHING, A.EXPIRE: Cell.NOTHING, A.FORGET: Cell.NOTHING,
    },
    State.AWAITING: {
        A.PUBLISH: _EXISTS, A.UPDATE: Cell.SAME, A.CORRECT: _NOT_SEEN, A.APPROVE: Cell.GO, A.HOLD: _NOT_SHOWN,
        A.RELEASE: _APPROVE_FIRST, A.RETRACT: State.RETRACTED, A.MOVE: _NOT_ON_STRIP, A.RECALL: State.DRAFT,
        A.SPIKE: State.RETRACTED, A.JOIN: Cell.SAME, A.MARK: Cell.SAME, A.FRESH: Cell.SAME,
        A.START: Cell.NOTHING, A.EXPIRE: Cell.NOTHING, A.FORGET: Cell.NOTHING,
    },
    State.SCHEDULED: {
        A.PUBLISH: _EXISTS, A.UPDATE: Cell.SAME, A.CORRECT: _NOT_SEEN, A.APPROVE: Cell.NOTHING, A.HOLD: State.HELD,
        A.RELEASE: State.LIVE, A.RETRACT: State.RETRACTED, A.MOVE: _NOT_ON_STRIP, A.RECALL: State.DRAFT,
        A.SPIKE: State.RETRACTED, A.JOIN: Cell.SAME, A.MARK: Cell.SAME, A.FRESH: Cell.SAME,
        A.START: State.LIVE, A.EXPIRE: Cell.NOTHING, A.FORGET: Cell.NOTHING,
    },
    State.LIVE: {
        A.PUBLISH: _EXISTS, A.UPDATE: Cell.SAME, A.CORRECT: Cell.SAME, A.APPROVE: Cell.NOTHING, A.HOLD: State.HELD,
        A.RELEASE: Cell.NOTHING, A.RETRACT: State.RETRACTED, A.MOVE: Cell.SAME, A.RECALL: _SEEN,
        A.SPIKE: _SEEN, A.JOIN: Cell.SAME, A.MARK: Cell.SAME, A.FRESH: Cell.SAME,
        A.START: Cell.NOTHING, A.EXPIRE: State.EXPIRED, A.FORGET: Cell.NOTHING,
    },
    State.HELD: {
        A.PUBLISH: _EXISTS, A.UPDATE: Cell.SAME, A.CORRECT: Cell.SAME, A.APPROVE: Cell.NOTHING, A.HOLD: Cell.NOTHING,
        A.RELEASE: Cell.GO, A.RETRACT: State.RETRACTED, A.MOVE: _NOT_ON_STRIP, A.RECALL: _HELD_BACK,
        A.SPIKE: _HELD_BACK, A.JOIN: Cell.SAME, A.MARK: Cell.SAME, A.FRESH: Cell.SAME,
        A.START: Cell.NOTHING, A.EXPIRE: State.EXPIRED, A.FORGET: Cell.NOTHING,
    },
    State.RETRACTED: {
        A.PUBLISH: _KILLED, A.UPDATE: _KILLED, A.CORRECT: _KILLED, A.APPROVE: _KILLED, A.HOLD: Cell.NOTHING,
        A.RELEASE: _KILLED, A.RETRACT: Cell.NOTHING, A.MOVE: _KILLED, A.RECALL: _KILLED,
        A.SPIKE: Cell.NOTHING, A.JOIN: _KILLED, A.MARK: Cell.NOTHING, A.FRESH: _KILLED,
        A.START: Cell.NOTHING, A.EXPIRE: Cell.NOTHING, A.FORGET: Cell.NOTHING,
    },
    State.EXPIRED: {
        A.PUBLISH: _EXISTS, A.UPDATE: _EXPIRED, A.CORRECT: _EXPIRED, A.APPROVE: _EXPIRED, A.HOLD: Cell.NOTHING,
        A.RELEASE: _EXPIRED, A.RETRACT: State.RETRACTED, A.MOVE: _EXPIRED, A.RECALL: _EXPIRED,
        A.SPIKE: _EXPIRED, A.JOIN: _EXPIRED, A.MARK: Cell.NOTHING, A.FRESH: _EXPIRED,
        A.START: Cell.NOTHING, A.EXPIRE: Cell.NOTHING, A.FORGET: Cell.GONE,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants done. Only the fields of its action are set."""

    action: Action
    by: str
    id: str = ""
    draft: Draft | None = None
    patch: Patch | None = None
    version: int = 0
    reason: str | None = None  # for the audit
    note: str | None = None  # for readers, with a removal
    order: str | None = None
    pinned: bool | None = None
    at_once: bool = False  # expire it although its time is not over
    hands_in: bool = False  # whoever asks may only hand in what somebody else must approve
    via: str = ""  # by which key or session, for the audit
    is_person: bool = False  # who has an undo window
    group: str | None = None
    stale: Stale | None = None
    notes: Mapping[str, str] = field(default_factory=dict)  # for readers of other editions, by channel
    with_: str = ""  # what was done to another edition, of which this follows


@dataclass(frozen=True, slots=True)
class Decision:
    """What must become true, all of it or nothing.

    `record` is the headline as it is kept from now on; None when nothing of it is kept.
    `timers` names what the clock must do and when (ms); None takes a timer away. `reason` is for the audit, where it
    is not what was asked for.
    """

    record: Record | None
    event: Event | None = None
    timers: Mapping[str, int | None] = field(default_factory=dict)
    reason: str | None = None


def decide(
    current: Record | None, command: Command, channel: Channel, now: int, *, killed: bool = False
) -> Decision | None:
    """What the command does to the headline. None when it is so already. TickerError when it cannot be.

    `killed` says that a tombstone stands for its id: nothing else is kept of a retracted headline.
    """
    state = State.RETRACTED if killed else current.state if current else None
    cell = TABLE[state][command.action]
    if isinstance(cell, No):
        raise cell.error(cell.sentence or command.id)
    if cell is Cell.NOTHING:
        return None
    if command.hands_in and (state, command.action) in _REACH_READERS:
        raise errors.Forbidden("This would reach readers without a second person, and you may only hand in.")
    if current is None:
        return _go(_first_version(command, channel, now), command, channel, now)
    if command.action in _READ_BEFORE and command.version not in (0, current.version):
        raise _stale(current, f"You {_READ_BEFORE[command.action]} version {command.version}", command.action.value)
    if cell is Cell.GONE:
        return Decision(None, timers=_timers(command.id))
    if cell is Cell.GO:
        return _go(current, command, channel, now)
    if cell is Cell.SAME:
        if command.action in (Action.UPDATE, Action.CORRECT):
            return _edit(current, command, channel, now)
        return _beside_the_words(current, command)
    return _enter(State(cell), current, command, channel, now)


# What lets words out that somebody has read, and must not let out others: told as a deed.
_READ_BEFORE = {Action.APPROVE: "approved", Action.RELEASE: "released"}

# What somebody who may only hand in cannot do; anything else of theirs goes by a second person.
_REACH_READERS = {
    (State.LIVE, Action.UPDATE),
    (State.SCHEDULED, Action.RELEASE),
    (State.HELD, Action.RELEASE),
}


def _timers(headline_id: str, **due: int | None) -> dict[str, int | None]:
    return {f"{what}:{headline_id}": due.get(what) for what in ("release", "expire", "forget")}


def _first_version(command: Command, channel: Channel, now: int) -> Record:
    draft = command.draft
    assert draft is not None
    if draft.rehearsal and not channel.rehearsal:
        fault = {"pointer": "/rehearsal", "detail": f"is true, and {channel.name!r} is a live channel"}
        raise errors.Invalid("What was made for a rehearsal stays there; see `errors`.", errors=[fault])
    given = draft.model_dump(exclude={"state", "source", "rehearsal"}, exclude_none=True)
    record = Record(
        id=command.id, channel=channel.name, version=1, state=State.DRAFT, lang=channel.lang, dir=channel.dir,
        source=draft.source, author=command.by, rehearsal=channel.rehearsal or None, **given,
    )  # fmt: skip
    _check_times(record, now)
    return record


def _go(record: Record, command: Command, channel: Channel, now: int) -> Decision:
    """Towards the readers, as far as it may go: kept as a draft, to a second person, to its hour, or live."""
    if command.action is Action.PUBLISH and command.draft is not None and command.draft.state == "draft":
        waits = {f"spike:{record.id}": candidate.waits_until(record, channel, now)}
        return Decision(record, timers=waits if candidate.is_untouched(record) else {})
    if record.state is State.HELD and record.published_at is not None:
        return _go_live(record, EventType.RELEASED, now)
    if command.action is not Action.PUBLISH:  # which has been looked at
        _check_times(record, now)
    if command.action is Action.APPROVE:
        record = _seconded(record, command)
    elif _asks_for_a_second(record, command, channel) and record.state is not State.HELD:
        return Decision(record.replaced(state=State.AWAITING, handed_in_by=command.by))
    record = record.replaced(handed_in_by=None)
    undo = channel.undo.seconds(record.urgency) * 1000 if command.is_person else 0
    if undo and (record.publish_at or 0) <= now:
        record = record.replaced(publish_at=now + undo, undo=True)
    if record.publish_at is not None and record.publish_at > now:
        scheduled = record.replaced(state=State.SCHEDULED)
        return Decision(scheduled, timers=_timers(record.id, release=record.publish_at))
    return _go_live(record, EventType.PUBLISHED, now, default_expiry=channel.expires_in)


def _asks_for_a_second(record: Record, command: Command, channel: Channel) -> bool:
    return record.urgency in channel.approval or command.hands_in


def _seconded(record: Record, command: Command) -> Record:
    """Approved by another than who wrote it or handed it in; or by the same, who breaks the glass with a reason."""
    if who(command.by) not in (who(record.author), who(record.handed_in_by)):
        return record.replaced(unseconded=None)
    if not command.reason:
        raise errors.Forbidden(
            "A second person must approve what you have written or handed in. Is there nobody? Then give a `reason`."
        )
    return record.replaced(unseconded=True)


def who(name: str | None) -> str:
    """What stays of a writer's name when it is changed: the login, or the key's id, in brackets at its end."""
    return (name or "").rpartition(" (")[2]


def _go_live(record: Record, event: EventType, now: int, default_expiry: int = DAY) -> Decision:
    expires_at = record.expires_at or now + (record.expires_in or default_expiry) * 1000
    live = record.replaced(
        state=State.LIVE,
        published_at=record.published_at or now,
        first_text=record.first_text or record.text,
        order=record.order or first(now),
        expires_at=expires_at,
        expires_in=None,
        publish_at=None,
        undo=None,
    )
    return Decision(live, upsert(event, live), _timers(live.id, expire=expires_at))


def _stale(current: Record, done: str, again: str) -> errors.VersionStale:
    return errors.VersionStale(
        f"{done}; it is at version {current.version} now. Read it, then {again} again.",
        version=current.version,
        current=current.model_dump(mode="json", exclude_none=True),
    )


def _edit(current: Record, command: Command, channel: Channel, now: int) -> Decision | None:
    patch = command.patch
    assert patch is not None
    if command.version != current.version:
        raise _stale(current, f"You edited version {command.version}", "edit")
    changes: dict[str, Any] = patch.changes()
    if "publish_at" in changes and current.published_at is not None:
        del changes["publish_at"]  # it has been seen; its hour is past
    if "publish_at" in changes:
        changes["undo"] = None  # it has an hour of its own now
    if patch.is_correction:
        changes["correction"] = patch.correction
    changes |= _new_expiry(current, patch, channel, now)
    changed = {name for name, value in changes.items() if getattr(current, name) != value}
    if not changed:
        return None
    seen = current.published_at is not None
    edited = current.replaced(**changes, version=current.version + 1, author=command.by, stale=None)
    edited = _seen_anew(current, edited, channel, changed, now) if seen else edited
    _check_times(edited, now)
    if current.state is State.LIVE:
        event = upsert(EventType.CORRECTED if patch.is_correction else EventType.UPDATED, edited)
        return Decision(edited, event, _timers(edited.id, expire=edited.expires_at))
    if current.state is State.AWAITING or (
        current.state in (State.SCHEDULED, State.HELD) and not seen and _asks_for_a_second(edited, command, channel)
    ):
        # What was approved were other words.
        awaiting = _out_of_the_window(edited).replaced(state=State.AWAITING, handed_in_by=command.by)
        return Decision(awaiting, timers=_timers(edited.id))
    if current.state is State.SCHEDULED:
        return _reschedule(edited, channel, now)
    expire = edited.expires_at if seen else None
    return Decision(edited, timers=_timers(edited.id, expire=expire))


def _seen_anew(current: Record, edited: Record, channel: Channel, changed: set[str], now: int) -> Record:
    """Raised, where that asks for a second person, by another than its author and as it stands."""
    if current.urgency.at_least(edited.urgency):
        return edited.replaced(updated_at=now)
    alone = changed != {"urgency"} or who(edited.author) == who(current.author)
    if alone and edited.urgency in channel.approval:  # else all of it would be published as routine first
        to = f"Only a second person may raise it to {edited.urgency}"
        raise errors.Forbidden(f"{to}, and must change nothing else; or publish it anew.")
    return edited.replaced(updated_at=now, raised_at=now)


def _reschedule(edited: Record, channel: Channel, now: int) -> Decision:
    if edited.publish_at is None or edited.publish_at <= now:
        return _go_live(edited, EventType.PUBLISHED, now, default_expiry=channel.expires_in)
    return Decision(edited, timers=_timers(edited.id, release=edited.publish_at))


def _out_of_the_window(record: Record) -> Record:
    """An undo window ends with what it was for; an hour that somebody has set stays."""
    return record.replaced(publish_at=None, undo=None) if record.undo else record


def _beside_the_words(current: Record, command: Command) -> Decision | None:
    """What changes no word changes no version: the place on the strip, the group, whether it still holds."""
    if command.action is Action.MOVE:
        return _move(current, command)
    if command.action is Action.JOIN:
        if current.group is not None:
            return None
        joined = current.replaced(group=command.group)
        return Decision(joined, upsert(EventType.MOVED, joined) if joined.state is State.LIVE else None)
    marked = current.replaced(stale=command.stale)
    return None if marked == current else Decision(marked)


def _move(current: Record, command: Command) -> Decision | None:
    moved = current.replaced(
        order=command.order or current.order,
        pinned=current.pinned if command.pinned is None else command.pinned,
    )
    if moved == current:
        return None
    return Decision(moved, upsert(EventType.MOVED, moved))


def _enter(state: State, current: Record, command: Command, channel: Channel, now: int) -> Decision | None:
    seen = current.published_at is not None
    if state is State.LIVE:
        if command.action is Action.START and (current.publish_at or 0) > now:
            return None  # put off since the timer was set
        if command.action is Action.START and (current.expires_at or now + 1) <= now:
            return _expired(current, now)  # nobody was there to let it out in its time
        return _go_live(current, EventType.PUBLISHED, now, default_expiry=channel.expires_in)
    if state is State.DRAFT:
        recalled = _out_of_the_window(current).replaced(state=State.DRAFT, handed_in_by=None, unseconded=None)
        return Decision(recalled, timers=_timers(current.id))
    if state is State.HELD:
        told = removal(EventType.HELD, current.id, command.note) if seen else None
        expire = current.expires_at if seen else None
        held = _out_of_the_window(current).replaced(state=State.HELD)
        return Decision(held, told, _timers(current.id, expire=expire))
    if state is State.RETRACTED:
        return Decision(
            current.replaced(state=State.RETRACTED),
            removal(EventType.RETRACTED, current.id, command.note) if seen else None,
            _timers(current.id),
        )
    assert state is State.EXPIRED
    if not command.at_once and current.expires_at is not None and current.expires_at > now:
        return None  # extended since the timer was set
    return _expired(current, now)


def _expired(current: Record, now: int) -> Decision:
    told = removal(EventType.EXPIRED, current.id) if current.state is State.LIVE else None
    forgotten = current.replaced(state=State.EXPIRED, pinned=False)
    return Decision(forgotten, told, _timers(current.id, forget=now + FORGET_AFTER))
