"""The long poll: what has changed since, or what comes first."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.api import Api, eventually_gone, eventually_shown, fresh_key
from tests.servers import PATIENCE, Web, eventually


@pytest.fixture
async def desk(http: aiohttp.ClientSession, web: Web) -> Api:
    return Api(http, web.url, await fresh_key(web, "Desk", "publish", "correct", "retract"))


async def test_a_long_poll_returns_as_soon_as_something_comes(reader: Api, desk: Api) -> None:
    position = (await reader.get()).json["position"]

    async def news() -> list[dict[str, Any]]:
        """A heartbeat alone ends a wait, too."""
        while True:
            messages: list[dict[str, Any]] = (await reader.get(f"events?after={position}&wait=60")).json["messages"]
            if [message["type"] for message in messages] != ["heartbeat"]:
                return messages

    waiting = asyncio.create_task(news())

    async def polls() -> bool:
        return 'transport="poll"} 1.0' in (await reader.get("/metrics")).text

    await eventually(polls)
    headline = await desk.publish("What the poll waits for")
    messages = await asyncio.wait_for(waiting, PATIENCE)
    assert [message["type"] for message in messages] == ["published"]
    assert messages[0]["headline"]["id"] == headline["id"]
    assert messages[-1]["position"] == (await reader.get()).json["position"]


async def test_a_long_poll_that_hangs_up_is_forgotten(reader: Api) -> None:
    position = (await reader.get()).json["position"]

    async def wait() -> None:
        while True:  # a heartbeat ends a wait
            await reader.get(f"events?after={position}&wait=60")

    waiting = asyncio.create_task(wait())

    async def polls(count: int) -> bool:
        return f'ticker_connections{{channel="en",transport="poll"}} {count}.0' in (await reader.get("/metrics")).text

    await eventually(lambda: polls(1))
    waiting.cancel()
    await eventually(lambda: polls(0))


async def test_a_poll_without_news_is_a_heartbeat(reader: Api) -> None:
    snapshot = (await reader.get()).json
    answer = await reader.get(f"events?after={snapshot['position']}&wait=1")
    [message] = answer.json["messages"]
    assert (message["type"], message["position"]) == ("heartbeat", snapshot["position"])
    assert message["hash"] == snapshot["hash"]
    for wait in ("61", "-1", "1.5", "x", "٣"):
        assert (await reader.get(f"events?wait={wait}")).fault == (422, "invalid")


@pytest.mark.parametrize(
    ("after", "reason"),
    [("garbage", "unknown"), ("zzzzzzzz-1-0", "epoch"), ("{epoch}-999999999999999-0", "unknown"), ("%00", "unknown")],
)
async def test_a_position_that_cannot_be_resumed_brings_a_snapshot_that_says_why(
    reader: Api, after: str, reason: str
) -> None:
    epoch = (await reader.get()).json["position"].split("-")[0]
    [message] = (await reader.get("events?after=" + after.format(epoch=epoch))).json["messages"]
    assert (message["type"], message["reason"]) == ("snapshot", reason)


async def test_only_the_last_message_of_a_batch_moves_the_reader_on_and_kills_come_first(
    reader: Api, desk: Api
) -> None:
    victim = await desk.publish("About to be killed")
    await eventually_shown(reader, victim)
    start = (await reader.get()).json["position"]
    calm = await desk.publish("Calm news")
    flash = await desk.publish("Flash news", urgency="flash")
    await desk.act(victim, "retract", {"reason": "wrong"})
    await eventually_gone(reader, victim)
    messages = (await reader.get(f"events?after={start}")).json["messages"]
    assert [m.get("id") or m["headline"]["id"] for m in messages] == [victim["id"], flash["id"], calm["id"]]
    assert [m["position"] for m in messages[:-1]] == [start, start]
    assert messages[-1]["position"] == (await reader.get()).json["position"]
