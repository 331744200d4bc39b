"""`POST …/headlines/check`, over HTTP: all findings at once, and nothing changed by asking."""

import aiohttp
import pytest

from tests.api import Api, fresh_key
from ticker.desk.links import FINE, Links
from ticker.store import connect


@pytest.fixture
async def desk(web):
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "Desk", "publish", "correct", "retract"))


@pytest.fixture
async def links(web):
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        yield Links(redis)


async def check(desk: Api, text: str, **fields):
    answer = await desk("POST", "headlines/check", {"text": text, **fields})
    assert answer.status == 200, answer.text
    return answer.json


def codes(told) -> list[str]:
    return [finding["code"] for finding in told["findings"]]


async def test_a_good_headline_has_no_finding_and_is_counted(desk: Api) -> None:
    told = await check(desk, "Police: Cafe\u0301 reopens")
    assert told == {
        "findings": [], "graphemes": 20, "limits": {"advice": 90, "editorial": 120, "hard": 280}, "waiting": False,
    }  # fmt: skip


async def test_everything_wrong_is_told_at_once(desk: Api) -> None:
    told = await check(desk, "STORM REACHES THE COAST", link="ftp://x", kicker="k" * 50, colour="red")
    assert codes(told) == ["invalid", "invalid", "invalid", "no_source", "capitals"]
    assert {(f["field"], f["level"]) for f in told["findings"][:3]} == {
        ("link", "stop"), ("kicker", "stop"), ("colour", "stop"),
    }  # fmt: skip


async def test_a_text_that_is_too_long_is_a_stop_with_its_length(desk: Api) -> None:
    told = await check(desk, "x" * 300)
    assert (codes(told), told["graphemes"]) == (["invalid"], 300)
    assert codes(await check(desk, "")) == ["invalid"]


async def test_what_is_on_the_strip_or_aside_is_shown_beside_it(desk: Api) -> None:
    live = await desk.publish("Police say bridge at Ardo closed")
    draft = await desk.publish("Mayor: Market at Ardo opens", state="draft")
    first = (await check(desk, "Bridge at Ardo closed, police say"))["findings"][0]
    assert (first["code"], first["id"], first["text"]) == ("near_duplicate", live["id"], live["text"])
    first = (await check(desk, "Mayor: Market at Ardo opens"))["findings"][0]
    assert (first["code"], first["id"], first["state"]) == ("same_words", draft["id"], "draft")


async def test_an_edit_is_compared_with_what_readers_first_saw(desk: Api) -> None:
    live = await desk.publish("Police: 12 hurt at Belmar")
    assert (await desk.edit(live, text="Police: 15 hurt at Belmar")).status == 200
    assert codes(await check(desk, "Police: 15 hurt in Belmar", id=live["id"])) == ["numbers_changed"]
    assert codes(await check(desk, "Police: 12 hurt in Belmar", id=live["id"])) == []


async def test_killed_words_stop_it(desk: Api) -> None:
    live = await desk.publish("Police: Tower at Corvo falls")
    assert (await desk.act(live, "retract", {"reason": "wrong"})).status == 200
    assert codes(await check(desk, "Police: Tower at Corvo falls"))[0] == "killed_words"


async def test_a_link_is_waited_for_until_somebody_has_looked(desk: Api, links: Links) -> None:
    link = "https://news.example/page"
    told = await check(desk, "Police: Road at Dorna opens", link=link)
    assert (codes(told), told["waiting"]) == ([], True)
    assert await links.take(link)
    await links.tell(link, "The link does not open: It answered 404.")
    told = await check(desk, "Police: Road at Dorna opens", link=link)
    assert (codes(told), told["waiting"]) == (["link_dead"], False)
    await links.tell(link, FINE)
    assert codes(await check(desk, "Police: Road at Dorna opens", link=link)) == []


async def test_asking_changes_nothing(desk: Api) -> None:
    before = (await desk.get()).json
    await check(desk, "Police: Nobody publishes this")
    after = (await desk.get()).json
    assert (before["position"], before["hash"]) == (after["position"], after["hash"])


async def test_what_is_refused(desk: Api, web) -> None:
    nobody = Api(desk.http, web.url)
    assert (await nobody("POST", "headlines/check", {"text": "x"})).fault == (401, "unauthorized")
    curator = Api(desk.http, web.url, await fresh_key(web, "Curator", "curate"))
    assert (await curator("POST", "headlines/check", {"text": "x"})).fault == (403, "forbidden")
    wire = Api(desk.http, web.url, await fresh_key(web, "Wire", "source"))  # it must not learn what others draft
    assert (await wire("POST", "headlines/check", {"text": "x"})).fault == (403, "forbidden")
    elsewhere = Api(desk.http, web.url, desk.key, channel="nowhere")
    assert (await elsewhere("POST", "headlines/check", {"text": "x"})).fault == (404, "no-channel")
    assert (await desk("POST", "headlines/check", b"{")).fault == (400, "malformed")
    assert (await desk("POST", "headlines/check", b"[1]")).fault == (400, "malformed")
    assert (await desk("POST", "headlines/check", b"[" * 60_000)).fault == (400, "malformed")
    assert (await desk("POST", "headlines/check", b"x", Content_Type="text/plain")).fault[0] == 415
    assert (await desk("POST", "headlines/check", b" " * 70_000)).fault == (413, "too-large")
