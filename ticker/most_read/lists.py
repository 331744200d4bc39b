"""The most-read lists: made from the rankings every few seconds, kept in Redis, told to readers when they change.

A list is made anew when what it is made from has changed, or when the time has come that alone would change it; a
scope whose lists stand costs one line from Redis (counts.py).
"""

import json
import logging
import math
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ticker import instant
from ticker.channel import Channel, MostRead
from ticker.errors import Invalid
from ticker.most_read import counts, ranking
from ticker.most_read.counts import Counts
from ticker.most_read.known import Known
from ticker.most_read.ranking import LISTS, MOST_STORIES, RISING, Candidate, Ranked, Today, Verdict, Window
from ticker.most_read.scope import Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import Story, StoryDraft, canonical, is_owned, story_id
from ticker.most_read.withheld import Withheld

KEEP = Path(__file__).with_name("lists.lua").read_text()

TOLD_ROWS = 10  # of a list, to every reader; the others are asked for
TOLD_EVERY = 5_000  # ms between two tellings of one list, but for a story that must leave
TIDY_EVERY = ranking.HOUR  # between two looks at which sections there are still
LOOK_EVERY = 30_000  # ms between two looks at who reads again and again: it takes them hours

ADOPTED = ("link", "section", "region", "image", "published_at", "lang", "tags", "group")  # of a headline
FRESH = 1_000  # ms that a list that was read is given again

NOTICED = {"revived": "is old and suddenly read", "few_readers": "is read by the same few again and again"}

Row = dict[str, Any]
Told = dict[str, str]  # the rows that readers were told, by story

logger = logging.getLogger(__name__)


class Around(NamedTuple):
    """What there is to read next in a channel."""

    stories: list[Story]  # the newest
    coverage: dict[str, list[str]]  # by title
    barred: set[str]  # withheld, held out, or excluded


class _Change(NamedTuple):
    """A list that is to be kept."""

    name: str
    ranked: Ranked
    rows: str
    told: Told | None  # None: readers are told nothing


@dataclass(slots=True)
class _Made:
    """The lists of a scope as they were last made."""

    counts: Counts = counts.NOTHING
    ranked: dict[str, Ranked] = field(default_factory=lambda: {name: Ranked([], []) for name in LISTS})
    rows: dict[str, str] = field(default_factory=lambda: dict.fromkeys(LISTS, "[]"))
    told: dict[str, Told] = field(default_factory=lambda: {name: {} for name in LISTS})
    told_at: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LISTS, -TOLD_EVERY))
    until: float = -math.inf  # ms: the time that alone would change them

    def keep(self, changes: Sequence[_Change], version: str, until: float, now: int) -> None:
        for name, ranked, rows, told in changes:
            self.ranked[name], self.rows[name] = ranked, rows
            if told is not None:
                self.told[name], self.told_at[name] = told, now
        self.counts, self.until = self.counts._replace(version=version), until

    def take(self, kept: Mapping[str, str]) -> None:
        """The lists as another process has kept them."""
        for name in LISTS:
            ids = [row["id"] for row in _rows(kept.get(name, ""))]
            self.ranked[name] = Ranked(ids, ids, self.ranked[name].unsettled_at)
            self.rows[name] = kept.get(name, "[]")
            told = kept.get(f"told:{name}")
            self.told[name] = {row["id"]: _dump(row) for row in json.loads(told)["stories"]} if told else {}


_Anew = tuple[list[_Change], float]  # until: as of _Made


class Lists:
    """Any number of processes may make them: who finds a list changed meanwhile leaves it to the next turn."""

    def __init__(self, stories: Stories) -> None:
        self.stories = stories
        self.redis = stories.redis
        self.withheld = Withheld(self.redis)
        self._known: dict[str, Known] = {}
        self._made: dict[str, dict[Scope, _Made]] = {}
        self._read: dict[tuple[Scope, str], tuple[int, tuple[list[Row], int | None]]] = {}
        self._around: dict[str, tuple[int, Around]] = {}
        self._looked_at: dict[str, int] = {}
        self._tidied_at: dict[str, int] = {}

    # --- making them ------------------------------------------------------------------------------------------------

    async def make(self, channel: Channel, now: int) -> None:
        """All lists of a channel as they are now. TickerError or a fault of Redis's when it cannot be done."""
        if not channel.most_read.hosts:
            return
        await self.withheld.follow(channel, partial(self._adopt, channel, now))
        made = await self._look(channel.name)
        known = self._known.setdefault(channel.name, Known(self.stories, channel.name))
        fresh = {story for one in made.values() if one.until == -math.inf for story in one.counts.stories}
        _wake(made, await known.look(fresh))
        whole = made[Scope(channel.name)]
        if whole.until <= now or self._looks_again(channel, now):
            _wake(made, await self._gate(channel, whole.counts, known, now))
        due = [scope for scope, one in made.items() if one.until <= now]
        anew = {scope: _anew(channel.most_read, scope, made[scope], known, now) for scope in due}
        await self._keep(channel.name, anew, now)

    async def _look(self, channel: str) -> dict[Scope, _Made]:
        """Its scopes; those whose counts, or whose lists in Redis, are not as they were, are to be made anew."""
        before, scopes = self._made.get(channel, {}), await self.stories.scopes(channel)
        made = self._made[channel] = {scope: before.get(scope) or _Made() for scope in scopes}
        moved = await counts.moved(self.redis, {scope: one.counts for scope, one in made.items()})
        others = [scope for scope, found in moved.items() if found.version != made[scope].counts.version]
        pipe = self.redis.pipeline(transaction=False)
        for scope in others:
            pipe.hgetall(scope.lists)
        for scope, kept in zip(others, await pipe.execute() if others else (), strict=True):
            made[scope].take(kept)
        for scope, found in moved.items():
            made[scope].counts, made[scope].until = found, -math.inf
        return made

    async def _keep(self, channel: str, anew: Mapping[Scope, _Anew], now: int) -> None:
        """What has changed, and that all lists are as of now, in one go."""
        pipe = self.redis.pipeline(transaction=False)
        for scope, (changes, _) in anew.items():
            if changes:
                keys = [scope.lists, scope.key("log"), scope.key("meta")]
                args = [self._made[channel][scope].counts.version, secrets.token_hex(4)]
                for change in changes:
                    args += [change.name, change.rows, _told(change, now)]
                pipe.eval(KEEP, len(keys), *keys, *args)
        pipe.hset(Scope(channel).lists, "as_of", str(now))
        versions = iter(await pipe.execute())
        for scope, (changes, until) in anew.items():
            one = self._made[channel][scope]
            version = next(versions) if changes else one.counts.version
            if version or not changes:  # else another process has kept others: they are read at the next turn
                one.keep(changes, version, until, now)

    async def _gate(self, channel: Channel, found: Counts, known: Known, now: int) -> set[str]:
        """Flag what has come back from the dead, and what is the work of a few, before it is listed."""
        day, week = found.reads(Window.DAY, now), found.reads(Window.WEEK, now)
        open_ = [id_ for id_ in day if id_ in known.stories and id_ not in {**known.held.flags, **known.held.rulings}]
        flags = dict.fromkeys(await self._few(channel, open_, now), "few_readers")
        since = found.landmarks[Window.WEEK]  # of the first read there was; it moves once in seven years
        for id_ in open_:
            if ranking.is_revived(known.stories[id_], day[id_], week[id_], channel.most_read, now, since):
                flags[id_] = "revived"
        for id_, why in flags.items():
            if await self.stories.flag(channel.name, id_, {"why": why, "at": now}):
                logger.warning("%s: story %s %s; it is held out", channel.name, id_, NOTICED[why])
        known.flag(flags)
        return set(flags)

    def _looks_again(self, channel: Channel, now: int) -> bool:
        return now - self._looked_at.get(channel.name, -LOOK_EVERY) >= LOOK_EVERY

    async def _few(self, channel: Channel, ids: Sequence[str], now: int) -> list[str]:
        """Of these, what a few have read again and again today; now and then."""
        if not ids or not self._looks_again(channel, now):
            return []
        self._looked_at[channel.name] = now
        key = Scope(channel.name).today(now)
        told = zip(ids, await self.redis.hmget(key, list(ids)), strict=True)
        reads = {id_: int(count) for id_, count in told if count and int(count) >= channel.most_read.least_reads}
        # One by one: a Cluster's client has no PFCOUNT in a pipeline, and a script of a hundred would be a long one.
        today = {id_: Today(count, await self.redis.pfcount(f"{key}:{id_}")) for id_, count in reads.items()}
        return ranking.comes_of_few(today, channel.most_read)

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

    async def prune(self, channel: Channel, now: int) -> None:
        """Let go of what has not half a read left, of what is far down, and of stories too old to be listed."""
        scopes = await self.stories.scopes(channel.name)
        pipe = self.redis.pipeline(transaction=False)
        for scope in scopes:
            pipe.hmget(scope.landmarks, ["1", "2", "3"])
        for scope, marks in zip(scopes, await pipe.execute(), strict=True):
            for window, mark in zip(Window, marks, strict=True):
                if mark:
                    least = ranking.floor(int(mark), window.half_life, now)
                    pipe.zremrangebyscore(scope.ranking(window), "-inf", f"({least!r}")
                    pipe.zremrangebyrank(scope.ranking(window), 0, -MOST_STORIES - 1)
        await pipe.execute()
        await self.stories.forget(channel.name, now - channel.most_read.oldest_days * 24 * ranking.HOUR)
        if now - self._tidied_at.get(channel.name, -TIDY_EVERY) >= TIDY_EVERY:
            self._tidied_at[channel.name] = now
            await self.stories.tidy(channel.name)
        if channel.name in self._known:
            listed = {story for one in self._made[channel.name].values() for story in one.counts.stories}
            self._known[channel.name].forget_but(listed)

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

    async def around(self, channel: Channel, now: int) -> Around:
        """As it was up to a second ago: reading it takes longer than choosing from it."""
        at, around = self._around.get(channel.name, (-FRESH, None))
        if around is None or not 0 <= now - at < FRESH:
            held = await self.stories.held(channel.name, await self.withheld.all_reasons(channel.name))
            coverage = {one["title"]: one["stories"] for one in (await self.stories.coverages(channel.name)).values()}
            around = Around(await self.stories.recent(channel.name, now), coverage, held.out(channel.most_read))
            self._around[channel.name] = (now, around)
        return around

    async def explain(self, scope: Scope, ids: Sequence[str], now: int) -> dict[str, Row]:
        """What each story's place rests on."""
        pipe = self.redis.pipeline(transaction=False)
        pipe.hmget(scope.landmarks, ["1", "2", "3"])
        for window in Window:
            pipe.zmscore(scope.ranking(window), list(ids))
        pipe.hmget(scope.readers, list(ids))
        marks, *scores, counted = await pipe.execute()
        rulings = await self.stories.rulings(scope.channel)
        told: dict[str, Row] = {}
        for at, id_ in enumerate(ids):
            reads = {
                window.value: round(_decayed(scores[w][at] or 0, marks[w], window, now), 3)
                for w, window in enumerate(Window)
            }
            rate = ranking.rising(reads[Window.HOUR], reads[Window.DAY])
            told[id_] = {"reads": reads, RISING: round(rate, 3), "counted": int(counted[at] or 0)}
            told[id_] |= {"ruling": rulings[id_]["verdict"]} if id_ in rulings else {}
        return told


def _anew(policy: MostRead, scope: Scope, one: _Made, known: Known, now: int) -> _Anew:
    """The lists of a scope that are to be kept, and when time alone would change them again."""
    changes, until = [], math.inf
    reads = {window: one.counts.reads(window, now) for window in Window}
    for name in LISTS:
        window = Window.HOUR if name == RISING else Window(name)
        candidates = _candidates(name, scope, reads, known)
        ranked = ranking.rank(candidates, one.ranked[name], known.held, policy, now, window.half_life)
        until = min(until, ranked.until)
        rows = [known.row(story, place) for place, story in enumerate(ranked.rows, 1)]
        text = f"[{','.join(rows)}]"
        if text == one.rows[name]:
            one.ranked[name] = ranked
            continue
        told = one.told[name] if scope.kind else dict(zip(ranked.rows[:TOLD_ROWS], rows, strict=False))
        again = one.told_at[name] + TOLD_EVERY
        leaves = any(known.held.why(story, policy) for story in one.told[name])
        if told != one.told[name] and now < again and not leaves:
            until = min(until, again)  # it was told a moment ago: list and word change together, a little later
        else:
            changes.append(_Change(name, ranked, text, None if told == one.told[name] else told))
    if not scope.kind:
        stories = (known.stories[story] for story in reads[Window.DAY] if story in known.stories)
        until = min(until, ranking.revives(stories, policy, now))
    return changes, until


def _candidates(name: str, scope: Scope, reads: Mapping[Window, Mapping[str, float]], known: Known) -> list[Candidate]:
    stories = known.stories
    if name == RISING:
        day, hour = reads[Window.DAY], reads[Window.HOUR].items()
        return [
            Candidate(stories[story], ranking.rising(last, day[story]), last, day[story])
            for story, last in hour
            if story in stories
        ]
    found = [Candidate(stories[story], one, one) for story, one in reads[Window(name)].items() if story in stories]
    if not scope.kind:
        pins = [story for story, ruling in known.held.rulings.items() if ruling.verdict is Verdict.PIN]
        unread = [story for story in pins if story in stories and story not in reads[Window(name)]]
        found += [Candidate(stories[story], 0, 0) for story in unread]
    return found


def _wake(made: Mapping[Scope, _Made], stories: Collection[str]) -> None:
    """What these stories are in is to be made anew; the channel's lists in any case, as one may be pinned there."""
    for scope, one in made.items() if stories else ():
        if not scope.kind or not one.counts.stories.isdisjoint(stories):
            one.until = -math.inf


def _told(change: _Change, now: int) -> str:
    if change.told is None:
        return ""
    rows = ",".join(change.told.values())
    return f'{{"window":"{change.name}","as_of":"{instant.format(now)}","stories":[{rows}]}}'


def _decayed(score: float, mark: str | None, window: Window, now: int) -> float:
    return ranking.decayed(score, int(mark), window.half_life, now) if mark else 0.0


def _rows(text: str) -> list[Row]:
    rows: list[Row] = json.loads(text) if text else []
    return rows


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
