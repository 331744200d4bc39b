"""The HTTP API of a real web process: what writers may do, and what readers are told of it."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.api import CHANNELS, READABLE, Api, eventually_gone, eventually_shown, fresh_key, new_key, serving
from tests.servers import RedisServer, Web, eventually
from ticker import instant
from ticker.keys import Keys
from ticker.store import connect
from ticker.text import clean


@pytest.fixture
async def desk(http: aiohttp.ClientSession, web: Web) -> Api:
    return Api(http, web.url, await fresh_key(web, "Desk", "publish", "correct", "retract"))


# --- a headline's life ----------------------------------------------------------------------------------------------


async def test_publish_answers_with_the_headline_and_where_it_is(desk: Api, reader: Api) -> None:
    answer = await desk("POST", "headlines", {"text": "Rain  in\nLima", "urgency": "urgent", "tags": ["weather"]})
    headline = answer.json
    assert answer.status == 201
    assert (headline["text"], headline["state"], headline["version"]) == ("Rain in Lima", "live", 1)
    assert answer.headers["location"] == f"/v1/channels/en/headlines/{headline['id']}"
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["cache-control"] == "no-store"
    shown = await eventually_shown(reader, headline)
    assert shown["tags"] == ["weather"]
    assert "author" not in shown
    read = await reader.get(answer.headers["location"])
    assert (read.json, read.headers["etag"]) == (shown, '"1"')


async def test_an_edit_needs_the_version_it_was_made_on(desk: Api, reader: Api) -> None:
    first = await desk.publish("Two hurt")
    path = f"headlines/{first['id']}"
    assert (await desk("PATCH", path, {"text": "Three hurt"})).fault == (428, "version-missing")
    assert (await desk("PATCH", path, {"text": "Three hurt"}, If_Match="*")).fault == (428, "version-missing")
    for stale in ('"7"', "1", '"one"', 'W/"1"', '"1", "2"'):
        assert (await desk("PATCH", path, {"text": "Three hurt"}, If_Match=stale)).fault == (412, "version-stale")
    edited = await desk.edit(first, text="Three hurt")
    assert (edited.status, edited.headers["etag"], edited.json["version"]) == (200, '"2"', 2)
    again = await desk.edit(first, text="Four hurt")
    assert again.fault == (412, "version-stale")
    assert again.json["current"] == (await desk.get(path)).json
    assert (again.json["current"]["text"], again.json["current"]["version"]) == ("Three hurt", 2)
    assert again.json["version"] == 2
    assert (await eventually_shown(reader, edited.json))["text"] == "Three hurt"


async def test_a_correction_carries_its_note(desk: Api, reader: Api) -> None:
    first = await desk.publish("Mayor of Quito resigns")
    corrected = await desk.edit(first, text="Mayor of Cuenca resigns", correction="The city was wrong")
    assert corrected.status == 200
    shown = await eventually_shown(reader, corrected.json)
    assert (shown["text"], shown["correction"]) == ("Mayor of Cuenca resigns", "The city was wrong")


async def test_what_readers_do_not_see_is_for_the_desk_and_its_own_source(desk: Api, web: Web) -> None:
    mine = await desk.publish("Kept back", state="draft", source={"name": "wire", "id": "kept"})
    other = await desk.publish("Kept back as well", state="draft")
    for name, scope, seen in (
        ("wire", "source", {mine["id"]}),
        ("cms", "stories", set()),
        ("night", "correct", {mine["id"], other["id"]}),
    ):
        somebody = Api(desk.http, web.url, await fresh_key(web, name, scope))
        answers = {one["id"]: (await somebody.get(f"headlines/{one['id']}")).status for one in (mine, other)}
        assert answers == {id_: 200 if id_ in seen else 404 for id_ in answers}, name


async def test_hold_and_release(desk: Api, reader: Api) -> None:
    headline = await desk.publish("A claim to be checked")
    await eventually_shown(reader, headline)
    held = await desk.act(headline, "hold")
    assert (held.status, held.json["state"]) == (200, "held")
    await eventually_gone(reader, headline)
    assert (await reader.get(f"headlines/{headline['id']}")).fault == (404, "no-headline")
    assert (await desk.act(headline, "hold", {"reason": "once more"})).status == 200
    released = await desk.act(headline, "release")
    assert released.json["state"] == "live"
    await eventually_shown(reader, released.json)


async def test_a_draft_is_released(desk: Api, reader: Api) -> None:
    draft = await desk.publish("Kept for later", state="draft")
    assert draft["state"] == "draft"
    assert (await desk.act(draft, "hold")).fault == (409, "refused")
    released = await desk.act(draft, "release", {})
    await eventually_shown(reader, released.json)


async def test_a_second_person_approves(http: aiohttp.ClientSession, web: Web) -> None:
    first = Api(http, web.url, await fresh_key(web, "First", "publish"), "two")
    second = Api(http, web.url, await fresh_key(web, "Second", "publish"), "two")
    flash = await first.publish("The dam has broken", urgency="flash")
    assert flash["state"] == "awaiting_approval"
    assert (await first.act(flash, "release")).fault == (409, "refused")
    assert (await first.act(flash, "approve")).fault == (403, "forbidden")
    assert flash["id"] not in await first.board()
    await first.edit(flash, text="The dam holds")
    assert (await second.act(flash, "approve", If_Match='"1"')).fault == (412, "version-stale")
    approved = await second.act(flash, "approve", If_Match='"2"')
    assert (approved.status, approved.json["state"]) == (200, "live")
    await eventually_shown(second, approved.json)
    assert (await second.act(flash, "approve")).status == 200


async def test_a_second_person_raises_what_readers_have_to_a_flash(http: aiohttp.ClientSession, web: Web) -> None:
    first = Api(http, web.url, await fresh_key(web, "First", "publish"), "two")
    second = Api(http, web.url, await fresh_key(web, "Second", "publish"), "two")
    live = await first.publish("The bridge has fallen")
    assert (await first.edit(live, urgency="flash")).fault == (403, "forbidden")
    assert (await second.edit(live, urgency="flash", text="All bridges have fallen")).fault == (403, "forbidden")
    raised = await second.edit(live, urgency="flash")
    assert (raised.status, raised.json["urgency"]) == (200, "flash")


async def test_a_draft_takes_no_id_of_a_source_that_we_poll(
    http: aiohttp.ClientSession, redis_server: RedisServer, tmp_path: Path
) -> None:
    polled = '[sources.agency]\nurl = "https://agency.example/feed"\nchannel = "en"\n'
    with serving(redis_server, tmp_path, CHANNELS + polled) as web:
        junior = Api(http, web.url, await fresh_key(web, "Junior", "draft"))
        draft = {"text": "Nothing has happened", "state": "draft", "source": {"name": "agency", "id": "guid-2"}}
        assert (await junior("POST", "headlines", draft)).fault == (403, "forbidden")
        together = await junior("POST", "/v1/editions", {"drafts": {"en": draft}})
        assert [one["status"] for one in together.json["editions"]] == [403]


async def test_what_is_released_are_the_words_that_were_read(desk: Api) -> None:
    draft = await desk.publish("A tip", state="draft")
    assert (await desk.edit(draft, text="Another tip")).status == 200
    stale = await desk.act(draft, "release", If_Match='"1"')
    assert stale.fault == (412, "version-stale")
    assert stale.json["current"]["text"] == "Another tip"
    released = await desk.act(draft, "release", If_Match='"2"')
    assert (released.status, released.json["state"]) == (200, "live")
    assert (await desk.act(draft, "release", If_Match='"1"')).status == 200  # it is so already


async def test_move_and_pin(desk: Api, reader: Api) -> None:
    low, high = await desk.publish("Low"), await desk.publish("High")
    moved = await desk.act(low, "move", {"above": high["id"]})
    assert moved.status == 200

    async def stands(first: Any, second: Any) -> bool:
        order = list(await reader.board())
        return {first["id"], second["id"]} <= set(order) and order.index(first["id"]) < order.index(second["id"])

    await eventually(lambda: stands(low, high))
    pinned = await desk.act(high, "move", {"pinned": True})
    assert pinned.json["pinned"] is True
    await eventually(lambda: stands(high, low))
    assert (await desk.act(high, "move", {})).fault == (422, "invalid")
    assert (await desk.act(high, "move", {"to": "top", "above": low["id"]})).fault == (422, "invalid")
    assert (await desk.act(high, "move", {"above": "a" * 16, "pinned": False})).fault == (404, "no-headline")


async def test_retract_is_for_good_and_says_nothing_of_its_reason(desk: Api, reader: Api) -> None:
    headline = await desk.publish("Minister arrested, says hoax", source={"name": "wire", "id": "77"})
    await eventually_shown(reader, headline)
    assert (await desk.act(headline, "retract", {})).fault == (422, "invalid")
    killed = await desk.act(headline, "retract", {"reason": "legal-secret", "note": "Withdrawn"})
    assert killed.json == {"id": headline["id"], "state": "retracted"}
    await eventually_gone(reader, headline)
    assert (await desk.act(headline, "retract", {"reason": "again"})).status == 200
    assert (await desk.act(headline, "release")).fault == (410, "killed")
    assert (await desk.edit(headline, text="Other words")).fault == (410, "killed")
    assert (await desk.get(f"headlines/{headline['id']}")).fault == (410, "killed")
    for copy in ({"source": {"name": "wire", "id": "77"}}, {}, {"source": {"name": "other", "id": "1"}}):
        back = await desk("POST", "headlines", {"text": "MINISTER arrested — says hoax!", **copy})
        assert back.fault == (410, "killed")
    assert "legal-secret" not in (await reader.get("events")).text


# --- what readers must not see --------------------------------------------------------------------------------------


async def everything_readable(reader: Api, web: Web, headline_id: str) -> str:
    """All that anybody without a key can reach, and what the process has logged."""
    channel = reader.base.rstrip("/")
    start = (await reader.get()).json["position"].rpartition("-")[0].rpartition("-")[0] + "-1-0"
    paths = [channel + end for end in READABLE] + [
        f"{channel}/events?after={start}&wait=0", f"{channel}/headlines/{headline_id}", "/metrics", "/readyz",
        f"{channel}?urgency=flash", "/v1/channels", "/openapi.json", f"{channel}/headlines/{headline_id}/hold",
    ]  # fmt: skip
    said = [(await reader.get(path)).text for path in paths]
    async with reader.http.ws_connect(f"{web.ws_url}{channel}/ws?after={start}") as socket:
        said.append(await socket.receive_str())
    async with reader.http.get(f"{web.url}{channel}/stream") as stream:
        said.append((await stream.content.readuntil(b"}\n\n")).decode())
    return "".join(said) + web.said()


@pytest.mark.parametrize("kept_back", ["draft", "scheduled", "awaiting", "held", "killed"])
async def test_what_is_kept_back_is_nowhere(web: Web, reader: Api, http: aiohttp.ClientSession, kept_back: str) -> None:
    desk = Api(http, web.url, await fresh_key(web, "Keeper", "publish", "retract"), "two")
    reader = Api(http, web.url, channel="two")
    secret = f"zebra{kept_back}"
    fields: dict[str, Any] = {"urgency": "flash"} if kept_back == "awaiting" else {}
    fields |= {"state": "draft"} if kept_back == "draft" else {}
    fields |= {"publish_at": "2099-01-01T00:00:00Z"} if kept_back == "scheduled" else {}
    if kept_back == "scheduled":
        fields["publish_at"] = instant.format(instant.parse((await reader.get("events")).json["messages"][0]["now"]) + 3_600_000)  # fmt: skip  # noqa: E501
    headline = await desk.publish(f"Secret {secret}", kicker=secret[:40], section=secret, **fields)
    if kept_back in ("held", "killed"):
        await eventually_shown(reader, headline)
        action, body = ("hold", {"reason": secret}) if kept_back == "held" else ("retract", {"reason": secret})
        await desk.act(headline, action, body)
        await eventually_gone(reader, headline)
    # A sign that all before it has arrived.
    await eventually_shown(reader, await desk.publish(f"Sign after {kept_back}"))
    await desk("POST", "headlines", {"text": f"Secret {secret}", "urgency": "wrong"})
    await desk.edit(headline, 9, text=f"Secret {secret} edited")
    said = await everything_readable(reader, web, headline["id"])
    assert secret not in said
    assert f"Sign after {kept_back}" in said


async def test_a_scheduled_headline_is_read_with_a_key_only(desk: Api, reader: Api) -> None:
    now = instant.parse((await reader.get("events")).json["messages"][0]["now"])
    headline = await desk.publish("Embargoed", publish_at=instant.format(now + 3_600_000))
    assert headline["state"] == "scheduled"
    path = f"headlines/{headline['id']}"
    private = await desk.get(path)
    assert (private.json["text"], private.headers["cache-control"]) == ("Embargoed", "no-store")
    assert (await reader.get(path)).fault == (404, "no-headline")
    stranger = Api(reader.http, reader.url, await fresh_key_of(desk, "Stranger", "publish", channels=("ar",)))
    assert (await stranger.get(path)).fault == (404, "no-headline")
    assert (await reader.get(path, Authorization="Bearer nonsense")).fault == (401, "unauthorized")


async def fresh_key_of(api: Api, name: str, *scopes: str, channels: tuple[str, ...] = ()) -> str:
    return await new_key(_REDIS[api.url], name, *scopes, channels=channels)


_REDIS: dict[str, str] = {}


@pytest.fixture(autouse=True)
def _where_redis_is(web: Web) -> None:
    _REDIS[web.url] = web.env["TICKER_REDIS_URL"]


# --- repeating a request --------------------------------------------------------------------------------------------


async def test_the_same_request_twice_is_one(desk: Api, reader: Api) -> None:
    body = {"text": "Only once, please"}
    answers = await asyncio.gather(*(desk("POST", "headlines", body, Idempotency_Key="k-1") for _ in range(8)))
    assert [answer.status for answer in answers] == [201] * 8
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["ticker-position"] for answer in answers}) == 1
    await eventually_shown(reader, answers[0].json)
    assert [h["text"] for h in (await reader.board()).values()].count("Only once, please") == 1


async def test_a_key_is_for_one_request(desk: Api, reader: Api) -> None:
    first = (await desk("POST", "headlines", {"text": "With key two"}, Idempotency_Key="k-2")).json
    await eventually_shown(reader, first)
    reused = (409, "idempotency-key-reused")
    before = await reader.board()
    assert (await desk("POST", "headlines", {"text": "Another"}, Idempotency_Key="k-2")).fault == reused
    path = f"headlines/{first['id']}"
    for method, end, body in (("PATCH", "", {"text": "Changed"}), ("POST", "/hold", {}), ("POST", "/release", {})):
        answer = await desk(method, path + end, body, Idempotency_Key="k-2", If_Match='"1"')
        assert answer.fault == reused
    assert (await desk("POST", "headlines", {"text": "x"}, Idempotency_Key="a b")).fault == (400, "malformed")
    assert (await desk("POST", "headlines", {"text": "x"}, Idempotency_Key="k" * 201)).fault == (400, "malformed")
    assert await reader.board() == before


# --- keys -----------------------------------------------------------------------------------------------------------


async def test_a_source_that_repeats_its_retraction_has_the_same_answer(
    http: aiohttp.ClientSession, web: Web, desk: Api
) -> None:
    wire = Api(http, web.url, await fresh_key(web, "wire", "source"))
    item = await wire.publish("A false report", source={"name": "wire", "id": "r"})
    first = await wire.act(item, "retract", {"reason": "False"}, Idempotency_Key="k-3")
    again = await wire.act(item, "retract", {"reason": "False"}, Idempotency_Key="k-3")
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    assert (await wire.act(item, "retract", {"reason": "Other"}, Idempotency_Key="k-3")).fault == (
        409, "idempotency-key-reused",
    )  # fmt: skip
    theirs = await desk.publish("Not the wire's")
    for key in ("k-3", "k-4"):
        assert (await wire.act(theirs, "retract", {"reason": "False"}, Idempotency_Key=key)).status in (403, 409)


async def test_a_revoked_key_ends_at_once(web: Web, reader: Api) -> None:
    key = await fresh_key(web, "Leaver", "admin")
    leaver = Api(reader.http, web.url, key)
    await leaver.publish("Still allowed")
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        assert await Keys(redis).revoke(key.split("_")[1])
    refused = await leaver("POST", "headlines", {"text": "Too late"})
    assert refused.fault == (401, "unauthorized")
    assert refused.headers["www-authenticate"] == "Bearer"


async def test_a_key_of_another_channel_writes_nothing(web: Web, reader: Api) -> None:
    key = await fresh_key(web, "Arabic desk", "admin", channels=("ar",))
    foreign, home = Api(reader.http, web.url, key), Api(reader.http, web.url, key, "ar")
    before = await reader.board()
    assert (await foreign("POST", "headlines", {"text": "Wrong place"})).fault == (403, "forbidden")
    for action, body in (("hold", {}), ("retract", {"reason": "x"}), ("move", {"to": "top"})):
        assert (await foreign.act({"id": "a" * 16}, action, body)).fault == (403, "forbidden")
    assert (await home.publish("خبر"))["dir"] == "rtl"
    assert await reader.board() == before


async def test_a_source_may_touch_its_own_and_nothing_else(web: Web, reader: Api, desk: Api) -> None:
    wire = Api(reader.http, web.url, await fresh_key(web, "agency", "source"))
    other = await desk.publish("From the desk")
    theirs = await desk.publish("From another agency", source={"name": "agency2", "id": "1"})
    mine = await wire.publish("From the agency", source={"name": "agency", "id": "1"})
    assert (await wire("POST", "headlines", {"text": "No source"})).fault == (403, "forbidden")
    named = {"text": "Not mine", "source": {"name": "agency2", "id": "2"}}
    assert (await wire("POST", "headlines", named)).fault == (403, "forbidden")
    for headline in (other, theirs):
        assert (await wire.edit(headline, text="Hijacked")).fault == (403, "forbidden")
        assert (await wire.act(headline, "retract", {"reason": "x"})).fault == (403, "forbidden")
    assert (await wire.act(mine, "hold")).fault == (403, "forbidden")
    assert (await wire.edit(mine, text="From the agency, updated")).status == 200
    assert (await wire.act(mine, "retract", {"reason": "sent in error"})).status == 200


# --- faults ---------------------------------------------------------------------------------------------------------


async def test_all_faults_at_once(desk: Api) -> None:
    body = {
        "text": "\u200b",
        "urgency": "loud",
        "link": "javascript:alert(1)",
        "tags": [1],
        "expires_in": -1,
        "txt": "x",
    }
    answer = await desk("POST", "headlines", body)
    assert answer.fault == (422, "invalid")
    pointers = {fault["pointer"] for fault in answer.json["errors"]}
    assert pointers == {"/text", "/urgency", "/link", "/tags/0", "/expires_in", "/txt"}
    assert all(fault["detail"] for fault in answer.json["errors"])


async def test_times_that_make_no_sense_are_refused(desk: Api) -> None:
    answer = await desk("POST", "headlines", {"text": "x", "expires_at": "2001-01-01T00:00:00Z"})
    assert answer.fault == (422, "invalid")
    assert [fault["pointer"] for fault in answer.json["errors"]] == ["/expires_at"]
    for time in ("tomorrow", "2026-11-23", "2026-11-23T10:00:00", "2026-13-45T10:00:00Z", ""):
        assert (await desk("POST", "headlines", {"text": "x", "publish_at": time})).fault == (422, "invalid")


async def test_what_is_not_there_is_said_to_be_not_there(desk: Api, reader: Api) -> None:
    assert (await reader.get("/v1/channels/xx")).fault == (404, "no-channel")
    assert (await reader.get("/v1/channels/xx/stream")).fault == (404, "no-channel")
    assert (await reader.get("/nothing/here")).fault == (404, "not-found")
    assert (await reader.get("feed.pdf")).fault == (404, "not-found")
    assert (await reader.get("headlines/" + "a" * 16)).fault == (404, "no-headline")
    assert (await desk.act({"id": "../../x"}, "hold")).status == 404
    assert (await desk.act({"id": "a" * 16}, "hold")).fault == (404, "no-headline")
    assert (await desk("POST", "/v1/channels/xx/headlines", {"text": "x"})).fault == (404, "no-channel")


async def test_other_methods_are_refused_and_named(reader: Api) -> None:
    for method, path, allowed in (
        ("DELETE", "headlines", "POST"), ("PUT", "feed.rss", "GET"), ("POST", "stream", "GET"), ("DELETE", "events", "GET"),  # noqa: E501
    ):  # fmt: skip
        answer = await reader(method, path)
        assert answer.fault == (405, "method-not-allowed")
        assert allowed in answer.headers["allow"]


# --- reading --------------------------------------------------------------------------------------------------------


async def test_the_snapshot_is_the_same_bytes_for_the_same_position(
    reader: Api, desk: Api, web: Web, tmp_path: Path
) -> None:
    headline = await desk.publish("For the snapshot")
    await eventually_shown(reader, headline)
    twin = Web(web.env["TICKER_REDIS_URL"], tmp_path, TICKER_CONFIG=web.env["TICKER_CONFIG"])
    try:
        await twin.ready()
        first, second = await reader.get(), await Api(reader.http, twin.url).get()
        assert first.headers["etag"] == second.headers["etag"] == f'"{first.json["position"]}"'
        assert first.text == second.text
        assert "now" not in first.json
    finally:
        twin.kill()
    unchanged = await reader.get(If_None_Match=first.headers["etag"])
    assert (unchanged.status, unchanged.text, unchanged.headers["etag"]) == (304, "", first.headers["etag"])
    assert "stale-if-error" in first.headers["cache-control"]
    await eventually_shown(reader, await desk.publish("And one more"))
    changed = await reader.get(If_None_Match=first.headers["etag"])
    assert (changed.status, changed.headers["etag"] != first.headers["etag"]) == (200, True)


async def test_head_is_get_without_the_body(reader: Api) -> None:
    for path in (".", "feed.rss", "events", "/v1/channels", "/healthz", "/openapi.json"):
        full = await reader.get(path)
        head = await reader("HEAD", path.removeprefix(".") or reader.base.rstrip("/"))
        assert (head.status, head.text) == (200, "")
        assert head.headers["content-type"] == full.headers["content-type"]
    assert (await reader("HEAD", "stream")).headers["content-type"].startswith("text/event-stream")


async def test_leaving_a_filter_is_a_removal(reader: Api, desk: Api) -> None:
    start = (await reader.get()).json["position"]
    headline = await desk.publish("Urgent sports", urgency="urgent", section="sports")
    await eventually_shown(reader, headline)
    await desk.publish("Routine politics", section="politics")
    matching = (await reader.get("?section=sports&urgency=urgent")).json["headlines"]
    assert [h["id"] for h in matching] == [headline["id"]]
    calmer = (await desk.edit(headline, urgency="routine")).json
    await eventually_shown(reader, calmer)
    for query in ("urgency=urgent", "urgency=urgent&section=sports"):
        messages = (await reader.get(f"events?after={start}&{query}")).json["messages"]
        assert [(m["type"], m.get("id")) for m in messages] == [("expired", headline["id"])]
    messages = (await reader.get(f"events?after={start}&section=sports")).json["messages"]
    assert [m["headline"]["version"] for m in messages if "headline" in m] == [2]
    assert (await reader.get("?urgency=loud&section=" + "x" * 61)).fault == (422, "invalid")


async def test_text_is_cleaned_once_and_the_same_everywhere(reader: Api, desk: Api) -> None:
    raw = "A\u202eb\u0000c\ufeff \u2028<script>&amp;id: 7\r\ndata: x\u200b" + "e" + "\u0301" * 100
    headline = await desk.publish(raw)
    assert headline["text"] == clean(raw)
    assert (await eventually_shown(reader, headline))["text"] == clean(raw)
    assert "<script>" in headline["text"]
