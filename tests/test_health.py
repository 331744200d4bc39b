"""What operators ask: whether it lives, whether readers can be served, and what a problem means."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.servers import RedisServer, Web, binaries, eventually, running
from tests.test_api import Api, fresh_key
from tests.test_sse import Events
from ticker.errors import TickerError, all_errors


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A Redis that may be stopped."""
    server = RedisServer(next(iter(binaries().values())), tmp_path / "redis", "--appendonly", "yes").start()
    yield server
    server.stop()


async def test_redis_goes_and_readers_are_served_on(own_redis: RedisServer, tmp_path: Path) -> None:
    web = Web(own_redis.url, tmp_path, TICKER_HEARTBEAT_SECONDS="1")
    async with running(web), aiohttp.ClientSession() as http:
        desk = Api(http, web.url, await fresh_key(web, "Desk", "admin"))
        assert (await desk.get("/healthz")).json == {"status": "ok"}
        ready = await desk.get("/readyz")
        assert ready.json == {"status": "ready", "channels": dict.fromkeys(("en", "ar", "es"), "live")}
        headline = await desk.publish("Stays on the screen")
        async with Events.open(web) as events:
            await events.message()
            own_redis.stop()

            async def stale() -> bool:
                answer = await desk.get("/readyz")
                return answer.status == 200 and answer.json["channels"]["en"] == "stale"

            await eventually(stale)
            while not (message := (await events.until("heartbeat"))[-1]).get("stale"):
                pass
            assert message["hash"] == (await desk.get()).json["hash"]
            assert headline["id"] in await desk.board()
            assert "Stays on the screen" in (await desk.get("feed.rss")).text
            assert 'ticker_stale{channel="en"} 1.0' in (await desk.get("/metrics")).text
            refused = await desk("POST", "headlines", {"text": "Not now"}, Idempotency_Key="again")
            assert refused.fault == (503, "unavailable")
            assert int(refused.headers["retry-after"]) >= 1
            own_redis.start()

            async def live() -> bool:
                return bool((await desk.get("/readyz")).json["channels"]["en"] == "live")

            await eventually(live)
            again = await desk("POST", "headlines", {"text": "Not now"}, Idempotency_Key="again")
            assert again.status == 201
            published = (await events.until("published"))[-1]
            assert published["headline"]["id"] == again.json["id"]
    assert "Traceback" not in web.said()


async def test_it_is_not_ready_before_it_has_the_boards(tmp_path: Path, own_redis: RedisServer) -> None:
    own_redis.stop()
    web = Web(own_redis.url, tmp_path).start()
    assert isinstance(web, Web)
    try:
        async with aiohttp.ClientSession() as http:
            reader = Api(http, web.url)

            async def loading() -> bool:
                try:
                    answer = await reader.get("/readyz")
                except aiohttp.ClientError:
                    return False
                return answer.status == 503 and answer.json["status"] == "loading"

            await eventually(loading)
            for path in (".", "stream", "feed.rss", "events"):
                assert (await reader.get(path)).fault == (503, "unavailable")
            own_redis.start()
            await asyncio.wait_for(web.ready(), 20)
    finally:
        web.kill()


async def test_every_problem_can_be_looked_up(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path)
    async with running(web), aiohttp.ClientSession() as http:
        reader = Api(http, web.url)
        for error in [error for error in all_errors() if error.__module__ == "ticker.errors"]:
            problem = (await reader.get(f"/problems/{error.code}")).json
            assert problem == {"type": f"/problems/{error.code}", "title": error.title, "status": error.status}
        assert (await reader.get("/problems/nothing")).fault == (404, "not-found")


def test_the_types_of_problems_are_stable() -> None:
    """Clients depend on these: a type may be added, and never changed or given another status."""
    known = {
        "malformed": 400, "unauthorized": 401, "forbidden": 403, "not-found": 404, "no-channel": 404, "no-headline": 404,  # noqa: E501
        "method-not-allowed": 405, "slow": 408, "conflict": 409, "refused": 409, "idempotency-key-reused": 409,
        "killed": 410, "version-stale": 412, "too-large": 413, "unsupported-media-type": 415, "invalid": 422,
        "version-missing": 428, "too-many": 429, "head-too-large": 431, "unavailable": 503, "storage-full": 503,
        "not-replicated": 503, "overloaded": 503,
    }  # fmt: skip
    there = {error.code: error.status for error in all_errors(TickerError)}
    assert known.items() <= there.items()
    assert len(there) == len(all_errors())
