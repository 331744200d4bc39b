"""A tally adds up, whoever confirms, leaves or lags behind, in whatever order."""

import json
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW, Listener, headline
from ticker.channel import Channel
from ticker.desk.tally import MOST_OPEN, OPEN_FOR, TALLIED, Tallies, Tally
from ticker.events import Event, EventType, removal, upsert
from ticker.fanout.fanout import Fanout, Loaded
from ticker.filter import Filter
from ticker.position import Position
from ticker.urgency import Urgency

ONE, TWO = "a" * 16, "b" * 16


class Answering(Listener):
    transport: ClassVar[str] = "websocket"

    def asked(self) -> list[str]:
        return [message["confirm"] for message in self.messages if "confirm" in message]


class Silent(Listener):
    transport: ClassVar[str] = "sse"


class Strip:
    """A channel's fan-out with two headlines on it."""

    def __init__(self) -> None:
        self.fanout = Fanout(Channel(name="en"), every_ms=15_000, now=NOW, tallies=Tallies(TALLIED))
        board = [headline(ONE), headline(TWO, urgency=Urgency.FLASH)]
        self.at = NOW
        self.fanout.load(Loaded(self.position, board, [], complete=True))

    @property
    def position(self) -> Position:
        return Position("abcdef01", self.at, 0)

    def tell(self, *told: Event) -> list[Tally]:
        entries = []
        for event in told:
            self.at += 1
            entries.append((self.position, event))
        before = len(list(self.fanout.tallies))
        self.fanout.take(entries)
        self.fanout.count(self.at + 5)
        return list(self.fanout.tallies)[before:]


KILL = removal(EventType.RETRACTED, ONE)


def test_of_a_kill_it_is_known_who_had_it_and_who_has_confirmed() -> None:
    strip = Strip()
    sockets, streams = [Answering() for _ in range(3)], [Silent() for _ in range(2)]
    for one in (*sockets, *streams):
        strip.fanout.join(one)
    [tally] = strip.tell(KILL)
    assert (tally.had, tally.confirmed, tally.written, tally.slowest) == ({"websocket": 3, "sse": 2}, 0, 2, 5)
    assert sockets[0].asked() == [str(strip.position)]
    for one, after in ((sockets[0], 30), (sockets[0], 40), (sockets[2], 20)):
        strip.fanout.tallies.confirm(one, one.asked()[0], strip.at + after)
    assert tally.figures() == {
        "had": {"websocket": 3, "sse": 2}, "confirmed": 2, "written": 2, "gone": 0, "slowest_ms": 30, "outputs": {},
    }  # fmt: skip
    assert not tally.moved
    sockets[1].gone()
    assert (tally.gone, tally.moved) == (1, True)


def test_only_those_whose_filter_matched_had_it() -> None:
    strip = Strip()
    urgent = Answering(filter_=Filter(Urgency.URGENT))
    everything = Answering()
    for one in (urgent, everything):
        strip.fanout.join(one)
    [tally] = strip.tell(KILL)
    assert tally.had == {"websocket": 1}
    strip.fanout.tallies.confirm(urgent, str(strip.position), strip.at)
    assert tally.confirmed == 0


def test_a_correction_that_leaves_a_filter_is_confirmed_as_the_removal_it_is() -> None:
    strip = Strip()
    urgent = Answering(filter_=Filter(Urgency.URGENT))
    strip.fanout.join(urgent)
    [tally] = strip.tell(upsert(EventType.CORRECTED, headline(TWO, version=2, urgency=Urgency.ROUTINE)))
    assert (urgent.messages[-1]["type"], urgent.asked()) == ("expired", [str(strip.position)])
    strip.fanout.tallies.confirm(urgent, urgent.asked()[0], strip.at)
    assert tally.confirmed == 1


def test_nobody_had_what_was_never_told() -> None:
    strip = Strip()
    strip.fanout.join(Answering())
    assert strip.tell(removal(EventType.HELD, "c" * 16)) == []
    assert strip.tell(upsert(EventType.PUBLISHED, headline("d" * 16)), removal(EventType.RETRACTED, "d" * 16)) == []
    assert strip.tell(upsert(EventType.UPDATED, headline(ONE, version=2))) == []


def test_who_has_done_the_last_has_done_what_came_before() -> None:
    strip = Strip()
    socket = Answering()
    strip.fanout.join(socket)
    first, second = strip.tell(upsert(EventType.CORRECTED, headline(ONE, version=2)), KILL)
    [other] = strip.tell(removal(EventType.HELD, TWO))
    assert socket.asked() == [str(second.position), str(other.position)]
    strip.fanout.tallies.confirm(socket, str(second.position), strip.at)
    assert (first.confirmed, second.confirmed, other.confirmed) == (1, 1, 0)


def test_a_late_word_on_a_correction_does_not_confirm_the_kill_that_came_after() -> None:
    strip = Strip()
    socket = Answering()
    strip.fanout.join(socket)
    [corrected] = strip.tell(upsert(EventType.CORRECTED, headline(ONE, version=2)))
    [killed] = strip.tell(KILL)
    strip.fanout.tallies.confirm(socket, str(corrected.position), strip.at)
    assert (corrected.confirmed, killed.confirmed) == (1, 0)


def test_who_lags_behind_has_not_confirmed_and_is_asked_when_it_drains() -> None:
    strip = Strip()
    socket, stream = Answering(), Silent()
    for one in (socket, stream):
        strip.fanout.join(one)
        one.pause()
    [tally] = strip.tell(KILL)
    assert (tally.had.total(), tally.written, tally.confirmed) == (2, 0, 0)
    strip.fanout.now = strip.at + 900
    for one in (socket, stream):
        one.drained()
    assert (tally.written, tally.slowest) == (1, 900)
    strip.fanout.tallies.confirm(socket, socket.asked()[0], strip.at + 950)
    assert (tally.confirmed, tally.slowest) == (1, 950)


def test_who_stopped_before_it_was_published_never_had_it() -> None:
    strip = Strip()
    socket = Answering()
    strip.fanout.join(socket)
    socket.pause()
    strip.at += 1000
    strip.tell(upsert(EventType.PUBLISHED, headline("c" * 16, published_at=strip.at)))
    [tally] = strip.tell(removal(EventType.HELD, "c" * 16))
    assert tally.had.total() == 0


def test_outputs_are_known_by_name_and_the_slowest_of_one_name_counts() -> None:
    strip = Strip()
    gallery, spare, wall = Answering(), Answering(), Silent()
    for one, name in ((gallery, "Gallery"), (spare, "Gallery"), (wall, "Wall")):
        strip.fanout.join(one, output=name)
    [tally] = strip.tell(KILL)
    assert tally.outputs == {"Gallery": None, "Wall": 5}
    strip.fanout.tallies.confirm(gallery, str(strip.position), strip.at + 10)
    assert tally.outputs["Gallery"] is None
    strip.fanout.tallies.confirm(spare, str(strip.position), strip.at + 30)
    assert json.dumps(tally.figures()["outputs"]) == '{"Gallery": 30, "Wall": 5}'
    spare.gone()
    assert spare not in strip.fanout.outputs


def test_they_are_bounded_and_end() -> None:
    strip = Strip()
    socket = Answering()
    strip.fanout.join(socket)
    for version in range(2, MOST_OPEN + 12):
        strip.tell(upsert(EventType.CORRECTED, headline(ONE, version=version)))
    assert len(list(strip.fanout.tallies)) == MOST_OPEN
    strip.fanout.tick(strip.at + OPEN_FOR - 1000)
    assert list(strip.fanout.tallies)
    strip.fanout.tick(strip.at + OPEN_FOR)
    assert not list(strip.fanout.tallies)
    strip.fanout.tallies.confirm(socket, str(strip.position), strip.at)
    strip.tell(upsert(EventType.UPDATED, headline(ONE, version=99)))
    assert "confirm" not in socket.messages[-1]


STEPS = st.lists(st.tuples(st.sampled_from(["confirm", "leave", "pause", "drain", "join"]), st.integers(0, 5)))


@given(before=STEPS, after=STEPS)
def test_it_adds_up(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
    strip = Strip()
    readers: list[Listener] = [(Answering, Silent)[i % 2]() for i in range(6)]
    here = set(readers)
    paused: set[Listener] = set()

    def act(what: str, one: Listener) -> None:
        if what == "leave":
            one.gone()
            here.discard(one)
            paused.discard(one)
        elif what == "pause" and one in here:
            one.pause()
            paused.add(one)
        elif what == "drain" and one in here:
            one.drained()
            paused.discard(one)
        elif what == "confirm" and one in here and isinstance(one, Answering) and one.asked():
            strip.fanout.tallies.confirm(one, one.asked()[-1], strip.at + 7)
            confirmed.add(one)
        elif what == "join":
            strip.fanout.join(Answering())

    confirmed: set[Listener] = set()
    for one in readers:
        strip.fanout.join(one)
    for what, i in before:
        act(what, readers[i])
    had = {*here}
    joined = strip.fanout.counts.connections.total()
    [tally] = strip.tell(KILL)
    assert tally.had.total() == joined
    for what, i in after:
        act(what, readers[i])
    assert tally.confirmed == len(confirmed & had)
    silent = {one for one in here & had if isinstance(one, Answering)} - confirmed
    lagging = {one for one in here & had & paused if isinstance(one, Silent)}
    others = joined - len(had)
    waiting = tally.had.total() - tally.confirmed - tally.written - tally.gone
    assert waiting <= len(silent) + len(lagging) + others
    assert waiting >= len(silent) + others
