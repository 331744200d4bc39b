"""Looks at the links that editors are about to publish, so that a dead one is seen before its headline leaves."""

import asyncio
import logging
from collections import defaultdict
from urllib.parse import urlsplit

from ticker.desk.links import FINE, MOST_ASKED, Links
from ticker.store import Gone
from workers.fetch import Failed, Fetcher, Request

LOOK_EVERY = 0.5  # s; an editor waits for it
TIME = 5.0  # s for a link
AT_ONCE = 20  # hosts
FAULT = "The link could not be looked at: a fault of ours."

logger = logging.getLogger("workers.link_check")


class LinkCheck:
    """Looks at many hosts beside each other, as tasks of the group, and at the links of each one after the other: a
    host that does not answer keeps none waiting but its own.
    """

    def __init__(
        self, links: Links, fetcher: Fetcher, group: asyncio.TaskGroup, *, allow_private: bool = False
    ) -> None:
        self.links = links
        self.fetcher = fetcher
        self.allow_private = allow_private
        self._group = group
        self._busy: set[str] = set()

    async def look(self) -> None:
        """Begin with what waits, as far as there is room."""
        waiting: dict[str, list[str]] = defaultdict(list)
        for link in await self.links.asked(MOST_ASKED):
            waiting[urlsplit(link).netloc].append(link)
        for host, links in waiting.items():
            if host not in self._busy and len(self._busy) < AT_ONCE:
                self._busy.add(host)
                self._group.create_task(self._look(host, links))

    async def _look(self, host: str, links: list[str]) -> None:
        try:
            for link in links:
                if await self.links.take(link):
                    await self.links.tell(link, await self._verdict(link))
                    await self.links.take(link)  # who waits asks again and again
        except Gone:
            return  # the others wait; this one will be asked for again
        finally:
            self._busy.discard(host)

    async def _verdict(self, link: str) -> str:
        try:
            answer = await self.fetcher.fetch(Request(link, allow_private=self.allow_private))
        except Exception:  # one page must not cost the others theirs
            logger.exception("a link could not be looked at")  # not which: its headline may be under embargo
            return FAULT
        return f"The link does not open: {answer.reason}" if isinstance(answer, Failed) else FINE
