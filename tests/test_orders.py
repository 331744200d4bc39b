"""Messages about running orders, one after another: kept before they are carried out, carried out before they are
answered, and done once however often they are sent.
"""

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree

from tests.mos import action, ids, item, order, ready, story
from tests.servers import RedisServer, binaries, eventually
from tests.station import Station
from ticker.desk.log import DeskLog
from ticker.errors import Unavailable
from ticker.store import Client, connect
from ticker.stream import Keys
from workers.mos import orders as taking

CREATE = order("roCreate", story("A", item("1", "One"), item("2", "Two")), story("B", item("3", "Three")))


@pytest.fixture
def station(redis: Client) -> Station:
    return Station(redis)


async def test_a_message_that_comes_twice_is_done_once_and_answered_the_same(station: Station) -> None:
    await station.say(CREATE, 1)
    await station.say(ready(), 2)
    swap = order("roStorySwap", ids("A", "B"))
    first, again = await station.say(swap, 3), await station.say(swap, 3)
    assert etree.tostring(first) == etree.tostring(again)
    assert await station.shown() == ["Three", "One", "Two"]
    station.start()
    await station.orders.load()
    assert etree.tostring(await station.say(swap, 3)) == etree.tostring(first)
    assert await station.shown() == ["Three", "One", "Two"]
    await station.say(swap, 4)
    assert await station.shown() == ["One", "Two", "Three"]


async def test_a_repeat_of_what_is_done_asks_nothing_of_the_desk(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await station.say(CREATE, 1)

    async def away(_: str) -> None:
        raise Unavailable("Redis cannot be reached.")

    monkeypatch.setattr(station.orders, "_settle", away)
    assert (await station.say(CREATE, 1)).findtext("roStatus") == "OK"
    assert (await station.say(ready(), 2)).findtext("roStatus") == "Not done yet: Redis cannot be reached."


async def test_a_number_that_begins_anew_is_another_message(station: Station) -> None:
    await station.say(CREATE, 1)
    await station.say(order("roDelete"), 2)
    await station.say(CREATE, 1)
    assert set(await station.kept_back()) == {"One", "Two", "Three"}


async def test_what_cannot_be_is_refused_with_a_sentence(station: Station) -> None:
    assert "send it with roCreate" in ((await station.say(ready())).findtext("roStatus") or "")
    await station.ok(CREATE)
    reply = await station.say(order("roStoryDelete", ids("nobody")))
    assert (reply.findtext("roID"), reply.findtext("roStatus")) == ("RO1", "There is no story 'nobody' here.")


async def test_there_is_a_limit(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "MOST", 2)
    for number in range(2):
        await station.ok(order("roCreate", ro_id=f"RO{number}"))
    refused = await station.say(order("roCreate", ro_id="RO2"))
    assert refused.findtext("roStatus") == "There are 2 running orders here already; roDelete one first."
    await station.ok(order("roReplace", ro_id="RO1"), order("roDelete", ro_id="RO1"), order("roCreate", ro_id="RO2"))


async def test_all_together_have_a_size_and_what_makes_them_no_larger_is_always_taken(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    await station.ok(CREATE)
    monkeypatch.setattr(taking, "TOGETHER", station.orders.orders["RO1"].size - 1)
    for more in (order("roCreate", ro_id="RO2"), order("roStoryAppend", story("C", item("4", "Four")))):
        refused = await station.say(more)
        assert "characters; roDelete one first." in (refused.findtext("roStatus") or "")
    assert list(station.orders.orders) == ["RO1"]
    await station.ok(ready(), order("roStoryDelete", ids("A")), order("roDelete"))


async def test_what_is_not_done_is_not_answered_with_ok_and_is_done_later(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "TEND_EVERY", 0.01)
    monkeypatch.setattr(taking, "AGAIN", 0.01)
    await station.ok(CREATE)
    approve = station.orders.carrier.air

    async def away(*_: object) -> None:
        raise Unavailable("Redis cannot be reached.")

    monkeypatch.setattr(station.orders.carrier, "air", away)
    reply = await station.say(ready(), 7)
    assert reply.findtext("roStatus") == "Not done yet: Redis cannot be reached."
    assert (await station.say(ready(), 7)).findtext("roStatus") == "Not done yet: Redis cannot be reached."
    monkeypatch.setattr(station.orders.carrier, "air", approve)
    tending = asyncio.create_task(station.orders.tend())
    await eventually(lambda: _shown(station, ["One", "Two", "Three"]))
    tending.cancel()
    assert (await station.say(ready(), 7)).findtext("roStatus") == "OK"


async def test_what_could_not_be_remembered_is_remembered_with_the_next_try(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = station.orders.store

    async def away(*_: object) -> None:
        raise Unavailable("Redis cannot be reached.")

    with monkeypatch.context() as patched:
        patched.setattr(store, "carry", away)
        assert (await station.say(CREATE)).findtext("roStatus") == "Not done yet: Redis cannot be reached."
    assert (await store.load()).carried == {}
    await station.orders._settle("RO1")
    assert (await store.load()).carried == station.orders.known


async def _shown(station: Station, wanted: list[str]) -> bool:
    return await station.shown() == wanted


async def test_while_redis_is_away_nothing_is_taken_and_afterwards_nothing_is_lost(tmp_path: Path) -> None:
    server = RedisServer(next(iter(binaries().values())), tmp_path, "--appendonly", "yes").start()
    try:
        async with connect(server.url) as redis:
            station = Station(redis)
            await station.ok(CREATE, ready())
            server.kill()
            reply = await station.say(order("roStoryDelete", ids("A")), 50)
            assert (reply.findtext("roStatus") or "").startswith("Not taken, send it again: Redis cannot be reached")
            server.start()
            assert await station.shown() == ["One", "Two", "Three"]
            assert (await station.say(order("roStoryDelete", ids("A")), 50)).findtext("roStatus") == "OK"
            assert await station.shown() == ["Three"]
    finally:
        server.stop()


# --- when Redis has lost something ----------------------------------------------------------------------------------


async def test_what_redis_has_lost_is_done_when_it_is_sent_again(tmp_path: Path) -> None:
    """It was started from a backup in which nothing was ready; the connection is made anew without a word."""
    server = RedisServer(next(iter(binaries().values())), tmp_path).start()
    try:
        async with connect(server.url) as redis:
            station = Station(redis)
            await station.ok(CREATE)
            with server.client as client:
                client.save()
            await station.ok(ready(), order("roStoryDelete", ids("B")))
            assert await station.shown() == ["One", "Two"]
            server.kill()
            server.start()
            assert await station.shown() == []
            await station.ok(ready())
            assert await station.shown() == ["One", "Two", "Three"]
    finally:
        server.stop()


async def test_an_empty_redis_is_filled_when_all_is_sent_again(station: Station) -> None:
    await station.say(CREATE, 1)
    await station.say(ready(), 2)
    await station.redis.flushall()
    assert "send it with roCreate" in ((await station.say(ready(), 2)).findtext("roStatus") or "")
    await station.say(CREATE, 1)
    await station.say(ready(), 2)
    assert await station.shown() == ["One", "Two", "Three"]
    assert station.orders._unfinished == set()


async def test_it_is_found_out_also_while_nobody_speaks(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "TEND_EVERY", 0.01)
    await station.ok(CREATE, ready())
    tending = asyncio.create_task(station.orders.tend())
    await station.redis.flushall()
    await eventually(lambda: station.orders.orders == {} and station.orders.places == {})
    tending.cancel()


async def test_only_what_was_lost_is_loaded_anew(station: Station, caplog: pytest.LogCaptureFixture) -> None:
    await station.ok(CREATE, ready(), order("roDelete"), CREATE)
    assert not caplog.records


async def test_what_the_desk_alone_has_lost_is_told_and_done_again(station: Station) -> None:
    """On a Cluster it is another node."""
    better = order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "One, better"))
    await station.ok(CREATE, ready())
    keys = Keys.of("en")
    one = (await station.board())["One"].id
    before = await station.redis.hget(keys.board, one)
    await station.ok(better)
    await station.redis.hset(keys.board, one, before)
    await station.redis.hdel(keys.board, (await station.board())["Three"].id)
    await DeskLog(station.desk.stream).renew("en", await station.redis.hget(keys.desk_meta, "epoch"))
    reply = await station.ok(better)
    assert await station.shown() == ["One, better", "Two"]
    assert (reply.findtext("itemID"), reply.findtext("status")) == ("3", "It is not at the desk any more.")
    new = order("roItemReplace", ids("B"), ids("3", of="itemID"), item("4", "Three"))
    assert (await station.ok(new)).findtext("status") is None
    assert await station.shown() == ["One, better", "Two", "Three"]


async def test_where_each_headline_stands(station: Station) -> None:
    await station.ok(CREATE, ready())
    three = (await station.board())["Three"]
    assert station.orders.places[three.id] == ("RO1", "B", "3")
    await station.ok(order("roDelete"))
    assert station.orders.places == {}


NAMES = st.sampled_from("ABCDEF")


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_whatever_is_said_the_output_shows_the_running_order(redis: Client, data: st.DataObject) -> None:
    """The model is a list of names; `restart` forgets all that is not in Redis."""
    await redis.flushall()
    station, model, live = Station(redis), list[str](), False
    await station.ok(order("roCreate"))
    for number in range(data.draw(st.integers(1, 10))):
        done = data.draw(st.sampled_from(["insert", "delete", "move", "swap", "replace", "ready", "restart"]))
        new = f"S{number}"
        if done == "ready":
            live = not live
            await station.ok(ready("READY" if live else "NOT READY"))
        elif done == "restart":
            station.start()
            await station.orders.load()
        elif done == "insert" or len(model) < 2:
            before = data.draw(st.sampled_from(["", *model]))
            await station.ok(order("roStoryInsert", ids(before), story(new, item("i", new))))
            model.insert(model.index(before) if before else len(model), new)
        else:
            one, other = data.draw(st.permutations(model))[:2]
            if done == "delete":
                await station.ok(action("DELETE", "", ids(one)))
                model.remove(one)
            elif done == "move":
                await station.ok(order("roStoryMove", ids(one, other)))
                model.remove(one)
                model.insert(model.index(other), one)
            elif done == "swap":
                await station.ok(order("roStorySwap", ids(one, other)))
                a, b = model.index(one), model.index(other)
                model[a], model[b] = other, one
            else:
                await station.ok(order("roStoryReplace", ids(one), story(new, item("i", new))))
                model[model.index(one)] = new
        assert await station.shown() == (model if live else [])
        known = {*(await station.kept_back()), *(await station.board())}
        assert known == set(model)
