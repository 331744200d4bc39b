"""How much the reads of one network weigh, and when that is too much for one story. Pure.

Behind one address may be one person or forty thousand, so that no network is ever shut out: of its reads of a
story, so many an hour count whole, and the nth after that sqrt(whole / n). Their sum grows with the square root:
a hundred times as many reads move a story ten times as far.

What weighs too much is judged by this hour and the one before: else whoever comes first in an hour outweighs everybody.
"""

import math

HOUR = 3_600_000  # ms
MOST_PAIRS = 200_000  # of network and story within the hour; beyond that another begins
SHARE = 0.5  # of a story's weight from one network: more is looked into
TIMES_USUAL = 5  # as large as that network's share of all other stories


class _Story:
    """What a story got within an hour."""

    __slots__ = ("all", "largest", "most", "reads", "weight")

    def __init__(self) -> None:
        self.reads: dict[int, int] = {}  # by network
        self.all = 0  # their sum
        self.weight = 0.0
        self.largest, self.most = 0, 0  # the network with most reads, and how many


class _Hour:
    """What a channel got within one hour of the clock."""

    __slots__ = ("all", "everywhere", "pairs", "stories")

    def __init__(self) -> None:
        self.stories: dict[str, _Story] = {}
        self.pairs = 0
        self.everywhere: dict[int, int] = {}  # reads of all stories, by network
        self.all = 0

    def of(self, story: str) -> _Story:
        return self.stories.get(story) or _Story()

    def elsewhere(self, story: str, network: int) -> int:
        """A network's reads of all other stories."""
        return self.everywhere.get(network, 0) - self.of(story).reads.get(network, 0)


class Networks:
    """Of one channel in one process. Networks are keyed hashes, kept for two hours, and in memory only."""

    def __init__(self, whole: int) -> None:
        self.whole = whole
        self._at = -1
        self._hour, self._before = _Hour(), _Hour()

    def weigh(self, story: str, network: int, now: int) -> float:
        """The weight of one more read."""
        at = now // HOUR
        if at != self._at or self._hour.pairs >= MOST_PAIRS:
            self._before = self._hour if at - self._at <= 1 else _Hour()
            self._hour, self._at = _Hour(), at
        hour = self._hour
        of = hour.stories.get(story)
        if of is None:
            of = hour.stories[story] = _Story()
        number = of.reads[network] = of.reads.get(network, 0) + 1
        hour.everywhere[network] = hour.everywhere.get(network, 0) + 1
        hour.all += 1
        of.all += 1
        if number == 1:
            hour.pairs += 1
        weight = 1.0 if number <= self.whole else math.sqrt(self.whole / number)
        of.weight += weight
        if number > of.most:
            of.most, of.largest = number, network
        return weight

    def is_only_one(self, story: str) -> bool:
        """Whether no reader of a second network has come to a story."""
        return len(self._hour.of(story).reads.keys() | self._before.of(story).reads.keys()) < 2

    def is_of_one(self, story: str, older: float = 0.0) -> bool:
        """Whether one network makes most of what a story weighs, and reads little else here. `older`: what it has
        besides, of readers before and elsewhere.

        A large carrier is no cause: it has its share of every story. Nor can anybody have a story held out by
        hammering it: what counts is the weight, and that of many readers is soon the larger part.
        """
        hour, before = self._hour, self._before
        of = hour.stories.get(story)
        if of is None or of.most <= self.whole:
            return False
        was, one = before.of(story), of.largest
        share = sum(total(part.reads.get(one, 0), self.whole) for part in (of, was)) / (of.weight + was.weight + older)
        if share < SHARE:
            return False
        elsewhere = hour.elsewhere(story, one) + before.elsewhere(story, one)
        everybody = hour.all - of.all + before.all - was.all
        return elsewhere * TIMES_USUAL < share * everybody if everybody else True


def total(number: int, whole: int) -> float:
    """What so many reads of one network weigh together, to within a read (an integral in place of the sum)."""
    if number <= whole:
        return float(number)
    return whole + 2 * math.sqrt(whole) * (math.sqrt(number) - math.sqrt(whole))
