"""What operators ask: whether it lives, whether readers can be served, and what a problem means."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.api import Api, eventually_shown, fresh_key
from tests.proxy import Proxy
from tests.servers import RedisServer, Web, binaries, eventually, running
from tests.test_metrics import measured
from tests.test_sse import Events
from ticker import lag
from ticker.errors import TickerError, all_errors

STALL = 3  # s


@pytest.fixture
async def own_redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A Redis that may be stopped."""
    server = RedisServer(next(iter(binaries().values())), tmp_path / "redis", "--appendonly", "yes").start()
    yield server
    server.stop()


async def test_redis_goes_and_readers_are_served_on(own_redis: RedisServer, tmp_path: Path) -> None:
    web = Web(own_redis.url, tmp_path, TICKER_HEARTBEAT_SECONDS="1", TICKER_STALL_SECONDS=str(STALL))
    async with running(web), aiohttp.ClientSession() as http:
        desk = Api(http, web.url, await fresh_key(web, "Desk", "admin"))
        assert (await desk.get("/healthz")).json == {"status": "ok"}
        ready = await desk.get("/readyz")
        assert ready.json == {
            "status": "ready",
            "channels": dict.fromkeys(("en", "ar", "es"), "live"),
            "canary": "live",
        }
        headline = await desk.publish("Stays on the screen")
        await eventually_shown(desk, headline)
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

            async def long_away() -> bool:
                assert (await desk.get("/readyz")).status == 200, "a Redis that is away is no fault of ours"
                return (await measured(desk))["ticker_canary_refused_total",] >= 3

            await eventually(long_away)
            own_redis.start()

            async def live() -> bool:
                answer = await desk.get("/readyz")
                assert answer.status == 200
                return bool(answer.json["channels"]["en"] == "live")

            await eventually(live)
            again = await desk("POST", "headlines", {"text": "Not now"}, Idempotency_Key="again")
            assert again.status == 201
            published = (await events.until("published"))[-1]
            assert published["headline"]["id"] == again.json["id"]
    assert "Traceback" not in web.said()


@pytest.mark.parametrize("key", ["ticker:{en}:log", "ticker:{canary-"])
async def test_what_does_not_go_on_makes_it_red(
    redis_server: RedisServer, redis_url: str, tmp_path: Path, key: str
) -> None:
    """A real process on a real Redis, whose reads of one stream hang: Redis itself takes and answers all else."""
    names = {"en", "ar", "es", "canary"}
    stalled = "canary" if "canary" in key else "en"
    async with Proxy.before(redis_server.port) as proxy, aiohttp.ClientSession() as http:
        web = Web(proxy.url, tmp_path, TICKER_STALL_SECONDS=str(STALL))
        async with running(web):
            reader = Api(http, web.url)

            async def states() -> dict[str, str]:
                answer = await reader.get("/readyz")
                found = {**answer.json["channels"], "canary": answer.json["canary"]}
                assert answer.status == (503 if "stalled" in found.values() else 200)
                assert answer.json["status"] == ("stalled" if answer.status == 503 else "ready")
                return found

            async def becomes(expected: dict[str, str]) -> bool:
                return await states() == expected

            async def returned() -> bool:
                return (await measured(reader))["ticker_canary_seconds_count",] > 0

            await eventually(returned)
            assert await states() == dict.fromkeys(names, "live")
            proxy.hold(key)
            await eventually(lambda: becomes({**dict.fromkeys(names, "live"), stalled: "stalled"}))
            told = await measured(reader)
            assert told["ticker_canary_stalled",] == (stalled == "canary")
            assert told["ticker_stalled", "en"] == (stalled == "en")
            assert told["ticker_stalled", "ar"] == 0
            assert (await reader.get()).status == 200, "who is here is still served"
            proxy.release()
            await eventually(lambda: becomes(dict.fromkeys(names, "live")))


async def test_a_redis_that_hangs_is_no_fault_of_ours(own_redis: RedisServer, tmp_path: Path) -> None:
    web = Web(own_redis.url, tmp_path, TICKER_STALL_SECONDS=str(STALL))
    async with running(web), aiohttp.ClientSession() as http:
        reader = Api(http, web.url)
        assert own_redis.process is not None
        own_redis.process.send_signal(signal.SIGSTOP)
        try:
            lived = 0.0  # s since then, as the process itself has lived them
            told = halted = await measured(reader)
            while lived < 2 * STALL:
                assert (await reader.get("/readyz")).status == 200
                told = await measured(reader)
                assert told["ticker_connections", "en", "sse"] == 0
                lived = (told["ticker_loop_lag_seconds_count",] - halted["ticker_loop_lag_seconds_count",]) * lag.EVERY
            assert ("ticker_behind", "en") not in told, "it answers without what Redis would have to say"
        finally:
            own_redis.process.send_signal(signal.SIGCONT)

        async def goes_on() -> bool:
            assert (await reader.get("/readyz")).status == 200
            return ("ticker_behind", "en") in await measured(reader)

        await eventually(goes_on)


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
            await web.ready()
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
