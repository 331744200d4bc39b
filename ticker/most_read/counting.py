"""Counting reads of one channel in one process, until they go to Redis. Pure.

A read is counted once per reader, story and half hour: a token bars its like until the end of the next half hour
on the clock. This process's own repeats end here; those of the others, in count.lua.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache, partial
from typing import NamedTuple
from urllib.parse import unquote_plus
from zlib import crc32

from ticker.channel import MostRead
from ticker.headline import LINK_LIMIT
from ticker.most_read.reader import HALF_HOUR, Salts, network, token
from ticker.most_read.robots import is_robot
from ticker.most_read.story import canonical, is_owned, story_id

AT_ONCE = 20  # reads of a story that do not wait
WAIT = 10_000  # ms that fewer wait at most, and at least half of it
BATCH = 20  # reads in one script: it must leave Redis free well within a millisecond
MOST_PENDING = 200_000  # reads kept while Redis is away
MOST_TOKENS = 500_000  # of a half hour kept here; beyond that only count.lua bars repeats
MOST_PAGES = 20_000  # of which it is known from which network their readers are; the oldest makes way
LONGEST_DWELL = 86_400  # s; nobody reads for longer
REMEMBERED = 20_000  # beacons that are understood at once when they are said again
MEMORABLE = 500  # characters of one that is remembered, or of the link in it

_DWELL = re.compile(r"[0-9]{1,5}").fullmatch
_ID_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz234567")


class Outcome(StrEnum):
    __hash__ = str.__hash__  # Enum's own is a function in Python, at every count

    COUNTED = "counted"
    REPEAT = "repeat"
    SHORT = "short"
    ROBOT = "robot"
    FOREIGN = "foreign"  # a link that is not on a host of the channel
    UNREADABLE = "unreadable"
    FULL = "full"
    NOT_YET = "not_yet"  # the day's salt has not come from Redis


class Said(NamedTuple):
    """What a beacon says, once it is understood."""

    story: str  # empty for a link elsewhere
    link: str  # if that is how the story was named
    dwell: int  # s
    by_program: bool
    came_from: str  # the story that led here, if the page has said so


class Read(NamedTuple):
    """One read, as it goes to Redis."""

    story: str
    at: int
    weight: float  # as it counts whole, until it is weighed: that is for stories that there are
    token: int
    before: int | None  # its token by yesterday's salt, in the first half hour of a day
    came_from: str
    network: int


# Without NamedTuple's own lambda.
_read: Callable[[tuple[str, int, float, int, int | None, str, int]], Read] = partial(tuple.__new__, Read)


class Counting:
    def __init__(self, policy: MostRead, salts: Salts) -> None:
        self.policy = policy
        self.salts = salts
        self.outcomes: Counter[Outcome] = Counter()
        self.unknown_links: dict[str, str] = {}  # by id: of stories that nobody has registered, perhaps
        self.size = 0
        self._pages: dict[str, int | None] = {}  # by id, as long as a half hour's tokens; None: of several networks
        # What pages say is the same for all readers who come to a story the same way.
        self._understand = lru_cache(REMEMBERED)(partial(_understood, hosts=policy.hosts))
        self._pending: dict[str, list[Read]] = {}
        self._half_hour = -1
        self._tokens: set[int] = set()
        self._earlier: set[int] = set()

    def take(self, said: str, address: str, agent: str, now: int) -> Outcome:
        """What becomes of one beacon. Never waits for anything."""
        outcome = self._take(said, address, agent, now)
        self.outcomes[outcome] += 1
        return outcome

    def note(self, outcome: Outcome) -> Outcome:
        self.outcomes[outcome] += 1
        return outcome

    def _take(self, said: str, address: str, agent: str, now: int) -> Outcome:
        understood = self._understand(said) if len(said) <= MEMORABLE else _understood(said, self.policy.hosts)
        if understood is None:
            return Outcome.UNREADABLE
        story, link, dwell, by_program, came_from = understood
        if not story:
            return Outcome.FOREIGN
        if by_program or is_robot(agent):
            return Outcome.ROBOT
        if dwell < self.policy.dwell_seconds:
            return Outcome.SHORT
        salts = self.salts.at(now)
        if salts is None:
            return Outcome.NOT_YET
        if self.size >= MOST_PENDING:
            return Outcome.FULL
        salt, yesterday = salts
        name = token(salt, address, agent, story)
        before = token(yesterday, address, agent, story) if yesterday else None
        if self._is_repeat(name, before, now):
            return Outcome.REPEAT
        net = network(salt, address)
        read = _read((story, now, 1.0, name, before, came_from, net))
        if story in self._pending:
            self._pending[story].append(read)
        else:
            self._pending[story] = [read]
        self.size += 1
        if link:
            self.unknown_links[story] = link
            self._note(story, net)
        return Outcome.COUNTED

    def _is_repeat(self, name: int, before: int | None, now: int) -> bool:
        half_hour = now // HALF_HOUR
        if half_hour != self._half_hour:
            self._earlier = self._tokens if half_hour == self._half_hour + 1 else set()
            self._tokens, self._half_hour = set(), half_hour
            self._pages = {}
        if name in self._tokens or name in self._earlier or before in self._earlier:
            return True
        if len(self._tokens) < MOST_TOKENS:
            self._tokens.add(name)
        return False

    def _note(self, page: str, net: int) -> None:
        if self._pages.setdefault(page, net) != net:
            self._pages[page] = None
        elif len(self._pages) > MOST_PAGES:
            del self._pages[next(iter(self._pages))]

    def is_of_one(self, page: str) -> bool:
        """Whether no reader of a second network has come lately to a page that was named by its link."""
        return self._pages.get(page, 0) is not None

    def due(self, now: int, *, all_: bool = False) -> Iterator[list[Read]]:
        """What is to be written now, in batches: stories with many reads, and those that have waited."""
        batch: list[Read] = []
        # Those read least first: what else a network reads is known before what it reads most is weighed.
        for story in sorted(self._pending, key=lambda story: len(self._pending[story])):
            reads = self._pending[story]
            if not all_ and len(reads) < AT_ONCE and now - reads[0].at < patience(story):
                continue
            del self._pending[story]
            self.size -= len(reads)
            batch += reads
            full = len(batch) - len(batch) % BATCH
            for start in range(0, full, BATCH):
                yield batch[start : start + BATCH]
            batch = batch[full:]
        if batch:
            yield batch


def patience(story: str) -> int:
    """How long a story's reads wait (ms): not all the same, or all would be written at the same moment."""
    return WAIT // 2 + crc32(story.encode()) % (WAIT // 2)


def _understood(said: str, hosts: tuple[str, ...]) -> Said | None:
    """None for what is no beacon."""
    fields = dict(part.partition("=")[::2] for part in said.split("&", 8))
    named, dwell = _named(fields.get("s", ""), hosts), fields.get("d", "")
    if named is None or not _DWELL(dwell) or int(dwell) > LONGEST_DWELL:
        return None
    story, link = named
    origin = _named(fields["f"], hosts) if "f" in fields else None
    came_from = origin[0] if origin and origin[0] != story else ""
    return Said(story, link, int(dwell), fields.get("w") == "1", came_from)


def _named(text: str, hosts: tuple[str, ...]) -> tuple[str, str] | None:
    return (_remembered if len(text) <= MEMORABLE else _story)(text, hosts)


def _story(named: str, hosts: tuple[str, ...]) -> tuple[str, str] | None:
    """The id, and the link if it was named by its link. An empty id for a link elsewhere; None for what is neither."""
    if len(named) == 16 and _ID_LETTERS.issuperset(named):
        return named if hosts else "", ""  # without hosts there is no story
    if not named or len(named) > 3 * LINK_LIMIT:
        return None
    try:
        link = canonical(unquote_plus(named, errors="strict"))
    except ValueError:
        return None
    return (story_id(link), link) if len(link) <= LINK_LIMIT and is_owned(link, hosts) else ("", "")


_remembered = lru_cache(10_000)(_story)
