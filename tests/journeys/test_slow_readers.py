"""Readers that stop reading under load cost the others nothing, and are caught up when they go on."""

import asyncio
import itertools
from pathlib import Path

from tests.journeys.crowd import board_of, crowd
from tests.servers import Web, eventually, resident, running
from ticker.desk.desk import Desk
from ticker.headline import Draft, Patch
from ticker.stream import Stream

STOPPED, OTHERS = 50, 100
HEADLINES = 20
RATE = 100  # events a second, where the machine can
MISSED = 60  # events; all of it has to be over before a reader that takes nothing is closed, also on a slow machine
BUFFERED = 200 * 1024  # bytes that may wait in our memory for one reader that takes nothing


async def test_the_stopped_are_caught_up_and_the_others_never_notice(
    redis_url: str, stream: Stream, desk: Desk, tmp_path: Path
) -> None:
    web = Web(redis_url, tmp_path, TICKER_HEARTBEAT_SECONDS="1")
    async with (
        running(web),
        crowd("127.0.0.1", web.port, OTHERS) as others,
        crowd("127.0.0.1", web.port, STOPPED, receive_buffer=4096) as stopped,
    ):
        strip = [await _headline(desk, f"Headline {i}") for i in range(HEADLINES)]
        await others.agrees(await board_of(stream))
        await stopped.agrees(await board_of(stream))
        before = resident(web.pid)

        stopped.stop()
        async with asyncio.TaskGroup() as tasks:
            edited: list[str] = []
            enough = asyncio.Event()
            tasks.create_task(_edit(desk, strip, edited, enough))
            await eventually(lambda: _are_paused(web), "the stopped take no more")
            missed_from = len(edited)
            await eventually(lambda: len(edited) > missed_from + MISSED, "and it flows on")
            grown = resident(web.pid) - before
            enough.set()

        board = await board_of(stream)
        current = await others.agrees(board)
        assert await web.metric("ticker_paused") == STOPPED, "the others have it all, and these still nothing"
        assert grown < (STOPPED + OTHERS) * BUFFERED, "others are paused for moments, too"

        stopped.go_on()
        caught_up = await stopped.agrees(board)
        assert caught_up["most"]["updated"] < current["most"]["updated"] - MISSED // 2, "the net change, not each event"
        assert caught_up["repeats"] == current["repeats"] == 0
        assert await web.metric("ticker_catchups_total") >= STOPPED
        assert await web.metric("ticker_slow_closed_total") == await web.metric("ticker_paused") == 0


async def _are_paused(web: Web) -> bool:
    """At least as many as are stopped: on a slow machine also some of those who read."""
    return await web.metric("ticker_paused") >= STOPPED


async def _edit(desk: Desk, strip: list[str], edited: list[str], enough: asyncio.Event) -> None:
    """Each event takes twelve kilobytes of every reader's buffers, so that they are soon full."""
    for version in itertools.count(1):
        for headline_id in strip:
            pace = asyncio.create_task(asyncio.sleep(1 / RATE))
            link = f"https://example.org/{len(edited)}/".ljust(2000, "新")
            await desk.edit("en", headline_id, Patch(link=link, image=link), version, by="test")
            edited.append(headline_id)
            await pace
            if enough.is_set():
                return


async def _headline(desk: Desk, text: str) -> str:
    receipt = await desk.publish("en", Draft(text=text), by="test")
    assert receipt.record is not None
    return receipt.record.id
