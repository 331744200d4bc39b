"""Which headline takes the bar over, and when. Pure.

A more urgent one ends what stands there; one of the same or less urgency waits until that is over. What was ended
by a more urgent one has been seen, and does not come again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ticker.headline import Headline
from ticker.onair.control import Breaking, Control, takes_over
from ticker.onair.output import Output


class Wanted(NamedTuple):
    """A headline that would take the bar over from a moment, for so long (ms); None: until it is ended."""

    headline: Headline
    at: int
    ms: int | None
    rank: int  # 0 is the most urgent

    @property
    def key(self) -> tuple[int, int, str]:
        return self.rank, self.at, self.headline.id


class TakeOver(NamedTuple):
    """It stands from one moment to another (ms); None: until it is ended. Never longer than its headline holds."""

    headline: Headline
    since: int
    until: int | None


def wanted(output: Output, control: Control, cleared: Iterable[Headline]) -> list[Wanted]:
    """By urgency from when it could be seen as that urgent, and by hand from when it was said."""
    found = {headline.id: headline for headline in cleared}
    ms = round(output.takeover_seconds * 1000)
    breaking = control.breaking
    by_urgency = [
        Wanted(headline, _since(headline, control), ms, headline.urgency.rank)
        for headline in found.values()
        if takes_over(output, headline)
        and headline.id not in control.ended
        and not (breaking and breaking.id == headline.id)
    ]
    if breaking is None or breaking.id not in found:
        return by_urgency
    return [*by_urgency, _by_hand(breaking, found)]


def _since(headline: Headline, control: Control) -> int:
    clearance = control.cleared.get(headline.id)
    return max(headline.raised_at or headline.published_at or 0, clearance.since if clearance else 0)


def _by_hand(breaking: Breaking, found: Mapping[str, Headline]) -> Wanted:
    return Wanted(found[breaking.id], breaking.at, breaking.ms, 0)


def schedule(asked: Sequence[Wanted]) -> list[TakeOver]:
    """One after another, in order; none overlaps another."""
    waiting, placed = list(asked), list[TakeOver]()
    moment = 0
    while waiting:
        moment = max(moment, min(one.at for one in waiting))
        one = min((one for one in waiting if one.at <= moment), key=lambda one: one.key)
        waiting.remove(one)
        over = one.headline.expires_at
        if over is not None and over <= moment:
            continue
        ends = [other.at for other in waiting if other.rank < one.rank and other.at > moment]
        ends += [] if one.ms is None else [moment + one.ms]
        ends += [] if over is None else [over]
        until = min(ends, default=None)
        placed.append(TakeOver(one.headline, moment, until))
        if until is None:
            break
        moment = until
    return placed
