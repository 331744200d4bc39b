"""One process's playlists: they follow the boards and the gallery, and two processes have the same."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.servers import PATIENCE, RedisServer, eventually
from tests.test_control import output
from tests.test_hub import at_work
from ticker import metrics
from ticker.desk.audit import EVERYTHING, Audit
from ticker.desk.desk import Desk
from ticker.errors import NoOutput, Unavailable
from ticker.headline import Draft, Patch, Record
from ticker.most_read.reads import Reads
from ticker.onair.control import Control, Cue, Order
from ticker.onair.cues import Cues
from ticker.onair.log import CONTROL, LOG, PAGES, Where
from ticker.onair.output import Output
from ticker.onair.playout import Playout
from ticker.onair.playouts import Playouts
from ticker.onair.report import Report
from ticker.onair.target import Target
from ticker.onair.targets import TARGETS
from ticker.position import Position
from ticker.settings import Settings
from ticker.store import Client, connect, end, new_clock
from ticker.stream import Stream
from ticker.urgency import Urgency

CHANNELS = Settings().channels
PROGRAM = output()
OPEN = output(name="open", clearance="automatic", channels=["en", "ar"])
OUTPUTS = {one.name: one for one in (PROGRAM, OPEN)}


@contextlib.asynccontextmanager
async def idle(redis: Client, outputs: Mapping[str, Output] = OUTPUTS) -> AsyncIterator[Playouts]:
    """A process with a hub of its own."""
    async with at_work(redis) as hub:
        playouts = Playouts(hub, outputs, CHANNELS)
        task = asyncio.create_task(playouts.run())
        try:
            await eventually(lambda: all(playout.playlist for playout in playouts), "the outputs are loaded")
            yield playouts
        finally:
            task.cancel()
            await asyncio.wait([task])


@contextlib.asynccontextmanager
async def playing(redis: Client, outputs: Mapping[str, Output] = OUTPUTS) -> AsyncIterator[Playouts]:
    """One whose outputs somebody follows."""
    async with idle(redis, outputs) as playouts, followed(playouts, *outputs):
        yield playouts


async def publish(desk: Desk, text: str = "It is so", channel: str = "en", **fields: Any) -> Record:
    record = (await desk.publish(channel, Draft(text=text, **fields), by="Ann (ann)")).record
    assert record is not None
    return record


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that has reported once is live and up to date for as long as a test takes."""
    for name, value in {"playout.SILENT_AFTER": 600_000, "watch.SILENT_AFTER": 600_000, "watch.LATE": 600}.items():
        monkeypatch.setattr(f"ticker.onair.{name}", value)


def ids(playout: Playout) -> list[str]:
    return [item["id"] for item in playout.current().fields["items"]]


@contextlib.asynccontextmanager
async def followed(playouts: Playouts, *names: str) -> AsyncIterator[None]:
    """Somebody follows these outputs: they are made anew at once."""
    following = [playouts.follow(name, 0.05) for name in names]
    try:
        for one in following:
            await anext(one)
        yield
    finally:
        for one in following:
            await one.aclose()


async def test_what_is_published_waits_for_whoever_clears_it(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        one = await publish(desk)
        await eventually(lambda: ids(playouts.of("open")) == [one.id])
        assert ids(playouts.of("program")) == []
        await Cues(playouts.log, desk).say(PROGRAM, Cue.CLEAR, Order(id=one.id), "ben")
        await eventually(lambda: ids(playouts.of("program")) == [one.id])


async def test_a_kill_is_gone_and_an_expiry_may_finish(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        open_ = playouts.of("open")
        killed, expired = await publish(desk), await publish(desk, "Another", "ar")
        await eventually(lambda: len(ids(open_)) == 2)
        await desk.retract("en", killed.id, "wrong", by="ann")
        await desk.expire("ar", expired.id, by="ann", at_once=True)
        await eventually(lambda: not ids(open_))
        assert open_.current().fields["leaving"] == [expired.id]
        told, before = playouts.follow("open", 0.05), open_.current()
        assert (await anext(told) or {})["id"] == before.id
        await desk.retract("ar", expired.id, "wrong", by="ann")
        while (message := await anext(told)) is None:
            pass
        assert (message["leaving"], message["before"]) == ([], before.id), "a kill ends what was only leaving"
        assert message["frame"] > before.mark.frame


@contextlib.asynccontextmanager
async def page(playouts: Playouts, name: str = "open") -> AsyncIterator[AsyncIterator[dict[str, Any] | None]]:
    """One that follows an output, for as long as it does."""
    following = playouts.follow(name, 0.05)
    try:
        yield following
    finally:
        await following.aclose()  # type: ignore[attr-defined]


async def news(page: AsyncIterator[dict[str, Any] | None], *known: str) -> dict[str, Any]:
    """What it is told that has none of these ids."""
    async with asyncio.timeout(10):
        async for message in page:
            if message is not None and message["id"] not in known:
                return message
    raise AssertionError("it ended")


async def left_quietly(playouts: Playouts, desk: Desk, page: AsyncIterator[dict[str, Any] | None]) -> tuple[str, str]:
    """A headline that has left while it is on the page's screen; its id, and that of what the page has."""
    await news(page)
    one, open_ = await publish(desk), playouts.of("open")
    await eventually(lambda: ids(open_) == [one.id])
    await desk.expire("en", one.id, by="ann", at_once=True)
    await eventually(lambda: open_.current().fields["leaving"] == [one.id])
    while (await news(page))["leaving"] != [one.id]:
        pass
    await eventually(lambda: open_.kept == open_.current().id)
    return one.id, open_.current().id


@pytest.mark.parametrize("cue", [None, Cue.HOLD])
async def test_what_is_leaving_is_taken_off_a_page_that_has_come_anew(
    redis: Client, desk: Desk, cue: Cue | None
) -> None:
    """By a kill, and by a hold at the output alone."""
    async with idle(redis) as playouts:
        async with page(playouts) as one:
            gone, had = await left_quietly(playouts, desk, one)
        async with page(playouts) as again:
            assert (await news(again))["id"] == had
            if cue:
                await Cues(playouts.log, desk).say(OPEN, cue, Order(id=gone), "ben")
            else:
                await desk.retract("en", gone, "wrong", by="ann")
            assert (await news(again, had))["leaving"] == []


async def test_a_kill_of_what_is_leaving_reaches_pages_after_the_outputs_log_was_lost(
    redis: Client, desk: Desk
) -> None:
    async with idle(redis) as playouts, page(playouts) as one:
        await Cues(playouts.log, desk).say(OPEN, Cue.SPEED, Order(speed=5), "ben")
        await eventually(lambda: playouts.of("open").control.speed == 5)
        killed, had = await left_quietly(playouts, desk, one)
        await redis.delete(LOG)
        await redis.hset(CONTROL, "program", Control(speed=7).model_dump_json())
        await eventually(lambda: playouts.of("program").control.speed == 7, "all of it was loaded anew")
        await desk.retract("en", killed, "wrong", by="ann")
        assert (await news(one, had))["leaving"] == []


async def test_a_kill_of_what_is_leaving_reaches_pages_of_a_process_that_began_later(redis: Client, desk: Desk) -> None:
    async with idle(redis) as early, page(early) as one:
        killed, had = await left_quietly(early, desk, one)
        async with idle(redis) as late, page(late) as other:
            assert (await news(other))["id"] == had
            await desk.retract("en", killed, "wrong", by="ann")
            assert (await news(other, had))["id"] == (await news(one, had))["id"]


async def test_a_kill_that_no_process_has_heard_reaches_the_page_that_comes_back(redis: Client, desk: Desk) -> None:
    async with idle(redis) as playouts, page(playouts) as one:
        killed, had = await left_quietly(playouts, desk, one)
    await desk.retract("en", killed, "wrong", by="ann")
    async with idle(redis) as playouts, page(playouts) as again:
        told = await news(again, had)
        assert (told["items"], told["leaving"]) == ([], [])


async def test_a_kill_of_what_nobody_has_cleared_here_is_no_news_to_pages(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        one, program = await publish(desk), playouts.of("program")
        await eventually(lambda: program.current().waiting)
        had = program.current().id
        await desk.retract("en", one.id, "wrong", by="ann")
        await eventually(lambda: not program.current().waiting)
        assert program.current().id == had


@pytest.mark.usefixtures("unhurried")
async def test_a_kill_of_what_is_leaving_has_a_receipt_too(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        one, program = await publish(desk), playouts.of("program")
        await Cues(playouts.log, desk).say(PROGRAM, Cue.CLEAR, Order(id=one.id), "ben")
        await eventually(lambda: ids(program) == [one.id])
        await playouts.report("program", said(program, on_screen=[one.id]))
        await desk.edit("en", one.id, Patch(section="world"), 1, by="ann")
        await eventually(lambda: program.current().fields["leaving"] == [one.id])
        await desk.retract("en", one.id, "wrong", by="ann")
        await eventually(lambda: program.current().fields["leaving"] == [])
        [tally] = playouts.hub.fanouts["en"].tallies
        assert tally.outputs == {"program (main)": None}


async def test_what_only_the_clock_takes_away_makes_no_new_playlist(
    redis: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with playing(redis) as playouts:
        one, open_ = await publish(desk), playouts.of("open")
        await eventually(lambda: ids(open_) == [one.id])
        await desk.expire("en", one.id, by="ann", at_once=True)
        await eventually(lambda: open_.current().fields["leaving"] == [one.id])
        id_ = open_.current().id
        monkeypatch.setattr("ticker.onair.playouts.LEAVES_FOR", -1)
        await publish(desk, "Of another output", "es")
        await publish(desk, "Made anew", "ar", section="none")
        await eventually(lambda: len(ids(open_)) == 1)
        assert open_.previous == id_


async def test_whoever_cleared_it_is_known_though_it_was_held_before_the_page_told(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        one, cues = await publish(desk), Cues(playouts.log, desk)
        await cues.say(PROGRAM, Cue.CLEAR, Order(id=one.id), "ben")
        program = playouts.of("program")
        await eventually(lambda: ids(program) == [one.id])
        await cues.say(PROGRAM, Cue.HOLD, Order(id=one.id), "cat")
        await eventually(lambda: ids(program) == [])
        run = {"id": one.id, "version": 1, "text": one.text, "first": 10, "last": 20, "covered": True}
        await playouts.report("program", said(program, ran=[run]))
        page = await Audit(redis, Where.of).search("program", EVERYTHING)
        [entry] = [entry.fields for entry in page.entries if entry.fields["action"] == "ran"]
        assert entry["cleared_by"] == "ben"


async def test_a_fault_of_ours_with_one_output_hurts_no_other(
    redis: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with playing(redis) as playouts:
        one, open_, program = await publish(desk), playouts.of("open"), playouts.of("program")
        await eventually(lambda: ids(open_) == [one.id])

        def broken(*_: object) -> bool:
            raise RuntimeError("a fault of ours")

        monkeypatch.setattr(program, "renew", broken)
        program.until = 0
        await eventually(lambda: "with output program; going on" in caplog.text)
        two = await publish(desk, "Heard while the other is at fault")
        await eventually(lambda: set(ids(open_)) == {one.id, two.id})
        await desk.retract("en", two.id, "a test", by="ann")
        await eventually(lambda: ids(open_) == [one.id])
        assert "en: a fault of ours" not in caplog.text, "readers have nothing to do with it"
        await Cues(playouts.log, desk).say(OPEN, Cue.HOLD, Order(id=one.id), "ben")
        await eventually(lambda: ids(open_) == [])
        await eventually(lambda: open_.kept == open_.current().id, "Redis is told of it, too")


async def test_a_redis_that_hangs_holds_up_nobodys_clock(redis_server: RedisServer, tmp_path: Path) -> None:
    """Of the first that is over Redis cannot be told, and the next is over all the same."""
    server = RedisServer(redis_server.path, tmp_path).start()
    assert server.process is not None
    try:
        async with connect(server.url) as redis, playing(redis) as playouts:
            desk, open_ = Desk(Stream(redis, new_clock()), CHANNELS), playouts.of("open")
            soon = playouts.now() + 5000
            first = await publish(desk, "Over first", expires_at=soon)
            second = await publish(desk, "Over next", expires_at=soon + 1000)
            await eventually(lambda: set(ids(open_)) == {first.id, second.id})
            await eventually(lambda: open_.kept == open_.current().id)
            server.process.send_signal(signal.SIGSTOP)
            try:
                await eventually(lambda: ids(open_) == [second.id])
                await eventually(lambda: ids(open_) == [], within=4)
            finally:
                server.process.send_signal(signal.SIGCONT)
            await eventually(lambda: open_.kept == open_.current().id, "Redis is told when it is back")
    finally:
        server.stop()


async def test_a_page_that_polls_is_aligned_with_those_that_follow_elsewhere(redis: Client, desk: Desk) -> None:
    async with idle(redis) as one, idle(redis) as two:
        first = await publish(desk)
        for playouts in (one, two):
            await eventually(lambda playouts=playouts: ids(playouts.of("open")) == [first.id])
        polled = await one.asked("open")
        await eventually(lambda: polled.kept == polled.current().id, "Redis knows what pages have that only poll")
        anchor = {"frame": 7, "run": [{"id": first.id, "version": 1, "x": 3, "width": 9}], "next": 0}
        await one.report("open", said(polled, anchor=anchor))
        await eventually(lambda: polled.message(0)["anchor"])
        assert (await two.asked("open")).message(0)["anchor"] == {**anchor, "queue": []}
        async with followed(one, "open"):
            await publish(desk, "More")
            await eventually(lambda: len(ids(one.of("open"))) == 2)
            await desk.edit("en", first.id, Patch(section="world"), 1, by="ann")
            await eventually(lambda: two.hub.fanouts["en"].board.get(first.id).version == 2)  # type: ignore[union-attr]
            assert (await two.asked("open")).current().id == one.of("open").current().id


async def test_whoever_only_asks_changes_nothing_by_it(redis: Client, desk: Desk) -> None:
    async with playing(redis) as elsewhere, idle(redis) as playouts:
        one, open_ = await publish(desk), playouts.of("open")
        await eventually(lambda: ids(elsewhere.of("open")) == ids(playouts.of("open")) == [one.id])
        await eventually(lambda: elsewhere.of("open").kept == elsewhere.of("open").current().id)
        await playouts.state("open")
        changed_at, version = open_.changed_at, open_.version
        for _ in range(3):
            await playouts.state("open")
            await playouts.alarms("open")
        assert (open_.changed_at, open_.version) == (changed_at, version)


async def test_a_scrape_of_a_process_without_pages_tells_no_page_that_it_is_behind(redis: Client, desk: Desk) -> None:
    async with playing(redis) as elsewhere, idle(redis) as playouts:
        one = await publish(desk)
        await eventually(lambda: ids(elsewhere.of("open")) == [one.id])
        await eventually(lambda: elsewhere.of("open").kept == elsewhere.of("open").current().id)
        await elsewhere.report("open", said(elsewhere.of("open")))
        for playout in playouts:
            playout.changed_at = 0  # long ago
        told = (await metrics.text(playouts.hub, Reads(redis, {}, playouts.now), playouts)).decode()
        assert 'ticker_onair_confirmed_age_seconds{output="open",page="main"}' in told
        assert 'code="behind"' not in told


async def test_two_processes_and_one_that_begins_later_have_the_same(redis: Client, desk: Desk) -> None:
    async with playing(redis) as one, playing(redis) as two:
        first = await publish(desk, urgency=Urgency.FLASH)
        await Cues(one.log, desk).say(PROGRAM, Cue.CLEAR, Order(id=first.id), "ben")
        await eventually(lambda: ids(one.of("program")) == ids(two.of("program")) == [first.id])
        for name in OUTPUTS:
            assert one.of(name).current().id == two.of(name).current().id
        mark = one.of("open").current().id
        await publish(desk, "Elsewhere", "es")
        await desk.edit("en", first.id, Patch(section="world"), 1, by="ann")
        await eventually(lambda: one.of("open").kept == one.of("open").current().id != mark, "Redis knows the newest")
        async with playing(redis) as three:
            assert {n: three.of(n).current().id for n in OUTPUTS} == {n: one.of(n).current().id for n in OUTPUTS}


async def test_a_page_that_comes_later_gets_the_anchor_of_the_first(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts, playing(redis) as others:
        one = await publish(desk)
        await eventually(lambda: ids(playouts.of("open")) == ids(others.of("open")) == [one.id])
        open_ = playouts.of("open")
        await eventually(lambda: open_.kept == open_.current().id)
        anchor = {"frame": 7, "run": [{"id": one.id, "version": 1, "x": 3, "width": 9}], "next": 0}
        await playouts.report("open", said(open_, anchor=anchor))
        await playouts.report("open", said(open_, seq=2, anchor={**anchor, "frame": 8}))
        following = others.follow("open", 0.05)
        while not ((message := await anext(following)) and message["anchor"]):
            pass
        assert message["id"] == open_.current().id, "whoever follows is told it once more, with its anchor"
        assert others.of("open").message(0)["anchor"] == {**anchor, "queue": []}
        await publish(desk, "More")
        await eventually(lambda: len(ids(others.of("open"))) == 2)
        assert others.of("open").message(0)["anchor"] is None


async def test_nothing_that_was_never_ours_is_handed_on_in_an_anchor(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        one, open_ = await publish(desk, "Old words"), playouts.of("open")
        await eventually(lambda: ids(open_) == [one.id])
        await desk.edit("en", one.id, Patch(text="New words"), 1, by="ann")
        await eventually(lambda: open_.current().items[0].version == 2 and open_.kept == open_.current().id)
        placed = {"id": one.id, "version": 1, "x": 3, "width": 9}
        forged = {"frame": 7, "run": [{**placed, "text": "Never said"}], "next": 0}
        await playouts.report("open", said(open_, anchor=forged))
        true = {"frame": 7, "run": [{**placed, "text": "Old words"}], "next": 0}
        await playouts.report("open", said(open_, seq=2, anchor=true))
        await eventually(lambda: open_.message(0)["anchor"])
        assert open_.message(0)["anchor"]["run"][0]["text"] == "Old words"


def said(playout: Playout, page: str = "main", **fields: Any) -> Report:
    given = {"key": "k", "boot": "b", "seq": 1, "frame": 5, "playlist": playout.current().id, "page": page, **fields}
    return Report.model_validate(given)


@pytest.mark.usefixtures("unhurried")
async def test_a_kill_has_a_receipt_of_every_page(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        one, open_ = await publish(desk), playouts.of("open")
        await eventually(lambda: ids(open_) == [one.id])
        await playouts.report("open", said(open_, on_screen=[one.id]))
        await playouts.report("open", said(open_, "backup", on_screen=[one.id]))
        await desk.retract("en", one.id, "wrong", by="ann")
        await eventually(lambda: not ids(open_))
        [tally] = playouts.hub.fanouts["en"].tallies
        assert tally.outputs == {"open (main)": None, "open (backup)": None}
        await playouts.report("open", said(open_, seq=2, covered=[{"id": one.id, "at": tally.position.ms + 40}]))
        await eventually(lambda: tally.outputs["open (main)"] is not None)
        assert 0 <= (tally.outputs["open (main)"] or 0) <= 40
        await playouts.report("open", said(open_, "backup", seq=2, on_screen=[one.id]))
        assert tally.outputs["open (backup)"] is None, "it is still on its screen"
        await playouts.report("open", said(open_, "backup", seq=3))
        await eventually(lambda: tally.outputs["open (backup)"] is not None)


async def test_what_has_run_often_enough_leaves_on_every_process(redis: Client, desk: Desk) -> None:
    twice = {"twice": output(name="twice", clearance="automatic", plays=2)}
    async with playing(redis, twice) as one, playing(redis, twice) as two:
        record = await publish(desk)
        await eventually(lambda: ids(one.of("twice")) == ids(two.of("twice")) == [record.id])
        run = {"id": record.id, "version": 1, "text": record.text}
        await one.report("twice", said(one.of("twice"), ran=[{**run, "first": 10, "last": 70}]))
        await one.report("twice", said(one.of("twice"), "backup", ran=[{**run, "first": 10, "last": 70}]))
        assert ids(two.of("twice")) == [record.id], "main and backup are one run"
        await one.report("twice", said(one.of("twice"), seq=2, ran=[{**run, "first": 100, "last": 160}]))
        await eventually(lambda: ids(one.of("twice")) == ids(two.of("twice")) == [])
        assert one.of("twice").current().id == two.of("twice").current().id


async def test_what_has_run_too_often_within_one_report_leaves_as_well(redis: Client, desk: Desk) -> None:
    twice = {"twice": output(name="twice", clearance="automatic", plays=2)}
    async with playing(redis, twice) as playouts:
        record, playout = await publish(desk), playouts.of("twice")
        await eventually(lambda: ids(playout) == [record.id])
        run = {"id": record.id, "version": 1, "text": record.text}
        runs = [{**run, "first": first, "last": first + 50} for first in (10, 70, 130)]
        await playouts.report("twice", said(playout, ran=runs))
        await eventually(lambda: ids(playout) == [])
        assert playout.counted.plays == {record.id: 3}


async def test_what_nobody_could_read_takes_nothing_off_program(redis: Client, desk: Desk) -> None:
    twice = {"twice": output(name="twice", clearance="automatic", plays=2)}
    async with playing(redis, twice) as playouts:
        record, playout = await publish(desk), playouts.of("twice")
        await eventually(lambda: ids(playout) == [record.id])
        run = {"id": record.id, "version": 1, "text": record.text}
        moments = [{**run, "first": first, "last": first + 1} for first in range(10, 110, 2)]
        await playouts.report("twice", said(playout, ran=moments))
        await playouts.report("twice", said(playout, seq=2, ran=[{**run, "first": 200, "last": 260}]))
        await eventually(lambda: playout.counted.plays)
        assert (playout.counted.plays, ids(playout)) == ({record.id: 1}, [record.id])


async def test_nobody_has_cleared_what_a_page_makes_up(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        one, program = await publish(desk), playouts.of("program")
        await Cues(playouts.log, desk).say(PROGRAM, Cue.CLEAR, Order(id=one.id), "ann")
        await eventually(lambda: ids(program) == [one.id])
        for seq, text in enumerate((one.text, "Never said"), 1):
            run = {"id": one.id, "version": 1, "text": text, "first": 10, "last": 70}
            await playouts.report("program", said(program, seq=seq, ran=[run]))
        page = await Audit(redis, Where.of).search("program", EVERYTHING)
        ran = {entry.fields["after"]: entry.fields for entry in page.entries if entry.fields["action"] == "ran"}
        assert ran[one.text]["cleared_by"] == "ann"
        assert "cleared_by" not in ran["Never said"]


async def test_whoever_follows_gets_the_newest_and_a_beat(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        following = playouts.follow("open", 0.05)
        first = await anext(following)
        assert first is not None
        assert await anext(following) is None
        record = await publish(desk)
        await eventually(lambda: ids(playouts.of("open")) == [record.id])
        message = await anext(following)
        assert message is not None
        assert [item["id"] for item in message["items"]] == [record.id]


@contextlib.asynccontextmanager
async def astir(playout: Playout) -> AsyncIterator[None]:
    """What the gallery sees of it changes all the time, and what its pages see does not."""

    async def stir() -> None:
        while True:
            playout.wake()
            await asyncio.sleep(0)

    stirring = asyncio.create_task(stir())
    try:
        yield
    finally:
        await end(stirring)


async def test_what_changes_all_the_time_holds_up_no_beat(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts, astir(playouts.of("open")):
        watching, following = playouts.watch(list(OUTPUTS), 0.05), playouts.follow("open", 0.05)
        async with asyncio.timeout(PATIENCE):
            while await anext(watching) is not None:
                pass
            assert await anext(following) is not None
            assert await anext(following) is None


async def test_whoever_follows_is_let_go_at_once_and_told_nothing_in_between(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        one = await publish(desk)
        await eventually(lambda: ids(playouts.of("open")) == [one.id])
        following = playouts.follow("open", 600)
        assert await anext(following)
        waiting = asyncio.ensure_future(anext(following, "let go"))
        for _ in range(3):
            await asyncio.sleep(0)
            playouts.of("open").wake()  # only the gallery sees what has changed
        await playouts.hub.drain()
        assert await asyncio.wait_for(waiting, 30) == "let go"


async def test_whoever_watches_is_let_go_at_once(redis: Client) -> None:
    async with playing(redis) as playouts:
        watching = playouts.watch(list(OUTPUTS), 600)
        assert await anext(watching) == list(OUTPUTS)
        waiting = asyncio.ensure_future(anext(watching, "let go"))
        await asyncio.sleep(0)
        await playouts.hub.drain()
        assert await asyncio.wait_for(waiting, 30) == "let go"


async def test_whoever_leaves_before_the_first_answer_is_counted_no_more(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_work(redis) as hub:
        playouts = Playouts(hub, OUTPUTS, CHANNELS)
        adopt = playouts._adopt

        async def slow(playout: Playout) -> None:
            await (asyncio.Event().wait() if playout.output.name == "open" else adopt(playout))

        monkeypatch.setattr(playouts, "_adopt", slow)
        program, coming = playouts.of("program"), anext(playouts.watch(["program", "open"], 0.05))
        arriving = asyncio.ensure_future(coming)
        await eventually(lambda: program.followers == 1)
        arriving.cancel()
        await asyncio.wait([arriving])
        assert [playout.followers for playout in playouts] == [0, 0]


@pytest.mark.usefixtures("unhurried")
async def test_the_gallery_sees_all_of_it(redis: Client, desk: Desk) -> None:
    async with playing(redis) as playouts:
        record = await publish(desk)
        await eventually(lambda: playouts.of("program").current().waiting)
        state = await playouts.state("program")
        assert [(one["id"], one["why"]) for one in state["waiting"]] == [(record.id, "not_cleared")]
        assert [alarm["code"] for alarm in state["alarms"]] == ["no_page", "fallback"]
        await playouts.report("program", said(playouts.of("program"), frame=playouts.now() // 20))
        assert [page["page"] for page in (await playouts.state("program"))["pages"]] == ["main"]
        assert [alarm.code for alarm in await playouts.alarms("program")] == ["fallback"]


async def test_the_gallery_sees_how_those_do_that_are_pushed_to(redis: Client, desk: Desk) -> None:
    wall = {"wall": output(name="wall", clearance="automatic", vmix={"url": "http://vmix:8088", "input": "Ticker"})}
    async with playing(redis, wall) as playouts:
        await publish(desk)
        await eventually(lambda: ids(playouts.of("wall")))
        assert [alarm.code for alarm in await playouts.alarms("wall")] == ["unreached"]
        await playouts.targets.tell(Target("other", "vmix", "It is another output's.", at=playouts.now()))
        await playouts.targets.tell(Target("wall", "vmix", playlist="p", at=playouts.now()))
        state = await playouts.state("wall")
        assert [(one["system"], one["trouble"]) for one in state["targets"]] == [("vmix", "")]
        assert state["alarms"] == []


async def test_several_outputs_are_told_of_with_one_look_at_redis(
    redis: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = output(name="wall", clearance="automatic", vmix={"url": "http://vmix:8088", "input": "Ticker"})
    async with playing(redis, {**OUTPUTS, "wall": pushed}) as playouts:
        await playouts.report("open", said(playouts.of("open")))
        await playouts.targets.tell(Target("wall", "vmix", playlist="p", at=playouts.now()))
        looks, command = list[object](), redis.execute_command

        async def counted(*args: object, **options: object) -> object:
            looks.append(args)
            return await command(*args, **options)

        monkeypatch.setattr(playouts.log.redis, "execute_command", counted)
        program, open_, wall = await playouts.states(["program", "open", "wall"])
        assert [args for args in looks if args[0] == "HGETALL"] == [("HGETALL", PAGES), ("HGETALL", TARGETS)]
        assert [len(one["pages"]) for one in (program, open_, wall)] == [0, 1, 0]
        assert [len(one["targets"]) for one in (program, open_, wall)] == [0, 0, 1]


async def test_before_anything_is_loaded_nothing_is_told(redis: Client) -> None:
    async with at_work(redis) as hub:
        playouts = Playouts(hub, OUTPUTS, CHANNELS)
        with pytest.raises(Unavailable):
            playouts.of("program").message(0)
        with pytest.raises(Unavailable):
            await playouts.state("program")
        with pytest.raises(NoOutput):
            playouts.of("nowhere")


async def test_nobody_who_follows_costs_nothing_and_whoever_asks_gets_it_as_it_is(redis: Client, desk: Desk) -> None:
    async with playing(redis) as one, idle(redis) as other:
        first = await publish(desk)
        second = await publish(desk, "Another")
        gone = await desk.retract("en", second.id, "wrong", by="ann")
        at = Position.parse(gone.position or "")
        await eventually(lambda: other.hub.fanouts["en"].position == one.hub.fanouts["en"].position == at)
        await eventually(lambda: one.of("open").kept == one.of("open").current().id)
        assert next(playout for playout in other if playout.output.name == "open").is_due
        assert ids(other.of("open")) == [first.id]
        async with followed(other, "open"):
            assert other.of("open").current().id == one.of("open").current().id, "as pages elsewhere have it"
