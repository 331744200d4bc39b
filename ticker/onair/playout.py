"""An output as it plays in one process: what its pages are to show, and what they have said."""

import asyncio
import contextlib
import json
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from ticker.channel import Channel
from ticker.errors import Unavailable
from ticker.onair import playlist as playlists
from ticker.onair.control import Clearance, Control
from ticker.onair.output import Output, frame_at
from ticker.onair.playlist import Counted, Mark, Playlist, Strip
from ticker.onair.report import Anchor, Shown
from ticker.onair.watch import FORGOTTEN_AFTER, SILENT_AFTER

MOST_WORDS = 2_000  # headlines, in all their versions, that a page may still have on its screen, or tell of
MOST_COUNTED = 10_000  # headlines of which it is known how often they have run: many more than a board has
MOST_SQUARES = 400  # letters as wide as they are high: more than a headline, its kicker and a separator have
ASKS_AGAIN = 5_000  # ms within which a page that polls has asked again
_TOLD = {
    "name", "title", "type", "channels", "mode", "fps", "speed", "clearance", "two_people", "within_minutes", "look",
}  # fmt: skip


class Playout:
    """Of one output."""

    def __init__(self, output: Output, channels: Sequence[Channel]) -> None:
        self.output = output
        self.channels = channels
        self.control = Control()
        self.counted = Counted({})
        self.playlist: Playlist | None = None  # None until everything it is made of was loaded
        self.anchor: Mapping[str, Any] | None = None
        self.changed_at = 0  # ms, when this process made it
        self.version = 0  # one higher with each change of what the gallery sees
        self.streams = 0  # pages that follow it here
        self.followers = 0  # they, and all others that want to know at once
        self.asked_at = -ASKS_AGAIN  # ms, when a page has last polled
        self.is_due = True  # something has come since it was made
        self.until = 0  # ms, when the first of its headlines is over
        self.kept = ""  # the id that Redis knows
        self.before: Mark | None = None  # what pages have, where that is not what was made here last
        self.previous = ""  # the id of the playlist that pages had before this one
        self.clearances: dict[tuple[str, int], Clearance] = {}  # of late, by headline and version
        self.pages: dict[str, dict[str, Any]] = {}  # that report to this process, by name
        self._words: dict[tuple[str, int], tuple[str, str | None]] = {}  # of what was in it of late
        self._picture: dict[str, Any] | None = None
        self._text: str | None = None
        self._changed = asyncio.Event()

    def renew(self, strips: Sequence[Strip], now: int) -> bool:
        """Whether there is something new for pages."""
        known = [mark for mark in (self.before, self.playlist and self.playlist.mark) if mark]
        made = playlists.make(self.output, strips, self.control, now, counted=self.counted, known=known)
        self.is_due, self.until = False, made.until(now)
        news = self.playlist is None or made.id != self.playlist.id
        if news:
            self.previous = self.playlist.id if self.playlist and not self.before else ""
        self.playlist, self.before, self._picture, self._text = made, None, None, None
        if news:
            self.anchor, self.changed_at = None, now
            shown = (*made.fields["items"], *made.fields["takeovers"])
            self._words |= {(one["id"], one["version"]): (one["text"], one.get("kicker")) for one in shown}
            _forget_all_but(MOST_WORDS, self._words)
            self.wake()
        return news

    def is_followed(self, now: int) -> bool:
        """Whether anybody wants to know at once; a page that polls would, if it could."""
        return self.followers > 0 or now - self.asked_at < ASKS_AGAIN

    def may_be_seen(self, headline_id: str) -> bool:
        """Whether a page may have it on its screen."""
        made = self.playlist
        return made is not None and (headline_id in made.ids or headline_id in made.fields["leaving"])

    def see(self, name: str, page: dict[str, Any]) -> None:
        """What a page has said. Those that nobody misses any more are forgotten."""
        kept = {one: seen for one, seen in self.pages.items() if page["seen_at"] - seen["seen_at"] < FORGOTTEN_AFTER}
        self.pages = {**kept, name: page}

    def live_pages(self, now: int) -> list[str]:
        """Those that report to this process."""
        return [name for name, page in self.pages.items() if now - page["seen_at"] < SILENT_AFTER]

    def knows(self, anchor: Anchor) -> bool:
        """Whether all its words were ours, and stand where they can: what one page says, others show."""
        screen, flip = self.output.look.width, frame_at(round(self.output.flip_seconds * 1000), self.output.rate)
        widest = MOST_SQUARES * self.output.look.text + 2 * flip
        return all(
            self._words.get((one.id, one.version)) == (one.text, one.kicker)
            for one in anchor.run
            if one.text is not None or one.kicker is not None
        ) and all(one.width <= widest and -one.width - screen <= one.x <= screen for one in anchor.run)

    def clearance_of(self, shown: Shown) -> Clearance | None:
        """Of what a page has shown, if these are the words that were cleared."""
        text, kicker = self._words.get((shown.id, shown.version), (None, None))
        is_ours = shown.text == text and shown.kicker in (None, kicker)
        return self.clearances.get((shown.id, shown.version)) if is_ours else None

    def decide(self, control: Control) -> None:
        """What the gallery has decided."""
        self.control, self.is_due, self._picture = control, True, None
        self.clearances |= {(one, clearance.version): clearance for one, clearance in control.cleared.items()}
        _forget_all_but(MOST_WORDS, self.clearances)

    def count(self, plays: Mapping[str, int], at: int) -> bool:
        """How often these have run by now. Whether one of them may run no more."""
        most, known = self.output.plays, self.counted.plays
        if most is None:
            return False
        has_run_out = any(known.get(one, 0) < most <= count for one, count in plays.items())
        for one, count in plays.items():
            known.pop(one, None)
            known[one] = count
        _forget_all_but(MOST_COUNTED, known)
        if has_run_out:
            self.counted, self.is_due = Counted(known, at), True
        return has_run_out

    def hear_of(self, current: Mapping[str, Any]) -> None:
        """Redis has this playlist, perhaps with its anchor. Of another than ours it says nothing."""
        if self.playlist is None or current["id"] != self.playlist.id:
            return
        self.kept = current["id"]
        if current["anchor"] not in (None, self.anchor):
            self.anchor, self._text = current["anchor"], None
            self.wake()

    def wake(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def current(self) -> Playlist:
        """Unavailable before it could first be made."""
        if self.playlist is None:
            raise Unavailable("This output is not loaded yet; try again in a moment.")
        return self.playlist

    def message(self, now: int) -> dict[str, Any]:
        """What a page is sent that comes now."""
        return self.current().message(now, self.anchor, self.previous)

    def text(self, now: int) -> str:
        """The same as JSON. All but the time is written once for all who get it."""
        if self._text is None:
            lasting = {key: value for key, value in self.message(now).items() if key not in ("type", "now")}
            self._text = json.dumps(lasting, ensure_ascii=False, separators=(",", ":"))
        return f'{{"type":"playlist","now":{now},{self._text[1:]}'

    def picture(self, now: int) -> dict[str, Any]:
        """What the gallery is shown of it, but for its pages. All but the time is made once for all who look."""
        if self._picture is None:
            playlist = self.current()
            self._picture = {
                "output": self.output.model_dump(mode="json", include=_TOLD),
                "control": self.control.model_dump(mode="json"),
                "waiting": [
                    {
                        **json.loads(one.headline.to_json()),
                        "why": one.why,
                        **({"sentence": one.sentence} if one.sentence else {}),
                    }
                    for one in playlist.waiting
                ],
                "crowded": playlist.crowded,
                "loop_seconds": round(playlist.seconds, 1),
            }
        return {**self._picture, "now": now, "playlist": self.message(now)}

    def changed(self, within: float) -> Coroutine[Any, Any, bool]:
        """Whether there is something new within so many seconds, from this call on and not from when it is awaited."""
        return _is_set(self._changed, within)


async def first_change(playouts: Iterable[Playout], within: float) -> None:
    """Until there is something new of one of them, or so many seconds are over."""
    tasks = [asyncio.ensure_future(playout.changed(within)) for playout in playouts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _forget_all_but(most: int, kept: dict[Any, Any]) -> None:
    """Without those that came first, when there are more."""
    for old in list(islice(kept, max(0, len(kept) - most))):
        del kept[old]


async def _is_set(event: asyncio.Event, within: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):  # no task of its own, for each of a thousand that wait
            await event.wait()
    return event.is_set()
