"""How much the reads of one network weigh, and when that is too much for one story. Pure.

Behind one address may be one person or forty thousand, so that no network is ever shut out: of its reads of a
story, so many an hour count whole, and the nth after that sqrt(whole / n). Their sum grows with the square root:
a hundred times as many reads move a story ten times as far.
"""

import math

HOUR = 3_600_000  # ms
MOST_PAIRS = 200_000  # of network and story within the hour; beyond that the count begins anew
SHARE = 0.5  # of a story's weight from one network: more is looked into
TIMES_USUAL = 5  # as large as that network's share of all other stories


class _Story:
    """What a story got within the hour."""

    __slots__ = ("largest", "most", "reads", "weight")

    def __init__(self) -> None:
        self.reads: dict[int, int] = {}  # by network
        self.weight = 0.0
        self.largest, self.most = 0, 0  # the network with most reads, and how many


class Networks:
    """Of one channel in one process. Networks are keyed hashes, kept for the hour, and in memory only."""

    def __init__(self, whole: int) -> None:
        self.whole = whole
        self._hour = -1
        self._begin()

    def _begin(self) -> None:
        self._stories: dict[str, _Story] = {}
        self._pairs = 0

    def weigh(self, story: str, network: int, now: int) -> float:
        """The weight of one more read."""
        hour = now // HOUR
        if hour != self._hour or self._pairs >= MOST_PAIRS:
            self._hour = hour
            self._begin()
        of = self._stories.get(story)
        if of is None:
            of = self._stories[story] = _Story()
        number = of.reads[network] = of.reads.get(network, 0) + 1
        if number == 1:
            self._pairs += 1
        weight = 1.0 if number <= self.whole else math.sqrt(self.whole / number)
        of.weight += weight
        if number > of.most:
            of.most, of.largest = number, network
        return weight

    def is_of_one(self, story: str) -> bool:
        """Whether one network makes most of what a story weighs, and reads little else here.

        A large carrier is no cause: it has its share of every story. Nor can anybody have a story held out by
        hammering it: what counts is the weight, and that of many readers is soon the larger part.
        """
        of = self._stories.get(story)
        if of is None or of.most <= self.whole:
            return False
        share = total(of.most, self.whole) / of.weight
        if share < SHARE:
            return False
        others = [one.reads for one in self._stories.values() if one is not of]
        elsewhere = sum(reads.get(of.largest, 0) for reads in others)
        everybody = sum(sum(reads.values()) for reads in others)
        return elsewhere * TIMES_USUAL < share * everybody if everybody else True


def total(number: int, whole: int) -> float:
    """What so many reads of one network weigh together, to within a read (an integral in place of the sum)."""
    if number <= whole:
        return float(number)
    return whole + 2 * math.sqrt(whole) * (math.sqrt(number) - math.sqrt(whole))
