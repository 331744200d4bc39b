"""What is due is done, whatever is wrong beside it, and what is wrong is told once. `journeys` has the process."""

import logging
from collections.abc import AsyncIterator

import pytest

from tests.servers import eventually
from ticker.desk.desk import Desk
from ticker.headline import Draft, State
from ticker.settings import Settings
from ticker.store import Client
from ticker.stream import Keys
from workers.scheduler import PUT_OFF, Jobs

UNREADABLE = "x" * 16
CHANNELS = ("en", "ar", "es")


@pytest.fixture
def jobs(desk: Desk, settings: Settings, caplog: pytest.LogCaptureFixture) -> Jobs:
    caplog.set_level(logging.INFO)
    return Jobs(desk, settings)


@pytest.fixture
async def full(redis: Client) -> AsyncIterator[Client]:
    """A Redis that takes nothing more."""
    yield redis
    await redis.config_set("maxmemory", "0")


async def due(desk: Desk, channel: str) -> list[str]:
    return await desk.stream.due(channel, desk.stream.now())


async def embargoed(desk: Desk, channel: str, count: int) -> list[str]:
    """Headlines whose hour has come."""
    at = desk.stream.now() + 200
    receipts = [await desk.publish(channel, Draft(text=f"n {i}", publish_at=at), by="ann") for i in range(count)]
    await eventually(lambda: desk.stream.now() > at)
    return [receipt.record.id for receipt in receipts if receipt.record]


async def test_a_headline_that_cannot_be_read_costs_the_others_nothing(
    jobs: Jobs, desk: Desk, redis: Client, caplog: pytest.LogCaptureFixture
) -> None:
    keys = Keys.of("en")
    await redis.hset(keys.desk, UNREADABLE, '{"text": "Secret words"}')
    await redis.zadd(keys.due, {f"release:{UNREADABLE}": 1})
    (released,) = await embargoed(desk, "en", 1)
    await redis.zadd(Keys.of("es").due, {"odd": 1})
    for _ in range(3):
        await jobs.lapse()

    assert (await desk.find("en", released)).state is State.LIVE  # type: ignore[union-attr]
    assert [await due(desk, channel) for channel in CHANNELS] == [[], [], []]
    assert caplog.text.count(UNREADABLE) == 1
    assert "Secret" not in caplog.text
    later = await redis.zscore(keys.due, f"release:{UNREADABLE}")
    assert 0 < later - desk.stream.now() <= PUT_OFF


async def test_a_fault_of_ours_costs_the_others_nothing_and_shows_where(
    jobs: Jobs, desk: Desk, redis: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    really = desk.lapse

    async def lapse(channel: str, timer: str) -> object:
        return await really(channel, timer) if timer != "strange" else [].pop()

    monkeypatch.setattr(desk, "lapse", lapse)
    await redis.zadd(Keys.of("en").due, {"strange": 1, "odd": 2})
    await jobs.lapse()
    await jobs.lapse()

    assert await due(desk, "en") == []
    assert caplog.text.count("en: strange could not be done") == 1
    assert "IndexError" in caplog.text


async def test_a_timer_that_is_gone_or_set_anew_is_not_put_off(jobs: Jobs, redis: Client) -> None:
    key, far = Keys.of("en").due, jobs.stream.now() + 10 * PUT_OFF
    await redis.zadd(key, {"anew": far})
    for timer in ("anew", "gone"):
        await jobs._put_off("en", timer)

    assert await redis.zrange(key, 0, -1, withscores=True) == [("anew", far)]


async def test_a_full_redis_is_told_once_and_then_all_is_done(
    jobs: Jobs, desk: Desk, full: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for channel in ("en", "es"):
        await embargoed(desk, channel, 20)
    await full.config_set("maxmemory", "1")
    for _ in range(3):
        await jobs.lapse()
        await jobs.rank()
    assert caplog.text.count("Redis is away") == 1
    assert "out of memory" in caplog.text
    assert "could not be done" not in caplog.text

    await full.config_set("maxmemory", "0")

    async def all_is_done() -> bool:
        await jobs.lapse()
        return not any([await due(desk, channel) for channel in CHANNELS])

    await eventually(all_is_done)
    assert caplog.text.count("Redis is back") == 1
    assert [len(await desk.stream.records(channel)) for channel in CHANNELS] == [20, 0, 20]


async def test_what_redis_refuses_to_one_channel_costs_the_others_nothing(
    jobs: Jobs, desk: Desk, redis: Client, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.set(Keys.of("ar").due, "no sorted set")
    for _ in range(3):
        await redis.zadd(Keys.of("es").due, {"odd": 1})
        await jobs.lapse()
        assert await due(desk, "es") == []
    assert caplog.text.count("WRONGTYPE") == 1


async def test_a_fault_in_one_channel_costs_the_others_nothing_and_is_told_once(
    jobs: Jobs, desk: Desk, redis: Client, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.hset(Keys.of("en").killed, "x", "no tombstone")
    await redis.xadd(Keys.of("es").log, {"type": "expired"}, id="1-1")
    await desk.publish("es", Draft(text="New"), by="ann")
    for _ in range(3):
        await jobs.trim()

    assert await redis.xlen(Keys.of("es").log) == 1
    assert caplog.text.count("en: trimming could not be done") == 1
