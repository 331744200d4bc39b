"""The audit over HTTP, of a real web process."""

import csv
import io
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.api import Api, fresh_key
from tests.servers import Web
from ticker.desk import export
from ticker.desk.chain import Chain
from ticker.store import connect
from ticker.stream import Keys

AUDIT = "/v1/desk/en/audit"


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "publish", "correct", "retract", "read"))


async def test_who_did_what_with_which_key(desk: Api) -> None:
    made = await desk.publish("=1+1 is what they say")
    await desk.edit(made, text="=1+2 is what they say", correction="A sum")
    await desk.act(made, "retract", {"reason": "Nonsense"})
    found = (await desk.get(f"{AUDIT}?id={made['id']}")).json
    assert found["next"] is None
    assert [one["action"] for one in found["entries"]] == ["retract", "correct", "publish"]
    corrected = found["entries"][1]
    assert (corrected["before"], corrected["after"], corrected["reason"]) == (
        "=1+1 is what they say", "=1+2 is what they say", "A sum",
    )  # fmt: skip
    assert corrected["by"].startswith("Desk (")
    assert corrected["via"] == f"key:{corrected['by'][6:-1]}"
    older = (await desk.get(f"{AUDIT}?id={made['id']}&limit=1&after={found['entries'][0]['entry']}")).json
    assert [one["action"] for one in older["entries"]] == ["correct"]
    assert (await desk.get(f"{AUDIT}?q=nonsense&action=retract&by=desk")).json["entries"][0]["id"] == made["id"]


async def test_as_files(desk: Api) -> None:
    made = await desk.publish("@formula")
    sheet = await desk.get(f"{AUDIT}.csv")
    assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
    assert "audit-en.csv" in sheet.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert next(row for row in rows if row["id"] == made["id"])["after"] == "'@formula"
    kept = await desk.get(f"{AUDIT}.jsonl")
    chain = Chain("")
    chain.take(export.read(line) for line in kept.text.splitlines())
    assert (chain.fault, chain.count) == (None, len(rows))
    some = await desk.get(f"{AUDIT}.jsonl?id={made['id']}")
    assert len(some.text.splitlines()) == 1


@pytest.mark.parametrize(
    "query", ["from=yesterday", "until=1", "limit=501", "limit=x", "after=x", "after=%D9%A3-1", f"q={'x' * 201}"]
)
async def test_what_is_not_right_is_named(desk: Api, query: str) -> None:
    answer = await desk.get(f"{AUDIT}?{query}")
    assert answer.fault == (422, "invalid")
    assert answer.json["errors"][0]["pointer"] == query.partition("=")[0]


async def test_only_who_reads_at_the_desk(desk: Api, web: Web) -> None:
    for scopes, channels in ((("publish", "correct", "retract"), ()), (("read",), ("ar",))):
        desk.key = await fresh_key(web, "Other", *scopes, channels=channels)
        for kind in ("", ".csv", ".jsonl"):
            assert (await desk.get(AUDIT + kind)).fault == (403, "forbidden")
    desk.key = None
    assert (await desk.get(AUDIT)).fault == (401, "unauthorized")


async def test_a_page_of_it_stands_when_an_entry_was_broken_by_hand(desk: Api, web: Web) -> None:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        for entry in ("no JSON", '{"by": 5}', '{"action": ["x"], "from": [], "to": {}, "id": null}', "[]"):
            await redis.xadd(Keys.of("ar").audit, {"entry": entry, "chain": "0"})
    page = await desk.get("/desk/ar/audit")
    assert page.status == 200
    assert "no JSON" in page.text
