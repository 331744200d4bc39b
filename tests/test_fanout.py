"""The fan-out under any interleaving: every reader's board equals the server's, nothing repeats, a kill wins."""

import json
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.samples import NOW, Listener, headline
from ticker import log, protocol
from ticker.board import Board, hash_of
from ticker.channel import Channel
from ticker.errors import TooMany
from ticker.events import Event, EventType, removal, upsert
from ticker.fanout.fanout import (
    MOST_CHANGES,
    MOST_GROUPS,
    MOST_MADE,
    MOST_OF_ONE,
    MOST_OUTPUTS,
    SLOW_AFTER,
    Fanout,
    Loaded,
)
from ticker.fanout.subscriber import Subscriber
from ticker.filter import EVERYTHING, Filter
from ticker.headline import Headline
from ticker.position import Position
from ticker.protocol import CloseCode
from ticker.urgency import Urgency

UPSERTS = {"published", "updated", "corrected", "moved", "released"}
FILTERS = [EVERYTHING, Filter(Urgency.URGENT), Filter(section="sport")]


def new_fanout(loaded: Loaded | None = None) -> Fanout:
    fanout = Fanout(Channel(name="en"), every_ms=15_000, now=NOW)
    fanout.load(loaded or Loaded(Position("epoch0", 0, 0), [], [], complete=True))
    return fanout


class Reader:
    """A reader behind a connection that can be slow, cut and resumed. Folds messages as docs/protocol.md says."""

    def __init__(self, filter_: Filter = EVERYTHING) -> None:
        self.filter = filter_
        self.board: dict[str, Headline] = {}
        self.position: str | None = None
        self.killed: set[str] = set()
        self.pipe: list[str] = []  # written by the server, not yet read
        self.connection: Subscriber | None = None
        self.paused = False
        self.cut_in_the_middle = False
        self.closed: CloseCode | None = None
        self.reasons: list[str] = []
        self.seen: list[dict[str, Any]] = []

    def connect(self, fanout: Fanout) -> None:
        self.connection = Pipe(self)
        self.paused, self.closed = False, None
        after = Position.parse(self.position) if self.position else None
        fanout.join(self.connection, after, resume=self.position is not None)

    def disconnect(self, read: int) -> None:
        """The connection breaks when `read` more messages have arrived."""
        self.read(read)
        batch_open = bool(self.pipe) and bool(self.seen)
        self.cut_in_the_middle |= batch_open
        self.pipe.clear()
        if self.connection is not None:
            self.connection.gone()
        self.connection = None

    def read(self, most: int | None = None) -> None:
        count = len(self.pipe) if most is None else min(most, len(self.pipe))
        for line in self.pipe[:count]:
            self._apply(json.loads(line))
        del self.pipe[:count]

    def _apply(self, message: dict[str, Any]) -> None:
        self.seen.append(message)
        kind = message["type"]
        if kind == "snapshot":
            self.board = {h["id"]: Headline(**h) for h in message["headlines"]}
            if "reason" in message:
                self.reasons.append(message["reason"])
            self.cut_in_the_middle = False
        elif kind in UPSERTS:
            headline_ = Headline(**message["headline"])
            assert headline_.id not in self.killed, "a killed headline was shown again"
            repeat = self.board.get(headline_.id) == headline_
            # Away and back between two batches is a net change to what the reader has already.
            there_and_back = kind in ("released", "moved")
            assert not repeat or there_and_back or self.cut_in_the_middle, f"{kind} was sent twice"
            self.board[headline_.id] = headline_
        elif kind != "heartbeat":
            if kind == "retracted":
                self.killed.add(message["id"])
            self.board.pop(message["id"], None)
        else:
            assert message["hash"] == self.hash(), "a heartbeat's hash is that of the board at its position"
            self.cut_in_the_middle = False
        self.position = message["position"]

    def hash(self) -> str:
        return hash_of(Board(self.board.values()).ordered())


class Pipe(Subscriber):
    """What stands between the fan-out and its reader."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(protocol.lines, reader.filter)
        self.reader = reader
        self.waiting = 0

    def buffered(self) -> int:
        return self.waiting

    def write(self, data: bytes) -> None:
        self.reader.pipe += data.decode().splitlines()

    def close(self, code: CloseCode) -> None:
        self.reader.closed = code


class FanoutMachine(RuleBasedStateMachine):
    """The log on one side, five readers on the other."""

    @initialize()
    def start(self) -> None:
        self.epoch, self.clock, self.made = 0, 0, 0
        self.prompt = True
        self.log: list[tuple[Position, Event]] = []
        self.truth = Board()
        self.held: dict[str, Headline] = {}
        self.backlog: list[tuple[Position, Event]] = []
        self.fanout = new_fanout(self.loaded())
        self.readers = [Reader(FILTERS[i % 3]) for i in range(5)]
        for reader in self.readers:
            reader.connect(self.fanout)

    def loaded(self, keep: int | None = None) -> Loaded:
        recent = self.log if keep is None else self.log[len(self.log) - min(keep, len(self.log)) :]
        return Loaded(self.head(), list(self.truth), list(recent), complete=keep is None)

    def head(self) -> Position:
        return Position(f"epoch{self.epoch}", self.clock, 0)

    def happen(self, event: Event) -> None:
        self.clock += 1
        entry = (self.head(), event)
        self.log.append(entry)
        self.backlog.append(entry)
        self.truth.apply(event)
        if self.prompt:
            self.take_all()

    def take_all(self) -> None:
        if self.backlog:
            batch, self.backlog = self.backlog, []
            self.fanout.take(batch)

    @rule(prompt=st.booleans())
    def change_pace(self, prompt: bool) -> None:
        """Whether the process takes each event as it comes, or they pile up."""
        self.prompt = prompt
        if prompt:
            self.take_all()

    # what happens to headlines

    @rule(urgency=st.sampled_from(Urgency), section=st.sampled_from([None, "sport"]))
    def publish(self, urgency: Urgency, section: str | None) -> None:
        self.made += 1
        headline_id = "".join(chr(97 + int(digit)) for digit in f"{self.made:016d}")
        made = headline(headline_id, urgency=urgency, section=section, order=str(NOW + self.made))
        self.happen(upsert(EventType.PUBLISHED, made))

    @precondition(lambda self: len(self.truth))
    @rule(data=st.data(), urgency=st.sampled_from(Urgency), section=st.sampled_from([None, "sport"]))
    def update(self, data: st.DataObject, urgency: Urgency, section: str | None) -> None:
        old = data.draw(st.sampled_from(self.truth.ordered()))
        new = old.model_copy(update={"version": old.version + 1, "urgency": urgency, "section": section})
        self.happen(upsert(EventType.UPDATED, new))

    @precondition(lambda self: len(self.truth))
    @rule(data=st.data(), place=st.integers(0, 2000), pinned=st.booleans())
    def move(self, data: st.DataObject, place: int, pinned: bool) -> None:
        old = data.draw(st.sampled_from(self.truth.ordered()))
        new = old.model_copy(update={"order": str(NOW + place), "pinned": pinned})
        if new != old:
            self.happen(upsert(EventType.MOVED, new))

    @precondition(lambda self: len(self.truth))
    @rule(data=st.data(), what=st.sampled_from([EventType.RETRACTED, EventType.EXPIRED, EventType.HELD]))
    def remove(self, data: st.DataObject, what: EventType) -> None:
        old = data.draw(st.sampled_from(self.truth.ordered()))
        if what is EventType.HELD:
            self.held[old.id] = old
        self.happen(removal(what, old.id))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        headline_id = data.draw(st.sampled_from(sorted(self.held)))
        self.happen(upsert(EventType.RELEASED, self.held.pop(headline_id)))

    # what happens to the process

    @precondition(lambda self: self.backlog)
    @rule(data=st.data())
    def take_some(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, len(self.backlog)))
        batch, self.backlog = self.backlog[:count], self.backlog[count:]
        self.fanout.take(batch)

    @rule()
    def beat(self) -> None:
        self.fanout.beat()

    @precondition(lambda self: self.made > 4)
    @rule(keep=st.integers(0, 6))
    def restart(self, keep: int) -> None:
        """A new process, that knows only the last entries of the log."""
        for reader in self.readers:
            reader.disconnect(read=10**6)
        self.backlog.clear()
        self.fanout = new_fanout(self.loaded(keep))

    @precondition(lambda self: self.made > 6)
    @rule(lost=st.integers(1, 5))
    def lose_history(self, lost: int) -> None:
        """Redis comes back without the last entries, which the fan-out may have handed on: a new epoch."""
        killed = {event.id for _, event in self.log if event.type is EventType.RETRACTED}
        kept = self.log[: max(0, len(self.log) - lost)]
        # Ids of what was killed stay out: a reader that saw the kill must not see the headline again, and does not,
        # for the desk's tombstones are in the same Redis; this model has no desk, so it keeps the kills.
        kept += [entry for entry in self.log[len(kept) :] if entry[1].type is EventType.RETRACTED]
        self.epoch += 1
        self.truth = Board()
        self.held.clear()
        for _, event in kept:
            self.truth.apply(event)
        assert not killed & {h.id for h in self.truth}
        self.log = [(Position(f"epoch{self.epoch}", p.ms, p.n), event) for p, event in kept]
        self.backlog.clear()
        self.fanout.load(self.loaded())

    # what happens to readers

    @rule(which=st.integers(0, 4), read=st.integers(0, 4))
    def cut_or_connect(self, which: int, read: int) -> None:
        reader = self.readers[which]
        if reader.connection is None:
            reader.connect(self.fanout)
        else:
            reader.disconnect(read)

    @rule(which=st.integers(0, 4))
    def pause_or_drain(self, which: int) -> None:
        reader = self.readers[which]
        if reader.connection is None:
            return
        reader.paused = not reader.paused
        if reader.paused:
            reader.connection.pause()
        else:
            reader.connection.drained()

    @invariant()
    def connections_are_counted(self) -> None:
        assert self.fanout.counts.connections.total() == len(list(self.fanout.subscribers()))

    @invariant()
    def who_is_up_to_date_shows_the_servers_board(self) -> None:
        if self.backlog:
            return
        for reader in self.readers:
            if reader.connection is not None and not reader.paused:
                reader.read()
                wanted = [h for h in self.truth.ordered() if reader.filter.matches(h)]
                assert Board(reader.board.values()).ordered() == wanted


FanoutMachine.TestCase.settings = hypothesis_settings(max_examples=200, stateful_step_count=60, deadline=None)
TestFanout = FanoutMachine.TestCase


def entry(ms: int, event: Event) -> tuple[Position, Event]:
    return (Position("epoch0", ms, 0), event)


def test_a_batch_is_one_write_kills_first_and_only_its_end_moves_the_position_on() -> None:
    fanout = new_fanout()
    subscriber = Listener()
    writes = subscriber.writes
    fanout.join(subscriber)
    fanout.take([entry(1, upsert(EventType.PUBLISHED, headline("a" * 16)))])
    writes.clear()
    fanout.take([
        entry(2, upsert(EventType.PUBLISHED, headline("b" * 16))),
        entry(3, upsert(EventType.PUBLISHED, headline("c" * 16, urgency=Urgency.FLASH))),
        entry(4, removal(EventType.RETRACTED, "a" * 16)),
        entry(5, upsert(EventType.PUBLISHED, headline("d" * 16))),
        entry(6, removal(EventType.RETRACTED, "d" * 16)),
    ])  # fmt: skip
    assert len(writes) == 1
    messages = [json.loads(line) for line in writes[0].splitlines()]
    assert [(m["type"], m.get("id", m.get("headline", {}).get("id", ""))[0]) for m in messages] == [
        ("retracted", "a"), ("retracted", "d"), ("published", "c"), ("published", "b"),
    ]  # fmt: skip
    assert [m["position"] for m in messages] == ["epoch0-1-0"] * 3 + ["epoch0-6-0"]


def test_bytes_are_made_once_for_all_who_want_the_same() -> None:
    made: list[int] = []

    def encoding(messages: Any) -> bytes:
        made.append(len(messages))
        return protocol.lines(messages)

    fanout = new_fanout()
    for _ in range(50):
        fanout.join(Listener(encoding), Position("epoch0", 0, 0))
    assert len(made) == 2  # what they lack, and a heartbeat
    fanout.take([entry(1, upsert(EventType.PUBLISHED, headline()))])
    assert len(made) == 3


def test_what_several_groups_are_told_alike_is_made_once() -> None:
    made: list[int] = []

    def encoding(messages: Any) -> bytes:
        made.append(len(messages))
        return protocol.lines(messages)

    fanout = new_fanout()
    listeners = [Listener(encoding, Filter(section=f"s{i}")) for i in range(20)]
    for listener in listeners:
        fanout.join(listener)
    made.clear()
    fanout.take([entry(1, upsert(EventType.PUBLISHED, headline("a" * 16, section="s1")))])
    assert sorted(made) == [0, 1]  # for whom it is, and nothing for all others
    fanout.take([entry(2, removal(EventType.RETRACTED, "a" * 16))])
    assert sorted(made) == [0, 1, 1]
    assert all(listener.messages[-1]["type"] == "retracted" for listener in listeners)


def test_a_net_change_longer_than_a_batch_is_a_snapshot_for_all_who_need_it() -> None:
    made: list[int] = []

    def encoding(messages: Any) -> bytes:
        made.append(len(messages))
        return protocol.lines(messages)

    fanout = new_fanout()
    fanout.take([entry(n, removal(EventType.EXPIRED, f"id{n}")) for n in range(1, MOST_CHANGES + 2)])
    readers = [Listener(encoding) for _ in range(12)]
    for n, reader in enumerate(readers):
        fanout.join(reader, Position("epoch0", 0, n))
    assert {reader.messages[0]["reason"] for reader in readers} == {"too_old"}
    assert made == [1, 1]  # a snapshot and a heartbeat
    last = Listener(encoding)
    fanout.join(last, Position("epoch0", 1, 0))
    assert len(last.messages) == MOST_CHANGES + 1


def test_all_of_a_batch_is_told_as_what_it_is() -> None:
    assert log.BATCH <= MOST_CHANGES


def test_who_asks_for_ever_new_positions_fills_no_memory() -> None:
    fanout = new_fanout()
    for n in range(1000):
        fanout.now += 1000
        fanout.join(Listener(), Position("epoch0", n, n))
        fanout.join(Listener(), Position(f"other{n}", n, n))
        fanout.join(Listener())
    assert len(fanout.peek(EVERYTHING)._made) <= MOST_MADE
    assert len(fanout._shared) <= MOST_MADE


@pytest.mark.parametrize(
    ("after", "reason"),
    [("zzz", "unknown"), ("epoch9-1-0", "epoch"), ("epoch0-99-0", "unknown"), ("epoch0-1-0", "too_old")],
)
def test_who_cannot_be_resumed_is_told_why(after: str, reason: str) -> None:
    fanout = new_fanout(
        Loaded(Position("epoch0", 5, 0), [], [entry(4, removal(EventType.EXPIRED, "x"))], complete=False)
    )
    reader = Reader()
    reader.position = after
    reader.connect(fanout)
    reader.read()
    assert reader.reasons == [reason]


def test_a_slow_reader_is_closed_after_its_time_and_not_before() -> None:
    fanout = new_fanout()
    reader = Reader()
    reader.connect(fanout)
    assert reader.connection is not None
    fanout.tick(NOW)
    reader.connection.pause()
    fanout.tick(NOW + SLOW_AFTER - 1)
    assert reader.closed is None
    fanout.tick(NOW + SLOW_AFTER)
    assert reader.closed is CloseCode.SLOW
    assert not list(fanout.subscribers())


def test_a_slow_reader_that_takes_something_is_kept() -> None:
    fanout = new_fanout()
    reader = Reader()
    reader.connect(fanout)
    pipe = reader.connection
    assert isinstance(pipe, Pipe)
    fanout.tick(NOW)
    pipe.waiting = 1_000_000
    pipe.pause()
    now = NOW
    for _ in range(10):
        now += SLOW_AFTER - 1000
        pipe.waiting -= 1_000
        fanout.tick(now)
    assert reader.closed is None
    pipe.waiting += 10  # what we say ourselves is nothing that it takes
    fanout.tick(now + SLOW_AFTER - 1)
    assert reader.closed is None
    fanout.tick(now + SLOW_AFTER)
    assert reader.closed is CloseCode.SLOW


def test_heartbeats_come_at_their_time_also_when_the_clock_is_set_back() -> None:
    fanout = new_fanout()
    listener = Listener()
    writes = listener.writes
    fanout.join(listener)
    writes.clear()
    for now, beats in (
        (NOW + 14_999, 0),
        (NOW + 15_000, 1),
        (NOW + 16_000, 1),
        (NOW - 3_600_000, 2),
        (NOW - 3_590_000, 2),
    ):
        fanout.tick(now)
        assert len(writes) == beats


def test_groups_go_with_their_last_reader_and_are_bounded() -> None:
    fanout = new_fanout()
    subscribers = [Listener(filter_=Filter(section=f"s{i}")) for i in range(MOST_GROUPS)]
    for subscriber in subscribers:
        fanout.join(subscriber)
    with pytest.raises(TooMany):
        fanout.check_room_for(Filter(section="one more"))
    with pytest.raises(TooMany):
        fanout.join(Listener(filter_=Filter(section="one more")))
    fanout.join(Listener())
    for subscriber in subscribers:
        subscriber.gone()
        subscriber.gone()
    fanout.check_room_for(Filter(section="one more"))
    assert len(list(fanout.subscribers())) == 1


def test_no_network_takes_the_filters_of_all_others() -> None:
    fanout = new_fanout()
    first = [Listener(filter_=Filter(section=f"s{i}")) for i in range(MOST_OF_ONE)]
    for subscriber in first:
        fanout.join(subscriber, network="192.0.2")
    with pytest.raises(TooMany):
        fanout.check_room_for(Filter(section="one more"), "192.0.2")
    fanout.check_room_for(Filter(section="s1"), "192.0.2")
    fanout.join(Listener(filter_=Filter(section="one more")), network="198.51.100")
    first[0].gone()
    fanout.check_room_for(Filter(section="another"), "192.0.2")


def test_beyond_the_most_an_output_has_no_name_and_is_served() -> None:
    fanout = new_fanout()
    for _ in range(MOST_OUTPUTS):
        fanout.join(Listener(), output="x")
    screen = Listener()
    fanout.check_room_for(EVERYTHING)
    fanout.join(screen, output="Gallery")
    assert screen.messages[0]["type"] == "snapshot"
    assert screen not in fanout.outputs


def test_the_document_is_the_same_on_every_process() -> None:
    loaded = Loaded(Position("epoch0", 5, 0), [headline()], [], complete=False)
    one, other = new_fanout(loaded), new_fanout(loaded)
    other.now = NOW + 60_000
    assert one.peek(EVERYTHING).document() == other.peek(EVERYTHING).document()
