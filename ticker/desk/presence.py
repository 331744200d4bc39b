"""Who is at a desk, and what they look at or edit. It holds for as long as they say so, and bars nobody."""

import asyncio
import json
import logging
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ticker import instant
from ticker.errors import TooMany
from ticker.fanout.hub import Hub
from ticker.headline import HeadlineId
from ticker.most_read.scope import Scope
from ticker.store import Gone, end_if_cancelled, refusal
from ticker.stream import DESK_LOG_KEPT, Keys
from ticker.writer import Writer

SCRIPT = Path(__file__).with_name("presence.lua").read_text()

HOLDS = 25_000  # ms without another word; pages say it every ten seconds
MOST = 200  # pages at one desk
LOOK_EVERY = 1.0  # s between looks for those of whom nothing was heard

logger = logging.getLogger(__name__)

Tab = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,32}$")]


class Doing(StrEnum):
    LOOKING = "looking"
    EDITING = "editing"


class Presence(BaseModel):
    """What somebody does: at a headline, or without `id` at the desk as a whole. `tab` tells pages of one apart."""

    model_config = ConfigDict(extra="forbid")
    id: HeadlineId | None = None
    doing: Doing = Doing.LOOKING
    tab: Tab = ""


class Presences:
    """Of all desks, over the hub's Redis."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    async def run(self) -> None:
        """Until it is cancelled: let go those of whom nothing was heard, wherever somebody here would see it."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            end_if_cancelled()
            for name, fanout in self.hub.desks.items():
                if fanout.counts.connections.total():
                    try:
                        await self._say(name)
                    except Gone as error:
                        logger.debug("%s: who is at the desk is not known: %s", name, error)

    async def appear(self, channel: str, writer: Writer, presence: Presence) -> str:
        """The picture with them in it, as JSON. TooMany when there are too many."""
        fields = {"name": writer.name, **presence.model_dump(exclude={"tab"}, exclude_none=True)}
        what = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))[:-1]
        return await self._ask(channel, _whose(writer, presence.tab), what)

    async def leave(self, channel: str, writer: Writer, tab: str) -> str:
        return await self._ask(channel, _whose(writer, tab))

    async def at(self, channel: str) -> str:
        return await self._ask(channel)

    async def _ask(self, channel: str, whose: str = "", what: str = "") -> str:
        try:
            said, picture = await self._say(channel, whose, what)
        except Gone as error:
            raise refusal(error) from error
        if said == "full":
            raise TooMany(f"More than {MOST} pages are open at this desk; close some.")
        return picture

    async def _say(self, channel: str, whose: str = "", what: str = "") -> tuple[str, str]:
        stream, keys = self.hub.stream, Keys.of(channel)
        now = stream.now()
        args = [now, instant.format(now), whose, what, now + HOLDS, MOST, secrets.token_hex(4), DESK_LOG_KEPT]
        said, picture = await stream.redis.eval(
            SCRIPT, 3, Scope(channel).key("presence"), keys.desk_log, keys.desk_meta, *args
        )
        return said, picture


def _whose(writer: Writer, tab: str) -> str:
    return f"{writer.via} {tab}"
