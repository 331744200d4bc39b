"""The disk of Redis is full: writes are refused and say so, readers notice nothing, and it goes on once there is room.

The server gets a small disk of its own, in a mount namespace that ends with it.
"""

import itertools
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.readers import Writer, both_kinds, converged, listening, new_key, one_long_channel
from tests.servers import RedisServer, Web, binaries, eventually, running
from ticker.store import connect, new_clock
from ticker.stream import Stream

DISK = "16m"
NEEDS_USER = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0


@contextmanager
def on_a_small_disk(folder: Path) -> Iterator[RedisServer]:
    """A Redis whose folder is a disk of `DISK`; who is not root gets it in a user namespace."""
    folder.mkdir()
    user = "--user --map-root-user" if NEEDS_USER else ""
    server = folder.parent / "redis-on-a-small-disk"
    mount = f'mount -t tmpfs -o size={DISK} tmpfs "$0" && exec "$@"'
    binary = [*binaries().values()][-1]
    server.write_text(f"#!/bin/sh\nexec unshare --mount {user} sh -c '{mount}' {folder} {binary} \"$@\"\n")
    server.chmod(0o700)
    redis = RedisServer(str(server), folder, "--appendonly", "yes", "--appendfsync", "everysec").start()
    try:
        yield redis
    finally:
        redis.kill()


def fill(redis: RedisServer) -> Path:
    """A file that takes all the room there is left, as it is seen from outside."""
    assert redis.process is not None
    filler = Path(f"/proc/{redis.process.pid}/root{redis.folder}/filler")
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left on device"):
        file.writelines(itertools.repeat(b"\0" * 65536))
    return filler


async def test_a_full_disk_refuses_writers_and_no_reader(tmp_path: Path) -> None:
    with on_a_small_disk(tmp_path / "disk") as redis:
        web = Web(redis.url, tmp_path, **one_long_channel(tmp_path))
        readers = [*both_kinds(4, web.url)]
        async with running(web), listening(*readers) as session:
            writer = Writer(session, await new_key(redis.url), web.url)
            await writer.publish("Before")
            refused = await web.metric("ticker_canary_refused_total")

            filler = fill(redis)
            last_word = await refusal(writer)
            assert last_word["type"] == "/problems/storage-full"
            assert "disk" in last_word["detail"]
            await eventually(lambda: more_refused(web, refused), "the metrics tell operators")
            async with session.get(f"{web.url}/readyz") as answer:
                assert answer.status == 200, "readers are served"
            assert {reader.connects for reader in readers} == {1}

            filler.unlink()
            await writer.publish("After")
            await converged(*readers, on=set(writer.accepted))
            assert {reader.connects for reader in readers} == {1}
            assert {len(reader.of("snapshot")) for reader in readers} == {1}

            async with connect(redis.url) as client:
                kept = {record.id for record in await Stream(client, new_clock()).records("en")}
                assert kept >= set(writer.accepted)
                assert (await client.info("persistence"))["aof_last_write_status"] == "ok"


async def refusal(writer: Writer) -> dict[str, str]:
    """Redis takes what is small until its next write to the disk fails."""
    for n in range(10_000):
        status, body = await writer.send("POST", "/headlines", {"text": f"While it fills {n}"})
        if status != 201:
            assert status == 503
            return body
        writer.accepted[body["id"]] = body
    raise AssertionError("never refused")


async def more_refused(web: Web, before: float) -> bool:
    return await web.metric("ticker_canary_refused_total") > before
