"""What the clock must do is done once and in time, however many schedulers there are, and however they end."""

import time
from collections import Counter
from pathlib import Path

from tests.journeys.readers import (
    IN_TIME,
    Reader,
    StreamReader,
    WebSocketReader,
    Writer,
    both_kinds,
    converged,
    listening,
    new_key,
    one_long_channel,
)
from tests.servers import Process, RedisServer, Web, eventually, running
from ticker import instant
from ticker.instant import parse

SECOND = 1.0
HOUR = 3_600_000  # ms


def scheduler(redis_url: str, folder: Path, name: str = "") -> Process:
    env = {"TICKER_REDIS_URL": redis_url, "TICKER_DATA": str(folder)} | one_long_channel(folder)
    return Process("ticker", "scheduler", env=env, log=folder / f"scheduler{name}.log")


async def at_work(*processes: Process) -> None:
    await eventually(lambda: all("at work" in process.said() for process in processes), "the schedulers are at work")


def in_seconds(seconds: float) -> str:
    return instant.format(int((time.time() + seconds) * 1000))


async def test_due_things_happen_once_and_in_time(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path, **one_long_channel(tmp_path))
    two = [scheduler(redis_url, tmp_path, name) for name in "ab"]
    reader = WebSocketReader(web.url)
    async with running(web, *two), listening(reader) as session:
        await at_work(*two)
        writer = Writer(session, await new_key(redis_url), web.url)
        expires = [await writer.publish(f"Expires {i}", expires_at=in_seconds(1 + i / 10)) for i in range(5)]
        opens = []
        for i in range(5):
            due = in_seconds(1 + i / 10)
            opens.append((due, await writer.publish(f"Opens {i}", publish_at=due)))
        await eventually(lambda: len(reader.of("expired")) == 5 and len(reader.of("published")) == 10, "all is done")
        await converged(reader, on={headline["id"] for _, headline in opens})
    for headline in expires:
        late = (reader.heard("expired", headline["id"]) or 0) - parse(headline["expires_at"]) / 1000
        assert 0 <= late < IN_TIME
    for due, headline in opens:
        late = (reader.heard("published", headline["id"]) or 0) - parse(due) / 1000
        assert 0 <= late < IN_TIME
    assert reader.repeats == 0
    assert len(reader.of("snapshot")) == 1


async def test_one_is_killed_in_the_middle_of_its_work_and_another_goes_on(
    redis_url: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    web = Web(redis_url, tmp_path, **one_long_channel(tmp_path))
    first, second = (scheduler(redis_url, tmp_path, name) for name in "ab")
    readers = [*both_kinds(2, web.url)]
    async with running(web), listening(*readers) as session:
        writer = Writer(session, await new_key(redis_url), web.url)
        while not _are_left(redis_server):  # at first, and when it was killed too late to show anything
            await _is_killed_at_work(first, writer, readers)
        async with running(second):
            await eventually(lambda: all(len(reader.board) == 0 for reader in readers), "all are gone")
        await converged(*readers)
    with redis_server.client as client:
        log = [(fields["type"], fields["id"]) for _, fields in client.xrange("ticker:{en}:log")]
        count = len(writer.accepted)
        assert Counter(kind for kind, _ in log) == {"published": count, "expired": count}
        assert max(Counter(log).values()) == 1
        timers = [timer.partition(":")[0] for timer in client.zrange("ticker:{en}:due", 0, -1)]
        assert Counter(timers) == {"forget": count}


async def _is_killed_at_work(first: Process, writer: Writer, readers: list[Reader]) -> None:
    before = len(writer.accepted)  # all of them are gone
    for i in range(300):
        last = await writer.publish(f"Goes with many others {before + i}", expires_in=1)
    over = parse(last["expires_at"]) / 1000
    await eventually(lambda: time.time() > over, "the time of all is over")
    async with running(first):
        await eventually(lambda: any(len(reader.of("expired")) > before for reader in readers), "the work has begun")
        first.kill()


def _are_left(server: RedisServer) -> bool:
    with server.client as client:
        return any(timer.startswith("expire:") for timer in client.zrange("ticker:{en}:due", 0, -1))


async def test_after_a_time_without_a_scheduler(redis_url: str, redis_server: RedisServer, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path, **one_long_channel(tmp_path))
    late = scheduler(redis_url, tmp_path)
    reader = StreamReader(web.url)
    async with running(web), listening(reader) as session:
        writer = Writer(session, await new_key(redis_url), web.url)
        expires = await writer.publish("Expires while nobody looks", expires_at=in_seconds(3))
        opens = await writer.publish("Opens while nobody looks", publish_at=in_seconds(3))
        forgotten = await writer.publish("Long gone")
        with redis_server.client as client:
            client.zadd(
                "ticker:{en}:due", {f"expire:{forgotten['id']}": 0}
            )  # nothing is due: only the timer has run out
            due = parse(expires["expires_at"]) / 1000
            await eventually(lambda: time.time() > due + SECOND, "its time is over")
            assert not reader.of("expired")
            assert {h.id for h in reader.board} == {expires["id"], forgotten["id"]}

            async with running(late):
                await at_work(late)
                began = time.time()
                await eventually(lambda: reader.heard("expired", expires["id"]), "it expires")
                await eventually(lambda: reader.heard("published", opens["id"]), "it opens")
                assert reader.heard_at[-1] - began < IN_TIME
                assert forgotten["id"] in reader.board, "its time is not over, whatever the timer says"
                client.zadd("ticker:{en}:due", {f"forget:{expires['id']}": 0})  # as if two days had gone by
                await eventually(lambda: not client.hexists("ticker:{en}:desk", expires["id"]), "it is forgotten")
                assert late.stop() == 0


async def test_what_is_old_is_trimmed_and_readers_from_then_are_told(
    redis_url: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    env = one_long_channel(tmp_path)
    first, second = Web(redis_url, tmp_path, **env), Web(redis_url, tmp_path, **env)
    reader = WebSocketReader(first.url)
    async with running(first), listening(reader) as session:
        writer = Writer(session, await new_key(redis_url), first.url)
        for i in range(6):
            await writer.publish(f"Number {i}")
        await converged(reader, on=writer.accepted.keys())
        first.kill()
    positions = _three_days_older(redis_server, keep=2)
    trims = scheduler(redis_url, tmp_path)
    all_but_last = [headline for headline in reader.board if headline.id != [*writer.accepted][-1]]
    from_then = WebSocketReader(second.url, after=positions[1])
    lately = StreamReader(second.url, after=positions[-2], showing=all_but_last)
    with redis_server.client as client:
        async with running(trims):
            await eventually(lambda: client.xlen("ticker:{en}:log") == 2, "the old ones are trimmed")
        async with running(second), listening(from_then, lately):
            await converged(from_then, lately, on=writer.accepted.keys())
    assert [m["reason"] for m in from_then.of("snapshot")] == ["too_old"]
    assert [m["type"] for m in lately.messages[:2]] == ["published", "heartbeat"]


def _three_days_older(server: RedisServer, *, keep: int) -> list[str]:
    """The log as if all but the last few events had come three days ago. The positions of all."""
    log = "ticker:{en}:log"
    with server.client as client:
        entries = client.xrange(log)
        client.delete(log)
        ids = []
        for i, (entry_id, fields) in enumerate(entries):
            ms, _, n = entry_id.partition("-")
            ids.append(entry_id if i >= len(entries) - keep else f"{int(ms) - 72 * HOUR}-{n}")
            client.xadd(log, fields, id=ids[-1])
        epoch = client.hget("ticker:{en}:meta", "epoch")
    return [f"{epoch}-{entry_id}" for entry_id in ids]
