"""Very much at once: it leaves in few writes, what presses goes first, and nobody misses anything."""

import asyncio
import signal
from pathlib import Path

from tests.journeys.crowd import board_of, crowd
from tests.journeys.readers import Reader, both_kinds, converged, listening, one_long_channel
from tests.servers import Web, running
from ticker.channel import Channel
from ticker.desk.desk import Desk
from ticker.headline import Draft
from ticker.stream import Stream
from ticker.urgency import Urgency

READERS = 2_000
WRITERS = 4
EVENTS = 1_000


async def test_a_thousand_events_to_two_thousand_readers(redis_url: str, stream: Stream, tmp_path: Path) -> None:
    desk = Desk(stream, {"en": Channel(name="en", limit=2000)})
    web = Web(redis_url, tmp_path, **one_long_channel(tmp_path) | {"TICKER_HEARTBEAT_SECONDS": "3"})
    async with running(web), crowd("127.0.0.1", web.port, READERS) as readers:
        before = await web.metric("ticker_writes_total")
        published = await asyncio.gather(*(_publish(desk, f"Writer {i}", EVENTS // WRITERS) for i in range(WRITERS)))
        everything = {headline_id for ids in published for headline_id in ids}
        assert len(everything) == EVENTS
        told = await readers.agrees(await board_of(stream), everything)
        writes = await web.metric("ticker_writes_total") - before
    assert told["repeats"] == 0
    assert told["most"]["published"] == EVENTS, "each as an event of its own, to every reader"
    assert told["most"]["snapshot"] == 1
    assert READERS < writes < READERS * EVENTS / 4, "what piled up left as one write"
    assert told["reads"] < EVENTS


async def _publish(desk: Desk, name: str, count: int) -> list[str]:
    return [await _headline(desk, f"{name}, {i}") for i in range(count)]


async def _headline(desk: Desk, text: str, urgency: Urgency = Urgency.ROUTINE) -> str:
    receipt = await desk.publish("en", Draft(text=text, urgency=urgency), by="test")
    assert receipt.record is not None
    return receipt.record.id


async def test_a_kill_and_a_flash_overtake_what_waits_with_them(redis_url: str, stream: Stream, tmp_path: Path) -> None:
    desk = Desk(stream, {"en": Channel(name="en", limit=2000)})
    web = Web(redis_url, tmp_path, **one_long_channel(tmp_path))
    readers: list[Reader] = [*both_kinds(4, web.url)]
    async with running(web), listening(*readers):
        wrong = await _headline(desk, "What turns out to be wrong")
        await converged(*readers, on={wrong})
        assert web.process is not None
        web.process.send_signal(signal.SIGSTOP)  # what is published now waits, and comes as one batch
        first, *ahead = await _publish(desk, "Ahead", 30)
        flash = await _headline(desk, "Now", Urgency.FLASH)
        behind = await _publish(desk, "Behind", 30)
        await desk.retract("en", wrong, "wrong", by="test")
        web.process.send_signal(signal.SIGCONT)
        await converged(*readers, on={first, *ahead, flash, *behind})
    for reader in readers:
        told = [message.get("id") or message["headline"]["id"] for message in reader.of("published", "retracted")]
        assert told[0] == wrong
        # The first may come alone: Redis gives it to a read that was waiting already.
        waited = [headline_id for headline_id in told[1:] if headline_id != first]
        assert waited == [wrong, flash, *ahead, *behind]
