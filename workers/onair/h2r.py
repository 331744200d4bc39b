"""H2R Graphics: the items of a ticker graphic, and whether it is on screen, over its HTTP API.

Its `run` and `clear` are for the whole project and would take everybody's graphics along; so ours is shown and hidden
by its own `status`. A ticker that is on screen takes new items only when it comes on the next time, and runs through
those that it came with until then. So it goes and comes: at once when one of them was taken off or corrected, later
when one of them has only left.
"""

from typing import Any, ClassVar, NamedTuple

from ticker.onair.output import H2R
from ticker.onair.shapes import marked
from workers.onair import words
from workers.onair.adapter import SOON, Message
from workers.onair.peer import Peer

AGAIN = 15.0  # s after which it is said again
LEAVES_IN = SOON  # s that it has to go before it comes again
OLD_FOR = 60.0  # s for which what has expired or was edited may still run


class _Run(NamedTuple):
    """What a ticker runs through."""

    lines: tuple[str, ...]
    words: frozenset[tuple[str, int]]  # headline and version; of the output's own lines the line and 0
    flash: bool = False

    @classmethod
    def of(cls, playlist: Message, now: int) -> "_Run":
        """A take-over has the ticker to itself."""
        flash = words.takeover(playlist, now)
        items = [flash] if flash else words.standing(playlist, now)
        lines = [words.line(item, playlist) for item in items]
        if not lines:
            lines = words.own("fallback", playlist)
            return cls(tuple(lines), frozenset((line, 0) for line in lines))
        return cls(tuple(lines), frozenset((item["id"], item["version"]) for item in items), flash is not None)


class H2RTicker:
    name: ClassVar[str] = "h2r"
    by_itself: ClassVar[bool] = False

    def __init__(self, settings: H2R, peer: Peer) -> None:
        self._url = f"{settings.url.rstrip('/')}/api/{settings.project}/graphic/{settings.graphic}/update"
        self._peer = peer
        self._came: _Run | None = None  # with what it came, which it shows; None: nobody knows
        self._old_since: int | None = None  # ms; since when something of that runs no more
        self._gone = False  # it surely shows nothing

    async def show(self, playlist: Message, now: int) -> float:
        run, gone = _Run.of(playlist, now), self._gone
        came = run if gone else self._came
        old = came.words - run.words if came else frozenset()
        self._old_since = (self._old_since or now) if old else None
        self._came, self._gone = None, False  # until it has said yes
        if not playlist["on"] or came is None or self._must_go(came, run, words.known(playlist), now):
            await self._say(playlist, run, "going")
            self._gone = True
            return LEAVES_IN if playlist["on"] else AGAIN
        await self._say(playlist, run, "coming" if gone else None)
        self._came = came
        change = words.next_change(playlist, now)
        until_old = None if self._old_since is None else OLD_FOR - (now - self._old_since) / 1000
        return min(seconds for seconds in (AGAIN, change, until_old) if seconds is not None)

    def _must_go(self, came: _Run, run: _Run, known: words.Known, now: int) -> bool:
        """When a take-over begins, changes or ends; when something of it was taken off or corrected, or was a line of
        the output's own and there are headlines now; when it is old for too long.
        """
        if came != run and (came.flash or run.flash):
            return True
        if any(not words.may_stand(*one, known) for one in came.words - run.words):
            return True
        return self._old_since is not None and now - self._old_since >= OLD_FOR * 1000

    async def _say(self, playlist: Message, run: _Run, status: str | None) -> None:
        items = [{"title": f"Item {number}", "body": line} for number, line in enumerate(run.lines, 1)]
        content: dict[str, Any] = {"title": marked(playlist["title"], playlist), "items": items}
        if status is not None:
            content["status"] = status
        await self._peer.ask("H2R Graphics", "POST", self._url, json=content)

    async def close(self) -> None:
        """The graphic stays as it is."""
