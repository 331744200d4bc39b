"""What is known of a channel's stories beside their reads, kept in memory: what they are, and what is said of them.

Nothing is read again that has not changed. Whoever registers, rules about or flags a story notes its id in a stream,
and the channel's log tells of its headlines: from both follows what must be read.
"""

import itertools
import json
from collections.abc import Collection, Mapping
from typing import Any

from ticker import instant
from ticker.events import EventType
from ticker.most_read.ranking import Held
from ticker.most_read.scope import Scope
from ticker.most_read.stories import SAID, Stories
from ticker.most_read.story import Story
from ticker.most_read.withheld import LIVE, why

EVENTS = 200  # of the log; when there are more, everything is read
PART = 500  # stories in one command
START = "0-0"  # of a stream


class Known:
    """Of one channel."""

    def __init__(self, stories: Stories, channel: str) -> None:
        self.of_redis, self.redis, self.channel = stories, stories.redis, channel
        self.stories: dict[str, Story] = {}
        self._withheld: dict[str, str] = {}
        self.held = Held(withheld=self._withheld)
        self._rows: dict[str, tuple[str, str]] = {}
        self._kept: dict[str, tuple[str | None, str | None]] = {}  # as in Redis: a story, and its headlines
        self._epoch = ""
        self._said = self._followed = START

    def row(self, id_: str, place: int) -> str:
        """Of a list, JSON."""
        before, after = self._rows[id_]
        return f'{before},"rank":{place}{after}'

    async def look(self, ids: Collection[str]) -> set[str]:
        """Know these stories, too, and what has changed. Those which are not as they were before.

        What a fault has kept from being read is read the next time.
        """
        told, positions = await self._heard()
        fresh = told is None or told
        held = await self.of_redis.held(self.channel, self._withheld) if fresh else self.held
        again = self._kept.keys() if told is None else self._kept.keys() & told
        found = await self._read(sorted(again | ({*ids, *held.rulings} - self._kept.keys())))
        changed = _otherwise(held.rulings, self.held.rulings) | _otherwise(held.flags, self.held.flags)
        self.held, (self._epoch, self._said, self._followed) = held, positions
        for id_, kept in found:
            if self._kept.get(id_) != kept:
                self._take(id_, *kept)
                changed.add(id_)
        return changed

    def forget_but(self, ids: Collection[str]) -> None:
        """What is neither among these nor ruled about."""
        for id_ in self._kept.keys() - {*ids, *self.held.rulings}:
            for part in (self._kept, self.stories, self._rows, self._withheld):
                part.pop(id_, None)

    def flag(self, flags: Mapping[str, str]) -> None:
        """What the gate has just noticed; Redis knows it."""
        self.held = Held(self.held.rulings, {**self.held.flags, **flags}, self._withheld)

    async def _heard(self) -> tuple[set[str] | None, tuple[str, str, str]]:
        """The stories of which anything has been said since (None: more than can be told), and up to where."""
        scope = Scope(self.channel)
        pipe = self.redis.pipeline(transaction=False)
        pipe.hget(scope.key("meta"), "epoch")
        pipe.get(scope.key("stories:followed"))
        pipe.xrange(scope.key("stories:said"), f"({self._said}", "+", count=SAID)
        epoch, followed, said = await pipe.execute()
        events = []
        if followed and followed != self._followed:
            events = await self.redis.xrange(scope.key("log"), f"({self._followed}", followed, count=EVENTS)
        positions = (epoch or "", said[-1][0] if said else self._said, followed or START)
        if positions[0] != self._epoch or len(said) >= SAID or len(events) >= EVENTS:
            return None, positions
        of_headlines = {one["id"] for _, one in events if one["type"] != EventType.MOST_READ and "id" in one}
        return {one["id"] for _, one in said} | await self._about(sorted(of_headlines)), positions

    async def _about(self, headlines: list[str]) -> set[str]:
        """The stories that these headlines are about, or were."""
        if not headlines:
            return set()
        of = await self.redis.hmget(Scope(self.channel).key("stories:of"), headlines)
        was = {id_ for id_, (_, text) in self._kept.items() if text and any(one in text for one in headlines)}
        return was | {story for story in of if story}

    async def _read(self, ids: list[str]) -> list[tuple[str, tuple[str | None, str | None]]]:
        """Each with its story and its headlines as they are in Redis."""
        pipe = self.redis.pipeline(transaction=False)
        for start in range(0, len(ids), PART):
            for name in ("stories", "stories:headlines"):
                pipe.hmget(Scope(self.channel).key(name), ids[start : start + PART])
        answers = await pipe.execute() if ids else []
        stories, headlines = (itertools.chain.from_iterable(answers[part::2]) for part in (0, 1))
        return list(zip(ids, zip(stories, headlines, strict=True), strict=True))

    def _take(self, id_: str, story: str | None, headlines: str | None) -> None:
        self._kept[id_] = (story, headlines)
        for part in (self.stories, self._rows, self._withheld):
            part.pop(id_, None)
        states: dict[str, str] = json.loads(headlines) if headlines else {}
        reason = why(states)
        if reason:
            self._withheld[id_] = reason
        if story:
            self.stories[id_] = Story.model_validate_json(story)
            live = [headline for headline, state in states.items() if state == LIVE]
            self._rows[id_] = _row(self.stories[id_], live[-1] if live else "")


def _otherwise(these: Mapping[str, Any], those: Mapping[str, Any]) -> set[str]:
    return {id_ for id_, _ in these.items() ^ those.items()}


def _row(story: Story, headline: str) -> tuple[str, str]:
    """Up to the place, and from there on."""
    row = {"id": story.id, "title": story.title, "link": story.link}
    row |= {name: value for name in ("section", "region", "image", "lang") if (value := getattr(story, name))}
    row["published_at"] = instant.format(story.published_at)
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return text[:-1], f',"headline":"{headline}"}}' if headline else "}"
