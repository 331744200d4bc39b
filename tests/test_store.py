import asyncio

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import BusyLoadingError, OutOfMemoryError, RedisClusterException, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from ticker.errors import StorageFull, Unavailable
from ticker.store import connect, end, refusal


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://127.0.0.1:1/0", Redis),
        ("unix:///nowhere/redis.sock", Redis),
        ("redis+cluster://127.0.0.1:1", RedisCluster),
        ("redis+sentinel://:secret@127.0.0.1:1,127.0.0.1:2/mymaster", Redis),
    ],
)
async def test_the_address_tells_the_kind_and_nothing_is_sent_yet(url: str, kind: type) -> None:
    async with connect(url) as client:
        assert isinstance(client, kind)


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (OutOfMemoryError("OOM command not allowed"), StorageFull, "memory"),
        (ResponseError("OOM command not allowed"), StorageFull, "memory"),
        (ResponseError("MISCONF Errors writing to the AOF file"), StorageFull, "disk"),
        (BusyLoadingError("LOADING"), Unavailable, "loading"),
        (RedisConnectionError("refused"), Unavailable, "reached"),
        (OSError("refused"), Unavailable, "reached"),
        (RedisClusterException("Redis Cluster cannot be connected"), Unavailable, "reached"),
        (ResponseError("WRONGTYPE"), Unavailable, "WRONGTYPE"),
    ],
)
def test_each_failure_is_a_sentence_that_says_what_to_do(error: Exception, kind: type, word: str) -> None:
    told = refusal(error)
    assert type(told) is kind
    assert word in told.detail
    assert told.detail.endswith(".") or "WRONGTYPE" in told.detail


async def test_a_task_that_loses_a_cancellation_ends_all_the_same() -> None:
    """As Python 3.11's `wait_for` makes it do when what it waited for comes at that moment."""
    lost = []

    async def deaf() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if lost:
                    raise
                lost.append(1)

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()
    assert lost
    await end(task)  # once more is harmless
