"""A scope's counts as they were last read: its most-read stories by window, asked for again only when they moved."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ticker.most_read import ranking
from ticker.most_read.ranking import CANDIDATES, Window
from ticker.most_read.scope import Scope
from ticker.store import Client

COUNTS = Path(__file__).with_name("counts.lua").read_text()


class Counts(NamedTuple):
    short: str  # what tells them from others
    version: str  # of the scope's lists in Redis at the time
    landmarks: Mapping[Window, int]
    scores: Mapping[Window, Mapping[str, float]]  # forward-decayed; of a longer window also what the shorter ones have

    @property
    def stories(self) -> set[str]:
        return {story for scores in self.scores.values() for story in scores}

    def reads(self, window: Window, now: int) -> dict[str, float]:
        """Decayed to now."""
        one = ranking.decayed(1, self.landmarks[window], window.half_life, now)
        return {story: score * one for story, score in self.scores[window].items()}


NOTHING = Counts("", "", dict.fromkeys(Window, 0), {window: {} for window in Window})


async def moved(redis: Client, before: Mapping[Scope, Counts]) -> dict[Scope, Counts]:
    """The counts of those scopes that are not as they were: one round trip, and a line for each that is."""
    pipe = redis.pipeline(transaction=False)
    for scope, counts in before.items():
        keys = [*(scope.ranking(window) for window in Window), scope.landmarks, scope.lists]
        pipe.eval(COUNTS, len(keys), *keys, counts.short, counts.version, CANDIDATES)
    answers = zip(before, await pipe.execute(), strict=True)
    return {scope: _parsed(*answer) for scope, answer in answers if answer}


def _parsed(short: str, version: str, *lines: str) -> Counts:
    landmarks, scores = {}, {}
    for window, line in zip(Window, lines, strict=True):
        landmark, *pairs = line.split()
        landmarks[window] = int(landmark)
        scores[window] = dict(_pairs(pairs))
    return Counts(short, version, landmarks, scores)


def _pairs(flat: list[str]) -> Iterable[tuple[str, float]]:
    return zip(flat[::2], map(float, flat[1::2]), strict=True)
