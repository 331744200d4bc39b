"""A histogram: how many observations were at most so large. Cheap enough for every event."""

from bisect import bisect_left
from itertools import accumulate

# s: from what a process needs by itself to what a reader would call late. Each costs a line per channel and scrape.
BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Histogram:
    def __init__(self) -> None:
        self.sum = 0.0
        self._counts = [0] * (len(BOUNDS) + 1)

    def observe(self, seconds: float) -> None:
        """Less than nothing, as clocks of two machines may have it, counts as nothing."""
        seconds = max(0.0, seconds)
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    @property
    def count(self) -> int:
        return sum(self._counts)

    def buckets(self) -> list[tuple[str, float]]:
        """Each bound and how many were at most that, as Prometheus wants them."""
        return list(zip([*map(str, BOUNDS), "+Inf"], accumulate(self._counts), strict=True))
