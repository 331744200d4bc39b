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


class Networks:
    """Of one channel in one process. Networks are keyed hashes, kept for the hour, and in memory only."""

    def __init__(self, whole: int) -> None:
        self.whole = whole
        self._hour = -1
        self._begin()

    def _begin(self) -> None:
        self._reads: dict[tuple[str, bytes], int] = {}
        self._of_network: dict[bytes, int] = {}
        self._of_story: dict[str, list[float]] = {}  # reads, weight, weight of the heaviest network
        self._heaviest: dict[str, bytes] = {}
        self._all = 0

    def weigh(self, story: str, network: bytes, now: int) -> float:
        """The weight of one more read."""
        hour = now // HOUR
        if hour != self._hour or len(self._reads) >= MOST_PAIRS:
            self._hour = hour
            self._begin()
        pair = (story, network)
        number = self._reads[pair] = self._reads.get(pair, 0) + 1
        self._of_network[network] = self._of_network.get(network, 0) + 1
        self._all += 1
        sums = self._of_story.get(story)
        if sums is None:
            sums = self._of_story[story] = [0, 0.0, 0.0]
        weight, heavy = 1.0, float(number)
        if number > self.whole:
            weight, heavy = math.sqrt(self.whole / number), total(number, self.whole)
        sums[0] += 1
        sums[1] += weight
        if heavy > sums[2]:
            sums[2] = heavy
            self._heaviest[story] = network
        return weight

    def is_of_one(self, story: str) -> bool:
        """Whether one network makes most of what a story weighs, and reads little else here.

        A large carrier is no cause: it has its share of every story. Nor can anybody have a story held out by
        hammering it: what counts is the weight, and that of many readers is soon the larger part.
        """
        network = self._heaviest.get(story)
        if network is None:
            return False
        reads, weight, heaviest = self._of_story[story]
        here = self._reads[story, network]
        if here <= self.whole or heaviest < SHARE * weight:
            return False
        elsewhere, others = self._of_network[network] - here, self._all - reads
        return elsewhere * TIMES_USUAL * weight < heaviest * others if others else True


def total(number: int, whole: int) -> float:
    """What so many reads of one network weigh together, to within a read (an integral in place of the sum)."""
    if number <= whole:
        return float(number)
    return whole + 2 * math.sqrt(whole) * (math.sqrt(number) - math.sqrt(whole))
