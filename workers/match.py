"""What a document means for the desk: which entries are new, changed or withdrawn. Decides, touches nothing. Pure."""

import json
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from ticker import text
from ticker.channel import DAY
from ticker.headline import (
    CODE_POINTS_PER_GRAPHEME,
    NAME_LIMIT,
    NOTE_LIMIT,
    TAGS_LIMIT,
    TEXT_LIMIT,
    Draft,
    Patch,
)
from ticker.seen import Known, Seen
from ticker.urgency import Urgency
from workers.identity import Match, Matched, Terms, digest, source_of
from workers.sources.entry import Entry, Tombstone

DAY_MS = DAY * 1000
NEW_PER_POLL = 50
UPDATES_PER_DAY = 24  # of one entry; a title that flaps more often is left as it is
FARTHEST = 399 * DAY_MS  # ms ahead that the desk takes a time
GONE = "gone"  # the content of an entry that its source has withdrawn
WITHDRAWN = "Withdrawn by its source."

_CLEARED = ("link", "image", "publish_at")  # where a source says nothing any more


@dataclass(frozen=True, slots=True)
class Publish:
    id: str
    draft: Draft
    seen: Seen
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Edit:
    """`keep_back`: its source no longer lets it out, as far as can be told, and it is held as well."""

    id: str
    version: int
    patch: Patch
    seen: Seen
    raw: bytes = b""
    keep_back: bool = False


@dataclass(frozen=True, slots=True)
class Expire:
    """Its source says that its time is over."""

    id: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class Retract:
    id: str
    reason: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An entry that cannot become a headline."""

    id: str
    reason: str
    raw: bytes
    seen: Seen


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to do but to remember it; `told` when a person should hear why."""

    id: str
    reason: str
    seen: Seen
    told: bool = False


Action = Publish | Edit | Expire | Retract | DeadLetter | Skip


def described(action: Action) -> dict[str, Any]:
    """For a person who tries a source."""
    told: dict[str, Any] = {"action": type(action).__name__.lower(), "id": action.id}
    if isinstance(action, Publish):
        told |= action.draft.model_dump(mode="json", exclude_none=True)
    elif not isinstance(action, Edit | Expire):
        told["reason"] = action.reason
    return told


@dataclass(frozen=True, slots=True)
class Plan:
    actions: tuple[Action, ...]
    more: bool = False  # new entries are left for the next poll


# --- what to do -------------------------------------------------------------------------------------------------------


def decide(matched: Matched, known: Known, source: Terms, now: int) -> Plan:
    """Withdrawals first, then changes and new ones, oldest first; `more` when there were too many new ones."""
    actions: list[Action] = []
    withdrawn = dict(matched.tombstones)
    present = {one.id: one for one in matched.matches}
    fresh, more = 0, False
    for stone_id, stone in matched.tombstones:
        if not _stands(stone, present.get(stone_id), known.entries.get(stone_id)):
            del withdrawn[stone_id]
        elif fresh < NEW_PER_POLL or stone_id in known.entries:
            actions += _retract(stone_id, stone, known, now)
            fresh += stone_id not in known.entries
        else:
            more = True
    fresh = 0
    for one in matched.matches:
        if one.id in withdrawn:
            continue
        headline, seen = _before(one, known, set(present))
        if seen is None and _is_too_old(one.entry, source, now):
            continue
        if seen is None and fresh == NEW_PER_POLL:
            more = True
            continue
        action = _decide_one(one, headline, seen, source, now)
        if action is not None:
            actions.append(action)
            fresh += seen is None
    return Plan(tuple(actions), more)


def _before(one: Match, known: Known, present: set[str]) -> tuple[str, Seen | None]:
    """The headline it is, and how it was last handed in."""
    seen = known.entries.get(one.id)
    other = known.aliases.get(one.alias or "")
    if seen is None and other is not None and other not in present and other in known.entries:
        return other, known.entries[other]
    return one.id, seen


def _stands(stone: Tombstone, one: Match | None, seen: Seen | None) -> bool:
    """An entry and its tombstone may stand side by side: the later one holds."""
    updated = max(one.entry.at or 0 if one else 0, seen.updated if seen else 0)
    return stone.when is None or stone.when >= updated


def _retract(stone_id: str, stone: Tombstone, known: Known, now: int) -> list[Action]:
    seen = known.entries.get(stone_id)
    if seen is not None and seen.content == GONE:
        return _again(stone_id, seen, now)
    reason = _shorten(stone.note, NOTE_LIMIT) if stone.note else WITHDRAWN
    return [Retract(stone_id, reason, Seen(content=GONE, last=now, updated=stone.when or 0))]


def _again(headline: str, seen: Seen, now: int) -> list[Action]:
    """Seen before and unchanged: once a day it is noted that it is still there."""
    return [Skip(headline, "unchanged", replace(seen, last=now))] if now - seen.last > DAY_MS else []


def _is_too_old(entry: Entry, source: Terms, now: int) -> bool:
    return source.max_age is not None and entry.at is not None and entry.at < now - source.max_age * 1000


def _decide_one(one: Match, headline: str, seen: Seen | None, source: Terms, now: int) -> Action | None:
    fields = _fields(one.entry, source, now)
    content = _content(fields, one.entry)
    if seen is not None and seen.content in (content, GONE):
        return next(iter(_again(headline, seen, now)), None)
    today = now // DAY_MS
    updates = seen.updates if seen is not None and seen.day == today else 0
    if seen is not None and updates >= UPDATES_PER_DAY:
        flapping = Skip(headline, "flapping", replace(seen, updates=updates + 1, last=now), told=True)
        return flapping if updates == UPDATES_PER_DAY else None
    after = Seen(
        version=seen.version if seen else 0,
        content=content,
        updates=updates + (seen is not None),
        day=today,
        last=now,
        updated=one.entry.at or 0,
    )
    if fields.get("expires_at") is not None and fields["expires_at"] <= max(now, fields.get("publish_at") or 0):
        return Expire(headline, after) if after.version else Skip(headline, "expired", after)
    raw = one.entry.raw.encode("utf-8", "replace")
    try:
        if seen is None or seen.version == 0:
            return Publish(headline, _draft(fields, one, source), after, raw)
        keep_back = source.trusted and "state" in fields
        return Edit(headline, seen.version, _patch(fields), after, raw, keep_back)
    except ValidationError as error:
        return DeadLetter(headline, _faults(error), raw, after)


# --- how it is shown --------------------------------------------------------------------------------------------------


def _fields(entry: Entry, source: Terms, now: int) -> dict[str, Any]:
    """What is shown of an entry. What it has too much or wrong beside its words is left out, not held against it."""
    fields: dict[str, Any] = {
        "text": _shorten(entry.title, TEXT_LIMIT),
        "urgency": entry.urgency if entry.urgency in set(Urgency) else source.urgency.value,
        "link": _link_or_none(entry.link),
        "image": _link_or_none(entry.image),
        "section": source.section,
        "tags": _tags(entry),
        "expires_at": min(entry.expires, now // DAY_MS * DAY_MS + FARTHEST) if entry.expires else None,
        "publish_at": entry.embargo if entry.embargo and entry.embargo > now else None,
        "correction": _shorten(entry.correction, NOTE_LIMIT) if entry.correction else None,
    }
    kept_back = entry.draft or entry.embargo_unreadable or (entry.embargo or 0) > now + FARTHEST
    if kept_back or not source.trusted:
        fields["state"] = "draft"
    if kept_back:
        fields["publish_at"] = None
    return {name: value for name, value in fields.items() if value is not None}


def _content(fields: dict[str, Any], entry: Entry) -> str:
    """Of what a source says, and not of what the time makes of it: an embargo that has passed is no change."""
    said = {**fields, "publish_at": entry.embargo, "expires_at": entry.expires}
    return digest(json.dumps(said, sort_keys=True))


def _shorten(words: str, limit: int) -> str:
    """At a word's end, with an ellipsis."""
    most = limit * CODE_POINTS_PER_GRAPHEME
    if len(words) <= most and text.graphemes(words) <= limit:
        return words
    kept = text.first_graphemes(words[:most], limit - 1)
    return (kept.rpartition(" ")[0] or kept).rstrip(" ,;:-–—") + "…"


def _link_or_none(link: str | None) -> str | None:
    if not link:
        return None
    try:
        return Patch(link=link).link
    except ValidationError:
        return None


def _tags(entry: Entry) -> list[str]:
    cleaned = (text.clean(category) for category in entry.categories)
    short = [tag for tag in dict.fromkeys(cleaned) if tag and "\ufffd" not in tag and len(tag) <= NAME_LIMIT]
    return short[:TAGS_LIMIT]


def _draft(fields: dict[str, Any], one: Match, source: Terms) -> Draft:
    given = {name: value for name, value in fields.items() if name != "correction"}
    return Draft.model_validate({**given, "source": source_of(source, one.key)})


def _patch(fields: dict[str, Any]) -> Patch:
    given = {name: value for name, value in fields.items() if name not in ("state", "section")}
    return Patch.model_validate({**dict.fromkeys(_CLEARED), **given})


def _faults(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))} {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()
    )
