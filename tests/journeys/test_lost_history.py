"""Redis comes back without its last writes, with older data, with none; fails over; or takes no more."""

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Self

import pytest
import redis

from tests.journeys.readers import (
    Reader,
    StreamReader,
    WebSocketReader,
    Writer,
    both_kinds,
    converged,
    listening,
    new_key,
    one_long_channel,
    standing,
)
from tests.servers import RedisServer, Web, binaries, eventually, free_port, running
from tests.tcp import answering, calling
from ticker.desk.desk import Desk
from ticker.headline import Draft
from ticker.settings import Settings
from ticker.store import connect, new_clock
from ticker.stream import Stream

NEWEST = [*binaries().values()][-1]


async def publish_at_once(redis_url: str, text: str) -> None:
    """Before anybody has had the time to look whether history still holds."""
    async with connect(redis_url) as client:
        await Desk(Stream(client, new_clock()), Settings().channels).publish("en", Draft(text=text), by="ann")


def started_anew(*readers: Reader) -> None:
    """Each got one snapshot to begin with, and just one more, which says why."""
    assert [[m.get("reason") for m in reader.of("snapshot")] for reader in readers] == [[None, "epoch"]] * len(readers)


@pytest.mark.parametrize("backup", ["older", "empty"])
async def test_redis_comes_back_with_less(backup: str, tmp_path: Path) -> None:
    server, env = RedisServer(NEWEST, tmp_path / "redis"), one_long_channel(tmp_path)
    first, second = Web(server.url, tmp_path, **env), Web(server.url, tmp_path, **env)
    readers = [*both_kinds(4, first.url), *both_kinds(4, second.url)]
    away = WebSocketReader(first.url)
    with standing(server):
        async with running(first, second), listening(*readers) as session:
            writer = Writer(session, await new_key(server.url), first.url)
            kept = [(await writer.publish(f"Kept {i}"))["text"] for i in range(3)]
            with server.client as client:
                client.save()
            shutil.copy(server.folder / "dump.rdb", tmp_path / "backup.rdb")
            for i in range(3):
                await writer.publish(f"Lost {i}")
            await converged(*readers, on=writer.accepted.keys())
            away.position = readers[0].position

            server.kill()
            (server.folder / "dump.rdb").unlink()
            if backup == "older":
                shutil.copy(tmp_path / "backup.rdb", server.folder / "dump.rdb")
            server.start()
            await publish_at_once(server.url, "After the fall")

            await eventually(lambda: all(len(r.of("snapshot")) == 2 for r in readers), "a snapshot each")
            writer = Writer(session, await new_key(server.url), first.url)
            after = await writer.publish("And on it goes")
            await converged(*readers, on={after["id"]})
            async with listening(away):
                await converged(away, readers[0])
    expected = {"After the fall", "And on it goes", *(kept if backup == "older" else [])}
    assert {headline.text for headline in readers[0].board} == expected
    started_anew(*readers)
    assert [m.get("reason") for m in away.of("snapshot")] == ["epoch"]


def master_and_replica(folder: Path) -> tuple[RedisServer, RedisServer]:
    master = RedisServer(NEWEST, folder / "master")
    return master, RedisServer(NEWEST, folder / "replica", "--replicaof", "127.0.0.1", str(master.port))


class Door:
    """An address behind which stands one Redis or another."""

    def __init__(self, port: int) -> None:
        self.to, self.port = port, free_port()
        self._writers: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        async with answering(self._serve, self.port):
            yield self

    def lead_to(self, port: int) -> None:
        """From now on there; who is connected is cut."""
        self.to = port
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with calling(self.to) as (inner, outer):
            self._writers |= {writer, outer}
            try:
                await asyncio.gather(_pipe(reader, outer), _pipe(inner, writer))
            finally:
                self._writers -= {writer, outer}


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    raise ConnectionResetError


async def test_a_replica_takes_over_without_the_last_writes(tmp_path: Path) -> None:
    master, replica = master_and_replica(tmp_path)
    with standing(master, replica), master.client as at_master, replica.client as at_replica:
        async with Door(master.port).open() as door:
            web = Web(f"redis://127.0.0.1:{door.port}/0", tmp_path, **one_long_channel(tmp_path))
            readers = [*both_kinds(6, web.url)]
            async with running(web), listening(*readers) as session:
                writer = Writer(session, await new_key(master.url), web.url)
                await writer.publish("On both")
                await eventually(lambda: at_replica.hlen("ticker:{en}:board") == 1, "the replica follows")
                at_replica.replicaof("NO", "ONE")
                await writer.publish("On the master only")
                await converged(*readers, on=writer.accepted.keys())
                assert at_master.hlen("ticker:{en}:board") == 2

                await publish_at_once(replica.url, "On the replica only")
                door.lead_to(replica.port)

                await eventually(lambda: all(len(r.of("snapshot")) == 2 for r in readers), "a snapshot each")
                after = await writer.publish("And on it goes")
                await converged(*readers, on={after["id"]})
    assert {h.text for h in readers[0].board} == {"On both", "On the replica only", "And on it goes"}
    started_anew(*readers)


@contextlib.contextmanager
def sentinel(master: RedisServer, folder: Path) -> Iterator[int]:
    """One that decides alone, and soon. Its port."""
    port, config = free_port(), folder / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor mymaster 127.0.0.1 {master.port} 1\n"
        "sentinel down-after-milliseconds mymaster 1000\nsentinel failover-timeout mymaster 3000\n"
    )
    with subprocess.Popen([NEWEST, str(config), "--sentinel"], stdout=subprocess.DEVNULL) as process:
        try:
            yield port
        finally:
            process.terminate()


async def test_sentinel_promotes_the_replica_and_what_was_confirmed_is_there(tmp_path: Path) -> None:
    master, replica = master_and_replica(tmp_path)
    with contextlib.ExitStack() as all_:
        all_.enter_context(standing(master, replica))
        client = all_.enter_context(master.client)
        await eventually(lambda: client.info("replication")["connected_slaves"], "the replica is there")
        key = await new_key(master.url)
        port = all_.enter_context(sentinel(master, tmp_path))
        guard = all_.enter_context(redis.Redis(port=port, decode_responses=True))
        await eventually(lambda: _replicas(guard) == 1, "Sentinel knows the replica")
        env = one_long_channel(tmp_path) | {"TICKER_MIN_REPLICAS": "1"}
        web = Web(f"redis+sentinel://127.0.0.1:{port}/mymaster", tmp_path, **env)
        readers = [*both_kinds(4, web.url)]
        async with running(web), listening(*readers) as session:
            writers = [Writer(session, key, web.url) for _ in range(3)]
            traffic = [asyncio.create_task(w.keep_publishing(f"Writer {i}", 60, 0.02)) for i, w in enumerate(writers)]
            await eventually(lambda: min(len(w.accepted) for w in writers) >= 20, "traffic flows")

            master.kill()
            await eventually(lambda: _master_port(guard) == replica.port, "a new master")
            before = {headline_id for w in writers for headline_id in w.accepted}
            with replica.client as client:
                assert before <= set(client.hkeys("ticker:{en}:board"))
            master.options = ("--replicaof", "127.0.0.1", str(replica.port), "--replica-priority", "0")
            master.start()  # without a replica nothing is confirmed

            await asyncio.gather(*traffic)
            await converged(*readers, on={headline_id for w in writers for headline_id in w.accepted})
            texts = [headline.text for headline in readers[0].board]
    assert len(texts) == len(set(texts)) == 180
    assert {reader.connects for reader in readers} == {1}


def _master_port(guard: redis.Redis) -> int:
    return int(guard.sentinel_get_master_addr_by_name("mymaster")[1])


def _replicas(guard: redis.Redis) -> int:
    try:
        return len(guard.sentinel_slaves("mymaster"))
    except redis.RedisError:
        return 0


@pytest.mark.parametrize("kind", binaries())
async def test_redis_takes_no_more(kind: str, tmp_path: Path) -> None:
    server = RedisServer(binaries()[kind], tmp_path / "redis")
    web = Web(server.url, tmp_path, **one_long_channel(tmp_path))
    readers = [WebSocketReader(web.url), StreamReader(web.url)]
    with standing(server):
        async with running(web), listening(*readers) as session:
            writer = Writer(session, await new_key(server.url), web.url)
            for i in range(3):
                await writer.publish(f"Before {i}")
            with server.client as client:
                client.config_set("maxmemory", int(client.info("memory")["used_memory"]) + 1_000_000)
                once = {"Idempotency-Key": "once"}
                i = status = 0
                problem = {}
                while status != 503:
                    draft = {"text": f"Filling {i}", "link": "https://example.org/" + "x" * 2000}
                    status, problem = await writer.send("POST", "/headlines", draft, {"Idempotency-Key": f"once-{i}"})
                    once["Idempotency-Key"], i = f"once-{i}", i + 1
                assert problem["type"] == "/problems/storage-full"
                await writer.act(next(iter(writer.accepted)), "retract", reason="A kill wins, also now")
                client.config_set("maxmemory", 0)
                status, _ = await writer.send("POST", "/headlines", draft, once)
                assert status == 201
            await eventually(lambda: all(len(r.board) == i + 2 for r in readers), "all are shown")
            await converged(*readers)
    assert [reader.connects for reader in readers] == [1, 1]
    assert [len(reader.of("snapshot")) for reader in readers] == [1, 1]
    assert not any(m.get("stale") for reader in readers for m in reader.messages)
