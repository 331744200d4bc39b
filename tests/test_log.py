"""Both logs of a channel, on every kind of Redis: followed from a position, and not mistaken for another history."""

from collections.abc import AsyncIterator

import pytest

from ticker.desk.desk import Desk
from ticker.desk.log import DeskLog
from ticker.headline import Draft
from ticker.log import Log
from ticker.settings import Settings
from ticker.store import connect, new_clock
from ticker.stream import Stream


@pytest.fixture
async def desk(any_redis_url: str) -> AsyncIterator[Desk]:
    async with connect(any_redis_url) as redis:
        stream = Stream(redis, new_clock())
        await stream.hear_the_time()
        yield Desk(stream, Settings().channels)


@pytest.fixture(params=["readers", "desk"])
def log(request: pytest.FixtureRequest, desk: Desk) -> Log:
    return desk.stream if request.param == "readers" else DeskLog(desk.stream)


async def test_follow_brings_what_comes_after_a_position(desk: Desk, log: Log) -> None:
    await desk.publish("en", Draft(text="One"), by="ann")
    loaded = await log.load("en")
    await desk.publish("en", Draft(text="Two"), by="ann")
    await desk.publish("en", Draft(text="Three"), by="ann")
    assert len(await log.waiting("en", loaded.position)) == 2
    async for batch in log.follow("en", loaded.position):
        assert [event.headline.text for _, event in batch if event.headline] == ["Two", "Three"]
        break


async def test_lost_history_begins_a_new_epoch(desk: Desk, log: Log) -> None:
    await desk.publish("en", Draft(text="One"), by="ann")
    before = (await log.load("en")).position
    await desk.publish("en", Draft(text="Lost"), by="ann")
    position = (await log.load("en")).position
    assert position > before
    assert await log.holds("en", position)
    place = log.place("en")
    await log.redis.xdel(place.log, position.stream_id)
    await log.redis.hset(place.meta, "last", before.stream_id)
    assert not await log.holds("en", position)
    assert (await log.load("en")).position.epoch != position.epoch
    assert [batch async for batch in log.follow("en", position)] == []


async def test_an_empty_redis_is_a_new_epoch(desk: Desk, log: Log) -> None:
    await desk.publish("en", Draft(text="One"), by="ann")
    position = (await log.load("en")).position
    place = log.place("en")
    await log.redis.delete(place.log, place.meta, *place.headlines)
    assert not await log.holds("en", position)
    loaded = await log.load("en")
    assert loaded.position.epoch != position.epoch
    assert not loaded.headlines
