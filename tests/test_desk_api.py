"""The desk's stream of a real web process: what it tells, whom, and for how long."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.api import Api, fresh_key
from tests.servers import Web, eventually
from tests.test_sse import Events
from ticker.keys import Keys
from ticker.people.people import People
from ticker.people.sessions import Sessions
from ticker.store import connect
from ticker.writer import Role

WAYS = ("", "/stream", "/events")


@pytest.fixture
async def desk(http: aiohttp.ClientSession, web: Web) -> Api:
    return Api(http, web.url, await fresh_key(web, "Desk", "read", "publish", "correct", "retract"))


def bearer(key: str | None) -> str:
    return f"Authorization: Bearer {key}"


async def draft(desk: Api, text: str, **fields: Any) -> dict[str, Any]:
    answer = await desk("POST", "headlines", {"text": text, **fields})
    assert answer.status == 201, answer.text
    headline: dict[str, Any] = answer.json
    return headline


async def test_it_tells_of_all_that_happens_to_a_headline(web: Web, desk: Api) -> None:
    async with Events.open(web, "/v1/desk/en/stream", bearer(desk.key)) as events:
        await events.until("snapshot")

        async def heard() -> dict[str, Any]:
            """What comes next; of a hold or a kill there may be a receipt in between."""
            while (message := await events.news())["type"] == "receipt":
                pass
            return message

        made = await draft(desk, "Not for readers yet", state="draft")
        told = [await heard()]  # before there is more: what comes at once is told as one change
        await desk("PATCH", f"headlines/{made['id']}", {"kicker": "Soon"}, If_Match='"1"')
        told.append(await heard())
        for action, body in (("release", {}), ("hold", {}), ("release", {}), ("retract", {"reason": "wrong"})):
            await desk("POST", f"headlines/{made['id']}/{action}", body)
            told.append(await heard())
    assert [(m["type"], m["headline"]["state"], m["headline"].get("kicker")) for m in told[:-1]] == [
        ("updated", "draft", None), ("updated", "draft", "Soon"), ("published", "live", "Soon"),
        ("updated", "held", "Soon"), ("released", "live", "Soon"),
    ]  # fmt: skip
    assert {m["headline"]["author"].partition(" ")[0] for m in told[:-1]} == {"Desk"}
    assert (told[-1]["type"], told[-1]["id"]) == ("retracted", made["id"])


async def test_snapshot_stream_and_events_agree_and_resume(web: Web, desk: Api) -> None:
    before = (await desk.get("/v1/desk/en")).json["position"]
    made = await draft(desk, "One for all ways", state="draft")

    async def shown() -> Any:
        board = (await desk.get("/v1/desk/en")).json
        return board if made["id"] in [h["id"] for h in board["headlines"]] else None

    snapshot = await eventually(shown)
    messages = (await desk.get(f"/v1/desk/en/events?after={before}")).json["messages"]
    assert [(m["type"], m["headline"]["id"]) for m in messages if "headline" in m] == [("updated", made["id"])]
    async with Events.open(web, f"/v1/desk/en/stream?after={before}", bearer(desk.key)) as events:
        assert (await events.until("heartbeat"))[-1]["hash"] == snapshot["hash"]
    async with Events.open(web, "/v1/desk/en/stream", bearer(desk.key)) as events:
        assert (await events.message())["headlines"] == snapshot["headlines"]
    after = snapshot["position"]

    async def next_headlines() -> list[str]:
        """A heartbeat alone ends a wait, too."""
        found: list[str] = []
        while not found:
            messages = (await desk.get(f"/v1/desk/en/events?after={after}&wait=20")).json["messages"]
            found = [message["headline"]["id"] for message in messages if "headline" in message]
        return found

    waiting = asyncio.create_task(next_headlines())
    again = await draft(desk, "And another", state="draft")
    assert await waiting == [again["id"]]


@pytest.mark.parametrize("way", WAYS)
async def test_it_is_for_those_who_may_read_at_this_desk(
    web: Web, http: aiohttp.ClientSession, desk: Api, way: str
) -> None:
    await draft(desk, "Secret plans", state="draft")
    keys = {
        None: (401, "unauthorized"),
        "tk_00000000_" + "0" * 43: (401, "unauthorized"),
        await fresh_key(web, "Publisher", "publish"): (403, "forbidden"),
        await fresh_key(web, "Elsewhere", "read", channels=("ar",)): (403, "forbidden"),
    }
    for key, fault in keys.items():
        answer = await Api(http, web.url, key).get(f"/v1/desk/en{way}", Accept="text/event-stream")
        assert answer.fault == fault
        assert "Secret" not in answer.text
    if way != "/stream":  # which has no end
        answer = await desk.get(f"/v1/desk/en{way}", Origin="https://elsewhere.example")
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        assert "access-control-allow-origin" not in answer.headers


async def test_a_revoked_key_hears_no_more(web: Web) -> None:
    url = web.env["TICKER_REDIS_URL"]
    key = await fresh_key(web, "Leaving", "read")
    async with Events.open(web, "/v1/desk/en/stream", bearer(key)) as events:
        await events.until("snapshot")
        async with connect(url) as redis:
            assert await Keys(redis).revoke(key.split("_")[1])
        while chunk := await asyncio.wait_for(events.chunk(), 10):
            assert b"heartbeat" in chunk or b"receipt" in chunk  # of a headline that left before
    assert await web.metric("ticker_desk_connections", channel="en") == 0


@pytest.mark.parametrize("how", ["removed", "elsewhere", "signed out"])
async def test_whose_session_has_ended_hears_no_more(web: Web, how: str) -> None:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        people = People(redis)
        sessions = Sessions(redis, people, idle_minutes=30, longest_hours=8)
        person = await people.add(how.replace(" ", "-"), "Ana", {"en": Role.READER})
        sealed = await sessions.begin(person)
        async with Events.open(web, "/v1/desk/en/stream", f"Cookie: ticker-session={sealed}") as events:
            await events.until("snapshot")
            if how == "removed":
                await people.remove(person.login)
            elif how == "elsewhere":
                await people.change(person.login, roles={"ar": Role.READER})
            else:
                session = await sessions.find(sealed)
                assert session
                await sessions.end(session)
            while chunk := await asyncio.wait_for(events.chunk(), 10):
                assert b"heartbeat" in chunk or b"receipt" in chunk


async def test_following_the_desk_does_not_keep_a_session_from_being_idle(web: Web) -> None:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis, aiohttp.ClientSession() as http:
        people = People(redis)
        sessions = Sessions(redis, people, idle_minutes=30, longest_hours=8)
        sealed = await sessions.begin(await people.add("idle", "Ana", {"en": Role.READER}))
        session = await sessions.find(sealed)
        assert session
        await redis.pexpire(f"ticker:session:{session.id}", 60_000)
        at_desk = Api(http, web.url)
        cookie = f"ticker-session={sealed}"
        for way in ("", "/events", "/presence"):
            assert (await at_desk.get(f"/v1/desk/en{way}", Cookie=cookie)).status == 200
        said = await at_desk("PUT", "/v1/desk/en/presence", {}, Cookie=cookie, Origin=web.url)
        assert [one["name"] for one in said.json["people"]] == ["Ana (idle)"]
        assert await redis.pttl(f"ticker:session:{session.id}") <= 60_000
        stranger = await at_desk("PUT", "/v1/desk/en/presence", {}, Cookie=cookie, Origin="https://elsewhere.example")
        assert stranger.fault == (403, "forbidden")


async def test_those_at_a_desk_are_counted_apart(web: Web, desk: Api) -> None:
    async with Events.open(web, "/v1/desk/en/stream", bearer(desk.key)) as events:
        await events.until("snapshot")
        assert await web.metric("ticker_desk_connections", channel="en") == 1
        assert await web.metric("ticker_connections", channel="en") == 0


async def test_there_is_no_desk_where_there_is_no_channel(desk: Api) -> None:
    assert (await desk.get("/v1/desk/none")).fault == (404, "no-channel")
