"""What the gallery has decided about an output: what is cleared for it, and how it runs. Pure."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from ticker.errors import Forbidden, Invalid, NoHeadline, Refused, VersionStale
from ticker.headline import Headline, HeadlineId, Record
from ticker.instant import Instant
from ticker.life import who
from ticker.onair.fitness import faults
from ticker.onair.output import Output

MOST_GONE = 500  # headlines that have left the board, of which it is known that they were cleared or held
ASKED_TWICE = 5_000  # ms in which the same headline asked for again is the same wish, whose answer was lost
STOPS = ("now", "item", "loop")
Stop = Literal["now", "item", "loop"]


class Cue(StrEnum):
    """What the gallery says to an output."""

    TAKE = "take"  # the bar goes on air; with an id, that headline comes next
    STOP = "stop"  # the bar leaves
    CLEAR = "clear"  # a headline may be shown here
    HOLD = "hold"  # it may not, whatever was said before
    BREAKING = "breaking"  # it takes the bar over
    CLEAR_TAKEOVER = "clear-takeover"
    SPEED = "speed"
    ORDER = "order"  # a running order: these come first, as they stand


class Clearance(BaseModel):
    """That a headline may be shown on an output: at which version, and who said so when; and since when it may be
    shown at its urgency, in whichever words.
    """

    model_config = ConfigDict(frozen=True)
    version: int
    by: str
    at: Instant
    since: Instant


class Breaking(BaseModel):
    """A headline that takes the bar over by hand; until somebody ends it when `until` is None."""

    model_config = ConfigDict(frozen=True)
    id: HeadlineId
    version: int
    at: Instant
    until: Instant | None = None

    @property
    def ms(self) -> int | None:
        """How long it stands."""
        return None if self.until is None else self.until - self.at

    def goes_on(self, anew: "Breaking") -> bool:
        """Whether it stands and is the same: asked twice, when an answer was lost, it does not begin anew."""
        stands = self.until is None or self.until > anew.at
        return stands and (self.id, self.version, self.ms) == (anew.id, anew.version, anew.ms)


class Control(BaseModel):
    """All of it. Every change makes a new one, `number` one higher."""

    model_config = ConfigDict(frozen=True)
    number: int = 0
    at: int = 0  # ms, of the last change that pages must know
    on: bool = True
    stop: Stop | None = None  # how it left
    speed: int | None = None  # pixels a frame; None: the output's
    cleared: dict[str, Clearance] = {}
    held: dict[str, str] = {}  # and who said so last
    held_at: int = 0  # ms, when the last of them was: it may be on screen still
    first: str | None = None  # the headline that comes next
    first_at: int | None = None  # ms, when it was asked for: asked for anew it comes anew
    breaking: Breaking | None = None
    ended: tuple[str, ...] = ()  # headlines whose take-over was ended before its time
    running_order: tuple[str, ...] = ()

    def clears(self, output: Output, headline: Headline) -> bool:
        """Whether it may be shown there. An edit since it was cleared asks for a new look."""
        if headline.id in self.held:
            return False
        clearance = self.cleared.get(headline.id)
        if clearance is not None and clearance.version == headline.version:
            return True
        return output.clearance == "automatic"

    def why(self, headline: Headline) -> str:
        """Why it is not shown: `held`, `edited` since it was cleared, or not yet `cleared`."""
        if headline.id in self.held:
            return "held"
        return "edited" if headline.id in self.cleared else "not_cleared"


class Order(BaseModel):
    """What comes with a cue; only what belongs to it is looked at."""

    model_config = ConfigDict(extra="forbid")
    id: HeadlineId | None = Field(default=None, description="the headline meant")
    version: int | None = Field(default=None, ge=1, description="cleared is this version and no other")
    seconds: float | None = Field(default=None, ge=1, le=86_400, description="that a take-over by hand stands")
    stop: Stop = Field(default="now", description="whether the bar leaves now, after an item, or after the loop")
    speed: int | None = Field(default=None, ge=1, le=40, description="pixels a frame; without it the output's own")
    ids: list[HeadlineId] = Field(default=[], max_length=500, description="a running order")


def decide(control: Control, cue: Cue, order: Order, said: "Said") -> Control | None:
    """The control after a cue. None when it is so already; TickerError when it cannot be."""
    changes = _CHANGES[cue](control, order, said)
    if all(getattr(control, name) == value for name, value in changes.items()):
        return None
    return control.model_copy(update={**changes, "number": control.number + 1, "at": said.now})


class Said(NamedTuple):
    """Who says it, when, and what the headlines of the output's channels are at that moment."""

    output: Output
    board: Mapping[str, Record]
    by: str
    now: int  # ms

    def headline(self, order: Order) -> Record:
        """The one that is meant. NoHeadline when it is not live on one of the output's channels."""
        if order.id is None:
            fault = {"pointer": "/id", "detail": "is missing"}
            raise Invalid("Say which headline is meant; see `errors`.", errors=[fault])
        found = self.board.get(order.id)
        if found is None:
            raise NoHeadline(order.id)
        return found

    def remembered(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Also of what is not on the board just now: it may come back. Without those that went first, when too many."""
        gone = [one for one in kept if one not in self.board]
        forgotten = set(gone[: max(0, len(gone) - MOST_GONE)])
        return {one: value for one, value in kept.items() if one not in forgotten}


def _take(control: Control, order: Order, said: Said) -> dict[str, Any]:
    first = said.headline(order).id if order.id else None
    first_at = said.now if first else None
    if first and first == control.first and said.now - (control.first_at or 0) < ASKED_TWICE:
        first_at = control.first_at  # not anew
    return {"on": True, "stop": None, "first": first, "first_at": first_at}


def _stop(_: Control, order: Order, __: Said) -> dict[str, Any]:
    return {"on": False, "stop": order.stop, "breaking": None}


def _clear(control: Control, order: Order, said: Said) -> dict[str, Any]:
    headline = said.headline(order)
    if order.version not in (None, headline.version):
        raise VersionStale(
            f"You cleared version {order.version}; it is at version {headline.version} now. Read it, then clear it.",
            version=headline.version,
        )
    if said.output.two_people and who(said.by) == who(headline.author):
        raise Forbidden("On this output somebody else must clear what you have written.")
    if found := faults(headline, said.output):
        raise Refused(" ".join(fault.sentence for fault in found))
    known = control.cleared.get(headline.id)
    if known is not None and known.version == headline.version:
        return {"held": _without(control.held, headline.id)}
    was_shown = known is not None and known.since >= (headline.raised_at or 0)
    since = known.since if known is not None and was_shown else said.now
    clearance = Clearance(version=headline.version, by=said.by, at=said.now, since=since)
    cleared = said.remembered({**control.cleared, headline.id: clearance})
    return {"cleared": cleared, "held": _without(control.held, headline.id)}


def _hold(control: Control, order: Order, said: Said) -> dict[str, Any]:
    """Also what has gone meanwhile: whoever holds it means that it must not be seen."""
    if order.id is None:
        said.headline(order)
    assert order.id is not None
    held = said.remembered({**control.held, order.id: said.by})
    held_at = control.held_at if order.id in control.held else said.now
    breaking = None if control.breaking and control.breaking.id == order.id else control.breaking
    return {"held": held, "held_at": held_at, "cleared": _without(control.cleared, order.id), "breaking": breaking}


def _break(control: Control, order: Order, said: Said) -> dict[str, Any]:
    headline = said.headline(order)
    if not control.clears(said.output, headline):
        raise Refused("It is not cleared for this output; clear it first.")
    if found := faults(headline, said.output):
        raise Refused(" ".join(fault.sentence for fault in found))
    until = said.now + round(order.seconds * 1000) if order.seconds else None
    breaking = Breaking(id=headline.id, version=headline.version, at=said.now, until=until)
    if control.breaking and control.breaking.goes_on(breaking):
        breaking = control.breaking
    ended = tuple(one for one in control.ended if one != headline.id)
    return {"on": True, "stop": None, "breaking": breaking, "ended": ended}


def _clear_takeover(control: Control, _: Order, said: Said) -> dict[str, Any]:
    """Whatever stands there now, or would come within its time; and not what nobody has cleared yet."""
    cleared = (one for one in said.board.values() if control.clears(said.output, one))
    ended = {one.id for one in cleared if takes_over(said.output, one)}
    ended |= {one for one in control.ended if one in said.board}
    return {"breaking": None, "ended": tuple(sorted(ended))}


def _speed(_: Control, order: Order, __: Said) -> dict[str, Any]:
    return {"speed": order.speed}


def _order(_: Control, order: Order, __: Said) -> dict[str, Any]:
    return {"running_order": tuple(order.ids)}


_CHANGES: Mapping[Cue, Callable[[Control, Order, Said], dict[str, Any]]] = {
    Cue.TAKE: _take,
    Cue.STOP: _stop,
    Cue.CLEAR: _clear,
    Cue.HOLD: _hold,
    Cue.BREAKING: _break,
    Cue.CLEAR_TAKEOVER: _clear_takeover,
    Cue.SPEED: _speed,
    Cue.ORDER: _order,
}


def takes_over(output: Output, headline: Headline) -> bool:
    """Whether it takes the bar over by itself."""
    return output.takeover is not None and headline.urgency.at_least(output.takeover)


def _without(kept: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {one: value for one, value in kept.items() if one != name}
