"""What "most read" means: the arithmetic of exact decay, and the rules by which a list is made. Pure.

A read counts 1 when it happens and half as much after each half-life. Forward decay (Cormode, Shkapenyuk,
Srivastava, Xu, 2009) keeps that exact without ever ageing what is stored: a read at t adds 2^((t - L) / H) to its
story, L a fixed landmark. The order is that of the decayed counts at every moment, and a count now is the score
times 2^(-(now - L) / H).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from ticker.channel import MostRead
from ticker.story import Story

HOUR = 3_600_000  # ms
ROWS = 50  # of a list
CANDIDATES = 2 * ROWS  # looked at for a list: some are held out, and it must be full all the same
REBASE_AT = 512  # half-lives that scores may grow from their landmark; a double ends at 1,024
FORGOTTEN = 0.5  # decayed reads: less than half a read is no evidence
MOST_STORIES = 2_000  # of one scope and window
RETURNS = 4  # times as many reads for each reader as is usual: looked into
RISING = "rising"


class Window(StrEnum):
    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"

    @property
    def ms(self) -> int:
        return _WIDTH[self]

    @property
    def half_life(self) -> int:
        """Whole ms. A decaying count is as wide as a window of H / ln 2, so H is the window's width times ln 2."""
        return round(self.ms * math.log(2))


_WIDTH = {Window.HOUR: HOUR, Window.DAY: 24 * HOUR, Window.WEEK: 7 * 24 * HOUR}

LISTS = (*(window.value for window in Window), RISING)


def weight(at: int, landmark: int, half_life: int) -> float:
    """What a read at this time adds. ValueError when that is no finite number: it would be first for ever."""
    exponent = (at - landmark) / half_life
    if exponent > REBASE_AT + 1:
        raise ValueError(f"the landmark is {exponent:.0f} half-lives old: rebase first")
    return math.exp2(exponent)


def decayed(score: float, landmark: int, half_life: int, now: int) -> float:
    """How many reads a score is worth now."""
    return score * math.exp2(-(now - landmark) / half_life)


def rebase(landmark: int, half_life: int, now: int) -> tuple[int, int]:
    """A nearer landmark, and by how many whole half-lives: scores times 2^-that are the same to the last bit."""
    steps = (now - landmark) // half_life
    return (landmark + steps * half_life, steps) if steps > REBASE_AT else (landmark, 0)


def floor(landmark: int, half_life: int, now: int) -> float:
    """The score of what is forgotten; after a thousand half-lives, all there is."""
    return FORGOTTEN * math.exp2(min((now - landmark) / half_life, 1_023))


def rising(last_hour: float, last_day: float) -> float:
    """How many times as fast as over the day: reads of the hour per mean hour, with one read added to be safe."""
    return last_hour / (last_day / 24 + 1)


# --- the rules --------------------------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What an editor has said of a story."""

    PIN = "pin"
    EXCLUDE = "exclude"
    ALLOW = "allow"  # whatever the gate says


@dataclass(frozen=True, slots=True)
class Ruling:
    verdict: Verdict
    place: int = 1  # of a pin, from 1


@dataclass(frozen=True, slots=True)
class Candidate:
    story: Story
    reads: float  # decayed; of `rising`, the rate
    evidence: float  # decayed reads that speak for it


@dataclass(frozen=True, slots=True)
class Held:
    """What keeps stories out of every list of a channel."""

    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)  # by the gate: why
    withheld: Mapping[str, str] = field(default_factory=dict)  # its headline was retracted, held, or has expired


class Ranked(NamedTuple):
    """The stories of a list in order, and since when that is not quite the order of their reads (ms; None: it is)."""

    order: list[str]
    unsettled_at: int | None


def barred(candidate: Candidate, held: Held, policy: MostRead, now: int) -> str | None:
    """Why a story is not listed; None when it may be."""
    story = candidate.story
    ruling = held.rulings.get(story.id)
    if ruling and ruling.verdict is Verdict.EXCLUDE:
        return "excluded"
    why = held.withheld.get(story.id)
    if why and (why != "expired" or policy.expired_leave):
        return why
    if ruling and ruling.verdict is Verdict.PIN:
        return None
    if story.id in held.flags and not (ruling and ruling.verdict is Verdict.ALLOW):
        return held.flags[story.id]
    if now - story.published_at > policy.oldest_days * 24 * HOUR:
        return "old"
    return "little_evidence" if candidate.evidence < policy.least_reads else None


def rank(
    candidates: Iterable[Candidate], before: Ranked, held: Held, policy: MostRead, now: int, rows: int = ROWS
) -> Ranked:
    """The list as it is to be, after the list as it was."""
    listed = [one for one in candidates if barred(one, held, policy, now) is None]
    best = _one_of_each_group(sorted(listed, key=lambda one: (-one.reads, one.story.id)))
    reads = {one.story.id: one.reads for one in best}
    exact = list(reads)
    order = _settled(exact, before.order, reads, policy.steady_ratio)
    unsettled_at = before.unsettled_at
    if order == exact:
        unsettled_at = None
    elif unsettled_at is None:
        unsettled_at = now
    elif now - unsettled_at >= policy.settle_seconds * 1000:
        order, unsettled_at = exact, None
    return Ranked(_pinned(order, held.rulings)[:rows], unsettled_at)


def _one_of_each_group(ordered: Sequence[Candidate]) -> list[Candidate]:
    """The same story in two editions is one row: the one read more."""
    seen: set[str] = set()
    kept = []
    for one in ordered:
        if one.story.group is None or one.story.group not in seen:
            kept.append(one)
        if one.story.group is not None:
            seen.add(one.story.group)
    return kept


def _settled(exact: Sequence[str], before: Sequence[str], reads: Mapping[str, float], ratio: float) -> list[str]:
    """As it was, but that a story passes those which it clearly beats. A list that flickers cannot be read."""
    was = [story for story in before if story in reads]
    known = set(was)
    order: list[str] = []
    for story in [*was, *(story for story in exact if story not in known)]:
        place = len(order)
        while place > 0 and reads[story] > reads[order[place - 1]] * (ratio if story in known else 1):
            place -= 1
        order.insert(place, story)
    return order


def _pinned(order: Sequence[str], rulings: Mapping[str, Ruling]) -> list[str]:
    pins = {story: ruling.place for story, ruling in rulings.items() if ruling.verdict is Verdict.PIN}
    rest = [story for story in order if story not in pins]
    for story in sorted((story for story in order if story in pins), key=lambda story: (pins[story], story)):
        rest.insert(min(pins[story] - 1, len(rest)), story)
    return rest


def is_revived(story: Story, day: float, week: float, policy: MostRead, now: int) -> bool:
    """Whether a story long quiet is read as if it were new: somebody may be at work.

    A story read evenly has seven times as many reads in a week as in a day. One that is old, and whose reads of the
    week are nearly all of the last two days, has come back from the dead.
    """
    old = now - story.published_at > policy.revived_days * 24 * HOUR
    return old and day >= policy.least_reads and week < 3 * day


class Today(NamedTuple):
    """What a story got since midnight (UTC)."""

    reads: int  # each one whole
    readers: int  # different ones, to within a few of a hundred


def comes_of_few(today: Mapping[str, Today], policy: MostRead) -> list[str]:
    """Stories read again and again by the same few readers, far beyond how often readers here come back.

    A reader counts again after an hour: a hundred who never tire are 2,400 reads a day, of a hundred networks. A live
    page has readers who come back as well: what is usual is the mean of all other stories, and once at least. To have
    a story held out by it, somebody must have made three of four of its reads.
    """
    reads, readers = (sum(column) for column in zip(*today.values(), strict=True)) if today else (0, 0)
    few = []
    for story, of in today.items():
        others = readers - of.readers
        usual = max(1.0, (reads - of.reads) / others) if others > 0 else 1.0
        if of.reads >= policy.least_reads and of.reads > RETURNS * usual * of.readers:
            few.append(story)
    return few
