"""Readers that stop reading under load cost the others nothing, and are caught up when they go on."""

import asyncio
import itertools
from pathlib import Path

from tests.journeys.crowd import crowd
from tests.servers import Web, eventually, resident, running
from ticker.desk import Desk
from ticker.headline import Draft, Patch

STOPPED, OTHERS = 50, 100
HEADLINES = 20
RATE = 100  # events a second
BUFFERED = 256 * 1024  # bytes that may wait in our memory for one reader that takes nothing


async def test_the_stopped_are_caught_up_and_the_others_never_notice(
    redis_url: str, desk: Desk, tmp_path: Path
) -> None:
    web = Web(redis_url, tmp_path, TICKER_HEARTBEAT_SECONDS="1")
    async with (
        running(web),
        crowd("127.0.0.1", web.port, OTHERS) as others,
        crowd("127.0.0.1", web.port, STOPPED, receive_buffer=4096) as stopped,
    ):
        strip = [await _headline(desk, f"Headline {i}") for i in range(HEADLINES)]
        await others.agrees({*strip})
        await stopped.agrees({*strip})
        before = resident(web.pid)

        stopped.stop()
        events = itertools.count()
        traffic = asyncio.create_task(_edit(desk, strip, events))
        await eventually(lambda: _all_paused(web), "the stopped take no more")
        paused_at = next(events)
        await eventually(lambda: next(events) > paused_at + 4 * RATE, "and it flows on")
        grown = resident(web.pid) - before
        traffic.cancel()
        await asyncio.gather(traffic, return_exceptions=True)

        current = await others.agrees({*strip})
        assert await web.metric("ticker_paused") == STOPPED, "the others have it all, and these still nothing"
        assert grown < STOPPED * BUFFERED

        stopped.go_on()
        caught_up = await stopped.agrees({*strip})
        assert caught_up["boards"] == (await others.report())["boards"] == current["boards"]
        assert caught_up["most"]["updated"] < current["most"]["updated"] - RATE, "the net change, not each event"
        assert caught_up["repeats"] == current["repeats"] == 0
        assert await web.metric("ticker_catchups_total") >= STOPPED
        assert await web.metric("ticker_slow_closed_total") == await web.metric("ticker_paused") == 0


async def _all_paused(web: Web) -> bool:
    return await web.metric("ticker_paused") == STOPPED


async def _edit(desk: Desk, strip: list[str], events: "itertools.count[int]") -> None:
    """Each event fills more than two kilobytes of every reader's buffers."""
    for version in itertools.count(1):
        for headline_id in strip:
            pace = asyncio.create_task(asyncio.sleep(1 / RATE))
            link = f"https://example.org/{next(events)}/".ljust(2000, "x")
            await desk.edit("en", headline_id, Patch(link=link), version, by="test")
            await pace


async def _headline(desk: Desk, text: str) -> str:
    receipt = await desk.publish("en", Draft(text=text), by="test")
    assert receipt.record is not None
    return receipt.record.id
