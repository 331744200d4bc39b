"""What a title shows that holds one line: the headlines one after another, in the output's rhythm. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from workers.onair import words
from workers.onair.adapter import Message
from workers.onair.words import Item


class _Line(NamedTuple):
    text: str
    until: int  # ms
    id: str | None = None  # of the headline; None for a line of the output's own
    version: int = 0


class Flip:
    """Keeps where it is in the loop. What the gallery or the board changes counts from the next line on; what was
    taken off or corrected is off at once. A take-over comes at once and gives the line back for the rest of its time.
    """

    def __init__(self) -> None:
        self._playlist: Message | None = None
        self._line: _Line | None = None  # None: the bar is off
        self._rest: int | None = None  # ms that the line still has when the take-over is over
        self._ahead: list[str] = []  # lines of the output's own, before the first headline or after the last
        self._leaving = False
        self._queue: list[str] = []  # what comes before the loop goes on: new headlines
        self._next = 0  # in the order
        self._fallback = 0

    def change(self, playlist: Message) -> None:
        before, self._playlist = self._playlist, playlist
        if before is None:
            return
        had = {item["id"] for item in before["items"]}
        ids = [item["id"] for item in playlist["items"]]
        self._queue = [one for one in self._queue if one in ids] + [one for one in ids if one not in had]
        first = playlist["first"]
        if first is not None and (first, playlist.get("first_at")) != (before["first"], before.get("first_at")):
            self._queue = [first, *(one for one in self._queue if one != first)]
        self._next = _place(before["order"], self._next, playlist["order"])
        line, known = self._line, words.known(playlist)
        if line is not None and line.id is not None and not words.may_stand(line.id, line.version, known):
            self._line, self._rest = line._replace(until=0), None

    def line(self, now: int) -> tuple[str, float]:
        """What stands there now, empty for nothing, and after how many seconds that may be something else."""
        playlist = self._playlist
        if playlist is None:
            return "", 1.0
        flash = words.takeover(playlist, now)
        if flash is not None:
            if self._rest is None and self._line is not None:
                self._rest = max(0, self._line.until - now)
            return words.line(flash, playlist), _until(playlist, now, now + 1000)
        if self._line is not None and self._rest is not None:
            self._line, self._rest = self._line._replace(until=now + self._rest), None
        self._go_on(playlist, now)
        until = self._line.until if self._line else now + 1000
        return self._line.text if self._line else "", _until(playlist, now, until)

    def _go_on(self, playlist: Message, now: int) -> None:
        if not playlist["on"] and playlist["stop"] not in ("item", "loop"):
            self._line = None
        elif self._line is None and playlist["on"]:
            self._begin(playlist, now)
        elif self._line is not None and self._line.until <= now:
            self._line = self._following(playlist, now)

    def _begin(self, playlist: Message, now: int) -> None:
        self._leaving, self._next = False, 0
        self._queue = [playlist["first"]] if playlist["first"] else []
        self._ahead = words.own("lead_in", playlist)
        self._line = self._following(playlist, now)

    def _following(self, playlist: Message, now: int) -> _Line | None:
        until = now + int(1000 * playlist["flip"] / words.rate(playlist))
        if playlist["on"]:
            self._ahead, self._leaving = [] if self._leaving else self._ahead, False
        elif not self._leaving and (playlist["stop"] == "item" or self._is_through(playlist)):
            self._leaving, self._ahead = True, words.own("lead_out", playlist)
        if self._ahead:
            return _Line(self._ahead.pop(0), until)
        if self._leaving:
            return None
        item = self._following_item(playlist, now)
        if item is not None:
            return _Line(words.line(item, playlist), until, item["id"], item["version"])
        lines = words.own("fallback", playlist)
        self._fallback += 1
        return _Line(lines[(self._fallback - 1) % len(lines)] if lines else "", until)

    def _is_through(self, playlist: Message) -> bool:
        return not self._queue and self._next >= len(playlist["order"])

    def _following_item(self, playlist: Message, now: int) -> Item | None:
        items = {item["id"]: item for item in playlist["items"] if not words.is_over(item, now)}
        while self._queue:
            found = items.get(self._queue.pop(0))
            if found is not None:
                return found
        order: Sequence[str] = playlist["order"]
        for _ in order:
            self._next %= len(order)
            self._next += 1
            found = items.get(order[self._next - 1])
            if found is not None:
                return found
        return None


def _until(playlist: Message, now: int, until: int) -> float:
    """Seconds; it may be that a take-over comes or goes before then."""
    change = words.next_change(playlist, now)
    own = max(0.0, (until - now) / 1000)
    return own if change is None else min(own, change)


def _place(before: Sequence[str], at: int, after: Sequence[str]) -> int:
    """Where a changed loop goes on: behind what came last, as near as can be to where that was."""
    if not 0 < at <= len(before) or before[at - 1] not in after:
        return min(at, len(after))
    places = [place for place, one in enumerate(after, 1) if one == before[at - 1]]
    return min(places, key=lambda place: abs(place - at))
