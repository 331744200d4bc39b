"""vMix: one field of a title gets one headline after another, with `SetText` of its web API."""

from typing import ClassVar

from ticker.onair.output import Vmix
from workers.onair.adapter import Message
from workers.onair.flip import Flip
from workers.onair.peer import Peer

AGAIN = 5.0  # s after which a line is said again, so that a vMix that was restarted has it


class VmixTitle:
    name: ClassVar[str] = "vmix"
    by_itself: ClassVar[bool] = False

    def __init__(self, settings: Vmix, peer: Peer) -> None:
        self._settings = settings
        self._peer = peer
        self._flip = Flip()
        self._playlist: Message | None = None

    async def show(self, playlist: Message, now: int) -> float:
        if playlist is not self._playlist:
            self._flip.change(playlist)
            self._playlist = playlist
        text, seconds = self._flip.line(now)
        query = {
            "Function": "SetText",
            "Input": self._settings.input,
            "SelectedName": self._settings.field,
            "Value": text,
        }
        await self._peer.ask("vMix", "GET", self._settings.url.rstrip("/") + "/api/", query=query)
        return min(seconds, AGAIN)

    async def close(self) -> None:
        """The line stands until somebody takes the title off."""
