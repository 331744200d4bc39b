"""Reads on their way to Redis: counted here at once, written in batches that are applied once however often sent.

Beside the rankings (scope.py) this keeps in Redis:

    ticker:salt:{DAY}                       string with a time to live: the day's secret; nowhere else
    ticker:{CHANNEL}:read:tokens:{HALF}:{N} set: tokens of a half hour that end in these four digits
    ticker:{SCOPE}:read:once:{BATCH}        string: the answer to a batch
    ticker:{CHANNEL}:read:next:{STORY}      zset: what readers of a story read next
    ticker:{CHANNEL}:read:day:{DAY}         hash: story → reads of that day that count whole
    ticker:{CHANNEL}:read:day:{DAY}:{STORY} HyperLogLog: of how many different readers

An address is in none of it.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from ticker.channel import Channel
from ticker.errors import TickerError
from ticker.most_read.counting import BATCH, MOST_PENDING, Counting, Outcome, Read
from ticker.most_read.networks import Networks
from ticker.most_read.ranking import Window
from ticker.most_read.reader import DAY, HALF_HOUR, SALT_BYTES, Salts
from ticker.most_read.scope import Scope, scopes_of
from ticker.most_read.stories import MOST_SCOPES, Stories
from ticker.store import Client, Gone, NoScript, end_if_cancelled

COUNT = Path(__file__).with_name("count.lua").read_text()
COUNT_NAME = sha1(COUNT.encode(), usedforsecurity=False).hexdigest()  # by which a Redis that has run it knows it

LAST = 2.0  # s that the last turn may take
EVERY = 0.25  # s between two looks at what is to be written
ANSWER_KEPT = 600_000  # ms; a batch that could not be written for nearly as long is given up
GIVEN_UP_AFTER = 540_000  # ms
NEXT_KEPT = 7 * DAY  # ms
SALT_KEPT = 2 * DAY  # ms
PLACES_KEPT = 60_000  # ms that a story's section and region are believed
MOST_PLACES = 50_000
TOGETHER = 8  # batches sent in one go: more would keep readers waiting
ABREAST = 4  # such goes on their way at once, if so much waits: with one, a process under full load writes less than
# it counts; with several, a headline that is published meanwhile waits for all of them
LINKS_AT_ONCE = 100  # pages of which it is noted in one turn that nobody has registered them
PART = 100  # reads in a batch of a section or region, which looks for no repeats
AHEAD = 600_000  # ms before midnight that the next day's salt is asked for

TIMES = " ".join(map(str, (ANSWER_KEPT, 2 * HALF_HOUR, NEXT_KEPT, *(window.half_life for window in Window))))
_STORY, _CAME_FROM = attrgetter("story"), attrgetter("came_from")

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Batch:
    """Reads that are applied together, and once: what is sent again is the same batch, under the same id."""

    id: str
    scope: Scope
    reads: Sequence[Read]
    born: int
    weighed: bool = False  # and reads of stories that nobody has registered are taken out
    came_from: frozenset[str] = frozenset()  # of the stories that they say led to them, those that are registered


class _Call(NamedTuple):
    """Of count.lua."""

    keys: Sequence[str]
    arguments: Sequence[str]


class _Place(NamedTuple):
    """Where a story is ranked beside its channel, as it was registered when that was last looked at."""

    looked_at: int
    scopes: list[Scope] | None  # None: nobody has registered it


class Reads:
    """Of one process. `count` and `hear` never wait; `run` writes."""

    def __init__(
        self,
        redis: Client,
        channels: Mapping[str, Channel],
        now: Callable[[], int],
        process: str = "",
    ) -> None:
        self.redis = redis
        self.stories = Stories(redis)
        self.salts = Salts()
        self.salted = asyncio.Event()  # until then reads cannot be counted
        self.counting = {name: Counting(channel.most_read, self.salts) for name, channel in channels.items()}
        self.networks = {name: Networks(channel.most_read.network_reads) for name, channel in channels.items()}
        self.now = now
        self.written = 0  # reads that have reached a ranking
        self.repeats = 0  # found by Redis: by way of another process
        self.unregistered = 0  # of stories that nobody has registered
        self.lost = 0  # given up because Redis was away for too long
        self._process = process or secrets.token_hex(8)  # batches of no two processes may have the same id
        self._numbers = itertools.count()
        self._fresh: dict[str, _Batch] = {}  # by id, for the channels, whose script knows what is a repeat
        self._counted: dict[Scope, list[Read]] = {}  # what was none, for sections and regions
        self._spread: dict[str, _Batch] = {}  # the same in batches
        self._places: dict[str, dict[str, _Place]] = {name: {} for name in channels}
        self._away = False

    def count(self, channel: str, said: str, address: str, agent: str) -> Outcome:
        """One beacon: `s=STORY&d=SECONDS`. See Counting.take."""
        return self.counting[channel].take(said, address, agent, self.now())

    def hear(self, channel: str, text: str, address: str, agent: str) -> None:
        """A text frame from a reader: `{"type":"read","s":STORY,"d":SECONDS}`. Another is passed over."""
        counting = self.counting.get(channel)
        if counting is None or '"read"' not in text:
            return
        try:
            said = json.loads(text)
            if not isinstance(said, dict) or said.get("type") != "read":
                return
            fields = urlencode({name: said[name] for name in ("s", "d", "f", "w") if name in said})
        except (ValueError, RecursionError):  # also of half a character, which JSON can say
            counting.note(Outcome.UNREADABLE)
            return
        counting.take(fields, address, agent, self.now())

    # --- writing ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until it is cancelled; what is there then is written still."""
        try:
            while True:
                end_if_cancelled()
                await self.turn()
                await asyncio.sleep(EVERY)
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST):
                    await self.turn(all_=True)

    async def turn(self, *, all_: bool = False) -> None:
        """Write what is due. What cannot be written is kept, and sent again as the same batch."""
        try:
            await self._fetch_salts()
            self._gather(all_=all_)
            await self._note_links()
            while batches := _first(self._fresh):
                await self._find_places(batches)
                await _abreast(self._count, batches)
            self._part()
            while batches := _first(self._spread):
                await _abreast(self._apply, batches)
            self._away = False
        except (*Gone, TickerError) as error:
            if not self._away:
                logger.warning("reads wait: Redis is away (%s)", error)
            self._away = True

    def _gather(self, *, all_: bool) -> None:
        now = self.now()
        for waiting in (self._fresh, self._spread):
            for batch in [one for one in waiting.values() if now - one.born > GIVEN_UP_AFTER]:
                self.lost += len(waiting.pop(batch.id).reads)
        for channel, counting in self.counting.items():
            if len(self._fresh) * BATCH >= MOST_PENDING:
                break  # the rest waits in `counting`, which takes no more when it is full
            for reads in counting.due(now, all_=all_):
                self._wait(self._fresh, Scope(channel), reads)

    async def _count(self, batches: Sequence[_Batch]) -> None:
        """Into the channels' rankings. They leave the queue when Redis has answered, and not before."""
        for batch in batches:
            self._weigh(batch)
            if not batch.reads:
                del self._fresh[batch.id]
        batches = [batch for batch in batches if batch.reads]
        for batch, said in zip(batches, await self._send(batches, checked=True), strict=True):
            del self._fresh[batch.id]
            self.written += said.count("1")
            self.repeats += said.count("0")
            counted = [read for read, digit in zip(batch.reads, said, strict=True) if digit == "1"]
            places = self._places[batch.scope.channel]
            for story, reads in itertools.groupby(counted, _STORY):  # a busy one's come together
                of_story = list(reads)
                for scope in places[story].scopes or ():
                    self._counted.setdefault(scope, []).extend(of_story)

    def _part(self) -> None:
        """What was counted, by section and region, in batches of their own."""
        for scope, reads in self._counted.items():
            for start in range(0, len(reads), PART):
                self._wait(self._spread, scope, reads[start : start + PART])
        self._counted = {}

    def _wait(self, waiting: dict[str, _Batch], scope: Scope, reads: Sequence[Read]) -> None:
        id_ = f"{self._process}{next(self._numbers)}"
        waiting[id_] = _Batch(id_, scope, reads, self.now())

    async def _apply(self, batches: Sequence[_Batch]) -> None:
        await self._send(batches, checked=False)
        for batch in batches:
            del self._spread[batch.id]

    def _weigh(self, batch: _Batch) -> None:
        """Once: what one read weighs depends on those before it. What nobody has registered has no reads."""
        if batch.weighed:
            return
        batch.weighed = True
        places, networks = self._places[batch.scope.channel], self.networks[batch.scope.channel]
        # Readers may say anything here, and each is a key of its own in Redis, for a week.
        batch.came_from = frozenset(one for one in _came_from(batch) if places[one].scopes is not None)
        kept = [read for read in batch.reads if places[read.story].scopes is not None]
        self.unregistered += len(batch.reads) - len(kept)
        batch.reads = [_weighed(read, networks.weigh(read.story, read.network, read.at)) for read in kept]

    async def _send(self, batches: Sequence[_Batch], *, checked: bool) -> list[str]:
        """What count.lua answers to each. `checked`: repeats are looked for, and where readers came from is noted."""
        calls = [_call(batch, checked=checked) for batch in batches]
        try:
            return await self._execute("EVALSHA", COUNT_NAME, calls)
        except NoScript:  # it has just begun; what another node has done already, it does not do again
            return await self._execute("EVAL", COUNT, calls)

    async def _execute(self, command: str, script: str, calls: Sequence[_Call]) -> list[str]:
        pipe = self.redis.pipeline(transaction=False)
        for keys, arguments in calls:
            pipe.execute_command(command, script, len(keys), *keys, *arguments)
        answers: list[str] = await pipe.execute()
        return answers

    async def _find_places(self, batches: Sequence[_Batch]) -> None:
        """Section and region of each story, and of each that led to one, as it is registered; None for one that is not,
        which is looked at again as soon as it is read.
        """
        now = self.now()
        for channel in {batch.scope.channel for batch in batches}:
            places = self._places[channel]
            of_channel = [batch for batch in batches if batch.scope.channel == channel]
            read = {story for batch in of_channel for story in map(_STORY, batch.reads)}
            wanted = read.union(*map(_came_from, of_channel))
            if len(places) > MOST_PLACES:
                places.clear()
            old = [id_ for id_ in wanted if _is_old(places.get(id_), now, read=id_ in read)]
            found = await self.stories.find(channel, old)
            ranked = await self.stories.scopes(channel) if found else []
            for id_ in old:
                story = found.get(id_)
                scopes = scopes_of(channel, story.section, story.region) if story else []
                known = [scope for scope in scopes if scope in ranked] if story else None
                places[id_] = _Place(now, known)

    # --- beside it --------------------------------------------------------------------------------------------------

    async def _fetch_salts(self) -> None:
        """Today's and yesterday's, and tomorrow's in good time: made by the first process that needs it."""
        now = self.now()
        days = {now // DAY, (now + AHEAD) // DAY}
        if days <= self.salts.days:
            return
        for day in days:
            fresh = secrets.token_hex(SALT_BYTES)
            await self.redis.set(f"ticker:salt:{day}", fresh, nx=True, px=SALT_KEPT)
        known = {day: await self.redis.get(f"ticker:salt:{day}") for day in (now // DAY - 1, *days)}
        self.salts.keep({day: bytes.fromhex(salt) for day, salt in known.items() if salt})
        self.salted.set()

    async def _note_links(self) -> None:
        for channel, counting in self.counting.items():
            links, counting.unknown_links = counting.unknown_links, {}
            for of_one in (False, True):
                found = {id_: link for id_, link in links.items() if counting.is_of_one(id_) is of_one}
                if found:
                    at_once = dict(list(found.items())[:LINKS_AT_ONCE])
                    await self.stories.note_links(channel, at_once, of_one=of_one)


def _weighed(read: Read, weight: float) -> Read:
    return read if weight == read.weight else read._replace(weight=weight)


def _came_from(batch: _Batch) -> set[str]:
    return {*map(_CAME_FROM, batch.reads)} - {""}


def _is_old(place: _Place | None, now: int, *, read: bool) -> bool:
    return place is None or now - place.looked_at > PLACES_KEPT or (read and place.scopes is None)


def _first(waiting: Mapping[str, _Batch]) -> list[_Batch]:
    """The oldest, as many as are sent at once: one go, and another for each time as much waits as all goes take."""
    goes = min(ABREAST, 1 + len(waiting) // (TOGETHER * ABREAST))
    return list(itertools.islice(waiting.values(), TOGETHER * goes))


async def _abreast(write: Callable[[Sequence[_Batch]], Awaitable[None]], batches: Sequence[_Batch]) -> None:
    """All of them, several goes at a time. The first fault, when none is on its way any more."""
    goes = [write(batches[start : start + TOGETHER]) for start in range(0, len(batches), TOGETHER)]
    for outcome in await asyncio.gather(*goes, return_exceptions=True):
        if outcome is not None:
            raise outcome


@lru_cache(10 * MOST_SCOPES)
def _keys(scope: Scope) -> list[str]:
    """Of count.lua. The first three go on with the batch, and with the half hour."""
    names = ("read:once", "read:tokens", "read:tokens")
    return [*map(scope.key, names), *map(scope.ranking, Window), scope.landmarks, scope.readers]


def _call(batch: _Batch, *, checked: bool) -> _Call:
    half_hour = batch.born // HALF_HOUR
    once, tokens, earlier, *keys = _keys(batch.scope)
    keys = [f"{once}:{batch.id}", f"{tokens}:{half_hour}", f"{earlier}:{half_hour - 1}", *keys]
    if checked:
        keys.append(batch.scope.today(batch.born))
    read_next = batch.scope.key("read:next:") if checked else ""
    return _Call(keys, (TIMES, read_next, _packed(batch, checked=checked)))


def _packed(batch: _Batch, *, checked: bool) -> str:
    """As count.lua has them (a quarter of what JSON costs)."""
    if not checked:
        return "\n".join([f"{read.story} {read.at} {read.weight!r} - - -" for read in batch.reads])
    known = batch.came_from
    return "\n".join(
        [
            f"{story} {at} {weight!r} {token} {'-' if before is None else before} "
            f"{came_from if came_from in known else '-'}"
            for story, at, weight, token, before, came_from, _ in batch.reads
        ]
    )
