"""Editions over HTTP, of a real web process."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.api import Api, fresh_key
from tests.servers import Web


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "publish", "correct", "retract"))


async def test_together_each_channel_has_its_own_answer(desk: Api) -> None:
    drafts = {"en": {"text": "All at once"}, "ar": {"text": "معا"}, "none": {"text": "Nowhere"}}
    answer = await desk("POST", "/v1/editions", {"drafts": drafts}, Idempotency_Key="together")
    assert answer.status == 200
    outcomes = {one["channel"]: one for one in answer.json["editions"]}
    assert {channel: one["status"] for channel, one in outcomes.items()} == {"en": 201, "ar": 201, "none": 404}
    assert outcomes["none"]["problem"]["type"] == "/problems/no-channel"
    assert outcomes["en"]["headline"]["group"] == outcomes["ar"]["headline"]["group"] == answer.json["group"]
    again = await desk("POST", "/v1/editions", {"drafts": drafts}, Idempotency_Key="together")
    assert again.json == answer.json


@pytest.mark.parametrize("body", [{}, {"drafts": {}}, {"drafts": {"en": {}}}, {"drafts": {"EN": {"text": "t"}}}])
async def test_what_is_not_right_is_refused_whole(desk: Api, body: object) -> None:
    assert (await desk("POST", "/v1/editions", body)).fault == (422, "invalid")


async def test_a_duplicate_and_what_follows_a_correction_and_a_kill(desk: Api) -> None:
    first = await desk.publish("Once upon a time")
    answer = await desk.act(first, "duplicate", {"channel": "ar", "text": "كان يا ما كان"})
    assert (answer.status, answer.json["state"], answer.json["group"]) == (201, "draft", first["id"])
    assert answer.headers["location"] == f"/v1/channels/ar/headlines/{answer.json['id']}"
    corrected = await desk.edit(first, text="Twice upon a time", correction="Twice")
    assert corrected.json["text"] == "Twice upon a time"
    assert corrected.json["editions"] == [{"channel": "ar", "id": answer.json["id"], "outcome": "marked"}]
    other = await desk.get(answer.headers["location"])
    assert other.json["stale"]["action"] == "correct"
    assert other.json["stale"]["note"] == "Twice"
    killed = await desk.act(first, "retract", {"reason": "Never", "note": "No", "notes": {"ar": "لا"}})
    assert killed.json == {
        "id": first["id"], "state": "retracted",
        "editions": [{"channel": "ar", "id": answer.json["id"], "outcome": "retracted"}],
    }  # fmt: skip
    assert (await desk.get(answer.headers["location"])).fault == (410, "killed")


async def test_nobody_hands_in_without_a_key(desk: Api) -> None:
    desk.key = None
    assert (await desk("POST", "/v1/editions", {"drafts": {"en": {"text": "t"}}})).fault == (401, "unauthorized")
