"""What Redis keeps for the MOS device, in every kind of Redis."""

from tests.mos import item, mos, order, story
from ticker.store import connect
from ticker.stream import Keys
from workers.mos.command import apply
from workers.mos.message import parse
from workers.mos.newsroom import Place
from workers.mos.store import KEY, Answer, Carried, MosStore


async def test_what_is_kept_is_loaded(any_redis_url: str) -> None:
    made = apply(None, parse(mos(order("roCreate", story("A", item("1")), ro_id="a b"))), 1)
    assert made
    carried = {"A/1": Carried(id="x", first="x", life=2, version=3, digest="d", held=True)}
    answer = Answer(id="7", digest="d", reply="<roAck/>")
    async with connect(any_redis_url) as redis:
        store = MosStore(redis, "en")
        assert await store.load() == ({}, {}, {}, [])
        await store.accept("a b", made, "ncs 1", Answer(id="7", digest="d"))
        await store.carry("a b", carried)
        await store.remember("ncs 1", answer)
        await store.say_order(["x", "y"])
        assert await MosStore(redis, "en").load() == ({"a b": made}, {"a b": carried}, {"ncs 1": answer}, ["x", "y"])
        await store.accept("a b", None, "ncs 1", answer)
        assert (await store.load()).orders == {}
        assert (await store.load()).carried == {"a b": carried}  # to be taken away yet
        await store.forget("a b")
        assert set(await redis.hkeys(KEY)) == {"answer ncs 1", "order", "mark"}


async def test_whether_redis_still_has_what_was_loaded_and_written_last(any_redis_url: str) -> None:
    async with connect(any_redis_url) as redis:
        store, other = MosStore(redis, "en"), MosStore(redis, "en")
        await store.load()
        assert await store.holds()
        await store.say_order(["x"])
        await store.say_playing(set())
        assert await store.holds()
        await other.load()
        await other.say_order([])
        assert (await store.holds(), await other.holds()) == (False, True)
        await store.load()
        assert await store.holds()
        await redis.delete(KEY)
        assert not await store.holds()
        await other.say_order([])
        await redis.hset(Keys.of("en").desk_meta, "epoch", "another")
        assert not await other.holds()


async def test_what_a_newsroom_was_told_to_be_on_screen(any_redis_url: str) -> None:
    async with connect(any_redis_url) as redis:
        store = MosStore(redis, "en")
        assert await store.playing() == set()
        for told in ({("a b", "A", "1"), ("a b", "A", "2")}, set[Place]()):
            await store.say_playing(told)
            assert await store.playing() == told
        assert await store.load() == ({}, {}, {}, [])


async def test_how_often_an_item_has_come(any_redis_url: str) -> None:
    async with connect(any_redis_url) as redis:
        store = MosStore(redis, "en")
        assert await store.life("x") == 1
        await store.set_life("x", 2, 60_000)
        assert await store.life("x") == 2
        assert 0 < await redis.pttl(f"{KEY}-life:x") <= 60_000
