"""One channel's fan-out in one process: the board, what changed lately, and who is connected. Pure.

Who is live has been given everything up to `position`. What comes in leaves as the net change since the
position before; a reader that resumes, and one that was too slow, gets the net change since its own. So
there is one way in which bytes are made, `Group.encoded`, and each piece is made once however many take it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ticker import protocol
from ticker.board import Board, hash_of
from ticker.channel import Channel
from ticker.desk.tally import Tallies, Tally
from ticker.errors import TooMany
from ticker.events import Event, EventType, removal
from ticker.fanout.changes import Changes
from ticker.fanout.counts import Counts
from ticker.fanout.memo import Memo
from ticker.fanout.subscriber import Subscriber, write_to_each
from ticker.filter import EVERYTHING, Filter
from ticker.headline import Headline
from ticker.position import Position
from ticker.protocol import CloseCode, Encoding, Message

SLOW_AFTER = 30_000  # ms that a connection may take nothing before it is closed
MOST_MADE = 16  # pieces of bytes that a group keeps; a storm of reconnects comes from a few positions
SHARED = 20  # messages at most that are compared with what other groups were told
MOST_CHANGES = 1_000  # that are told as such, and all of one batch are; a snapshot is shorter, and made once for all
DATED = 1_000  # ms that the `now` of an encoded snapshot or heartbeat may lag behind
MOST_OUTPUTS = 100  # connections with a name on one channel
MOST_GROUPS = 200  # different filters in use on one channel; each costs work at every event
MOST_OF_ONE = 50  # of these that readers of one network have brought: nobody alone takes the others' places


class Loaded(NamedTuple):
    """A channel as Redis has it: the board, where that stands in the log, and the log's last entries."""

    position: Position
    headlines: list[Headline]
    recent: list[tuple[Position, Event]]
    complete: bool  # `recent` reaches back to the first entry there ever was


class Fanout:
    def __init__(
        self,
        channel: Channel,
        *,
        every_ms: int,
        now: int = 0,
        to_json: Callable[[Any], str] = Headline.to_json,
        tallies: Tallies | None = None,
        deliver: Callable[[Iterable[Subscriber], bytes], None] = write_to_each,
    ) -> None:
        self.channel = channel
        self._to_json = to_json
        self._deliver = deliver
        self.every_ms = every_ms
        self.now = now
        self.stale = False
        self.counts = Counts()
        self.position: Position | None = None  # None until the first load: nothing can be served
        self.board = Board()
        self.changes = Changes((0, 0))
        self._json: dict[str, str] = {}
        self._groups: dict[Filter, Group] = {}
        self._shared = Memo(MOST_MADE)
        self._paused: dict[Subscriber, tuple[Position, int, int]] = {}  # up to where; bytes that waited, and since when
        self._beat_at = now
        self.tallies = Tallies() if tallies is None else tallies
        self._uncounted: list[Tally] = []
        self.outputs: dict[Subscriber, str] = {}  # those that have a name

    # --- the stream -----------------------------------------------------------------------------------------------

    def load(self, loaded: Loaded) -> None:
        """Start from what Redis has. Who is connected gets a snapshot that says why, unless nothing was lost."""
        before = self.position
        self.position = loaded.position
        self.board = Board(loaded.headlines)
        self._json = {h.id: self._to_json(h) for h in loaded.headlines}
        floor = (0, 0) if loaded.complete else loaded.recent[0][0].offset if loaded.recent else loaded.position.offset
        self.changes = Changes(floor, ((position.offset, event) for position, event in loaded.recent))
        if before is not None and before != self.position:
            self._send(before)

    def take(self, entries: Sequence[tuple[Position, Event]]) -> None:
        """Fold what has come and hand it on: one write per connection, whatever piled up."""
        before = self.position
        assert before is not None
        had = {event.id: self.board.get(event.id) for _, event in entries if event.type in self.tallies.types}
        for position, event in entries:
            if event.type in self.tallies.types and (headline := had[event.id]) is not None:
                self._uncounted.append(self.tallies.open(event, position, headline))
            self.board.apply(event)
            self.changes.record(position.offset, event)
            if event.headline is None:
                self._json.pop(event.id, None)
            else:
                self._json[event.id] = event.json
        self.position = entries[-1][0]
        self.counts.events += len(entries)
        self._send(before)

    def count(self, now: int) -> None:
        """Who had what has been corrected, held or killed just now: after they have been told, so that it costs them
        nothing.
        """
        for tally in self._uncounted:
            tally.count(self._holders(tally.headline), self.outputs, self._paused, now)
        self._uncounted.clear()

    def _holders(self, headline: Headline) -> Iterator[Collection[Subscriber]]:
        for group in self._groups.values():
            if group.filter.matches(headline):
                yield from group.members.values()
        published_at = headline.published_at or 0
        yield [
            one
            for one, (since, _, _) in self._paused.items()
            if since.ms >= published_at and one.filter.matches(headline)
        ]

    def _send(self, since: Position) -> None:
        self._shared.clear()
        for group in list(self._groups.values()):
            group.forget()
            for encoding in list(group.members):
                self._write(group, encoding, group.encoded(since, encoding))

    def _write(self, group: "Group", encoding: Encoding, data: bytes) -> None:
        if not data:
            return
        # A copy: a connection that says `pause` while it is written to leaves the set.
        receivers = tuple(group.members.get(encoding, ()))
        self._deliver(receivers, data)
        self.counts.delivered += len(receivers)
        self.counts.bytes += len(receivers) * len(data)

    # --- the readers ----------------------------------------------------------------------------------------------

    def join(
        self, subscriber: Subscriber, after: Position | None = None, *, resume: bool = False, greeting: bytes = b"",
        output: str = "", network: str = "",
    ) -> None:  # fmt: skip
        """From now on the subscriber gets all; first what it lacks. No await in it: so there is no gap.

        `resume` says that the reader named a position, even one that cannot be read (`after` is None then).
        The connection's own `greeting` goes before it, in the same write. Beyond the most, an `output` has no name.
        """
        group = self.listen(subscriber, network)
        if output and len(self.outputs) < MOST_OUTPUTS:
            self.outputs[subscriber] = output
        reason = "unknown" if resume and after is None else None
        news = group.encoded(after, subscriber.encoding, reason)
        beat = group.beat(subscriber.encoding) if after is not None else b""
        self._deliver((subscriber,), b"".join((greeting, news, beat)))

    def listen(self, subscriber: Subscriber, network: str = "") -> "Group":
        """From now on the subscriber gets what comes."""
        group = self.group(subscriber.filter, network)
        group.add(subscriber)
        subscriber.fanout = self
        self.counts.connections[subscriber.transport] += 1
        return group

    def leave(self, subscriber: Subscriber) -> None:
        was_here = self._paused.pop(subscriber, None) is not None
        group = self._groups.get(subscriber.filter)
        if group is not None:
            was_here |= group.remove(subscriber)
            if not group.members and subscriber.filter != EVERYTHING and not self._waits_for(subscriber.filter):
                del self._groups[subscriber.filter]
        if was_here:  # one that was closed for being slow leaves again when its connection ends
            self.counts.connections[subscriber.transport] -= 1
            self.outputs.pop(subscriber, None)
            self.tallies.leave(subscriber)

    def pause(self, subscriber: Subscriber) -> None:
        """All that was written up to now will still arrive; what comes from now on it lacks."""
        group = self._groups.get(subscriber.filter)
        if group is not None and group.remove(subscriber):
            assert self.position is not None
            self._paused[subscriber] = (self.position, subscriber.buffered(), self.now)

    def drained(self, subscriber: Subscriber) -> None:
        """The same road as a resume, from the position at which it stopped."""
        if subscriber not in self._paused:
            return
        since, _, _ = self._paused.pop(subscriber)
        group = self.group(subscriber.filter)
        group.add(subscriber)
        if since != self.position:
            self.counts.catchups += 1
            self._deliver((subscriber,), group.encoded(since, subscriber.encoding))
        if subscriber not in self._paused:
            self.tallies.taken(subscriber, self.now)

    def group(self, filter_: Filter, network: str = "") -> "Group":
        """Those who want the same. TooMany when there are too many different wishes at once."""
        group = self._groups.get(filter_)
        if group is None:
            self.check_room_for(filter_, network)
            group = self._groups[filter_] = Group(self, filter_, network)
        return group

    def check_room_for(self, filter_: Filter, network: str = "") -> None:
        """TooMany when nobody wants this yet, and too much else is wanted: by all, or by readers of this network."""
        if filter_ in self._groups or filter_ == EVERYTHING:
            return
        if len(self._groups) >= MOST_GROUPS:
            raise TooMany(f"More than {MOST_GROUPS} different filters are in use here; use fewer sections.")
        if network and sum(group.network == network for group in self._groups.values()) >= MOST_OF_ONE:
            raise TooMany(
                f"More than {MOST_OF_ONE} different filters are in use from your network; use fewer sections."
            )

    def peek(self, filter_: Filter) -> "Group":
        """A group for one answer only: it is not kept."""
        return self._groups.get(filter_) or Group(self, filter_)

    def subscribers(self) -> Iterator[Subscriber]:
        for group in self._groups.values():
            for members in group.members.values():
                yield from members
        yield from self._paused

    def _waits_for(self, filter_: Filter) -> bool:
        return any(subscriber.filter == filter_ for subscriber in self._paused)

    @property
    def paused(self) -> int:
        return len(self._paused)

    @property
    def buffered(self) -> int:
        """Bytes that wait for the readers that are paused."""
        return sum(subscriber.buffered() for subscriber in self._paused)

    # --- the clock ------------------------------------------------------------------------------------------------

    def tick(self, now: int) -> None:
        """Heartbeats when they are due, and an end for connections that have long taken nothing."""
        self.now = now
        if not self._beat_at <= now < self._beat_at + self.every_ms:  # also when the clock was set back
            self._beat_at = now
            self.beat()
        self.tallies.close(now)
        for subscriber, (position, waited, since) in list(self._paused.items()):
            unsent = subscriber.buffered()
            if unsent >= waited and now - since >= SLOW_AFTER:
                self.counts.slow += 1
                self.leave(subscriber)
                subscriber.close(CloseCode.SLOW)
            else:
                self._paused[subscriber] = (position, unsent, now if unsent < waited else since)

    def beat(self) -> None:
        if self.position is None:
            return
        for group in list(self._groups.values()):
            for encoding in list(group.members):
                self._write(group, encoding, group.beat(encoding))

    def bytes_of(self, messages: Sequence[Message], encoding: Encoding) -> bytes:
        """What several groups are told alike is encoded, and compressed, once."""
        if len(messages) > SHARED:
            return encoding(messages)
        return self._shared.get((tuple(messages), encoding), lambda: encoding(messages))

    def json_of(self, headline_id: str) -> str:
        return self._json[headline_id]


class Group:
    """The subscribers that want the same headlines, and the bytes that have been made for them."""

    def __init__(self, fanout: Fanout, filter_: Filter, network: str = "") -> None:
        self.fanout = fanout
        self.filter = filter_
        self.network = network  # of who came first
        self.members: dict[Encoding, set[Subscriber]] = {}
        self._made = Memo(MOST_MADE)
        self._state: tuple[list[Headline], str] | None = None
        self._document: bytes | None = None

    def add(self, subscriber: Subscriber) -> None:
        self.members.setdefault(subscriber.encoding, set()).add(subscriber)

    def remove(self, subscriber: Subscriber) -> bool:
        members = self.members.get(subscriber.encoding)
        if members is None or subscriber not in members:
            return False
        members.remove(subscriber)
        if not members:
            del self.members[subscriber.encoding]
        return True

    def forget(self) -> None:
        """The board has changed: bytes made for it are of no more use."""
        self._made.clear()
        self._state = None
        self._document = None

    def headlines(self) -> list[Headline]:
        return self._now()[0]

    def hash(self) -> str:
        return self._now()[1]

    def _now(self) -> tuple[list[Headline], str]:
        if self._state is None:
            wanted = [h for h in self.fanout.board.ordered() if self.filter.matches(h)]
            self._state = (wanted, hash_of(wanted))
        return self._state

    def encoded(self, since: Position | None, encoding: Encoding, reason: str | None = None) -> bytes:
        """What brings a reader from `since` to now, as bytes; from nothing, when it has no position."""
        second = self.fanout.now // DATED
        if since is None:
            return self._made.get((reason, encoding, second), lambda: encoding(self.messages(None, reason)))
        return self._made.get((since, encoding, second), lambda: self._change(since, encoding))

    def _change(self, since: Position, encoding: Encoding) -> bytes:
        reason = self._no_change(since)
        if reason:  # one snapshot for all who need it, whatever position they named
            return self.encoded(None, encoding, reason)
        return self.fanout.bytes_of(self.messages(since), encoding)

    def messages(self, since: Position | None, reason: str | None = None) -> list[Message]:
        """The net change since a position, or a snapshot that says why there is none."""
        if since is not None:
            reason = self._no_change(since)
        if since is None or reason:
            return [self.snapshot(self.fanout.now, reason)]
        events = self.fanout.changes.since(since.offset, MOST_CHANGES) or []
        wanted = [seen for event in events if (seen := self._as_seen(event)) is not None]
        wanted.sort(key=protocol.pressing)
        # A reader cut off in the middle resumes from where the batch began: only the last message moves it on.
        places = [str(since)] * (len(wanted) - 1) + [str(self.fanout.position)]
        asked = self.fanout.tallies.asked
        return [protocol.change(event, place, asked(event.id)) for event, place in zip(wanted, places, strict=False)]

    def _no_change(self, since: Position) -> str | None:
        """Why a reader cannot be told what changed since its position; None when it can."""
        position = self.fanout.position
        assert position is not None
        if since.epoch != position.epoch:
            return "epoch"
        if since.offset > position.offset:
            return "unknown"
        return "too_old" if self.fanout.changes.since(since.offset, MOST_CHANGES) is None else None

    def _as_seen(self, event: Event) -> Event | None:
        """The event as readers with this filter see it: one that no longer matches has left their strip."""
        if event.headline is None or self.filter.matches(event.headline):
            return event
        return None if event.type is EventType.PUBLISHED else removal(EventType.EXPIRED, event.id)

    def snapshot(self, now: int | None, reason: str | None = None) -> Message:
        fanout = self.fanout
        if reason:
            fanout.counts.snapshots[reason] = fanout.counts.snapshots.get(reason, 0) + 1
        headlines: Iterable[str] = (fanout.json_of(h.id) for h in self.headlines())
        return protocol.snapshot(
            fanout.channel,
            str(fanout.position),
            headlines,
            self.hash(),
            now=now,
            every_ms=fanout.every_ms,
            reason=reason,
        )

    def document(self) -> bytes:
        """The snapshot as a document: the same bytes on every process while the position is the same."""
        if self._document is None:
            self._document = self.snapshot(None).json.encode()
        return self._document

    def heartbeat(self) -> Message:
        fanout = self.fanout
        return protocol.heartbeat(
            str(fanout.position), self.hash(), now=fanout.now, every_ms=fanout.every_ms, stale=fanout.stale
        )

    def beat(self, encoding: Encoding) -> bytes:
        key = ("heartbeat", self.fanout.stale, encoding, self.fanout.now // DATED)
        return self._made.get(key, lambda: encoding([self.heartbeat()]))
