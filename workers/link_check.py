"""Looks at the links that editors are about to publish, so that a dead one is seen before its headline leaves."""

import asyncio

from ticker.desk.links import FINE, Links
from workers.fetch import Failed, Fetcher, Request

LOOK_EVERY = 0.5  # s; an editor waits for it
AT_ONCE = 20


class LinkCheck:
    def __init__(self, links: Links, fetcher: Fetcher, *, allow_private: bool = False) -> None:
        self.links = links
        self.fetcher = fetcher
        self.allow_private = allow_private

    async def look(self) -> int:
        """One look at what waits. How many links it was."""
        taken = [link for link in await self.links.asked(AT_ONCE) if await self.links.take(link)]
        await asyncio.gather(*map(self._look, taken))
        return len(taken)

    async def _look(self, link: str) -> None:
        answer = await self.fetcher.fetch(Request(link, allow_private=self.allow_private))
        verdict = f"The link does not open: {answer.reason}" if isinstance(answer, Failed) else FINE
        await self.links.tell(link, verdict)
