"""Synthetic readers whose taste drifts: stories are born, liked more or less, and forgotten within hours."""

import math
import random
from collections.abc import Iterator

HOUR = 3_600_000  # ms


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
