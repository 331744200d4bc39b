"""The user of Redis that the documents make may do all that we ask of Redis, and nothing else."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import redis

from tests.api import Api
from tests.journeys import test_leaks, test_most_read, test_publish, test_scheduler
from tests.journeys.readers import new_key
from tests.servers import ROOT, Process, RedisServer, Web, binaries, eventually, running

PUSHED = """
[channels.en]
[outputs.wall]
channels = ["en"]
[outputs.wall.vmix]
url = "http://127.0.0.1:9"
input = "Ticker"
"""


@pytest.fixture(params=binaries())
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis in which nothing was refused, afterwards."""
    lines = (ROOT / "docs" / "operations.md").read_text().splitlines()
    [command] = [line for line in lines if line.startswith("ACL SETUSER")]
    server = RedisServer(binaries()[request.param], tmp_path / "redis").start()
    with server.client as admin:
        admin.execute_command(*shlex.split(command.replace("PASSWORD", "secret")))  # type: ignore[no-untyped-call]
        yield server
        refused = {entry["object"] for entry in admin.acl_log()}
    server.stop()
    # Until Redis 7 a library that says its name with CLIENT SETINFO is refused; it goes on without.
    assert refused <= {"client"}


def url_of(server: RedisServer) -> str:
    return server.url.replace("redis://", "redis://ticker:secret@")


@pytest.mark.parametrize(
    "journey",
    [
        test_publish.test_a_headline_goes_through_its_life_before_every_kind_of_reader,
        test_most_read.test_a_list_from_beacons_and_frames_reaches_every_reader_and_a_kill_leaves_it,
        test_scheduler.test_due_things_happen_once_and_in_time,
        test_leaks.test_what_only_the_desk_sees_reaches_nobody_else,
    ],
)
async def test_it_is_enough_for(journey, guarded: RedisServer, tmp_path: Path) -> None:
    await journey(url_of(guarded), tmp_path)


async def test_it_is_enough_for_what_comes_from_sources_and_goes_on_air(guarded: RedisServer, tmp_path: Path) -> None:
    (tmp_path / "ticker.toml").write_text(PUSHED)
    env = {"TICKER_CONFIG": str(tmp_path / "ticker.toml"), "TICKER_REDIS_URL": url_of(guarded)}
    env |= {"TICKER_DATA": str(tmp_path), "TICKER_DEMO": "1"}
    web = Web(env["TICKER_REDIS_URL"], tmp_path, **env)
    workers = [Process("ticker", name, env=env, log=tmp_path / f"{name}.log") for name in ("ingest", "onair")]
    async with running(web, *workers), aiohttp.ClientSession() as http:
        desk = Api(http, web.url, await new_key(env["TICKER_REDIS_URL"]))
        await eventually(desk.board, "the demonstration plays")

        async def told() -> bool:
            state = (await desk.get("/onair/wall/state")).json
            return "unreached" in [alarm["code"] for alarm in state["alarms"]] and bool(state["targets"])

        await eventually(told, lambda: f"it is told that vMix is not there\n{workers[1].said()}")


def test_and_for_nothing_else(guarded: RedisServer) -> None:
    with redis.Redis.from_url(url_of(guarded)) as ours:
        for words in (("FLUSHALL",), ("CONFIG", "GET", "*"), ("GET", "other"), ("KEYS", "*")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                ours.execute_command(*words)  # type: ignore[no-untyped-call]
    with guarded.client as admin:
        admin.acl_log_reset()
