"""`POST …/headlines/check`, over HTTP: all findings at once, and nothing changed by asking."""

import json

import aiohttp
import pytest

from tests.api import Api, fresh_key
from tests.samples import NOW
from tests.servers import Web, running
from tests.visitors import new_person, visiting
from ticker.desk import check as check_
from ticker.desk.links import FINE, Links
from ticker.headline import Record, State
from ticker.people.people import People
from ticker.people.sessions import SESSION
from ticker.store import connect
from ticker.urgency import Urgency
from ticker.writer import Role


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
    [output] = told.pop("outputs")
    assert told == {
        "findings": [], "graphemes": 20, "limits": {"advice": 90, "editorial": 120, "hard": 280}, "waiting": False,
    }  # fmt: skip
    assert output == {"output": "en", "title": "En", "px": 462, "seconds": 2.3, "exact": False}


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


OUTPUTS = {
    "program": {"channels": ["en"], "widest": 1000, "longest": 40},
    "arabic": {"channels": ["ar"], "widest": 100},
    "flashes": {"channels": ["en", "ar"], "urgency": "flash", "mode": "flip", "flip_seconds": 8, "forbidden": ["!"]},
}


@pytest.fixture
async def editor(web, desk, tmp_path):
    """At the same desk, with outputs."""
    gallery = Web(web.env["TICKER_REDIS_URL"], tmp_path, TICKER_OUTPUTS=json.dumps(OUTPUTS))
    async with running(gallery):
        yield Api(desk.http, gallery.url, desk.key)


async def test_each_output_of_the_channel_says_what_it_would_say_on_air(editor: Api) -> None:
    told = await check(editor, "Police: Cafe reopens")
    assert told["findings"] == []
    assert told["outputs"] == [
        {"output": "program", "title": "Program", "px": 462, "seconds": 2.3, "exact": False}
    ]  # fmt: skip
    told = await check(editor, "Police: Cafe reopens after nine years, says who waited!")
    assert [(f["code"], f["level"], f["output"]) for f in told["findings"]] == [
        ("air_long", "warning", "program"), ("air_wide", "warning", "program"),
    ]  # fmt: skip
    assert told["findings"][1]["sentence"] == "On Program: about 1,271 px, 6.4 s; 271 px too wide."
    assert told["outputs"][0]["px"] == 1271


async def test_what_an_output_chooses_by_urgency_it_measures_only_then(editor: Api) -> None:
    told = await check(editor, "Police: Fire!", urgency="flash", source={"name": "Wire"})
    assert [(f["code"], f["title"], f["characters"]) for f in told["findings"]] == [
        ("air_forbidden", "Flashes", "\u2068!\u2069 (U+0021)")
    ]
    assert [(output["output"], output["seconds"]) for output in told["outputs"]] == [("program", 1.5), ("flashes", 8.0)]


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
    assert (await desk("POST", "headlines/check", b"[1]")).fault == (422, "invalid")
    assert (await desk("POST", "headlines/check", b"[" * 60_000)).fault == (400, "malformed")
    assert (await desk("POST", "headlines/check", b"x", Content_Type="text/plain")).fault[0] == 415
    assert (await desk("POST", "headlines/check", b" " * 70_000)).fault == (413, "too-large")


def test_what_the_desk_keeps_is_read_once_however_often_it_is_compared() -> None:
    kept = [made(n).to_record() for n in range(50)]
    near, first_text = check_._day(kept, made(7).id, NOW)
    assert ([one.text for one in near], first_text) == ([f"Headline {n}" for n in range(50)], "First 7")
    before = check_._known.cache_info()
    assert check_._day(kept, "", NOW) == (near, "")
    after = check_._known.cache_info()
    assert (after.hits - before.hits, after.misses) == (50, before.misses)
    assert check_._day(kept, "", NOW + 25 * 3_600_000)[0] == []


def made(n: int) -> Record:
    return Record(
        id=f"{'a' * 14}{chr(97 + n // 10)}{chr(97 + n % 10)}", channel="en", version=1, state=State.LIVE, lang="en",
        dir="ltr", urgency=Urgency.ROUTINE, text=f"Headline {n}", first_text=f"First {n}", published_at=NOW - n,
    )  # fmt: skip


async def test_a_page_that_asks_again_by_itself_is_no_sign_of_life(web: Web, people: People) -> None:
    await new_person(web, "ana", {"*": Role.EDITOR})
    async with visiting(web) as ana, connect(web.env["TICKER_REDIS_URL"]) as redis:
        await ana.sign_in("ana")
        [session] = [key async for key in redis.scan_iter(f"{SESSION}*")]
        for query, kept in (("?again", True), ("", False)):
            await redis.pexpire(session, 60_000)
            asked = await ana("POST", f"/v1/channels/en/headlines/check{query}", b'{"text": "A"}')
            assert asked.status == 200
            assert (await redis.pttl(session) <= 60_000) is kept
