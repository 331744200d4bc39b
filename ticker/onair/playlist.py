"""A playlist: everything that an output's page must know to show the same as every other page of it. Pure.

It replaces whatever the page had. Motion is a function of the playlist and the number of the frame, so that two
pages show the same pixels, whenever each of them was started.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ticker import instant
from ticker.channel import Channel
from ticker.headline import Headline
from ticker.onair import takeover
from ticker.onair.control import Control
from ticker.onair.fitness import faults, measure
from ticker.onair.output import LEAD, Output, frame_at, frame_from
from ticker.onair.rotation import rotation

NOTHING_TAKEN: Mapping[str, int] = {}


class Strip(NamedTuple):
    """One channel's board as it is now, and when it became so (ms)."""

    channel: Channel
    headlines: Sequence[Headline]  # in order
    changed_at: int
    leaving: frozenset[str] = frozenset()  # what left quietly of late: it may finish its run
    taken: Mapping[str, int] = NOTHING_TAKEN  # what was corrected, held or killed of late, and when (ms)


class Mark(NamedTuple):
    """A playlist's content by its hash, and the frame from which it holds."""

    digest: str
    frame: int


class Waiting(NamedTuple):
    """A headline that is live and not shown: `held`, `edited`, `not_cleared`, or the code of what speaks against it."""

    headline: Headline
    why: str
    sentence: str = ""  # of what speaks against it


class Playlist(NamedTuple):
    """Of one output at one moment. `fields` is what pages get, but for `now` and the anchor."""

    mark: Mark
    fields: Mapping[str, Any]
    items: tuple[Headline, ...]  # each once, in order
    cleared: tuple[Headline, ...]  # they, and those for which there is no room or that have run often enough
    waiting: tuple[Waiting, ...]
    crowded: bool  # a loop takes longer than the output's rule allows
    loop: tuple[Headline, ...]  # one loop, where one may come more than once
    output: Output  # with the speed at which it runs

    @property
    def seconds(self) -> float:
        """About how long one loop takes."""
        return sum(measure(headline, self.output).seconds for headline in self.loop)

    @property
    def id(self) -> str:
        return f"{self.mark.digest}-{self.mark.frame}"

    @property
    def ids(self) -> frozenset[str]:
        """Of all that it shows."""
        return frozenset(h.id for h in self.items) | {one["id"] for one in self.fields["takeovers"]}

    def until(self, now: int) -> int:
        """When the first of its headlines is over (ms); what has none of its own stays."""
        ends = (h.expires_at for h in (*self.cleared, *(one.headline for one in self.waiting)))
        return min([instant.LATEST, *(end for end in ends if end is not None and end > now)])

    def message(self, now: int, anchor: Mapping[str, Any] | None = None, before: str = "") -> dict[str, Any]:
        """What a page is sent; `now` is the service's clock (ms), `before` the id of the one that pages had."""
        held = {"id": self.id, "before": before, "frame": self.mark.frame}
        return {"type": "playlist", **held, "now": now, **self.fields, "anchor": anchor}


class Counted(NamedTuple):
    """What the as-run log says: how often each headline has run."""

    plays: dict[str, int]
    at: int = 0  # ms, when one of them ran out of plays


NOTHING_RUN = Counted({})


def make(
    output: Output,
    strips: Sequence[Strip],
    control: Control,
    now: int,
    *,
    counted: Counted = NOTHING_RUN,
    known: Iterable[Mark] = (),
) -> Playlist:
    """The playlist of an output, of the headlines that are live at `now`.

    Every process makes the same one of the same boards: the frame from which it holds follows from what has changed
    and when, and not from when somebody looked. While its content stays, so does its frame, of the first of those
    `known` that has it; but pages take no notice of a playlist that they have, and must take off what was taken off.
    """
    shown = [h for strip in strips for h in strip.headlines if output.may_show(h)]
    live = [h for h in shown if h.expires_at is None or h.expires_at > now]
    cleared, waiting = _sorted(output, control, live)
    items = [h for h in cleared if _has_plays_left(output, counted, h)]
    items = _in_order(output, control, items)[: output.limit]
    over = [h.expires_at for h in shown if h.expires_at is not None and h.expires_at <= now]
    taken_at = _taken_at(output, strips, control)
    changed_at = max([control.at, counted.at, taken_at, *over, *(strip.changed_at for strip in strips)])
    speed = control.speed or output.speed
    running = output.model_copy(update={"speed": speed})
    loop, crowded = rotation(items, running)
    kept = {h.id for h in items}
    gone = {h.id for h in shown}.difference(h.id for h in live).union(
        (h.id for h in cleared), *(s.leaving for s in strips)
    )
    edited = (one.headline for one in waiting if one.why == "edited")
    gone |= {h.id for h in edited if h.correction is None}  # the old words were cleared
    fields: dict[str, Any] = {
        "output": output.name,
        "title": output.title,
        "kind": output.type,
        "on": control.on,
        "stop": control.stop,
        "mode": output.mode,
        "fps": [output.rate.numerator, output.rate.denominator],
        "speed": speed,
        "flip": frame_at(round(output.flip_seconds * 1000), output.rate),
        "lang": strips[0].channel.lang,
        "dir": strips[0].channel.dir,
        "items": [_item(h) for h in items],
        "order": [h.id for h in loop],
        "first": control.first if control.first in kept else None,
        **({"first_at": control.first_at} if control.first in kept else {}),
        "leaving": sorted(gone - kept - set(control.held)),
        "takeovers": _takeovers(output, control, cleared, changed_at),
        "lead_in": output.lead_in,
        "lead_out": output.lead_out,
        "fallback": output.fallback,
        "look": output.look.model_dump(exclude={"font", "logo"}),
    }
    new = Mark(_digest(fields), frame_from(changed_at + LEAD, output.rate))
    mark = next((one for one in known if one.digest == new.digest), new)
    mark = mark._replace(frame=max(mark.frame, frame_from(taken_at + LEAD, output.rate)))
    return Playlist(mark, fields, tuple(items), tuple(cleared), waiting, crowded, tuple(loop), running)


def _taken_at(output: Output, strips: Sequence[Strip], control: Control) -> int:
    """When something was last taken off that may have been on this output's screens, or 0. What is leaving is in no
    digest, so that its loss would make no other playlist.
    """
    taken = [(one, at) for strip in strips for one, at in strip.taken.items()]
    ours = [at for one, at in taken if output.clearance == "automatic" or one in control.cleared]
    return max([control.held_at, *ours])


def starter(output: Output, channels: Sequence[Channel]) -> dict[str, Any]:
    """What a page has before any other: the fallback lines, and how everything looks."""
    return make(output, [Strip(channel, (), 0) for channel in channels], Control(), 0).message(0)


def _sorted(output: Output, control: Control, live: Sequence[Headline]) -> tuple[list[Headline], tuple[Waiting, ...]]:
    """Those that may be shown, and those that may not, with why. What speaks against one counts for all of them."""
    cleared, waiting = list[Headline](), list[Waiting]()
    for headline in live:
        if not control.clears(output, headline):
            waiting.append(Waiting(headline, control.why(headline)))
        elif found := faults(headline, output):
            waiting.append(Waiting(headline, found[0].code, " ".join(fault.sentence for fault in found)))
        else:
            cleared.append(headline)
    return cleared, tuple(waiting)


def _has_plays_left(output: Output, counted: Counted, headline: Headline) -> bool:
    return output.plays is None or counted.plays.get(headline.id, 0) < output.plays


def _in_order(output: Output, control: Control, items: list[Headline]) -> list[Headline]:
    """As the running order has it; what it does not name follows as on the board, or by urgency."""
    place = {one: number for number, one in enumerate(control.running_order)}
    by_urgency = output.order == "urgency"
    return sorted(items, key=lambda h: (place.get(h.id, len(place)), h.urgency.rank if by_urgency else 0))


def _takeovers(output: Output, control: Control, cleared: list[Headline], changed_at: int) -> list[dict[str, Any]]:
    """Those that are not over."""
    found = takeover.schedule(takeover.wanted(output, control, cleared))
    return [
        {
            **_words(one.headline),
            "from": frame_from(one.since + LEAD, output.rate),
            "until": None if one.until is None else frame_from(one.until + LEAD, output.rate),
        }
        for one in found
        if one.until is None or one.until > changed_at
    ]


def _item(headline: Headline) -> dict[str, Any]:
    """Of a corrected one no other words may run on."""
    expires = {"expires_at": headline.expires_at} if headline.expires_at else {}
    return {**_words(headline), **expires, **({"corrected": True} if headline.correction else {})}


def _words(headline: Headline) -> dict[str, Any]:
    """By hand: a strip of hundreds is made anew at every change."""
    kicker = {"kicker": headline.kicker} if headline.kicker else {}
    return {
        "id": headline.id,
        "version": headline.version,
        "lang": headline.lang,
        "dir": headline.dir,
        **kicker,
        "text": headline.text,
        "urgency": headline.urgency.value,
    }


def _digest(fields: Mapping[str, Any]) -> str:
    """Of all but what is leaving: a process that begins knows nothing of that, and has the same playlist all the same.
    What is taken off while it leaves makes a later one: see `make`.
    """
    text = json.dumps({**fields, "leaving": None}, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()
