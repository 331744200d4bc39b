"""Which stories are not to be listed because of their headlines: what the log says, folded. Read like any reader.

    ticker:{CHANNEL}:stories:followed   string: the stream id up to which the log was read
    ticker:{CHANNEL}:stories:named      hash: headline → story, where the story itself has said so
    ticker:{CHANNEL}:stories:of         hash: headline → story
    ticker:{CHANNEL}:stories:headlines  hash: story → its headlines and what became of each, JSON
    ticker:{CHANNEL}:stories:withheld   hash: story → why

A headline is about the story that names it, else about the one whose link it has.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from ticker.channel import Channel
from ticker.most_read.scope import Scope
from ticker.most_read.story import canonical, is_owned, story_id
from ticker.store import Client

FOLD = Path(__file__).with_name("withheld.lua").read_text()
AT_ONCE = 200  # events taken from the log in one step

Adopt = Callable[[list[dict[str, Any]]], Awaitable[None]]

LIVE = "live"
HELD, EXPIRED = "held", "expired"
REMOVED = ("retracted", HELD, EXPIRED)  # the worst first: one that was retracted outweighs one that is live


def why(states: Mapping[str, str]) -> str | None:
    """Why a story with these headlines is withheld: any was killed or is held, or all have expired."""
    found = set(states.values())
    for reason in REMOVED[:2]:
        if reason in found:
            return reason
    return EXPIRED if found == {EXPIRED} else None


class Withheld:
    def __init__(self, redis: Client) -> None:
        self.redis = redis

    async def follow(self, channel: Channel, adopt: Adopt) -> None:
        """Take in what the log has had since. Any number may do it. `adopt` hears of each headline that is live."""
        keys = _keys(channel.name)
        log = Scope(channel.name).key("log")
        while True:
            followed = await self.redis.get(keys[0]) or ""
            entries = await self.redis.xrange(log, f"({followed}" if followed else "-", "+", count=AT_ONCE)
            if not entries:
                return
            await adopt([json.loads(fields["headline"]) for _, fields in entries if "headline" in fields])
            writes = await self._writes(channel, keys, [fields for _, fields in entries])
            await self.redis.eval(FOLD, len(keys), *keys, followed, entries[-1][0], *writes)

    async def _writes(self, channel: Channel, keys: list[str], events: list[dict[str, str]]) -> list[str]:
        """Key, field and value of each change."""
        ids = [fields["id"] for fields in events if "id" in fields]
        named = dict(zip(ids, await self.redis.hmget(Scope(channel.name).key("stories:named"), ids), strict=True))
        # Who read before a story named its headline, and wrote after it, has told the two apart again.
        known = zip(ids, await self.redis.hmget(keys[1], ids), strict=True)
        of = {headline: story or named[headline] for headline, story in known}
        linked = {
            fields["id"]: named[fields["id"]] or _story_of(channel, fields["headline"])
            for fields in events
            if "headline" in fields
        }
        headlines = await self._headlines(keys, {story for story in (*of.values(), *linked.values()) if story})
        for fields in events:
            _fold(fields, linked, of, headlines)
        return _written(of, headlines)

    async def _headlines(self, keys: list[str], stories: set[str]) -> dict[str, dict[str, str]]:
        """Of each of these stories, its headlines and what became of each."""
        names = sorted(stories)
        raw = await self.redis.hmget(keys[2], names) if names else []
        return {story: json.loads(text) if text else {} for story, text in zip(names, raw, strict=True)}

    async def bind(self, channel: str, story: str, headline: str) -> None:
        """A story names its headline: from now on they come and leave together, and at once if the headline has left
        already. Another story that had it until now stays as if it never had.
        """
        keys, scope = _keys(channel), Scope(channel)
        await self.redis.hset(scope.key("stories:named"), headline, story)
        while True:
            pipe = self.redis.pipeline(transaction=False)
            pipe.get(keys[0])
            pipe.hget(keys[1], headline)
            pipe.hexists(scope.key("killed"), headline)
            pipe.hexists(scope.key("board"), headline)
            pipe.hget(scope.key("desk"), headline)
            followed, before, killed, live, on_desk = await pipe.execute()
            state = "retracted" if killed else LIVE if live else _on_desk(on_desk) if on_desk else ""
            headlines = await self._headlines(keys, {story, before or story})
            for states in headlines.values():
                states.pop(headline, None)
            if state:
                headlines[story][headline] = state
            writes = _written({headline: story}, headlines)
            if await self.redis.eval(FOLD, len(keys), *keys, followed or "", followed or "", *writes):
                return

    async def all_reasons(self, channel: str) -> dict[str, str]:
        found: dict[str, str] = await self.redis.hgetall(Scope(channel).key("stories:withheld"))
        return found

    async def reasons(self, channel: str, stories: list[str]) -> dict[str, str]:
        """Of each of these that is withheld."""
        if not stories:
            return {}
        told = await self.redis.hmget(Scope(channel).key("stories:withheld"), stories)
        return {story: reason for story, reason in zip(stories, told, strict=True) if reason}

    async def headlines(self, channel: str, stories: list[str]) -> dict[str, str]:
        """The live headline of each story that has one."""
        if not stories:
            return {}
        raw = await self.redis.hmget(Scope(channel).key("stories:headlines"), stories)
        found = {}
        for story, text in zip(stories, raw, strict=True):
            live = [headline for headline, state in (json.loads(text) if text else {}).items() if state == LIVE]
            if live:
                found[story] = live[-1]
        return found


def _on_desk(raw: str) -> str:
    """What a headline there is to its story: a draft, and one that waits or is held, is nobody's to see."""
    return EXPIRED if json.loads(raw)["state"] == EXPIRED else HELD


def _fold(
    fields: Mapping[str, str],
    linked: Mapping[str, str | None],
    of: dict[str, str | None],
    headlines: dict[str, dict[str, str]],
) -> None:
    headline, kind = fields.get("id", ""), fields.get("type", "")
    story = of.get(headline)
    if kind in REMOVED:
        if story:
            headlines[story][headline] = kind
    elif "headline" in fields:
        now = linked[headline]
        if story and story != now:
            headlines[story].pop(headline, None)
        if now:
            headlines[now][headline] = LIVE
        of[headline] = now


def _written(of: Mapping[str, str | None], headlines: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Key, field and value of each change, as the script has them."""
    writes: list[str] = []
    for headline, story in of.items():
        writes += ["2", headline, story or ""]
    for story, states in headlines.items():
        writes += ["3", story, json.dumps(states, separators=(",", ":")) if states else ""]
        writes += ["4", story, why(states) or ""]
    return writes


def _keys(channel: str) -> list[str]:
    return [Scope(channel).key(f"stories:{name}") for name in ("followed", "of", "headlines", "withheld")]


def _story_of(channel: Channel, raw: str) -> str | None:
    try:
        link: Any = json.loads(raw).get("link")
        address = canonical(link) if link else ""
    except ValueError:
        return None
    return story_id(address) if address and is_owned(address, channel.most_read.hosts) else None
