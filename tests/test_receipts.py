"""Receipts: what every process knows of a correction, hold or kill is added up, told, kept and audited once."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import connect as open_socket

from tests.api import Api, new_key
from tests.servers import RedisServer, Web, binaries, eventually, running
from tests.test_hub import at_work
from tests.test_sse import Events
from tests.test_tally import Answering, Silent
from ticker.desk import receipts
from ticker.desk.desk import Desk
from ticker.desk.receipts import Receipts
from ticker.desk.tally import Tally
from ticker.fanout.hub import Hub
from ticker.fanout.subscription import Subscription
from ticker.headline import Draft, Patch
from ticker.store import Client, connect
from ticker.stream import Keys


@contextlib.asynccontextmanager
async def a_process(redis: Client, *readers: Answering | Silent) -> AsyncIterator[tuple[Hub, Receipts]]:
    """One that follows the stream for these readers and tells of its receipts."""
    async with at_work(redis) as hub:
        for reader in readers:
            hub.join(Subscription("en"), reader)
        told = Receipts(hub)
        running = asyncio.create_task(told.run())
        try:
            yield hub, told
        finally:
            running.cancel()
            await asyncio.wait([running])


def answer(hub: Hub, *readers: Answering) -> None:
    for reader in readers:
        assert hub.hear("en", reader, json.dumps({"type": "done", "position": reader.asked()[-1]}))


def heard(reader: Answering | Silent, type_: str, headline_id: str) -> bool:
    """Whatever it has heard since: a heartbeat may come at any moment."""
    told = [message for message in reader.messages if message["type"] == type_]
    return any(headline_id in (message.get("id"), message.get("headline", {}).get("id")) for message in told)


async def published(desk: Desk, *readers: Answering | Silent) -> str:
    record = (await desk.publish("en", Draft(text="It is so"), by="ann")).record
    assert record
    await eventually(lambda: all(heard(reader, "published", record.id) for reader in readers))
    return record.id


async def audited(redis: Client) -> list[dict[str, Any]]:
    entries = await redis.xrange(Keys.of("en").audit)
    return [entry for _, fields in entries if (entry := json.loads(fields["entry"]))["action"] == "reached"]


async def test_two_processes_add_up(redis: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "AUDITED_AFTER", 0)
    here, there, stream = [Answering(), Answering()], [Answering()], Silent()
    async with a_process(redis, *here) as (one, told), a_process(redis, *there, stream) as (two, _):
        headline_id = await published(desk, *here, *there, stream)
        await desk.retract("en", headline_id, "wrong", by="ann")

        async def receipt(**wanted: Any) -> Any:
            found = await told.of("en", headline_id)
            return found[0] if found and wanted.items() <= found[0].items() else None

        first = await eventually(lambda: receipt(reached=4))
        assert (first["of"], first["had"], first["confirmed"], first["written"], first["waiting"]) == (
            "retracted", {"websocket": 3, "sse": 1}, 0, 1, 3,
        )  # fmt: skip
        answer(one, *here)
        answer(two, *there)
        last = await eventually(lambda: receipt(confirmed=3))
        assert (last["waiting"], last["gone"]) == (0, 0)
        assert last["slowest_ms"] >= first["slowest_ms"]
        assert last["event"] == here[0].asked()[-1]
        [entry] = await audited(redis)
        assert (entry["by"], entry["id"], entry["of"]) == ("desk", headline_id, "retracted")
    entries = await redis.xrange(Keys.of("en").desk_log)
    said = [json.loads(fields["list"]) for _, fields in entries if fields["type"] == "receipt"]
    assert said[-1] == last
    assert [one["confirmed"] for one in said] == sorted(one["confirmed"] for one in said)
    assert len({json.dumps(one) for one in said}) == len(said)


async def test_each_event_has_its_own_and_the_newest_stands_first(redis: Client, desk: Desk) -> None:
    reader = Answering()
    async with a_process(redis, reader) as (hub, told):
        headline_id = await published(desk, reader)
        await desk.edit("en", headline_id, Patch(text="It is not so", correction="It was wrong"), 1, by="ann")
        await eventually(reader.asked)
        answer(hub, reader)
        await desk.hold("en", headline_id, by="ann")

        async def both() -> Any:
            found = await told.of("en", headline_id)
            return found if len(found) == 2 else None

        held, corrected = await eventually(both)
        assert (held["of"], held["reached"], held["waiting"]) == ("held", 1, 1)
        assert (corrected["of"], corrected["confirmed"]) == ("corrected", 1)
        key = f"ticker:{{en}}:receipts:{headline_id}"
        assert 0 < await redis.pttl(key) <= receipts.KEPT
        assert await told.of("en", "a" * 16) == []


async def test_what_reached_whom_is_in_the_audit_and_its_chain_holds(
    redis: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "AUDITED_AFTER", 3_600_000)
    readers = [Answering(), Silent()]
    async with a_process(redis, *readers) as (hub, told), a_process(redis) as (other, _):
        headline_id = await published(desk, *readers)
        await desk.retract("en", headline_id, "wrong", by="ann")
        await eventually(lambda: heard(readers[0], "retracted", headline_id))
        answer(hub, readers[0])  # type: ignore[arg-type]

        def tallies() -> list[Tally]:
            return [tally for one in (hub, other) for tally in one.fanout("en").tallies]

        async def answered() -> bool:
            found = await told.of("en", headline_id)
            return len(tallies()) == 2 and bool(found) and (found[0]["confirmed"], found[0]["written"]) == (1, 1)

        await eventually(answered)
        assert await audited(redis) == []
        monkeypatch.setattr(receipts, "AUDITED_AFTER", 0)
        [entry] = await eventually(lambda: audited(redis))
        assert (entry["reached"], entry["confirmed"], entry["written"]) == (2, 1, 1)
        assert len(tallies()) == 2
        await eventually(lambda: all(tally.audited for tally in tallies()), "each process has tried")
        await desk.publish("en", Draft(text="Another"), by="ann")
    chain = ""
    for _, fields in await redis.xrange(Keys.of("en").audit):
        chain = await redis.eval("return redis.sha1hex(ARGV[1])", 0, chain + fields["entry"])
        assert fields["chain"] == chain
    assert len(await audited(redis)) == 1


async def test_it_is_told_once_redis_is_back(tmp_path: Path) -> None:
    server = RedisServer(next(iter(binaries().values())), tmp_path, "--appendonly", "yes").start()
    reader = Answering()
    try:
        async with connect(server.url) as redis, a_process(redis, reader) as (hub, told):
            desk = Desk(hub.stream, {"en": hub.fanout("en").channel})
            headline_id = await published(desk, reader)
            await desk.retract("en", headline_id, "wrong", by="ann")
            await eventually(reader.asked)
            await eventually(lambda: not next(iter(hub.fanout("en").tallies)).moved)
            server.kill()
            answer(hub, reader)
            await asyncio.sleep(2 * receipts.TURN)
            server.start()

            async def confirmed() -> Any:
                with contextlib.suppress(Exception):
                    return [one["confirmed"] for one in await told.of("en", headline_id)] == [1]

            await eventually(confirmed)
    finally:
        server.stop()


@pytest.mark.parametrize(
    "said", ["", "done", '{"type":"done"', '{"type":"done"}', '{"type":"done","position":7}', '["done"]',
             '{"type":"done","position":"abcdef01-1-1"}', '{"type":"read","s":"done"}', "[" * 3000 + '"done"'],
)  # fmt: skip
async def test_what_confirms_nothing_changes_nothing(redis: Client, desk: Desk, said: str) -> None:
    reader = Answering()
    async with at_work(redis) as hub:
        hub.join(Subscription("en"), reader)
        await desk.retract("en", await published(desk, reader), "wrong", by="ann")
        [tally] = await eventually(lambda: list(hub.fanout("en").tallies))
        hub.hear("en", reader, said)
        assert (tally.had.total(), tally.confirmed) == (1, 0)


async def test_a_real_client_confirms_and_the_desk_sees_it(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path)
    async with running(web), aiohttp.ClientSession() as http:
        api = Api(http, web.url, await new_key(redis_url, "Desk", "admin"))
        header = f"Authorization: Bearer {api.key}"
        async with (
            open_socket(f"{web.ws_url}/v1/channels/en/ws?output=Gallery%201") as socket,
            Events.open(web, "/v1/channels/en/stream?output=Wall") as stream,
            Events.open(web, "/v1/desk/en/stream", header) as at_desk,
        ):
            await stream.until("snapshot")
            await at_desk.until("snapshot")
            headline = await api.publish("A false alarm")
            await stream.until("published")
            await api.act(headline, "retract", {"reason": "false"})
            async with asyncio.timeout(20):
                async for frame in socket:
                    if "confirm" in (message := json.loads(frame)):
                        break
            unconfirmed = (await at_desk.until("receipt"))[-1]
            assert (unconfirmed["id"], unconfirmed["reached"], unconfirmed["confirmed"]) == (headline["id"], 2, 0)
            assert unconfirmed["outputs"].keys() == {"Gallery 1", "Wall"}
            assert unconfirmed["outputs"]["Gallery 1"] is None
            await socket.send(json.dumps({"type": "done", "position": message["confirm"]}))
            receipt = unconfirmed
            while receipt["waiting"]:
                receipt = (await at_desk.until("receipt"))[-1]
            assert (receipt["confirmed"], receipt["written"], receipt["gone"]) == (1, 1, 0)
            assert receipt["outputs"]["Gallery 1"] <= receipt["slowest_ms"]
        [kept] = (await api.get(f"/v1/desk/en/receipts/{headline['id']}")).json["receipts"]
        assert {**receipt, **kept} == receipt
        nobody = Api(http, web.url, await new_key(redis_url, "Publisher", "publish"))
        assert (await nobody.get(f"/v1/desk/en/receipts/{headline['id']}")).fault == (403, "forbidden")
