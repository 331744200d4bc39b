"""Whether a headline that was corrected, held or killed has left every screen that had it: one process's part. Pure.

A WebSocket client answers when it has done so. An event stream has no way back: of it we know that the transport has
taken the bytes. Nothing of this costs anything while readers are written to: who had it is counted afterwards.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from ticker.events import Event, EventType
from ticker.fanout.subscriber import Subscriber
from ticker.headline import Headline
from ticker.position import Position

TALLIED = (EventType.CORRECTED, EventType.HELD, EventType.RETRACTED)
ANSWERS = "websocket"  # the transport whose clients confirm
OPEN_FOR = 60_000  # ms in which an answer still counts
MOST_OPEN = 20  # on one channel; of each, the connections that have not answered are kept

_transport = attrgetter("transport")


class Tally:
    """Of one event: how many had the headline, how many have confirmed, how long the slowest took."""

    def __init__(self, event: Event, position: Position, headline: Headline) -> None:
        self.type = event.type
        self.id = event.id
        self.position = position
        self.headline = headline  # as they had it
        self.had: Counter[str] = Counter()  # by transport
        self.confirmed = 0
        self.written = 0
        self.gone = 0  # their connections ended first
        self.slowest = 0  # ms, from when Redis had the event
        self.outputs: dict[str, int | None] = {}  # name: ms, None while it has not confirmed
        self.audited = False
        self.moved = True  # since its figures were last asked for
        self._waiting: set[Subscriber] = set()
        self._names: dict[Subscriber, str] = {}

    def count(
        self,
        had: Iterable[Collection[Subscriber]],
        names: Mapping[Subscriber, str],
        behind: Collection[Subscriber],
        now: int,
    ) -> None:
        """Those who had it, now that they have been written to; of whom some lag behind, and some have names."""
        for members in had:
            self.had.update(map(_transport, members))
            self._waiting.update(one for one in members if one.transport == ANSWERS or one in behind)
            self._names.update((one, names[one]) for one in names if one in members)
        self.outputs = dict.fromkeys(self._names.values())
        taken = [one for one in self._names if one not in self._waiting]
        self.written = self.had.total() - len(self._waiting)
        if self.written:
            self._after(now)
        for one in taken:
            self._note(one, now)

    def confirm(self, subscriber: Subscriber, now: int) -> None:
        if subscriber in self._waiting:
            self._waiting.remove(subscriber)
            self.confirmed += 1
            self._after(now)
            self._note(subscriber, now)

    def taken(self, subscriber: Subscriber, now: int) -> None:
        """The transport of one that was behind has taken all."""
        if subscriber.transport != ANSWERS and subscriber in self._waiting:
            self._waiting.remove(subscriber)
            self.written += 1
            self._after(now)
            self._note(subscriber, now)

    def expect(self, output: str) -> None:
        """An output shows it, whose page says by itself when it no longer does."""
        self.outputs.setdefault(output, None)
        self.moved = True

    def shown_no_more(self, output: str, ms: int) -> None:
        """The output has confirmed, so long after the event. The slowest of its pages counts."""
        if output in self.outputs:
            self.outputs[output] = max(ms, self.outputs[output] or 0)
            self.moved = True

    def leave(self, subscriber: Subscriber) -> None:
        if subscriber in self._waiting:
            self._waiting.remove(subscriber)
            self.gone += 1
            self.moved = True

    def figures(self) -> dict[str, Any]:
        """What this process knows, to be added to what others do."""
        self.moved = False
        return {
            "had": dict(self.had),
            "confirmed": self.confirmed,
            "written": self.written,
            "gone": self.gone,
            "slowest_ms": self.slowest,
            "outputs": self.outputs,
        }

    def _after(self, now: int) -> None:
        self.slowest = max(self.slowest, now - self.position.ms)
        self.moved = True

    def _note(self, subscriber: Subscriber, now: int) -> None:
        """The slowest of those that share a name counts, and one that is silent more than all."""
        name = self._names.pop(subscriber, None)
        if name is not None and name not in self._names.values():
            self.outputs[name] = max(0, now - self.position.ms)


class Tallies:
    """The open ones of one channel: of events of these types."""

    def __init__(self, types: Collection[EventType] = ()) -> None:
        self.types = types
        self._open: dict[str, Tally] = {}  # by position, in that order

    def open(self, event: Event, position: Position, headline: Headline) -> Tally:
        tally = self._open[str(position)] = Tally(event, position, headline)
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]
        return tally

    def asked(self, headline_id: str) -> str | None:
        """What readers confirm who are told of this headline: the last position at which it is tallied."""
        found = [position for position, tally in self._open.items() if tally.id == headline_id]
        return found[-1] if found else None

    def confirm(self, subscriber: Subscriber, position: str, now: int) -> None:
        """It has done what the position stands for; so what came before it to the same headline is done, too."""
        confirmed = self._open.get(position)
        if confirmed is not None:
            for tally in self:
                if tally.id == confirmed.id and tally.position <= confirmed.position:
                    tally.confirm(subscriber, now)

    def taken(self, subscriber: Subscriber, now: int) -> None:
        for tally in self:
            tally.taken(subscriber, now)

    def leave(self, subscriber: Subscriber) -> None:
        for tally in self:
            tally.leave(subscriber)

    def close(self, now: int) -> None:
        """Those that are over: nobody is waited for any more."""
        for position, tally in list(self._open.items()):
            if now - tally.position.ms >= OPEN_FOR:
                del self._open[position]

    def __iter__(self) -> Iterator[Tally]:
        return iter(self._open.values())

    def __bool__(self) -> bool:
        return bool(self._open)
