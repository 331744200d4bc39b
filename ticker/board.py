"""The board: what is on the strip now, in order. The fold of a channel's events; the clock has no part in it."""

import zlib
from collections.abc import Iterable, Iterator

from ticker.events import Event
from ticker.headline import Headline


class Board:
    def __init__(self, headlines: Iterable[Headline] = ()) -> None:
        self._headlines = {headline.id: headline for headline in headlines}
        self._ordered: list[Headline] | None = None

    def apply(self, event: Event) -> bool:
        """Fold one event in. False when nothing changed: a repeat, or the removal of what is not here."""
        if event.headline is None:
            if self._headlines.pop(event.id, None) is None:
                return False
        else:
            if self._headlines.get(event.id) == event.headline:
                return False
            self._headlines[event.id] = event.headline
        self._ordered = None
        return True

    def ordered(self) -> list[Headline]:
        """Pinned first, then the larger `order`, then the smaller id."""
        if self._ordered is None:
            by_place = sorted(self._headlines.values(), key=lambda h: h.id)
            by_place.sort(key=lambda h: (h.pinned, h.order), reverse=True)
            self._ordered = by_place
        return self._ordered

    def on_air(self, now: int) -> list[Headline]:
        """What may be shown at `now`: without those whose time is over, whether or not the news of it has come."""
        return [h for h in self.ordered() if h.expires_at is None or h.expires_at > now]

    def hash(self) -> str:
        return hash_of(self.ordered())

    def get(self, headline_id: str) -> Headline | None:
        return self._headlines.get(headline_id)

    def __len__(self) -> int:
        return len(self._headlines)

    def __iter__(self) -> Iterator[Headline]:
        return iter(self.ordered())

    def __contains__(self, headline_id: object) -> bool:
        return headline_id in self._headlines


def hash_of(headlines: Iterable[Headline]) -> str:
    """CRC-32 of `id:version` in order, a line each: equal on every reader that shows the same strip."""
    lines = "\n".join(f"{h.id}:{h.version}" for h in headlines)
    return f"{zlib.crc32(lines.encode()):08x}"
