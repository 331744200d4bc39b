"""Singular.live: all that an output shows, as JSON in a data stream that a composition takes its texts from."""

from typing import Any, ClassVar
from urllib.parse import quote

from ticker.onair.output import Singular
from ticker.onair.shapes import marked
from workers.onair import words
from workers.onair.adapter import Message
from workers.onair.peer import Peer

AGAIN = 30.0  # s after which it is said again


class SingularStream:
    name: ClassVar[str] = "singular"
    by_itself: ClassVar[bool] = False

    def __init__(self, settings: Singular, peer: Peer) -> None:
        self._url = f"{settings.url.rstrip('/')}/{quote(settings.token.get_secret_value(), safe='')}"
        self._peer = peer

    async def show(self, playlist: Message, now: int) -> float:
        await self._peer.ask("Singular.live", "PUT", self._url, json=payload(playlist, now))
        change = words.next_change(playlist, now)
        return AGAIN if change is None else min(change, AGAIN)

    async def close(self) -> None:
        """The data stream keeps what it has."""


def payload(playlist: Message, now: int) -> dict[str, Any]:
    """What a composition can bind its controls to."""
    flash = words.takeover(playlist, now)
    lines = words.lines(playlist, now) if playlist["on"] else []
    return {
        "output": playlist["output"],
        "title": marked(playlist["title"], playlist),
        "on": playlist["on"],
        "lang": playlist["lang"],
        "dir": playlist["dir"],
        "breaking": words.line(flash, playlist) if flash else "",
        "crawl": f" {playlist['look']['separator']} ".join(lines),
        "headlines": [
            {
                "id": item["id"],
                "kicker": item.get("kicker") or "",
                "text": marked(item["text"], playlist),
                "urgency": item["urgency"],
                "lang": item["lang"],
                "dir": item["dir"],
            }
            for item in (words.standing(playlist, now) if playlist["on"] else [])
        ],
    }
