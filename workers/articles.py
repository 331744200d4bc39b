"""Articles that were read and that nobody has registered: fetched once, and registered as what they say they are."""

import asyncio
import logging
from collections.abc import Mapping

from ticker.channel import Channel
from ticker.errors import TickerError
from ticker.most_read.reader import DAY
from ticker.most_read.scope import Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import canonical, is_owned, story_id
from ticker.store import Gone
from workers.fetch import Fetched, Fetcher, Request
from workers.open_graph import story_of

LOOK_EVERY = 5.0  # s
AT_ONCE = 20  # pages of a channel at a look
NOT_AGAIN = DAY // 24  # ms until a page that was no story is looked at again

logger = logging.getLogger("workers.articles")


class Articles:
    def __init__(
        self, stories: Stories, fetcher: Fetcher, channels: Mapping[str, Channel], *, allow_private: bool = False
    ) -> None:
        self.stories = stories
        self.fetcher = fetcher
        self.channels = channels
        self.allow_private = allow_private

    async def look(self, now: int) -> int:
        """One look at what waits. How many stories it has brought."""
        found = 0
        for channel in self.channels.values():
            if channel.most_read.hosts:
                waiting = list((await self.stories.unknown_links(channel.name)).items())[:AT_ONCE]
                found += sum(await asyncio.gather(*(self._look(channel, *one, now) for one in waiting)))
        return found

    async def _look(self, channel: Channel, id_: str, link: str, now: int) -> bool:
        try:
            return await self._found(channel, id_, link, now)
        except (*Gone, TickerError):
            raise
        except Exception:  # one page must not cost the others theirs
            logger.exception("%s: %s could not be looked at", channel.name, id_)
            return False

    async def _found(self, channel: Channel, id_: str, link: str, now: int) -> bool:
        """Any number may look: who comes first has it for the hour."""
        mark = Scope(channel.name).key(f"stories:looked:{id_}")
        ours = await self.stories.redis.set(mark, "1", nx=True, px=NOT_AGAIN)
        await self.stories.drop_link(channel.name, id_)
        if not ours or not is_owned(link, channel.most_read.hosts):
            return False
        answer = await self.fetcher.fetch(Request(link, allow_private=self.allow_private))
        if not isinstance(answer, Fetched) or not answer.content_type.lower().startswith("text/html"):
            return False
        if not is_owned(answer.url, channel.most_read.hosts):
            logger.info("%s: %s leads elsewhere", channel.name, id_)
            return False
        draft = await asyncio.to_thread(story_of, answer.body.decode("utf-8", "replace"), answer.url)
        if draft is None or story_id(canonical(draft.link)) != id_:
            logger.info("%s: %s is no story, or calls itself by another address", channel.name, id_)
            return False
        if draft.published_at is not None:  # it has been read: whatever its clock says, it is not of tomorrow
            draft.published_at = min(draft.published_at, now)
        try:
            await self.stories.register(channel, draft, now)
        except TickerError as error:
            logger.info("%s: %s is not registered: %s", channel.name, id_, error.detail)
            return False
        return True
