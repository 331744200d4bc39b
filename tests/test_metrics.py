"""/metrics, read as Prometheus reads it."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.servers import RedisServer, Web, eventually
from tests.test_api import Api, eventually_shown, fresh_key, serving
from tests.test_sse import Events
from tests.test_websocket import Socket


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "admin"))


async def measured(desk: Api) -> dict[tuple[str, ...], float]:
    answer = await desk.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


async def test_readers_and_writes_are_counted(web: Web, desk: Api) -> None:
    async with Events.open(web) as events, Socket.open(web) as socket:
        await events.message()
        await socket.message()
        before = await measured(desk)
        assert before["ticker_connections", "en", "sse"] == 1
        assert before["ticker_connections", "en", "websocket"] == 1
        assert before["ticker_connections", "ar", "sse"] == 0
        await eventually_shown(desk, await desk.publish("One more"))
        after = await measured(desk)
        assert after["ticker_headlines", "en"] == before["ticker_headlines", "en"] + 1
        assert after["ticker_writes_total", "en"] == before["ticker_writes_total", "en"] + 2
        assert after["ticker_stale", "en"] == after["ticker_paused", "en"] == 0

    async def nobody() -> bool:
        now = await measured(desk)
        return now["ticker_connections", "en", "sse"] == now["ticker_connections", "en", "websocket"] == 0

    await eventually(nobody)


async def test_snapshots_instead_of_a_resume_are_counted_by_reason(web: Web, desk: Api) -> None:
    async with Events.open(web, "/v1/channels/en/stream?after=nonsense") as events:
        assert (await events.message())["reason"] == "unknown"
    async with Events.open(web, "/v1/channels/en/stream?after=zzzzzzzz-1-0") as events:
        assert (await events.message())["reason"] == "epoch"
    counted = await measured(desk)
    assert counted["ticker_snapshots_total", "en", "unknown"] == 1
    assert counted["ticker_snapshots_total", "en", "epoch"] == 1
