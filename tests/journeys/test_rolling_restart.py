"""Two web processes on one socket: renewed under load, and one of them killed. No reader loses anything."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.journeys.readers import Reader, Writer, both_kinds, converged, listening, new_key, one_long_channel
from tests.servers import Web, connections_of, eventually, running

READERS = 200


def two_processes(redis_url: str, folder: Path) -> Web:
    env = one_long_channel(folder) | {"TICKER_WEB_PROCESSES": "2", "TICKER_DRAIN_SECONDS": "1"}
    return Web(redis_url, folder, **env)


async def under_load(web: Web, redis_url: str, change: Callable[[], Awaitable[None]]) -> list[Reader]:
    """The readers, after all of them have seen all that was published before, during and after the change."""
    readers = [*both_kinds(READERS, web.url)]
    async with running(web):
        await eventually(lambda: web.said().count("serving ") == 2, "both have begun")
        async with listening(*readers) as session:
            key = await new_key(redis_url)
            writers = [Writer(session, key, web.url) for _ in range(2)]
            traffic = [asyncio.create_task(w.keep_publishing(f"Writer {i}", 900, 0.1)) for i, w in enumerate(writers)]
            await eventually(lambda: all(len(w.accepted) > 10 for w in writers), "traffic flows")
            await change()
            enough = [len(w.accepted) + 10 for w in writers]
            await eventually(
                lambda: all(len(w.accepted) > n for w, n in zip(writers, enough, strict=True)), "it flows on"
            )
            for task in traffic:
                task.cancel()
            await asyncio.gather(*traffic, return_exceptions=True)
            last = await writers[0].publish("The last one")
            accepted = {headline_id for writer in writers for headline_id in writer.accepted}
            await converged(*readers, on=accepted, within=60)
            texts = [headline.text for headline in readers[0].board]
            assert len(texts) == len(set(texts)), "a writer's retry made a second headline"
            assert last["id"] in readers[0].board
        assert await asyncio.to_thread(web.stop) == 0, web.said()
    assert all(reader.seen >= accepted for reader in readers)
    assert all(len(reader.of("snapshot")) == 1 for reader in readers), "they resumed, and did not start anew"
    return readers


async def test_nobody_notices_when_all_are_renewed(redis_url: str, tmp_path: Path) -> None:
    web = two_processes(redis_url, tmp_path)

    async def renew() -> None:
        old = web.serving()
        assert len(old) == 2
        assert web.process is not None
        web.process.send_signal(signal.SIGHUP)
        await eventually(lambda: not {*old} & {*web.serving()}, "the old ones are gone")
        new = web.serving()
        assert len(new) == 2
        await eventually(lambda: all(connections_of(pid, web.port) for pid in new), "both new ones serve")

    readers = await under_load(web, redis_url, renew)
    for reader in readers:
        assert reader.repeats == 0, "each headline came once"
        assert len(reader.of("goodbye")) >= 1
        assert reader.connects >= 2
    assert web.said().count("a new one is ready in its place") == 2
    assert "starts again" not in web.said()


async def test_nobody_loses_anything_when_one_of_two_is_killed(redis_url: str, tmp_path: Path) -> None:
    web = two_processes(redis_url, tmp_path)
    held: list[int] = []

    async def kill() -> None:
        # The one that serves most: who accepts a connection is the kernel's choice.
        other, killed = sorted(web.serving(), key=lambda pid: connections_of(pid, web.port))
        held.append(connections_of(killed, web.port))
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: len({*web.serving()} - {killed, other}) == 1, "another has taken its place")
        assert other in web.serving()

    readers = await under_load(web, redis_url, kill)
    stayed = [reader for reader in readers if reader.connects == 1]
    assert READERS / 2 - 4 <= held[0] - 4 <= READERS - len(stayed), "its readers came back; a few of these are writers"
    assert all(reader.repeats == 0 for reader in stayed)
    assert "killed by signal 9; starts again" in web.said()
