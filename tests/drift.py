"""Synthetic readers whose taste drifts: stories are born, liked more or less, and forgotten within hours.

And what is made of their reads, beside every read decayed by itself.
"""

import itertools
import math
import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.test_counting import BROWSER
from ticker import instant
from ticker.channel import Channel, MostRead
from ticker.most_read import counts
from ticker.most_read.lists import Lists
from ticker.most_read.ranking import CANDIDATES, HOUR, LISTS, RISING, ROWS, Window
from ticker.most_read.reads import Reads
from ticker.most_read.scope import REGION, SECTION, Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import StoryDraft, story_id
from ticker.store import Client

START = 1_795_424_400_000  # ms
TURN = 20 * 60_000  # ms between two turns of what writes the reads
# A list is in the exact order of its reads, the reads of everybody count whole, and the gate is open.
EXACT = Channel(
    name="en",
    most_read=MostRead(
        hosts=("news.example.org",), network_reads=10**6, least_reads=1, steady_ratio=1, revived_days=400
    ),
)


def drifting(chance: random.Random, stories: int, reads: int, span: int) -> Iterator[tuple[int, int]]:
    """Story (a number) and time (ms from the start), in the order of time."""
    born = [chance.uniform(-0.2, 1) * span for _ in range(stories)]
    liked = [chance.lognormvariate(0, 1.2) for _ in range(stories)]
    fades = [chance.choice((1, 3, 8, 30)) * HOUR for _ in range(stories)]
    times = sorted(chance.uniform(0, span) for _ in range(reads))
    for step in range(0, reads, 100):
        at = times[step]
        weights = [
            like * math.exp2(-(at - birth) / fade) + 1e-9 if at >= birth else 1e-9
            for like, birth, fade in zip(liked, born, fades, strict=True)
        ]
        chosen = chance.choices(range(stories), weights, k=min(100, reads - step))
        yield from ((story, round(time)) for story, time in zip(chosen, times[step : step + 100], strict=True))


class Compared(NamedTuple):
    """A list as the scheduler has made it, beside the same with every read decayed by itself."""

    scope: Scope
    name: str
    recall: float  # of the first ten
    rows: int
    in_place: int  # of these, how many are where they must be
    error: float  # the largest of a count, as a part of it


class Drift:
    """Readers of a site, whose every read is kept; and what the site makes of them, through everything but HTTP."""

    def __init__(self, redis: Client, stories: int, seed: int) -> None:
        self.redis, self.now, self.chance = redis, START, random.Random(seed)
        self.reads, self.lists = Reads(redis, {"en": EXACT}, lambda: self.now), Lists(Stories(redis))
        self.drafts = [
            StoryDraft(
                title=f"Story {number}", link=f"https://news.example.org/{number}", section=f"Section {number % 5}",
                region=f"Region {number % 3}", published_at=instant.format(START),
            )
            for number in range(stories)
        ]  # fmt: skip
        self.ids = [story_id(str(draft.link)) for draft in self.drafts]
        self.happened: dict[str, list[int]] = {id_: [] for id_ in self.ids}

    async def compare(self, reads: int, span: int, looks: int) -> AsyncIterator[list[Compared]]:
        """As many looks at all lists, evenly over the span (ms) of the reads."""
        for draft in self.drafts:
            await self.lists.stories.register(EXACT, draft, START)
        await self.reads.turn()
        last, due = START, START + span // looks
        for number, (story, at) in enumerate(drifting(self.chance, len(self.ids), reads, span)):
            if START + at >= due:
                self.now = due
                yield await self._look()
                due += span // looks
            self.now = START + at
            if self.now - last > TURN:
                last = self.now
                await self.reads.turn()
            address = f"{10 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.1"
            self.reads.count("en", f"s={self.ids[story]}&d=9", address, BROWSER)
            self.happened[self.ids[story]].append(self.now)
        self.now = START + span
        yield await self._look()

    async def _look(self) -> list[Compared]:
        await self.reads.turn(all_=True)
        await self.lists.make(EXACT, self.now)
        true = {
            window: {id_: self._decayed(times, window) for id_, times in self.happened.items()} for window in Window
        }
        scopes = [Scope("en"), Scope("en", SECTION, "Section 1"), Scope("en", REGION, "Region 1")]
        found = await counts.moved(self.redis, dict.fromkeys(scopes, counts.NOTHING))
        compared = []
        for scope, name in itertools.product(scopes, LISTS):
            window = Window.HOUR if name == RISING else Window(name)
            listed = [row["id"] for row in (await self.lists.read(scope, name))[0]]
            kept = found[scope].reads(window, self.now)
            best = self._best(scope, name, true)
            recall = len(set(listed[:10]) & set(best[:10])) / len(best[:10])
            error = max(abs(kept[id_] / true[window][id_] - 1) for id_ in best)
            same = sum(one == other for one, other in zip(listed, best, strict=False))
            compared.append(Compared(scope, name, recall, max(len(listed), len(best)), same, error))
        return compared

    def _decayed(self, times: Sequence[int], window: Window) -> float:
        return math.fsum(math.exp2((at - self.now) / window.half_life) for at in times)

    def _best(self, scope: Scope, name: str, true: Mapping[Window, Mapping[str, float]]) -> list[str]:
        """By the definition, the most read first."""
        window = Window.HOUR if name == RISING else Window(name)
        of_scope = [
            id_
            for id_, draft in zip(self.ids, self.drafts, strict=True)
            if scope.name in ("", draft.section, draft.region) and true[window][id_] >= EXACT.most_read.least_reads
        ]
        best = sorted(of_scope, key=lambda id_: -true[window][id_])
        if name == RISING:
            best = sorted(
                best[:CANDIDATES], key=lambda id_: -(true[Window.HOUR][id_] / (true[Window.DAY][id_] / 24 + 1))
            )
        return best[:ROWS]
