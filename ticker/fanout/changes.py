"""What changed since: the last change of each headline, newest last. The one source of every catch-up."""

from collections.abc import Iterable, Iterator

from ticker.events import Event

MOST = 10_000  # headlines whose last change is remembered; who was away for longer gets a snapshot

Offset = tuple[int, int]


class Changes:
    """Remembers per headline only its latest change, so that a killed one is never replayed."""

    def __init__(self, floor: Offset, entries: Iterable[tuple[Offset, Event]] = ()) -> None:
        self.floor = floor  # what lies before it is not known
        self._last: dict[str, tuple[Offset, Event]] = {}  # in the order of the last change
        for offset, event in entries:
            self.record(offset, event)

    def record(self, offset: Offset, event: Event) -> None:
        self._last.pop(event.id, None)
        self._last[event.id] = (offset, event)
        if len(self._last) > MOST:
            oldest = next(iter(self._last))
            self.floor, _ = self._last.pop(oldest)

    def last(self, headline_id: str) -> Event | None:
        """What became of it last, if that is remembered."""
        found = self._last.get(headline_id)
        return found[1] if found else None

    def since(self, offset: Offset, most: int = MOST) -> list[Event] | None:
        """The net change after `offset`, oldest first. None when that is further back than is known, or more than
        `most` headlines.
        """
        if offset < self.floor:
            return None
        found: list[Event] = []
        for _, event in self.recent(offset):
            if len(found) == most:
                return None
            found.append(event)
        found.reverse()
        return found

    def recent(self, offset: Offset) -> Iterator[tuple[Offset, Event]]:
        """What is known of the net change after `offset`, newest first."""
        for changed, event in reversed(self._last.values()):
            if changed <= offset:
                return
            yield changed, event
