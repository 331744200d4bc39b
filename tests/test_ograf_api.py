"""The OGraf Server API: against the description that the EBU publishes, and as a controller uses it."""

import asyncio
import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests import ograf
from tests.api import Answer, Api, fresh_key, serving
from tests.servers import RedisServer, Web, eventually
from tests.test_onair_feeds import OUTPUTS

# Not among them: that no answer is above 499, and that one to nonsense is below: this API knows only 404, 500 and 550.
CHECKS = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
SECONDS = 20
INSTANCE = "/ograf/v1/renderers/program/target/graphicInstance"
TICKER = {"renderTarget": {"layer": 1}, "graphicInstanceId": "ticker-program"}


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("web"), OUTPUTS) as web:
        yield web


@pytest.fixture
async def desk(http: aiohttp.ClientSession, web: Web) -> Api:
    return Api(http, web.url, await fresh_key(web, "desk", "admin"))


class Controller(Api):
    """A program that speaks the API, and nothing else of ours."""

    async def do(self, action: str, **params: Any) -> Answer:
        return await self("POST", f"{INSTANCE}/{action}", {**TICKER, "params": params})

    async def clear(self, *filters: Any) -> Answer:
        return await self("PUT", f"{INSTANCE}/clear", {"filters": filters})

    async def playlist(self) -> Any:
        return (await self.get("/onair/program/playlist.json")).json


@pytest.fixture
async def controller(http: aiohttp.ClientSession, web: Web) -> Controller:
    return Controller(http, web.url, await fresh_key(web, "controller", "air", "clear", "retract"))


async def test_made_up_requests_get_what_the_published_description_promises(web: Web, tmp_path: Path) -> None:
    key = await fresh_key(web, "Schemathesis", "admin")
    (tmp_path / "server-api.json").write_text(json.dumps(ograf.description()))
    command = [
        "-m", "schemathesis.cli", "run", "server-api.json", "--url", f"{web.url}/ograf/v1",
        "--header", f"Authorization: Bearer {key}", "--checks", ",".join(CHECKS), "--phases",
        "examples,coverage,fuzzing", "--max-examples", "15", "--max-time", str(SECONDS), "--request-timeout", "10",
        "--no-color", "--seed", "1", "--warnings", "off", "--generation-database", "none", "--continue-on-failure",
    ]  # fmt: skip
    tool = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await tool.communicate()
    assert tool.returncode == 0, "\n".join(line[:300] for line in out.decode().splitlines())


async def test_a_controller_finds_the_ticker_and_takes_it_on_and_off(controller: Controller) -> None:
    assert (await controller.get("/ograf/v1/")).json["name"] == "Ticker"
    renderers = (await controller.get("/ograf/v1/renderers")).json["renderers"]
    assert [one["id"] for one in renderers] == ["program", "open", "school"]
    graphics = (await controller.get("/ograf/v1/graphics")).json["graphics"]
    assert graphics[0] == {"id": "ticker-program", "name": "Main program ticker"}
    found = (await controller.get("/ograf/v1/graphics/ticker-program")).json["graphic"]
    assert ograf.faults(found) == []
    loading = {"renderTarget": {"layer": 1}, "graphicId": "ticker-program", "params": {"data": {"speed": "7"}}}
    loaded = await controller("POST", f"{INSTANCE}/load", loading)
    assert loaded.json == {"graphicInstanceId": "ticker-program", "statusCode": 200}
    for params in ({}, {"skipAnimation": None}):  # a second play never takes the bar off
        played = await controller.do("playAction", **params)
        assert (played.status, played.json["currentStep"]) == (200, 0)
    await eventually_so(controller, on=True, speed=7)
    assert (await controller.do("updateAction", data={"speed": 3, "unknown": [1]})).status == 200
    await eventually_so(controller, on=True, speed=3)
    assert (await controller.do("stopAction")).json == loaded.json
    await eventually_so(controller, on=False, stop="now")
    assert (await controller.do("playAction")).status == 200
    await eventually_so(controller, on=True)
    assert (await controller.do("playAction", goto=1)).json["currentStep"] == 1
    await eventually_so(controller, on=False)
    await controller.do("playAction")
    await eventually_so(controller, on=True)
    assert (await controller.clear({"graphicId": "other"})).json == {"graphicInstances": []}
    assert (await controller.playlist())["on"]
    assert (await controller.clear()).json == {"graphicInstances": [TICKER]}
    await eventually_so(controller, on=False)
    await controller.do("playAction")


async def eventually_so(controller: Controller, **fields: Any) -> None:
    async def so() -> bool:
        playlist = await controller.playlist()
        return fields.items() <= playlist.items()

    await eventually(so, f"{fields}")


async def test_actions_are_the_gallerys_cues(desk: Api, controller: Controller) -> None:
    headline = await desk.publish("Breaking words")
    payload = {"id": headline["id"]}
    refused = await controller.do("customActions/breaking", payload=payload)
    assert (refused.status, refused.json["status"]) == (550, 550)
    assert "not cleared" in refused.json["detail"]
    cleared = await controller("POST", "/ograf/v1/renderers/program/customActions/clear", {"payload": payload})
    assert cleared.status == 200
    assert (await controller.do("customActions/breaking", payload=payload)).status == 200

    async def stands() -> Any:
        return [one["id"] for one in (await controller.playlist())["takeovers"]] == [headline["id"]]

    await eventually(stands)
    assert (await controller.do("customActions/clear-takeover", payload={})).status == 200
    await eventually_so(controller, takeovers=[])
    assert (await controller.do("customActions/kill", payload=payload)).status == 200
    await eventually_so(controller, items=[], leaving=[])
    assert (await desk.get(f"headlines/{headline['id']}")).fault == (410, "killed")


async def test_what_it_offers_it_takes(desk: Api, controller: Controller) -> None:
    """Each action's form, with nothing filled in but what it must have."""
    headline = await desk.publish("Offered and taken")
    renderer = "/ograf/v1/renderers/program"
    offered = {
        action["id"]: action["schema"] for action in (await controller.get(renderer)).json["renderer"]["customActions"]
    }
    for custom in sorted(offered, key=lambda one: one == "clear"):  # which makes up for a hold
        answer = await controller(
            "POST", f"{renderer}/customActions/{custom}", {"payload": form(offered[custom], headline)}
        )
        assert answer.status == 200, (custom, answer.text)
    graphic = (await controller.get("/ograf/v1/graphics/ticker-program")).json["graphic"]
    actions = {action["id"]: action["schema"] for action in graphic["customActions"]}
    for custom in sorted(actions, key=lambda one: one == "kill"):
        answer = await controller.do(f"customActions/{custom}", payload=form(actions[custom], headline))
        assert answer.status == 200, (custom, answer.text)
    assert (await desk.get(f"headlines/{headline['id']}")).fault == (410, "killed")


def form(schema: Any, headline: Any) -> Any:
    must = {name: headline[name] for name in (schema or {}).get("required", ())}
    return {**ograf.not_filled_in(schema), **must}


async def test_a_form_that_nobody_has_filled_in_changes_nothing(desk: Api, controller: Controller) -> None:
    headline = await desk.publish("First in the running order")
    await controller.do("updateAction", data={"speed": "7", "ids": [headline["id"]]})
    before = await eventually_controlled(desk, speed=7, running_order=[headline["id"]])
    graphic = (await controller.get("/ograf/v1/graphics/ticker-program")).json["graphic"]
    data = ograf.not_filled_in(graphic["schema"])
    loading = {"renderTarget": {"layer": 1}, "graphicId": "ticker-program", "params": {"data": data}}
    assert (await controller("POST", f"{INSTANCE}/load", loading)).status == 200
    assert (await controller.do("updateAction", data=data)).status == 200
    assert (await controller.do("updateAction", data={**data, "speed": 9})).status == 200
    after = await eventually_controlled(desk, speed=9)
    assert (after["number"], after["running_order"]) == (before["number"] + 1, [headline["id"]])
    assert (await controller.do("customActions/order", payload={"ids": []})).status == 200
    await eventually_controlled(desk, running_order=[])
    assert (await controller.do("customActions/kill", payload={"id": headline["id"]})).status == 200


async def eventually_controlled(desk: Api, **fields: Any) -> Any:
    async def so() -> Any:
        control = (await desk.get("/onair/program/state")).json["control"]
        return control if fields.items() <= control.items() else None

    return await eventually(so, f"{fields}")


async def test_every_refusal_is_json_in_a_status_that_controllers_know(controller: Controller) -> None:
    cases = [
        (404, controller.get("/ograf/v1/nothing")),
        (404, controller("DELETE", "/ograf/v1/graphics/ticker-program")),
        (404, controller.get("/ograf/v1/renderers/nowhere")),
        (404, controller.get('/ograf/v1/renderers/program/target?renderTarget={"layer":2}')),
        (404, controller.get("/ograf/v1/renderers/program/target?renderTarget=" + "[" * 5000)),
        (404, controller("POST", f"{INSTANCE}/playAction", {**TICKER, "graphicInstanceId": "x", "params": {}})),
        (404, controller("POST", f"{INSTANCE}/playAction", {**TICKER, "renderTarget": 1, "params": {}})),
        (404, controller.do("customActions/dance", payload={})),
        (500, controller("POST", f"{INSTANCE}/playAction", b"{")),
        (500, controller("POST", f"{INSTANCE}/playAction", {**TICKER, "params": {"goto": "soon"}})),
        (500, controller("POST", f"{INSTANCE}/playAction", b" " * 70_000)),
        (550, controller.do("updateAction", data={"speed": 1000})),
        (550, controller.do("customActions/breaking", payload={})),
        (550, controller.do("customActions/kill", payload={"id": "a" * 16})),
    ]
    for status, asked in cases:
        answer = await asked
        assert (answer.status, answer.json["status"]) == (status, status), answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.json["detail"]


async def test_who_may_not_is_told_and_nothing_happens(http: aiohttp.ClientSession, web: Web) -> None:
    for scope, status in ((None, 401), ("publish", 403)):
        key = scope and await fresh_key(web, "other", scope)
        other = Controller(http, web.url, key)
        before = await other.playlist()
        for answer in (await other.do("stopAction"), await other.clear(), await other.do("updateAction", data={})):
            assert (answer.status, answer.json["status"]) == (status, status)
        assert (await other.playlist())["id"] == before["id"]


async def test_a_key_may_come_as_a_password(http: aiohttp.ClientSession, web: Web, controller: Controller) -> None:
    def basic(password: str) -> str:
        return "Basic " + base64.b64encode(f"sofie:{password}".encode()).decode()

    anybody = Controller(http, web.url)
    body = {**TICKER, "params": {}}
    cases = ((basic(controller.key or ""), 200), (basic("wrong"), 401), ("Basic ?", 401), ("Basic é", 401))
    for header, status in cases:
        answer = await anybody("POST", f"{INSTANCE}/playAction", body, Authorization=header)
        assert answer.status == status


async def test_a_controller_may_be_a_page_from_anywhere(http: aiohttp.ClientSession, web: Web) -> None:
    asked = {"Origin": "https://controller.example", "Access-Control-Request-Method": "PUT",
             "Access-Control-Request-Headers": "authorization,content-type"}  # fmt: skip
    async with http.options(f"{web.url}{INSTANCE}/clear", headers=asked) as answer:
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "PUT" in answer.headers["access-control-allow-methods"]
    async with http.get(f"{web.url}/ograf/v1/", headers={"Origin": "https://controller.example"}) as answer:
        assert answer.headers["access-control-allow-origin"] == "*"
