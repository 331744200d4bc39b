"""Who is at a desk: told when it changes, in every web process, and over when nothing is heard."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.api import Api, new_key
from tests.servers import RedisServer, Web, binaries, eventually, running
from tests.test_hub import at_work
from tests.test_sse import Events
from ticker.desk import presence
from ticker.desk.presence import Doing, Presence, Presences
from ticker.errors import TooMany, Unavailable
from ticker.fanout.hub import Hub
from ticker.keys import Keys
from ticker.store import Client, connect
from ticker.stream import Keys as StreamKeys
from ticker.writer import Writer

ID = "a" * 16


async def a_writer(redis: Client, name: str) -> Writer:
    keys = Keys(redis)
    return (await keys.check(f"Bearer {await keys.create(name, ['read'])}")).writer


def people(picture: str) -> list[tuple[str, Any, str]]:
    return [(one["name"].split()[0], one.get("id"), one["doing"]) for one in json.loads(picture)["people"]]


async def told(redis: Client) -> list[Any]:
    entries = await redis.xrange(StreamKeys.of("en").desk_log)
    return [people(fields["list"]) for _, fields in entries if fields["type"] == "presence"]


@contextlib.asynccontextmanager
async def at_desk(redis: Client) -> AsyncIterator[tuple[Hub, Presences]]:
    async with at_work(redis) as hub:
        yield hub, Presences(hub)


async def a_moment_later(at: Presences) -> None:
    """Who came in the same millisecond stand in no order that a test could know."""
    before = at.hub.stream.now()
    await eventually(lambda: at.hub.stream.now() > before)


async def test_who_comes_moves_and_leaves_is_told_once_each(redis: Client) -> None:
    ann, bob = await a_writer(redis, "Ann"), await a_writer(redis, "Bob")
    async with at_desk(redis) as (_, at):
        assert people(await at.at("en")) == []
        first = await at.appear("en", ann, Presence())
        await a_moment_later(at)
        await at.appear("en", bob, Presence(id=ID, doing=Doing.EDITING))
        again = await at.appear("en", ann, Presence())
        assert people(again) == [("Ann", None, "looking"), ("Bob", ID, "editing")]
        assert json.loads(again)["people"][0] == json.loads(first)["people"][0]  # since then
        await a_moment_later(at)
        await at.appear("en", ann, Presence(id=ID))
        assert people(await at.leave("en", bob, "")) == [("Ann", ID, "looking")]
        await at.leave("en", bob, "")
        assert await told(redis) == [
            [("Ann", None, "looking")],
            [("Ann", None, "looking"), ("Bob", ID, "editing")],
            [("Bob", ID, "editing"), ("Ann", ID, "looking")],
            [("Ann", ID, "looking")],
        ]
        assert people(await at.at("ar")) == []


async def test_two_pages_of_one_person_are_two(redis: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "MOST", 2)
    ann = await a_writer(redis, "Ann")
    async with at_desk(redis) as (_, at):
        await at.appear("en", ann, Presence(tab="one"))
        both = await at.appear("en", ann, Presence(tab="two", id=ID))
        assert people(both) == [("Ann", None, "looking"), ("Ann", ID, "looking")]
        with pytest.raises(TooMany):
            await at.appear("en", ann, Presence(tab="three"))
        await at.leave("en", ann, "one")
        assert len(people(await at.appear("en", ann, Presence(tab="three")))) == 2


async def test_it_is_over_when_nothing_is_heard(redis: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = await a_writer(redis, "Ann"), await a_writer(redis, "Bob")
    async with at_desk(redis) as (_, at):
        monkeypatch.setattr(presence, "HOLDS", 200)
        await at.appear("en", ann, Presence())
        monkeypatch.setattr(presence, "HOLDS", 60_000)
        await at.appear("en", bob, Presence())

        async def gone() -> bool:
            return people(await at.at("en")) == [("Bob", None, "looking")]

        await eventually(gone)
        assert (await told(redis))[-1] == [("Bob", None, "looking")]
        since = json.loads(await at.appear("en", ann, Presence()))["people"][-1]["since"]
        assert since > json.loads(await at.at("en"))["people"][0]["since"]


async def test_without_redis_it_is_not_known(tmp_path: Path) -> None:
    server = RedisServer(next(iter(binaries().values())), tmp_path).start()
    try:
        async with connect(server.url) as redis, at_desk(redis) as (hub, at):
            ann = await a_writer(redis, "Ann")
            server.kill()
            with pytest.raises(Unavailable):
                await at.appear("en", ann, Presence())
            assert hub.desks["en"].position is not None
    finally:
        server.stop()


async def test_two_web_processes_show_the_same_people(redis_url: str, tmp_path: Path) -> None:
    """Each is told by the other's; one who is silent goes, though nobody else says a word."""
    first, second = Web(redis_url, tmp_path), Web(redis_url, tmp_path)
    key = await new_key(redis_url, "Ann", "read")
    header = f"Authorization: Bearer {key}"
    async with (
        running(first, second),
        aiohttp.ClientSession() as http,
        Events.open(first, "/v1/desk/en/stream", header) as here,
        Events.open(second, "/v1/desk/en/stream", header) as there,
    ):
        for events in (here, there):
            await events.until("snapshot")
        answer = await Api(http, second.url, key)("PUT", "/v1/desk/en/presence", {"id": ID, "doing": "editing"})
        assert answer.status == 200
        for events in (here, there):
            picture = (await events.until("presence"))[-1]
            assert picture["people"] == answer.json["people"]
            assert [(one["id"], one["doing"]) for one in picture["people"]] == [(ID, "editing")]
        async with asyncio.timeout(presence.HOLDS / 1000 + 10):
            for events in (here, there):
                await gone(events)
        left = await Api(http, first.url, key).get("/v1/desk/en/presence")
        assert (left.json, left.headers["cache-control"]) == ({"people": []}, "no-store")


async def gone(events: Events) -> None:
    while (await events.until("presence"))[-1]["people"]:
        pass


async def test_what_is_said_over_http(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path)
    async with running(web), aiohttp.ClientSession() as http:
        ann = Api(http, web.url, await new_key(redis_url, "Ann", "read"))
        stranger = Api(http, web.url, await new_key(redis_url, "Bob", "publish"))
        where = "/v1/desk/en/presence"
        assert len((await ann("PUT", where, {"tab": "a"})).json["people"]) == 1
        assert (await ann("DELETE", f"{where}?tab=a")).json == {"people": []}
        for body in ({"doing": "sleeping"}, {"id": "x"}, {"tab": "x" * 33}, {"name": "Somebody else"}):
            assert (await ann("PUT", where, body)).fault == (422, "invalid")
        for method in ("GET", "PUT", "DELETE"):
            assert (await stranger(method, where, {} if method == "PUT" else None)).fault == (403, "forbidden")
        assert (await ann("PUT", "/v1/desk/none/presence", {})).fault == (404, "no-channel")
        async with connect(redis_url) as redis:
            assert await redis.xlen(StreamKeys.of("en").audit) == 0
