"""The stories of each channel in Redis, and what editors have decided about them.

Keys of a channel:

    ticker:{CHANNEL}:stories         hash: id → story, JSON
    ticker:{CHANNEL}:stories:new     zset: id → published_at (ms)
    ticker:{CHANNEL}:stories:scopes  set: the sections and regions there are rankings of
    ticker:{CHANNEL}:stories:links   hash: id → link, of read pages that nobody has registered
    ticker:{CHANNEL}:stories:ruled   hash: id → what an editor has decided, JSON
    ticker:{CHANNEL}:stories:flagged hash: id → what the gate has noticed, JSON
    ticker:{CHANNEL}:stories:said    stream: ids of stories of which anything of this was changed
    ticker:{CHANNEL}:coverage        hash: name → title and stories, JSON

The rankings themselves are in scope.py's keys.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from ticker.channel import Channel
from ticker.errors import Invalid, NoStory
from ticker.most_read.ranking import Held, Ruling, Verdict, Window
from ticker.most_read.scope import Scope, scopes_of
from ticker.most_read.story import Story, StoryDraft, canonical, is_owned, of_draft, story_id
from ticker.most_read.withheld import Withheld
from ticker.store import Client, Gone, refusal

MOST_SCOPES = 200  # sections and regions of a channel; each is ranked every two seconds
MOST_LINKS = 1_000  # unregistered pages that wait to be looked at
RECENT = 500  # stories considered for "read next"
AT_ONCE = 500  # stories that are looked at in one command
SAID = 1_000  # changes that whoever keeps stories in memory can catch up with

OF_STORIES = ("stories", "stories:ruled", "stories:flagged", "stories:withheld", "stories:headlines", "read:readers")
OF_HEADLINES = ("stories:of", "stories:named")

logger = logging.getLogger(__name__)


class Stories:
    def __init__(self, redis: Client) -> None:
        self.redis = redis

    async def register(self, channel: Channel, draft: StoryDraft, now: int, *, bind: bool = True) -> tuple[Story, bool]:
        """The story as it is kept, and whether it is new. Invalid when its link is not on a host of the channel.

        `bind`: the headline that it names is its own, also where that has another link.
        """
        link = canonical(draft.link)
        if not is_owned(link, channel.most_read.hosts):
            fault = {"pointer": "/link", "detail": "is not on one of the channel's `most_read.hosts`"}
            raise Invalid("Only stories of the channel's own hosts are ranked.", errors=[fault])
        before = (await self.find(channel.name, [story_id(link)])).get(story_id(link))
        story = of_draft(draft, now, before)
        await self._add_scopes(channel.name, scopes_of(channel.name, story.section, story.region))
        if draft.headline and bind:  # before anybody can see it
            await self._bind(channel.name, story.id, draft.headline)
        pipe = self.redis.pipeline(transaction=False)
        pipe.hset(_key(channel.name, "stories"), story.id, story.to_json())
        pipe.zadd(_key(channel.name, "stories:new"), {story.id: story.published_at})
        pipe.hdel(_key(channel.name, "stories:links"), story.id)
        await self._execute(pipe)
        await self._say(channel.name, story.id)
        return story, before is None

    async def _add_scopes(self, channel: str, scopes: Sequence[Scope]) -> None:
        """Beyond the most that are ranked, a story is ranked in its channel only."""
        fresh = [scope.path for scope in scopes if scope not in await self.scopes(channel)]
        if fresh and await self._call("scard", _key(channel, "stories:scopes")) + len(fresh) <= MOST_SCOPES:
            await self._call("sadd", _key(channel, "stories:scopes"), *fresh)
        elif fresh:
            logger.warning("%s: more than %d sections and regions; %s is not ranked", channel, MOST_SCOPES, fresh[0])

    async def _bind(self, channel: str, id_: str, headline: str) -> None:
        try:
            await Withheld(self.redis).bind(channel, id_, headline)
        except Gone as error:
            raise refusal(error) from error

    async def get(self, channel: str, id_: str) -> Story:
        found = await self.find(channel, [id_])
        if id_ not in found:
            raise NoStory(id_)
        return found[id_]

    async def find(self, channel: str, ids: Sequence[str]) -> dict[str, Story]:
        """Those that are registered."""
        if not ids:
            return {}
        raw = await self._call("hmget", _key(channel, "stories"), list(ids))
        return {id_: Story.model_validate_json(text) for id_, text in zip(ids, raw, strict=True) if text}

    async def recent(self, channel: str, now: int) -> list[Story]:
        """The newest that are published."""
        ids = await self._call(
            "zrange", _key(channel, "stories:new"), now, "-inf", desc=True, byscore=True, offset=0, num=RECENT
        )
        return list((await self.find(channel, ids)).values())

    async def scopes(self, channel: str) -> list[Scope]:
        """The channel, and its sections and regions."""
        paths = sorted(await self._call("smembers", _key(channel, "stories:scopes")))
        return [Scope(channel), *(Scope.parse(channel, path) for path in paths)]

    async def read_after(self, channel: str, id_: str) -> dict[str, float]:
        """What readers of a story have read from there, with how many did."""
        pairs = await self._call("zrevrange", Scope(channel).key(f"read:next:{id_}"), 0, 99, withscores=True)
        return dict(pairs)

    # --- pages that nobody has registered ---------------------------------------------------------------------------

    async def note_links(self, channel: str, links: Mapping[str, str], *, of_one: bool = False) -> None:
        """Pages that were read and are not known: ingest looks at them. `of_one`: by one network only. Anybody can
        invent addresses without end, and they must not take the places of pages that others read.
        """
        key = _key(channel, "stories:links")
        room = MOST_LINKS // (2 if of_one else 1) - await self._call("hlen", key)
        known = await self._call("hmget", _key(channel, "stories"), list(links))
        unknown = [(id_, link) for (id_, link), story in zip(links.items(), known, strict=True) if not story]
        if unknown and room > 0:
            await self._call("hset", key, mapping=dict(unknown[:room]))

    async def unknown_links(self, channel: str) -> dict[str, str]:
        found: dict[str, str] = await self._call("hgetall", _key(channel, "stories:links"))
        return found

    async def drop_link(self, channel: str, id_: str) -> None:
        await self._call("hdel", _key(channel, "stories:links"), id_)

    # --- what editors decide ----------------------------------------------------------------------------------------

    async def rule(self, channel: str, id_: str, ruling: Mapping[str, Any] | None) -> None:
        """What holds of a story from now on; None takes it back."""
        await self._keep(_key(channel, "stories:ruled"), id_, ruling)
        await self._say(channel, id_)

    async def flag(self, channel: str, id_: str, flag: Mapping[str, Any]) -> bool:
        """Hold a story out until an editor has looked. False when it is flagged already."""
        new = await self._call("hsetnx", _key(channel, "stories:flagged"), id_, _dump(flag))
        if new:
            await self._say(channel, id_)
        return bool(new)

    async def rulings(self, channel: str) -> dict[str, dict[str, Any]]:
        return _loaded(await self._call("hgetall", _key(channel, "stories:ruled")))

    async def flags(self, channel: str) -> dict[str, dict[str, Any]]:
        return _loaded(await self._call("hgetall", _key(channel, "stories:flagged")))

    async def held(self, channel: str, withheld: Mapping[str, str]) -> Held:
        """What editors and the gate have said, beside what is withheld."""
        rulings, flags = await self.rulings(channel), await self.flags(channel)
        told = {id_: Ruling(Verdict(one["verdict"]), one.get("place", 1)) for id_, one in rulings.items()}
        return Held(told, {id_: str(one["why"]) for id_, one in flags.items()}, withheld)

    async def cover(self, channel: str, name: str, coverage: Mapping[str, Any] | None) -> None:
        await self._keep(_key(channel, "coverage"), name, coverage)

    async def coverages(self, channel: str) -> dict[str, dict[str, Any]]:
        return _loaded(await self._call("hgetall", _key(channel, "coverage")))

    # --- the end ----------------------------------------------------------------------------------------------------

    async def forget(self, channel: str, before: int) -> int:
        """Let go of stories published before a time (ms), with all that was said of them. How many went."""
        old = await self._call("zrange", _key(channel, "stories:new"), "-inf", str(before), byscore=True)
        if not old:
            return 0
        stories = await self.find(channel, old)
        headlines = await self._call("hmget", _key(channel, "stories:headlines"), old)
        gone = [headline for text in headlines if text for headline in json.loads(text)]
        gone += [one.headline for one in stories.values() if one.headline]
        pipe = self.redis.pipeline(transaction=False)
        pipe.zrem(_key(channel, "stories:new"), *old)
        for name in OF_STORIES:
            pipe.hdel(_key(channel, name), *old)
        for name in OF_HEADLINES if gone else ():
            pipe.hdel(_key(channel, name), *gone)
        await self._execute(pipe)
        await self._say(channel, *old)
        return len(old)

    async def tidy(self, channel: str) -> None:
        """Rank the sections and regions that stories have, and let go of what was kept of others. It reads all stories:
        now and then will do.
        """
        stories, wanted, kept = set[str](), set[str](), set[str]()
        async for id_, text in self.redis.hscan_iter(_key(channel, "stories"), count=AT_ONCE):
            story = json.loads(text)
            stories.add(id_)
            wanted.update(one.path for one in scopes_of(channel, story.get("section"), story.get("region")))
        for scope in await self.scopes(channel):
            if scope.kind and scope.path not in wanted:
                await self._call("srem", _key(channel, "stories:scopes"), scope.path)
                await self._call("delete", *map(scope.ranking, Window), scope.landmarks, scope.readers, scope.lists)
                continue
            kept.add(scope.path)
            if gone := set(await self._call("hkeys", scope.readers)) - stories:
                await self._call("hdel", scope.readers, *gone)
        room = MOST_SCOPES + 1 - len(kept)  # the channel itself is among them
        if room > 0 and (fresh := sorted(wanted - kept)[:room]):  # also of one that came while we looked, the last time
            await self._call("sadd", _key(channel, "stories:scopes"), *fresh)

    async def _say(self, channel: str, *ids: str) -> None:
        """After the change, so that who hears of it finds it."""
        pipe = self.redis.pipeline(transaction=False)
        for id_ in ids:
            pipe.xadd(_key(channel, "stories:said"), {"id": id_}, maxlen=SAID, approximate=False)
        await self._execute(pipe)

    async def _keep(self, key: str, field: str, value: Mapping[str, Any] | None) -> None:
        if value is None:
            await self._call("hdel", key, field)
        else:
            await self._call("hset", key, field, _dump(value))

    async def _call(self, command: str, *args: Any, **options: Any) -> Any:
        try:
            return await getattr(self.redis, command)(*args, **options)
        except Gone as error:
            raise refusal(error) from error

    async def _execute(self, pipe: Any) -> Any:
        try:
            return await pipe.execute()
        except Gone as error:
            raise refusal(error) from error


def _key(channel: str, name: str) -> str:
    return Scope(channel).key(name)


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _loaded(raw: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {name: json.loads(text) for name, text in raw.items()}
