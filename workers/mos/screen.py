"""Which headlines are on screen, from what the output's pages report: what has come on it, and what has left. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

LIVES_FOR = 5_000  # ms for which the last report of a page is believed
BETWEEN = 2_000  # ms between two reports, at most: what was shorter on screen may be in none


class Change(NamedTuple):
    id: str
    status: Literal["PLAY", "STOP"]


class Screen:
    def __init__(self, on: Iterable[str] = ()) -> None:
        """`on`: what whoever is told believes to be on screen."""
        self._seen: dict[str, int] = {}  # headline → ms when it was last reported on screen
        self._on = set(on)

    def see(self, pages: Iterable[Mapping[str, Any]], now: int) -> list[Change]:
        """What the pages show at this moment, all of them together."""
        on = {
            one
            for page in pages
            if now - page["seen_at"] < LIVES_FOR and page["state"] == "on"
            for one in page["on_screen"]
        }
        changes = [Change(one, "PLAY") for one in sorted(on - self._on)]
        changes += [Change(one, "STOP") for one in sorted(self._on - on)]
        self._seen = {one: at for one, at in self._seen.items() if now - at < 60_000} | dict.fromkeys(on, now)
        self._on = on
        return changes

    def ran(self, headline_id: str, since: int, now: int) -> list[Change]:
        """A run that is over, as the as-run log has it; news only when it was too short to be in any report."""
        if headline_id in self._on or self._seen.get(headline_id, 0) >= since - BETWEEN:
            return []
        self._seen[headline_id] = now
        return [Change(headline_id, "PLAY"), Change(headline_id, "STOP")]
