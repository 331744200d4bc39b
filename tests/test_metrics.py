"""/metrics, read as Prometheus reads it."""

import math
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.api import Api, eventually_shown, fresh_key
from tests.proxy import Proxy
from tests.samples import Listener
from tests.servers import RedisServer, Web, eventually, running
from tests.test_hub import at_work
from tests.test_sse import Events
from tests.test_websocket import Socket
from ticker import metrics
from ticker.fanout.fanout import SLOW_AFTER, Fanout
from ticker.fanout.hub import Hub
from ticker.log import BLOCK
from ticker.most_read.reads import Reads
from ticker.onair.playouts import Playouts
from ticker.store import Client


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "admin"))


async def measured(desk: Api) -> dict[tuple[str, ...], float]:
    """What was not told, as Redis's part need not be, compares with nothing."""
    answer = await desk.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    told = {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}
    return defaultdict(lambda: math.nan, told)


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
        await desk.publish("The last one")
        told = await events.until("published") + await events.until("published")
        beats = 2 * [message["type"] for message in told].count("heartbeat")  # each may have been before, or after
        assert 2 <= after["ticker_writes_total", "en"] - before["ticker_writes_total", "en"] <= 2 + beats
        assert after["ticker_stale", "en"] == after["ticker_paused", "en"] == after["ticker_buffered_bytes", "en"] == 0
        for counted in ("ticker_events_total", "ticker_delay_seconds_count"):
            assert after[counted, "en"] == before[counted, "en"] + 1
            assert after[counted, "ar"] == before[counted, "ar"]

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


async def test_the_process_the_loop_and_the_canary_are_measured(web: Web, desk: Api) -> None:
    async def all_of_them() -> bool:
        told = await measured(desk)
        assert told["process_open_fds",] > 3
        assert told["process_resident_memory_bytes",] > 0
        assert told["ticker_loop_lag_last_seconds",] <= told["ticker_loop_lag_seconds_sum",]
        assert told["ticker_canary_seconds_count",] <= told["ticker_canary_sent_total",]
        assert told["ticker_canary_refused_total",] == told["ticker_canary_stalled",] == 0
        return told["ticker_loop_lag_seconds_count",] > 1 and told["ticker_canary_seconds_sum",] > 0

    await eventually(all_of_them)


async def test_what_the_log_has_and_readers_do_not(redis_server: RedisServer, redis_url: str, tmp_path: Path) -> None:
    async with Proxy.before(redis_server.port) as proxy, aiohttp.ClientSession() as http:
        web = Web(proxy.url, tmp_path)
        async with running(web):
            desk = Api(http, web.url, await fresh_key(web, "Desk", "admin"))
            assert (await measured(desk))["ticker_behind", "en"] == 0
            proxy.hold("ticker:{en}:log")
            await desk.publish("One")  # the read that waits in Redis just now may still bring it
            await desk.publish("Two")
            await desk.publish("Three")
            behind = await eventually(lambda: none_comes(desk))
            waited = (await measured(desk))["ticker_behind_seconds", "en"]
            assert 1 <= behind <= 3
            assert waited > 0

            async def longer() -> bool:
                return (await measured(desk))["ticker_behind_seconds", "en"] > waited

            await eventually(longer, "it is behind by more")
            assert (await measured(desk))["ticker_behind", "ar"] == 0
            proxy.release()

            async def level() -> bool:
                return (await measured(desk))["ticker_behind", "en"] == 0

            await eventually(level)
            after = await measured(desk)
            assert after["ticker_behind_seconds", "en"] == 0
            assert after["ticker_delay_seconds_count", "en"] == 3
            assert after["ticker_delay_seconds_sum", "en"] >= behind * waited / 3


async def none_comes(desk: Api) -> float:
    """How many wait, once they do for longer than a read in Redis would."""
    told = await measured(desk)
    return told["ticker_behind", "en"] if told["ticker_behind_seconds", "en"] * 1000 > BLOCK else 0


def test_the_process_is_as_the_librarys_own_collector_has_it() -> None:
    def told(families: Iterable[Metric]) -> dict[str, float]:
        return {sample.name: sample.value for family in families for sample in family.samples}

    ours, theirs = told(metrics._process()), told(ProcessCollector(registry=None).collect())
    assert ours.keys() == theirs.keys() - {"process_virtual_memory_bytes"}
    began = "process_start_time_seconds"
    assert theirs.pop(began) - 1 <= ours.pop(began) <= time.time()
    assert ours["process_max_fds"] == theirs["process_max_fds"]
    for name, value in ours.items():
        assert value == pytest.approx(theirs[name], rel=0.1, abs=1), name


class Full(Listener):
    """A connection that takes nothing more."""

    transport = "sse"

    def buffered(self) -> int:
        return 1000


async def test_a_scrape_walks_no_connections(redis: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_work(redis) as hub:
        fanout = hub.fanout("en")
        readers = [Full() for _ in range(10)]
        for reader in readers:
            fanout.join(reader)
        for reader in readers[:3]:
            reader.pause()
        monkeypatch.setattr(Fanout, "subscribers", None)
        told = await told_by(hub)
        assert told["ticker_connections", "en", "sse"] == 10
        assert told["ticker_paused", "en"] == 3
        assert told["ticker_buffered_bytes", "en"] == 3000
        fanout.now += SLOW_AFTER
        fanout.tick(fanout.now)
        for reader in readers[:5]:
            reader.gone()
        told = await told_by(hub)
        assert told["ticker_slow_closed_total", "en"] == 3
        assert told["ticker_connections", "en", "sse"] == 5
        assert told["ticker_buffered_bytes", "en"] == 0


async def told_by(hub: Hub) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(
        (await metrics.text(hub, Reads(hub.stream.redis, {}, hub.stream.now), Playouts(hub, {}, {}))).decode()
    )
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}
