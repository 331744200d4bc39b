"""The most-read lists: made from the rankings every few seconds, kept in Redis, told to readers when they change."""

import itertools
import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ticker import instant, ranking
from ticker.channel import Channel
from ticker.errors import Invalid
from ticker.ranking import (
    CANDIDATES,
    LISTS,
    MOST_STORIES,
    RISING,
    Candidate,
    Held,
    Ranked,
    Ruling,
    Today,
    Verdict,
    Window,
)
from ticker.scope import Scope
from ticker.stories import Stories
from ticker.story import Story, StoryDraft, canonical, is_owned, story_id
from ticker.withheld import Withheld

KEEP = Path(__file__).with_name("list.lua").read_text()

TOLD_ROWS = 10  # of a list, to every reader; the others are asked for
TOLD_EVERY = 5_000  # ms between two tellings of one list, but for a story that must leave
LOOK_EVERY = 30_000  # ms between two looks at who reads again and again
BELIEVED = 10_000  # ms that a story is taken to be as it was last read

ADOPTED = ("link", "section", "region", "image", "published_at", "lang", "tags", "group")  # of a headline
FRESH = 1_000  # ms that a list that was read is given again

NOTICED = {"revived": "is old and suddenly read", "few_readers": "is read by the same few again and again"}

Row = dict[str, Any]

logger = logging.getLogger(__name__)


class _Counts(NamedTuple):
    """A scope's decayed reads by window and story, most first; and its lists as they are kept."""

    reads: Mapping[Window, dict[str, float]]
    kept: Mapping[str, str]
    marks: Mapping[Window, str | None]


class Lists:
    """Any number of processes may make them: who finds a list changed meanwhile leaves it to the next turn."""

    def __init__(self, stories: Stories) -> None:
        self.stories = stories
        self.redis = stories.redis
        self.withheld = Withheld(self.redis)
        self._unsettled: dict[tuple[Scope, str], int | None] = {}
        self._told_at: dict[tuple[str, str], int] = {}
        self._read: dict[tuple[Scope, str], tuple[int, tuple[list[Row], int | None]]] = {}
        self._known: dict[str, tuple[int, Story]] = {}
        self._looked_at: dict[str, int] = {}

    # --- making them ------------------------------------------------------------------------------------------------

    async def make(self, channel: Channel, now: int) -> None:
        """All lists of a channel as they are now. TickerError or a fault of Redis's when it cannot be done."""
        if not channel.most_read.hosts:
            return
        await self.withheld.follow(channel, partial(self._adopt, channel, now))
        scopes = await self.stories.scopes(channel.name)
        counts = await self._counts(scopes, now)
        ids = {story for one in counts.values() for reads in one.reads.values() for story in reads}
        held = await self._held(channel.name)
        known = await self._stories(channel.name, ids | set(held.rulings), now)
        held = await self._look(channel, counts[scopes[0]], known, held, now)
        headlines = await self.withheld.headlines(channel.name, sorted(known))
        for scope in scopes:
            for name in LISTS:
                await self._make(channel, scope, name, counts[scope], known, held, headlines, now)
        await self.redis.hset(Scope(channel.name).lists, "as_of", str(now))

    async def _adopt(self, channel: Channel, now: int, headlines: Sequence[Mapping[str, Any]]) -> None:
        """A headline with a link to the channel's own site registers the story, unless somebody else has."""
        for headline in headlines:
            try:
                await self._adopt_one(channel, now, headline)
            except (ValueError, Invalid) as error:  # it must not keep all that come after from their turn
                logger.warning("%s: headline %s is no story: %s", channel.name, headline.get("id"), error)

    async def _adopt_one(self, channel: Channel, now: int, headline: Mapping[str, Any]) -> None:
        link = headline.get("link")
        if not link or not is_owned(link, channel.most_read.hosts):
            return
        id_ = story_id(canonical(link))
        before = (await self.stories.find(channel.name, [id_])).get(id_)
        if before is None or before.headline == headline["id"]:
            given = {name: headline[name] for name in ADOPTED if headline.get(name)}
            draft = StoryDraft(title=headline["text"], headline=headline["id"], **given)
            await self.stories.register(channel, draft, now, bind=False)

    async def _make(
        self, channel: Channel, scope: Scope, name: str, counts: _Counts, known: Mapping[str, Story],
        held: Held, headlines: Mapping[str, str], now: int,
    ) -> None:  # fmt: skip
        policy, found = channel.most_read, counts.kept.get(name, "")
        before = Ranked([row["id"] for row in _rows(found)], self._unsettled.get((scope, name)))
        ranked = ranking.rank(_candidates(name, scope, counts, known, held), before, held, policy, now)
        self._unsettled[scope, name] = ranked.unsettled_at
        rows = [_row(known[story], place, headlines) for place, story in enumerate(ranked.order, 1)]
        text = _dump(rows)
        if text == (found or "[]"):
            return
        told = "" if scope.kind else self._told(channel, name, rows, counts.kept, held, now)
        if not told and not scope.kind and rows[:TOLD_ROWS] != _told_rows(counts.kept, name):
            return  # it was told a moment ago: list and word change together, a little later
        keys = [scope.lists, scope.key("log"), scope.key("meta")]
        await self.redis.eval(KEEP, len(keys), *keys, name, found, text, told, secrets.token_hex(4))

    def _told(
        self, channel: Channel, name: str, rows: Sequence[Row], kept: Mapping[str, str], held: Held, now: int
    ) -> str:
        """What readers are told of a list; empty when there is nothing new for them, or not yet."""
        before, after = _told_rows(kept, name), list(rows[:TOLD_ROWS])
        if before == after:
            return ""
        gone = {row["id"] for row in before} & ({*held.withheld, *held.flags} | _excluded(held))
        key = (channel.name, name)
        if not gone and now - self._told_at.get(key, -TOLD_EVERY) < TOLD_EVERY:
            return ""
        self._told_at[key] = now
        return _dump({"window": name, "as_of": instant.format(now), "stories": after})

    async def _counts(self, scopes: Sequence[Scope], now: int) -> dict[Scope, _Counts]:
        pipe = self.redis.pipeline(transaction=False)
        for scope in scopes:
            pipe.hmget(scope.landmarks, ["1", "2", "3"])
            pipe.hgetall(scope.lists)
            for window in Window:
                pipe.zrevrange(scope.ranking(window), 0, CANDIDATES - 1, withscores=True)
        answers = iter(await pipe.execute())
        found = {}
        for scope in scopes:
            marks, kept = next(answers), next(answers)
            reads = {
                window: {story: _decayed(score, mark, window, now) for story, score in next(answers)}
                for window, mark in zip(Window, marks, strict=True)
            }
            found[scope] = _Counts(reads, kept, dict(zip(Window, marks, strict=True)))
        await self._complete(found, now)
        return found

    async def _complete(self, counts: Mapping[Scope, _Counts], now: int) -> None:
        """What is high in a short window counts in the longer one too, however far down it is there."""
        asked = []
        pipe = self.redis.pipeline(transaction=False)
        for scope, one in counts.items():
            for shorter, longer in itertools.pairwise(Window):
                missing = [story for story in one.reads[shorter] if story not in one.reads[longer]]
                if missing:
                    asked.append((one, longer, missing))
                    pipe.zmscore(scope.ranking(longer), missing)
        answers = await pipe.execute() if asked else ()
        for (one, window, missing), scores in zip(asked, answers, strict=True):
            for story, score in zip(missing, scores, strict=True):
                one.reads[window][story] = _decayed(score or 0, one.marks[window], window, now)

    async def _held(self, channel: str) -> Held:
        rulings = {
            id_: Ruling(Verdict(one["verdict"]), one.get("place", 1))
            for id_, one in (await self.stories.rulings(channel)).items()
        }
        flags = {id_: one["why"] for id_, one in (await self.stories.flags(channel)).items()}
        return Held(rulings, flags, await self.withheld.reasons(channel))

    async def _stories(self, channel: str, ids: set[str], now: int) -> dict[str, Story]:
        """Those that are registered, read anew now and then."""
        old = [id_ for id_ in ids if now - self._known.get(f"{channel}:{id_}", (-BELIEVED,))[0] >= BELIEVED]
        for id_, story in (await self.stories.find(channel, old)).items():
            self._known[f"{channel}:{id_}"] = (now, story)
        if len(self._known) > 4 * MOST_STORIES:
            self._known = {key: one for key, one in self._known.items() if now - one[0] < BELIEVED}
        return {id_: self._known[f"{channel}:{id_}"][1] for id_ in ids if f"{channel}:{id_}" in self._known}

    async def _look(self, channel: Channel, counts: _Counts, known: Mapping[str, Story], held: Held, now: int) -> Held:
        """Flag what has come back from the dead, and what is the work of a few, before it is listed."""
        flags = dict(held.flags)
        day, week = counts.reads[Window.DAY], counts.reads[Window.WEEK]
        looked_at = [id_ for id_ in day if id_ in known]
        few = await self._few(channel, looked_at, now)
        for id_ in looked_at:
            if id_ in flags or id_ in held.rulings:
                continue
            if ranking.is_revived(known[id_], day[id_], week[id_], channel.most_read, now):
                flags[id_] = "revived"
            elif id_ in few:
                flags[id_] = "few_readers"
            else:
                continue
            if await self.stories.flag(channel.name, id_, {"why": flags[id_], "at": now}):
                logger.warning("%s: story %s %s; it is held out", channel.name, id_, NOTICED[flags[id_]])
        return Held(held.rulings, flags, held.withheld)

    async def _few(self, channel: Channel, ids: Sequence[str], now: int) -> list[str]:
        """Of these, what a few have read again and again today. Looked at now and then: it takes them hours."""
        if now - self._looked_at.get(channel.name, -LOOK_EVERY) < LOOK_EVERY or not ids:
            return []
        self._looked_at[channel.name] = now
        key = Scope(channel.name).today(now)
        counts = zip(ids, await self.redis.hmget(key, list(ids)), strict=True)
        reads = {id_: int(count) for id_, count in counts if count and int(count) >= channel.most_read.least_reads}
        # One by one: a Cluster's client has no PFCOUNT in a pipeline, and a script of a hundred would be a long one.
        today = {id_: Today(count, await self.redis.pfcount(f"{key}:{id_}")) for id_, count in reads.items()}
        return ranking.comes_of_few(today, channel.most_read)

    async def prune(self, channel: Channel, now: int) -> None:
        """Let go of what has not half a read left, of what is far down, and of stories too old to be listed."""
        for scope in await self.stories.scopes(channel.name):
            marks = await self.redis.hmget(scope.landmarks, ["1", "2", "3"])
            pipe = self.redis.pipeline(transaction=False)
            for window, mark in zip(Window, marks, strict=True):
                if mark:
                    least = ranking.floor(int(mark), window.half_life, now)
                    pipe.zremrangebyscore(scope.ranking(window), "-inf", f"({least!r}")
                    pipe.zremrangebyrank(scope.ranking(window), 0, -MOST_STORIES - 1)
            await pipe.execute()
        await self.stories.forget(channel.name, now - channel.most_read.oldest_days * 24 * ranking.HOUR)

    # --- reading them -----------------------------------------------------------------------------------------------

    async def read(self, scope: Scope, name: str) -> tuple[list[Row], int | None]:
        """A list's rows, and when the channel's lists were last made (ms)."""
        pipe = self.redis.pipeline(transaction=False)
        pipe.hget(scope.lists, name)
        pipe.hget(Scope(scope.channel).lists, "as_of")
        rows, as_of = await pipe.execute()
        return _rows(rows or ""), int(as_of) if as_of else None

    async def read_lately(self, scope: Scope, name: str, now: int) -> tuple[list[Row], int | None]:
        """The same as it was up to a second ago: however many ask, Redis is asked once."""
        at, answer = self._read.get((scope, name), (-FRESH, None))
        if answer is None or not 0 <= now - at < FRESH:
            if len(self._read) > MOST_STORIES:
                self._read.clear()
            answer = await self.read(scope, name)
            self._read[scope, name] = (now, answer)
        return answer

    async def explain(self, scope: Scope, ids: Sequence[str], now: int) -> dict[str, Row]:
        """What each story's place rests on."""
        pipe = self.redis.pipeline(transaction=False)
        pipe.hmget(scope.landmarks, ["1", "2", "3"])
        for window in Window:
            pipe.zmscore(scope.ranking(window), list(ids))
        pipe.hmget(scope.readers, list(ids))
        marks, *scores, counted = await pipe.execute()
        told: dict[str, Row] = {}
        for at, id_ in enumerate(ids):
            reads = {
                window.value: round(_decayed(scores[w][at] or 0, marks[w], window, now), 3)
                for w, window in enumerate(Window)
            }
            rate = ranking.rising(reads[Window.HOUR], reads[Window.DAY])
            told[id_] = {"reads": reads, RISING: round(rate, 3), "counted": int(counted[at] or 0)}
        return told


def _candidates(
    name: str, scope: Scope, counts: _Counts, known: Mapping[str, Story], held: Held
) -> list[Candidate]:  # fmt: skip
    reads = counts.reads[Window.HOUR if name == RISING else Window(name)]
    values = dict(reads)
    if name == RISING:
        day = counts.reads[Window.DAY]
        values = {story: ranking.rising(last, day[story]) for story, last in reads.items()}
    found = [Candidate(known[story], values[story], reads[story]) for story in reads if story in known]
    pins = [story for story, ruling in held.rulings.items() if ruling.verdict is Verdict.PIN and name != RISING]
    if not scope.kind:
        found += [Candidate(known[story], 0, 0) for story in pins if story in known and story not in reads]
    return found


def _row(story: Story, place: int, headlines: Mapping[str, str]) -> Row:
    row: Row = {"id": story.id, "title": story.title, "link": story.link}
    row |= {name: value for name in ("section", "region", "image", "lang") if (value := getattr(story, name))}
    row |= {"published_at": instant.format(story.published_at), "rank": place}
    return row | ({"headline": headlines[story.id]} if story.id in headlines else {})


def _excluded(held: Held) -> set[str]:
    return {story for story, ruling in held.rulings.items() if ruling.verdict is Verdict.EXCLUDE}


def _decayed(score: float, mark: str | None, window: Window, now: int) -> float:
    return ranking.decayed(score, int(mark), window.half_life, now) if mark else 0.0


def _told_rows(kept: Mapping[str, str], name: str) -> list[Row]:
    told = kept.get(f"told:{name}")
    rows: list[Row] = json.loads(told)["stories"] if told else []
    return rows


def _rows(text: str) -> list[Row]:
    rows: list[Row] = json.loads(text) if text else []
    return rows


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
