"""What the desk decides: a command in a situation, and the change that makes it true. Touches nothing."""

import json
from dataclasses import replace
from typing import Any

from ticker import instant, life
from ticker.candidate import is_untouched
from ticker.channel import Channel
from ticker.errors import Killed, Refused
from ticker.events import EventType
from ticker.headline import Record, Stale, State
from ticker.life import Action, Command, Decision
from ticker.stream import Change, Situation
from ticker.tombstone import SAME_TEXT_KEPT, Tombstone, words_of

ANSWER_KEPT = 24 * 3600 * 1000  # ms a writer may repeat a request with its Idempotency-Key
RETRY_KEPT = 60 * 1000  # ms for our own repeats, when Redis's answer was lost

CLOCK = "clock"


# What leads to readers without saying the words again.
_LETS_OUT = (Action.RELEASE, Action.APPROVE, Action.START)


def identities(command: Command, record: Record | None) -> tuple[str, ...]:
    """What else a tombstone may name, beside the id: the words that are killed, or that readers would get."""
    if command.action is Action.PUBLISH and command.draft is not None:
        return (words_of(command.draft.text),)
    if command.patch is not None and command.patch.text is not None:
        return (words_of(command.patch.text),)
    if record is None:
        return ()
    another_hour = command.patch is not None and record.state is State.SCHEDULED  # which may be now
    if command.action is Action.RETRACT or command.action in _LETS_OUT or another_hour:
        return (words_of(record.text),)
    return ()


def decide(
    found: Situation, command: Command, channel: Channel, barred: tuple[str, ...], *, even_unknown: bool
) -> Decision | None:
    """As `life.decide`, unless a tombstone stands in the way: for the headline, or for the words it is to have."""
    tombstone = found.tombstone(command.id)
    if even_unknown and found.record is None and tombstone is None:
        return Decision(None)
    if tombstone is not None and command.action not in (Action.RETRACT, Action.SPIKE, Action.HOLD):
        if command.by == CLOCK or command.action is Action.MARK:
            return None
        raise Killed(tombstone.sentence)
    if command.action is Action.SPIKE and command.by == CLOCK and not (found.record and is_untouched(found.record)):
        return None  # somebody has looked at it
    words = None if command.action is Action.RETRACT else _killed_words(found, command, barred)
    if words is not None and command.action not in _LETS_OUT:
        raise _these_words(words)
    if _is_of_the_other_world(found.record, channel) and command.action not in _AWAY:
        if command.by == CLOCK:
            return None
        raise Refused("This channel is not what it was, live or for rehearsals, when this was made; write it anew.")
    decided = life.decide(found.record, command, channel, found.now, killed=tombstone is not None)
    if words is None or decided is None:
        return decided
    if command.action is not Action.START:
        raise _these_words(words)
    return _kept_back(found, command, channel, words)


def _killed_words(found: Situation, command: Command, barred: tuple[str, ...]) -> Tombstone | None:
    for identity in barred:
        words = found.tombstone(identity)
        if words is not None and words.id != command.id and found.now - words.at < SAME_TEXT_KEPT:
            return words
    return None


def _these_words(words: Tombstone) -> Killed:
    return Killed(f"These words were killed: {words.sentence}")


def _kept_back(found: Situation, command: Command, channel: Channel, words: Tombstone) -> Decision | None:
    """Nobody is there to be refused: what the clock would have let out is held, marked with what was killed."""
    held = life.decide(found.record, replace(command, action=Action.HOLD), channel, found.now)
    if held is None or held.record is None:
        return held
    stale = Stale(action="retract", channel=channel.name, id=words.id, by=command.by, at=words.at)
    return replace(held, record=held.record.replaced(stale=stale), reason=_these_words(words).detail)


# All that may be done to a headline of the other world: a channel has some when its `rehearsal` was changed.
_AWAY = {Action.HOLD, Action.RETRACT, Action.SPIKE, Action.RECALL, Action.EXPIRE, Action.FORGET, Action.MARK}


def _is_of_the_other_world(record: Record | None, channel: Channel) -> bool:
    return record is not None and bool(record.rehearsal) != channel.rehearsal


def change(
    found: Situation, command: Command, decision: Decision, barred: tuple[str, ...], digest: str | None
) -> Change:
    """All of it, in one step. `digest` is that of a request with an Idempotency-Key."""
    record, before = decision.record, found.record
    raw = record.to_record() if record else ""
    on_board = record is not None and record.state is State.LIVE
    kills = command.action in (Action.RETRACT, Action.SPIKE)
    tombstone = Tombstone(command.id, found.now, before.group if before else None)
    return Change(
        situation=found,
        board=raw if on_board else "",
        desk="" if on_board or kills else raw,
        event=decision.event,
        for_desk=_for_desk(command, decision),
        timers=decision.timers,
        tombstones=dict.fromkeys((command.id, *barred), tombstone) if kills else {},
        audit=_audit(found.now, command, before, record, decision.reason),
        answer=_answer(record, digest),
        answer_ms=RETRY_KEPT if digest is None else ANSWER_KEPT,
    )


def _for_desk(command: Command, decision: Decision) -> EventType | None:
    """What the desk is told. It sees whatever may yet be on the strip: a held headline has not left its sight."""
    if command.action is Action.FORGET:
        return None
    if command.action in (Action.RETRACT, Action.SPIKE):
        return EventType.RETRACTED
    if decision.record is None or decision.record.state is State.EXPIRED:
        return EventType.EXPIRED
    event = decision.event
    return event.type if event is not None and event.headline is not None else EventType.UPDATED


def _audit(
    now: int, command: Command, before: Record | None, after: Record | None, reason: str | None
) -> dict[str, Any]:
    broken = after is not None and after.unseconded and not (before and before.unseconded)
    entry: dict[str, Any] = {
        "at": instant.format(now),
        "by": command.by,
        "via": command.via or None,
        "with": command.with_ or None,
        "action": "break_glass" if broken else command.action.value,
        "id": command.id,
        "from": before.state.value if before else None,
        "to": after.state.value if after else None,
        "version": after.version if after else None,
        "reason": command.reason or reason or (command.patch.correction if command.patch else None),
    }
    stays = after is not None and after.state is not State.RETRACTED  # of a killed one only the audit has the words
    texts = (before.text if before else None, after.text if after is not None and stays else None)
    if command.patch is not None or texts[0] != texts[1]:
        entry |= {"before": texts[0], "after": texts[1]}
    return entry


def _answer(record: Record | None, digest: str | None) -> str:
    answer = {"digest": digest or "", "record": record.to_record() if record else None}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
