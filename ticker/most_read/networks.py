"""How much the reads of one network weigh. Pure.

Behind one address may be one person or forty thousand, so that no network is ever shut out: of its reads of a
story, so many an hour count whole, and the nth after that about sqrt(whole / n). Their sum grows with the square
root: a hundred times as many reads move a story ten times as far.

Beyond those that count whole, a network weighs in a story at most what all others do; unless it is a carrier, which
has its share of every story. So who hammers a story can double it, and has nobody's readers held out.
"""

import math

HOUR = 3_600_000  # ms
MOST_PAIRS = 200_000  # of network and story within the hour; beyond that another begins
BEYOND = 0.999  # the most that a read weighs which does not count whole, so that those that do can be told (count.lua)
TIMES_USUAL = 5  # as large as its share of all other stories may be that of a carrier


class _Story:
    """What a story got within an hour."""

    __slots__ = ("beyond", "reads", "weight")

    def __init__(self) -> None:
        self.reads: dict[int, int] = {}  # by network
        self.beyond: dict[int, float] = {}  # by network: what those weigh that do not count whole
        self.weight = 0.0


class _Hour:
    """What a channel got within one hour of the clock."""

    __slots__ = ("networks", "pairs", "stories", "weight")

    def __init__(self) -> None:
        self.stories: dict[str, _Story] = {}
        self.pairs = 0
        self.networks: dict[int, float] = {}  # what each weighs in all stories
        self.weight = 0.0


class Networks:
    """Of one channel in one process. Networks are keyed hashes, kept for two hours, and in memory only."""

    def __init__(self, whole: int) -> None:
        self.whole = whole
        self._at = -1
        self._hour, self._before = _Hour(), _Hour()

    def weigh(self, story: str, network: int, at: int) -> float:
        """The weight of one more read, of a story that there is: what anybody can invent would fill this, and make what
        a carrier reads look like little.
        """
        now = max(at // HOUR, self._at)  # a read may have waited
        if now != self._at or self._hour.pairs >= MOST_PAIRS:
            self._before = self._hour if now - self._at <= 1 else _Hour()
            self._hour, self._at = _Hour(), now
        hour = self._hour
        of = hour.stories.get(story)
        if of is None:
            of = hour.stories[story] = _Story()
        number = of.reads[network] = of.reads.get(network, 0) + 1
        if number == 1:
            hour.pairs += 1
        weight = 1.0
        if number > self.whole:
            beyond = of.beyond.get(network, 0.0)
            own = self.whole + beyond
            behind = total(number, self.whole) - own  # also for want of room until now
            weight = min(BEYOND, behind, self._room(story, of, network, own))
            of.beyond[network] = beyond + weight
        of.weight += weight
        hour.weight += weight
        hour.networks[network] = hour.networks.get(network, 0.0) + weight
        return weight

    def _room(self, story: str, of: _Story, network: int, own: float) -> float:
        """What a network may weigh besides in a story, by this hour and the one before: else whoever comes first in an
        hour would have to wait for the others. Where nobody reads anything else there is nothing to judge it by.
        """
        hour, before = self._hour, self._before
        all_, was = of.weight, before.stories.get(story)
        if was is not None:
            own += min(was.reads.get(network, 0), self.whole) + was.beyond.get(network, 0.0)
            all_ += was.weight
        room = all_ - 2 * own
        if room >= 1:
            return room
        elsewhere = hour.networks.get(network, 0.0) + before.networks.get(network, 0.0) - own
        everybody = hour.weight + before.weight - all_
        is_carrier = max(0.0, elsewhere) * TIMES_USUAL * all_ >= own * everybody
        return math.inf if is_carrier else max(0.0, room)


def total(number: int, whole: int) -> float:
    """What so many reads of one network weigh together at most."""
    return 2 * math.sqrt(whole * number) - whole if number > whole else float(number)
