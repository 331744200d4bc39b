"""A web process is restarted under load: its readers go in good order, and come back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.crowd import Crowd, crowd
from tests.journeys.readers import Writer, both_kinds, converged, listening, new_key, one_long_channel
from tests.servers import Web, eventually, running

READERS = 150
MANY = 5_000
DRAIN = 2.0  # s


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_a_restart_is_a_reconnect(redis_url: str, tmp_path: Path, processes: str) -> None:
    env = one_long_channel(tmp_path) | {"TICKER_DRAIN_SECONDS": str(DRAIN), "TICKER_WEB_PROCESSES": processes}
    web, other = Web(redis_url, tmp_path, **env), Web(redis_url, tmp_path, **env)
    readers = [*both_kinds(READERS, web.url)]
    async with running(web, other), listening(*readers) as session:
        key = await new_key(redis_url)
        writers = [Writer(session, key, web.url, other.url) for _ in range(2)]
        traffic = [asyncio.create_task(w.keep_publishing(f"Writer {i}", 50, 0.12)) for i, w in enumerate(writers)]
        await eventually(lambda: min(len(w.accepted) for w in writers) > 5, "traffic flows", within=60)

        code = await asyncio.to_thread(web.stop)
        assert code == 0, web.said()
        assert "killed" not in web.said(), "they ended within their deadline"
        await web.ready()

        await asyncio.gather(*traffic)
        accepted = {headline_id for writer in writers for headline_id in writer.accepted}
        await converged(*readers, on=accepted, within=60)
        assert len(readers[0].board) == 100
    goodbyes = []
    for reader in readers:
        assert reader.seen == accepted
        assert reader.connects >= 2
        assert (reader.repeats, len(reader.of("snapshot"))) == (0, 1)
        goodbye = reader.of("goodbye")[0]  # who asks again over a connection that stood open gets another
        goodbyes.append((reader.heard_at[reader.messages.index(goodbye)], goodbye["retry_ms"]))
    said_at = [at for at, _ in goodbyes]
    spread = max(said_at) - min(said_at)
    assert spread > DRAIN / 2
    for quarter in range(4):
        begins = min(said_at) + spread * quarter / 4
        assert sum(begins <= at <= begins + spread / 4 for at in said_at) < READERS * 2 / 3, "not all at one moment"
    delays = [delay for _, delay in goodbyes]
    assert len(set(delays)) > READERS / 2
    assert 0 <= min(delays) < DRAIN * 250 < DRAIN * 750 < max(delays) <= DRAIN * 1000


async def test_five_thousand_open_streams_end_within_the_deadline(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path, **one_long_channel(tmp_path) | {"TICKER_DRAIN_SECONDS": str(DRAIN)})
    async with running(web), crowd("127.0.0.1", web.port, MANY) as readers:
        assert await web.metric("ticker_connections") == MANY
        assert await asyncio.to_thread(web.stop) == 0, web.said()
        assert "killed" not in web.said(), "they ended within their deadline"
        told = await eventually(lambda: all_gone(readers))
    assert told["most"]["goodbye"] == told["least"]["goodbye"] == 1, "each in its turn, and once"
    assert "Traceback" not in web.said()


async def all_gone(readers: Crowd) -> dict[str, Any] | None:
    told = await readers.report()
    return told if told["cut"] == MANY else None
