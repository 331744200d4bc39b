"""The canary: it comes back by the way of every headline, readers never see it, and it leaves nothing behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.api import Api
from tests.servers import PATIENCE, Web, eventually, running
from tests.test_hub import at_work
from ticker.channel import Channel
from ticker.fanout import canary
from ticker.fanout.canary import KEPT, PROMPT, Canary
from ticker.fanout.fanout import Fanout, Loaded
from ticker.fanout.hub import Hub
from ticker.position import Position
from ticker.settings import Settings
from ticker.store import Client, connect, new_clock
from ticker.stream import Keys, Stream

STALL = 3.0


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "EVERY", 0.02)


def new_canary(stream: Stream) -> Canary:
    return Canary(stream, Fanout(canary.new_channel(), every_ms=15_000), stall_seconds=STALL)


async def keys(redis: Client) -> list[str]:
    return [key async for key in redis.scan_iter("ticker:{canary-*")]


async def test_each_one_comes_back_and_is_timed(redis: Client) -> None:
    async with at_work(redis) as hub:
        await eventually(lambda: hub.canary.delay.count >= 5)
        # One may be under way.
        await eventually(lambda: 0 <= hub.canary.sent - hub.canary.delay.count <= 1)
        assert hub.canary.delay.sum > 0
        assert not hub.canary.stalled
        assert len(hub.canary.fanout.board) == 1


async def test_it_ends_whenever_it_is_told_to(redis: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "EVERY", 0.001)
    for moment in range(20):
        async with asyncio.timeout(PATIENCE), at_work(redis) as hub:
            await eventually(lambda: hub.canary.delay.count > moment)  # noqa: B023


async def test_a_follower_ends_though_the_first_word_was_lost(redis: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deaf(*_: Any) -> AsyncIterator[list[Any]]:
        while True:
            with contextlib.suppress(asyncio.CancelledError):  # as Python 3.11's wait_for may
                await asyncio.sleep(0.01)
            yield []

    monkeypatch.setattr(Stream, "follow", deaf)
    async with asyncio.timeout(PATIENCE), at_work(redis) as hub:
        await eventually(lambda: hub.canary.sent)


async def test_its_log_stays_short(stream: Stream) -> None:
    bird = new_canary(stream)
    for _ in range(canary.LOG + 5):
        assert await bird.send()
    assert await stream.redis.xlen(Keys.of(bird.fanout.channel.name).log) == canary.LOG


async def test_it_waits_for_redis_and_begins_when_it_is_there(redis: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(redis, "eval", refused)
    async with at_work(redis) as hub:
        await eventually(lambda: hub.canary.refused >= 3)
        assert hub.canary.sent == 0
        assert await keys(redis) == [], "who has not been sent is not followed either"
        monkeypatch.undo()
        await eventually(lambda: hub.canary.delay.count)


@pytest.mark.parametrize("loss", ["everything", "the epoch"])
async def test_it_goes_on_when_redis_has_lost(redis: Client, loss: str) -> None:
    async with at_work(redis) as hub:
        await eventually(lambda: hub.canary.delay.count)
        if loss == "everything":
            await redis.flushall()
        else:
            await redis.hset(Keys.of(hub.canary.fanout.channel.name).meta, "epoch", "another")
            await eventually(lambda: hub.canary.fanout.counts.snapshots, "it was loaded anew")
        before = hub.canary.delay.count
        await eventually(lambda: hub.canary.delay.count > before + 2)
        assert not hub.canary.stalled

        async def all_expire() -> bool:
            return all([0 < await redis.pttl(key) <= KEPT for key in await keys(redis)])

        await eventually(all_expire)


async def test_what_was_under_way_in_another_history_is_not_waited_for(stream: Stream) -> None:
    bird = new_canary(stream)
    assert await bird.send()
    sent_at = next(iter(bird._under_way.values()))
    bird.taken(sent_at + STALL + 1, sent_at + STALL + 1)
    assert bird.stalled
    bird.fanout.load(Loaded(Position("another", 0, 0), [], [], complete=True))
    assert not bird.stalled


async def test_it_is_stalled_when_its_follower_hangs(redis: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    follow = Stream.follow
    hanging = asyncio.Event()

    async def hangs(stream: Stream, channel: str, position: Any) -> Any:
        async for batch in follow(stream, channel, position):
            if hanging.is_set() and channel.startswith("canary-"):
                await asyncio.sleep(3600)
            yield batch

    monkeypatch.setattr(Stream, "follow", hangs)
    async with at_work(redis, stall_seconds=STALL) as hub:
        await eventually(lambda: hub.canary.delay.count)
        hanging.set()
        await eventually(lambda: hub.canary.stalled)
        assert not any(hub.stalled(fanout) for fanout in hub.fanouts.values())
        sent = hub.canary.sent
        await eventually(lambda: hub.canary.sent > sent + canary.MOST, "it goes on, and remembers no more than it may")
        assert len(hub.canary._under_way) == canary.MOST


def test_nothing_is_overdue_before_redis_has_been_there_for_so_long(stream: Stream) -> None:
    bird = new_canary(stream)
    assert not bird.overdue(0)
    bird.taken(100, 100)
    assert not bird.overdue(0), "since when Redis is there is not known"
    bird.taken(100 + STALL, 100 + STALL)
    assert not bird.overdue(0)
    bird.taken(101 + STALL, 101 + STALL)
    assert bird.overdue(0)
    assert not bird.overdue(50 + STALL + 51), "what has gone on just now"


def test_a_redis_that_hung_was_not_there(stream: Stream) -> None:
    bird = new_canary(stream)
    bird.taken(100, 100)
    bird.taken(101, 101 + 10 * STALL)
    assert not bird.overdue(101), "all waited for Redis"
    bird.taken(102 + 11 * STALL, 102 + 11 * STALL)
    assert bird.overdue(101), "and now it is ours"
    bird.taken(103 + 11 * STALL, 103 + 11 * STALL + 2 * PROMPT)
    assert not bird.overdue(101)


async def test_a_refused_one_says_that_redis_is_not_there(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    bird = new_canary(stream)
    assert await bird.send()
    bird.taken(1e12, 1e12)
    assert bird.overdue(0)

    async def refused(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(stream.redis, "eval", refused)
    assert not await bird.send()
    assert not bird.overdue(0)
    assert (bird.sent, bird.refused) == (1, 1)


async def test_a_process_that_was_killed_leaves_nothing_for_ever(redis: Client, redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path)
    async with running(web):
        await eventually(lambda: keys(redis))
        web.kill()
        left = await keys(redis)
        assert len(left) == 2
        for key in left:
            assert 0 < await redis.pttl(key) <= KEPT, key


async def test_readers_never_see_it(redis: Client, redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path)
    async with running(web), aiohttp.ClientSession() as http:
        name = (await eventually(lambda: keys(redis)))[0].split("{")[1].split("}")[0]
        reader = Api(http, web.url)
        listed = (await reader.get("/v1/channels")).text
        assert name not in listed
        assert "canary" not in listed
        for path in (".", "stream", "events", "feed.rss"):
            assert (await Api(http, web.url, channel=name).get(path)).fault == (404, "no-channel")
        assert name not in (await reader.get("/metrics")).text
        assert name not in (await reader.get("/readyz")).text


async def test_each_process_has_one_of_its_own(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        hubs = [Hub(Stream(redis, new_clock()), Settings().channels) for _ in range(2)]
        channels = {hub.canary.fanout.channel.name for hub in hubs}
        assert len(channels) == 2
        assert all(isinstance(Channel(name=name), Channel) for name in channels)
