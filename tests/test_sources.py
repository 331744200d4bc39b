import asyncio

import pytest

from tests.servers import PATIENCE, eventually
from ticker.errors import Unavailable
from ticker.seen import Known, Seen
from ticker.sources import Sources, State
from ticker.store import connect


@pytest.fixture
async def sources(any_redis_url):
    async with connect(any_redis_url) as redis:
        yield Sources(redis)


async def test_state_is_kept_and_counted(sources):
    assert State() == await sources.state("wire")

    await sources.save("wire", etag='"1"', failures=2, counts={"published": 3})
    await sources.save("wire", failures=0, counts={"published": 1})

    assert State(etag='"1"', counts={"published": 4}) == await sources.state("wire")
    assert {"wire": State(etag='"1"', counts={"published": 4})} == await sources.states()


async def test_what_was_seen_is_found_by_id_and_by_alias(sources):
    await sources.remember("wire", {"a": Seen(1, "x"), "b": Seen(2, "y")}, {"words": "b"})

    found = await sources.known("wire", ["a", "c"], ["words", "others"])

    assert Known({"a": Seen(1, "x"), "b": Seen(2, "y")}, {"words": "b"}) == found
    assert Known() == await sources.known("other", ["a"], ["words"])


async def test_what_has_left_is_forgotten_with_its_aliases(sources):
    await sources.remember("wire", {"old": Seen(last=10), "new": Seen(last=20)}, {"o": "old", "n": "new"})

    assert await sources.prune("wire", 15) == 1
    assert Known({"new": Seen(last=20)}, {"n": "new"}) == await sources.known("wire", ["old", "new"], ["o", "n"])


async def test_overlooked_and_forgotten(sources):
    await sources.remember("wire", {"a": Seen(), "b": Seen()}, {})
    await sources.save("wire", etag="x")

    await sources.overlook("wire", ["a"])
    assert list((await sources.known("wire", ["a", "b"])).entries) == ["b"]
    await sources.forget("wire")
    assert (Known(), State(), []) == (
        await sources.known("wire", ["b"]), await sources.state("wire"), await sources.names()
    )  # fmt: skip


async def test_a_lease_has_one_holder(sources):
    assert await sources.take("wire", "one", 60_000)
    assert not await sources.take("wire", "two", 60_000)
    assert await sources.renew("wire", "one", 60_000)
    assert not await sources.renew("wire", "two", 60_000)
    assert not await sources.release("wire", "two")
    assert await sources.holder("wire") == "one"
    assert await sources.release("wire", "one")
    assert await sources.take("wire", "two", 60_000)


async def test_a_lease_that_is_not_renewed_ends(sources):
    await sources.take("wire", "one", 50)

    await eventually(lambda: sources.take("wire", "two", 60_000))

    assert not await sources.renew("wire", "one", 60_000)


async def test_without_redis_it_says_try_later():
    async with connect("redis://127.0.0.1:1") as redis:
        sources = Sources(redis)
        for asked in (
            sources.state("w"), sources.save("w", etag="x"), sources.known("w", ["a"]), sources.names(),
            sources.remember("w", {"a": Seen()}, {}), sources.take("w", "t", 1), sources.renew("w", "t", 1),
            sources.holder("w"), sources.forget("w"),
            sources.prune("w", 1), sources.overlook("w", ["a"]),
        ):  # fmt: skip
            with pytest.raises(Unavailable):
                async with asyncio.timeout(PATIENCE):
                    await asked
