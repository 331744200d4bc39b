"""An output as it plays in one process: what its pages are to show, and what they have said."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ticker.channel import Channel
from ticker.errors import Unavailable
from ticker.onair import playlist as playlists
from ticker.onair.control import Clearance, Control
from ticker.onair.output import Output
from ticker.onair.playlist import Counted, Mark, Playlist, Strip
from ticker.onair.report import Anchor
from ticker.onair.watch import SILENT_AFTER

MOST_WORDS = 2_000  # headlines, in all their versions, that a page may still have on its screen, or tell of
NEVER_PLAYED: Mapping[str, int] = {}


class Playout:
    """Of one output."""

    def __init__(self, output: Output, channels: Sequence[Channel]) -> None:
        self.output = output
        self.channels = channels
        self.control = Control()
        self.counted = Counted(NEVER_PLAYED)
        self.playlist: Playlist | None = None  # None until everything it is made of was loaded
        self.anchor: Mapping[str, Any] | None = None
        self.changed_at = 0  # ms, when this process made it
        self.version = 0  # one higher with each change of what the gallery sees
        self.streams = 0  # pages that follow it here
        self.followers = 0  # they, and all others that want to know at once
        self.is_due = True  # something has come since it was made
        self.until = 0  # ms, when the first of its headlines is over
        self.kept = ""  # the id that Redis knows
        self.before: Mark | None = None  # what pages had when this process began
        self.previous = ""  # the id of the playlist that pages had before this one
        self.running: frozenset[str] = frozenset()  # headlines that pages may have on their screens
        self.clearances: dict[tuple[str, int], Clearance] = {}  # of late, by headline and version
        self.pages: dict[str, dict[str, Any]] = {}  # that report to this process, by name
        self._words: dict[tuple[str, int], tuple[str, str | None]] = {}  # of what was in it of late
        self._changed = asyncio.Event()

    def renew(self, strips: Sequence[Strip], now: int) -> bool:
        """Whether there is something new for pages."""
        before = self.playlist.mark if self.playlist else self.before
        made = playlists.make(self.output, strips, self.control, now, counted=self.counted, before=before)
        stays = made.ids | frozenset(made.fields["leaving"])
        if made.mark == before and not self.running <= stays:  # pages take no notice of what they have already
            made = made.later(playlists.make(self.output, strips, self.control, now, counted=self.counted).mark.frame)
        self.running = made.ids | (self.running & stays)
        self.is_due, self.until = False, made.until(now)
        news = self.playlist is None or made.id != self.playlist.id
        if news and self.playlist is not None:
            self.previous = self.playlist.id
        self.playlist = made
        if news:
            self.anchor, self.changed_at = None, now
            self._words |= {(h.id, h.version): (h.text, h.kicker) for h in made.items}
            for old in list(self._words)[: max(0, len(self._words) - MOST_WORDS)]:
                del self._words[old]
            self.wake()
        return news

    def live_pages(self, now: int) -> list[str]:
        """Those that report to this process."""
        return [name for name, page in self.pages.items() if now - page["seen_at"] < SILENT_AFTER]

    def knows(self, anchor: Anchor) -> bool:
        """Whether all its words were ours: what one page says, others show."""
        told = [((one.id, one.version), (one.text, one.kicker)) for one in anchor.run if one.text or one.kicker]
        return all(self._words.get(key) == words for key, words in told)

    def decide(self, control: Control) -> None:
        """What the gallery has decided."""
        self.control = control
        self.clearances |= {(one, clearance.version): clearance for one, clearance in control.cleared.items()}
        for old in list(self.clearances)[: max(0, len(self.clearances) - MOST_WORDS)]:
            del self.clearances[old]

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

    async def changed(self, within: float) -> bool:
        """Whether there was something new within so many seconds."""
        waiting = self._changed
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(waiting.wait(), within)
        return waiting.is_set()


async def first_change(playouts: Iterable[Playout], within: float) -> None:
    """Until there is something new of one of them, or so many seconds are over."""
    tasks = [asyncio.ensure_future(playout.changed(within)) for playout in playouts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
