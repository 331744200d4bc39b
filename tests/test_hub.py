"""The hub against a real Redis: it follows, it goes on when Redis is away, and it says so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.samples import Listener
from tests.servers import RedisServer, binaries, eventually
from ticker import protocol
from ticker.desk.desk import Desk
from ticker.errors import NoChannel, Overloaded, Unavailable
from ticker.fanout.hub import Hub
from ticker.fanout.subscription import Subscription
from ticker.headline import Draft
from ticker.settings import Settings
from ticker.store import Client, connect, new_clock
from ticker.stream import Stream


@contextlib.asynccontextmanager
async def at_work(redis: Client, **options: Any) -> AsyncIterator[Hub]:
    hub = Hub(Stream(redis, new_clock()), Settings().channels, **options)
    running = asyncio.create_task(hub.run())
    try:
        await eventually(lambda: hub.ready, "the hub has loaded every channel")
        yield hub
    finally:
        running.cancel()
        await asyncio.wait([running])


class Outbox(Listener):
    def __init__(self, hub: Hub, after: str | None = None) -> None:
        super().__init__()
        hub.join(Subscription("en", after=after), self)

    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]

    def news(self) -> list[dict[str, Any]]:
        """Without heartbeats: a hub sends its first one at any moment."""
        return [message for message in self.messages if message["type"] != "heartbeat"]


async def test_what_is_published_arrives(redis: Client, desk: Desk) -> None:
    async with at_work(redis) as hub:
        outbox = Outbox(hub)
        await desk.publish("en", Draft(text="One"), by="ann")
        snapshot, published = await eventually(lambda: outbox.news()[1:] and outbox.news())
        assert (snapshot["type"], published["type"]) == ("snapshot", "published")
        resumed = Outbox(hub, snapshot["position"])
        assert resumed.types() == ["published", "heartbeat"]
        assert Outbox(hub, published["position"]).types() == ["heartbeat"]


async def test_before_it_has_loaded_nothing_is_served(redis: Client) -> None:
    hub = Hub(Stream(redis, new_clock()), Settings().channels)
    assert not hub.ready
    with pytest.raises(Unavailable):
        hub.fanout("en")
    with pytest.raises(NoChannel):
        hub.fanout("xx")


async def test_a_corrupt_record_leaves_the_others(redis: Client, desk: Desk) -> None:
    await desk.publish("en", Draft(text="Good"), by="ann")
    await redis.hset("ticker:{en}:board", "bad", "{")
    await redis.xadd("ticker:{en}:log", {"type": "invented"})
    async with at_work(redis) as hub:
        assert [h.text for h in hub.fanout("en").board] == ["Good"]


async def test_readers_stay_and_are_told_while_redis_is_away(tmp_path: Path) -> None:
    server = RedisServer(next(iter(binaries().values())), tmp_path, "--appendonly", "yes").start()
    try:
        async with connect(server.url) as redis, at_work(redis) as hub:
            outbox = Outbox(hub)
            server.kill()
            await eventually(lambda: outbox.messages[-1].get("stale"), "a heartbeat says that the feed is stale")
            assert hub.ready
            server.start()
            await eventually(lambda: "stale" not in outbox.messages[-1], "a heartbeat says that it is not any more")
            desk = Desk(hub.stream, Settings().channels)
            await desk.publish("en", Draft(text="After"), by="ann")
            await eventually(lambda: "published" in outbox.types())
            assert outbox.types().count("snapshot") == 1
    finally:
        server.stop()


async def test_limits_and_goodbye(redis: Client) -> None:
    async with at_work(redis, max_connections=2, drain_seconds=0.2) as hub:
        outboxes = [Outbox(hub) for _ in range(5)]
        hub.connections = 2
        with pytest.raises(Overloaded) as refused:
            hub.check_room()
        assert refused.value.retry_after >= 2
        await hub.drain()
        for outbox in outboxes:
            assert outbox.types()[-1] == "goodbye"
            assert outbox.closed == protocol.CloseCode.RESTART
        assert not hub.ready
        with pytest.raises(Overloaded):
            hub.check_room()
