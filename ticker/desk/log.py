"""What the desk is told: every headline that is on the strip or may yet come to it, with what readers never see.

A log of its own beside the readers', written in the same step. So nothing has to be taken out of what readers are
sent: it has never been there.
"""

from typing import ClassVar

from ticker.headline import Headline, Record, State
from ticker.log import Log, Place
from ticker.stream import Keys, Stream


class DeskLog(Log):
    model: ClassVar[type[Headline]] = Record

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream.redis, stream.clock)

    def place(self, channel: str) -> Place:
        keys = Keys.of(channel)
        return Place(keys.desk_log, keys.desk_meta, (keys.board, keys.desk))

    def tells_of(self, headline: Headline) -> bool:
        """An expired one is kept so that no late copy revives it; nobody works on it."""
        return headline.state is not State.EXPIRED
