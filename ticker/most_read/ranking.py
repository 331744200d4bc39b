"""What "most read" means: the arithmetic of exact decay, and the rules by which a list is made. Pure.

A read counts 1 when it happens and half as much after each half-life. Forward decay (Cormode, Shkapenyuk,
Srivastava, Xu, 2009) keeps that exact without ever ageing what is stored: a read at t adds 2^((t - L) / H) to its
story, L a fixed landmark. The order is that of the decayed counts at every moment, and a count now is the score
times 2^(-(now - L) / H).
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from ticker.channel import MostRead
from ticker.most_read.story import Story

HOUR = 3_600_000  # ms
ROWS = 50  # of a list
CANDIDATES = 2 * ROWS  # looked at for a list: some are held out, and it must be full all the same
REBASE_AT = 512  # half-lives that scores may grow from their landmark (count.lua); a double ends at 1,024
FORGOTTEN = 0.5  # decayed reads: less than half a read is no evidence
MOST_STORIES = 2_000  # of one scope and window
RETURNS = 4  # times as many reads for each reader as is usual: looked into
REVIVED = 7 / 3  # times as large a part of the week's reads as usual on the last day: looked into
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


def decayed(score: float, landmark: int, half_life: int, now: int) -> float:
    """How many reads a score is worth now."""
    return score * math.exp2(-(now - landmark) / half_life)


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
    day: float = 0.0  # of `rising`: decayed reads of the day


@dataclass(frozen=True, slots=True)
class Held:
    """What keeps stories out of every list of a channel, and out of what to read next."""

    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)  # by the gate: why
    withheld: Mapping[str, str] = field(default_factory=dict)  # its headline was retracted, held, or has expired

    def verdict(self, story: str) -> Verdict | None:
        return self.rulings[story].verdict if story in self.rulings else None

    def why(self, story: str, policy: MostRead) -> str | None:
        """Why a story is shown nowhere, however new it is and however much it is read; None when it may be."""
        verdict, withheld = self.verdict(story), self.withheld.get(story)
        if verdict is Verdict.EXCLUDE:
            return "excluded"
        if withheld and (withheld != "expired" or policy.expired_leave):
            return withheld
        return None if verdict else self.flags.get(story)

    def out(self, policy: MostRead) -> set[str]:
        return {story for story in {*self.rulings, *self.flags, *self.withheld} if self.why(story, policy)}


class Ranked(NamedTuple):
    rows: list[str]  # the stories as they are shown
    order: list[str]  # without pins, and as far down as there are any: what the next list is steady against
    unsettled_at: int | None = None  # ms: since when that is not quite the order of their reads; None: it is
    until: float = -math.inf  # ms: before then, and without another read or word, the list is this one


def barred(candidate: Candidate, held: Held, policy: MostRead, now: int) -> str | None:
    """Why a story is not listed; None when it may be."""
    story = candidate.story
    why = "early" if story.published_at > now else held.why(story.id, policy)
    if why or held.verdict(story.id) is Verdict.PIN:
        return why
    if now - story.published_at > policy.oldest_days * 24 * HOUR:
        return "old"
    return "little_evidence" if candidate.evidence < policy.least_reads else None


def rank(
    candidates: Iterable[Candidate], before: Ranked, held: Held, policy: MostRead, now: int, half_life: int
) -> Ranked:
    """The list as it is to be, after the list as it was. `half_life`: of the evidence, ms."""
    candidates = list(candidates)
    listed = [one for one in candidates if barred(one, held, policy, now) is None]
    listed.sort(key=lambda one: (-one.reads, one.story.id))
    pins = {story: ruling.place for story, ruling in held.rulings.items() if ruling.verdict is Verdict.PIN}
    pinned = sorted((one for one in listed if one.story.id in pins), key=lambda one: (pins[one.story.id], one.story.id))
    rest = [one for one in listed if one.story.id not in pins]
    best = _one_of_each_group([*pinned, *rest])
    reads = {one.story.id: one.reads for one in best if one.story.id not in pins}
    exact = list(reads)
    order, unsettled_at = _settled(exact, before.order, reads, policy.steady_ratio), before.unsettled_at
    if order == exact:
        unsettled_at = None
    elif unsettled_at is None:
        unsettled_at = now
    if unsettled_at is not None and now - unsettled_at >= policy.settle_seconds * 1000:
        order, unsettled_at = exact, None
    rows = order[:ROWS]
    for one in best[: len(best) - len(reads)]:
        rows.insert(min(pins[one.story.id] - 1, len(rows)), one.story.id)
    until = min(
        _settles(listed, unsettled_at, policy, now),
        _fades(rest, policy, now, half_life),
        _crosses(listed, now),
        min((at for one in candidates if (at := one.story.published_at) > now), default=math.inf),
    )
    return Ranked(rows[:ROWS], order, unsettled_at, until)


def _one_of_each_group(ordered: Sequence[Candidate]) -> list[Candidate]:
    """The same story in two editions is one row: the one that is pinned, else the one read more."""
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


# Decay alone changes no order, as all reads of a window fade alike. What time alone does change:


def _settles(listed: Sequence[Candidate], unsettled_at: int | None, policy: MostRead, now: int) -> float:
    """When what is not settled is put in order; rates may come apart meanwhile, and are looked at each time."""
    if unsettled_at is None:
        return math.inf
    return now if any(one.day for one in listed) else unsettled_at + policy.settle_seconds * 1000


def _fades(listed: Sequence[Candidate], policy: MostRead, now: int, half_life: int) -> float:
    """When the first of them has too little evidence, or is too old. At most a ms too early."""
    if not listed:
        return math.inf
    least = min(one.evidence for one in listed)
    oldest = min(one.story.published_at for one in listed)
    fades = now + half_life * math.log2(least / policy.least_reads)
    return min(math.floor(fades), oldest + policy.oldest_days * 24 * HOUR)


def _crosses(listed: Sequence[Candidate], now: int) -> float:
    """When the first rate falls below the next: the day's reads fade more slowly than the hour's.

    Of h / (d/24 + 1) and the h' and d' of the next, with d and d' faded to the part u, the first is ahead as long as
    (h d' - h' d) u/24 + h - h' is above zero: a straight line in u, so that each pair crosses once at most.
    """
    first = math.inf
    for one, other in itertools.pairwise(listed):
        gap, slope = other.evidence - one.evidence, one.evidence * other.day - other.evidence * one.day
        if gap > 0 and slope > 0:
            left = min(1.0, 24 * gap / slope)
            first = min(first, now - Window.DAY.half_life * math.log2(left))
    return math.floor(first) if first < math.inf else first


def even(age: int) -> float:
    """How many times as many reads in a week as in a day a story has that has been read evenly for so long (ms).

    What was read evenly for a days counts, in a window W days wide, as W (1 - e^(-a/W)) days of reads: in the week
    hardly more than in the day at first, and seven times as much in the end.
    """
    day, week = Window.DAY.ms, Window.WEEK.ms
    return week * math.expm1(-age / week) / (day * math.expm1(-age / day)) if age > 0 else 1.0


def is_revived(story: Story, day: float, week: float, policy: MostRead, now: int, since: int) -> bool:
    """Whether a story long quiet is read as if it were new: somebody may be at work. `since`: when counting began (ms),
    as nobody knows who read it before.

    Of one that has been read evenly for weeks the last day has a seventh of the week's reads, and of a younger one
    more. What is old, and has far more of them than that, has come back from the dead.
    """
    old = now - story.published_at > policy.revived_days * 24 * HOUR
    usual = even(now - max(story.published_at, since))
    return old and day >= policy.least_reads and week * REVIVED < day * usual


def revives(stories: Iterable[Story], policy: MostRead, now: int) -> float:
    """When the next of them is old enough to be looked into (ms)."""
    old = policy.revived_days * 24 * HOUR
    return min((one.published_at + old for one in stories if now - one.published_at <= old), default=math.inf)


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
