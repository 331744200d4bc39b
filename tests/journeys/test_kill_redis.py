"""Redis is killed in the middle of traffic, and comes back with what it had."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.journeys.readers import Writer, both_kinds, converged, listening, new_key, one_long_channel, standing
from tests.servers import RedisServer, Web, binaries, eventually, running
from ticker.store import connect, new_clock
from ticker.stream import Stream

SECOND = 1.0  # of answered writes that `everysec` may lose


@pytest.mark.parametrize("fsync", ["always", "everysec"])
async def test_nothing_accepted_is_lost(fsync: str, tmp_path: Path) -> None:
    options = ("--appendonly", "yes", "--appendfsync", fsync)
    redis = RedisServer([*binaries().values()][-1], tmp_path / "redis", *options)
    web = Web(redis.url, tmp_path, **one_long_channel(tmp_path))
    readers = [*both_kinds(6, web.url)]
    with standing(redis):
        async with running(web), listening(*readers) as session:
            key = await new_key(redis.url)
            writers = [Writer(session, key, web.url) for _ in range(5)]
            traffic = [asyncio.create_task(w.keep_publishing(f"Writer {i}", 100, 0.02)) for i, w in enumerate(writers)]
            await eventually(lambda: min(len(w.accepted) for w in writers) >= 50, "traffic flows")

            redis.kill()
            killed_at = time.time()
            await eventually(lambda: all(w.refusals["unavailable"] for w in writers), "writers are refused")
            answered = sum(len(w.accepted) for w in writers)
            await eventually(lambda: all(r.messages[-1].get("stale") for r in readers), "readers are told")
            assert sum(len(w.accepted) for w in writers) == answered, "a 201 without a Redis"
            redis.start()

            await asyncio.gather(*traffic)
            accepted = {headline_id: at for w in writers for headline_id, at in w.accepted_at.items()}
            async with connect(redis.url) as client:
                kept = {record.id: record for record in await Stream(client, new_clock()).records("en")}
            await converged(*readers, on=kept.keys() & accepted)
            await eventually(
                lambda: not any(r.messages[-1].get("stale") for r in readers), "readers are told of its return"
            )
    lost = [accepted[headline_id] for headline_id in accepted.keys() - kept.keys()]
    assert not lost or (fsync == "everysec" and min(lost) > killed_at - SECOND)
    assert max(Counter(record.text for record in kept.values()).values()) == 1, "a retry made a second headline"
    assert {len(reader.of("snapshot")) for reader in readers} == {2 if lost else 1}
    assert {reader.connects for reader in readers} == {1}, "readers stay connected"
    assert {reader.repeats for reader in readers} == {0}
