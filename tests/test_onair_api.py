"""The HTTP of on air, as pages, operators and watchers meet it."""

import asyncio
import contextlib
import csv
import io
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from starlette.requests import Request

from tests.api import Answer, Api, fresh_key, serving
from tests.servers import PATIENCE, RedisServer, Web, eventually
from tests.test_hub import at_work
from ticker.app import create_app
from ticker.errors import Unavailable
from ticker.fanout.fanout import MOST_OUTPUTS
from ticker.keys import Keys
from ticker.onair import gallery as gallery_of
from ticker.onair.api import MOST_STREAMS
from ticker.onair.log import MOST_PAGES, OnAirLog, Where
from ticker.onair.page_key import PURPOSE
from ticker.onair.playouts import Playouts
from ticker.people.people import People
from ticker.people.seal import Seal
from ticker.people.sessions import Sessions
from ticker.settings import Settings
from ticker.store import Client, connect, end
from ticker.writers import Writers

OUTPUTS = """
[channels.en]
[channels.ar]
[channels.drill]
rehearsal = true
[outputs.program]
channels = ["en"]
[outputs.open]
channels = ["en", "ar"]
clearance = "automatic"
[outputs.polled]
channels = ["en"]
[outputs.school]
type = "training"
channels = ["drill"]
"""


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("web"), OUTPUTS) as web:
        yield web


@pytest.fixture
async def desk(http: aiohttp.ClientSession, web: Web) -> Api:
    return Api(http, web.url, await fresh_key(web, "desk", "admin"))


class Gallery(Api):
    """Somebody at an output."""

    async def say(self, output: str, cue: str, **order: Any) -> Answer:
        return await self("POST", f"/onair/{output}/{cue}", order)

    async def playlist(self, output: str) -> Any:
        return (await self.get(f"/onair/{output}/playlist.json")).json

    async def shown(self, output: str) -> list[str]:
        return [item["text"] for item in (await self.playlist(output))["items"]]


@pytest.fixture
async def gallery(http: aiohttp.ClientSession, web: Web) -> Gallery:
    return Gallery(http, web.url, await fresh_key(web, "gallery", "air", "clear", "read"))


async def page_key(web: Web, output: str) -> str:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        return await Seal(redis).close(PURPOSE, output)


async def report(http: aiohttp.ClientSession, web: Web, output: str, **fields: Any) -> int:
    given = {"key": await page_key(web, output), "boot": "b", "seq": 1, "frame": 5, **fields}
    url = f"{web.url}/onair/{output}/report"
    async with http.post(url, data=json.dumps(given), headers={"Content-Type": "text/plain"}) as answer:
        return answer.status


UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip
Told = AsyncIterator[tuple[str, Any]]  # type and data of each event


@contextlib.asynccontextmanager
async def stream(
    http: aiohttp.ClientSession, url: str, **headers: str
) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    async with http.get(url, headers=headers) as answer:
        assert answer.status == 200, await answer.text()

        async def events() -> Told:
            type_ = ""
            async for raw in answer.content:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name == "event":
                    type_ = value
                if name == "data":
                    yield type_, json.loads(value)

        yield events()


async def until(events: Told, wanted: str, *texts: str) -> Any:
    async with asyncio.timeout(30):
        async for type_, data in events:
            if type_ == wanted and [item["text"] for item in data.get("items", ())] == list(texts):
                return data
    raise AssertionError("the stream ended")


async def test_from_the_desk_to_the_page_and_off_again(desk: Api, gallery: Gallery, web: Web) -> None:
    async with stream(desk.http, f"{web.url}/onair/program/stream") as events:
        await until(events, "playlist")
        headline = await desk.publish("Cleared words")
        answer = await gallery.say("program", "clear", id=headline["id"], version=1)
        assert answer.status == 200, answer.text
        assert answer.json["control"]["cleared"][headline["id"]]["version"] == 1
        told = await until(events, "playlist", "Cleared words")
        assert told["id"] == (await gallery.playlist("program"))["id"]
        await until(events, "heartbeat")
        killed = await desk("POST", "/onair/program/kill", {"id": headline["id"], "reason": "wrong"})
        assert killed.status == 200
        told = await until(events, "playlist")
        assert headline["id"] not in told["leaving"]
    assert await gallery.shown("program") == []


async def test_a_page_that_has_the_playlist_is_told_so(gallery: Gallery) -> None:
    first = await gallery.get("/onair/open/playlist.json")
    again = await gallery.get("/onair/open/playlist.json", If_None_Match=first.headers["etag"])
    assert (again.status, again.headers["etag"]) == (304, first.headers["etag"])
    assert first.headers["access-control-allow-origin"] == "*"


async def test_a_page_that_polls_tells_those_that_come_later_where_it_is(
    web: Web, http: aiohttp.ClientSession, gallery: Gallery
) -> None:
    seqs = itertools.count(1)

    async def polled() -> Any:
        told = await gallery.playlist("polled")
        placed = {"run": [], "next": 0, "frame": told["frame"]}
        told_of = {"playlist": told["id"], "anchor": None if told["anchor"] else placed}
        assert await report(http, web, "polled", seq=next(seqs), **told_of) == 204
        return told["anchor"]

    assert (await eventually(polled))["run"] == []


async def test_the_receipt_of_a_page_on_air_is_nobody_elses_to_give(
    web: Web, http: aiohttp.ClientSession, desk: Api, gallery: Gallery
) -> None:
    """A stranger who calls itself as the page does has not confirmed for it, and no crowd takes its place."""
    headline = await desk.publish("What only the page can say is gone")
    await eventually(lambda: shows(gallery, "open", headline))
    strip = f"{web.url}/v1/channels/en/stream?output="
    everybody = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=everybody) as crowd, contextlib.AsyncExitStack() as strangers:
        async with http.get(strip + "open%20(main)") as answer:
            forged = await Api(http, web.url).get("/v1/channels/en/ws?output=open%20(main)", **UPGRADE)
            assert (answer.status, forged.status) == (422, 422)
        for number in range(MOST_OUTPUTS):
            await strangers.enter_async_context(stream(crowd, f"{strip}{number}"))
        playlist = await gallery.playlist("open")
        on_screen = {"playlist": playlist["id"], "frame": playlist["now"] // 20, "on_screen": [headline["id"]]}
        assert await report(http, web, "open", **on_screen) == 204
        killed = await desk.act(headline, "retract", {"reason": "wrong"})
        assert killed.status == 200, killed.text

        async def receipt() -> Any:
            told = (await desk.get(f"/v1/desk/en/receipts/{headline['id']}")).json["receipts"]
            return told and told[0]["reached"] >= MOST_OUTPUTS and told[0]["outputs"]

        outputs = await eventually(receipt)
        assert outputs["open (main)"] is None, "it has the words on its screen still"


async def shows(gallery: Gallery, output: str, headline: Any) -> bool:
    return headline["text"] in await gallery.shown(output)


async def test_whoever_may_not_is_told_what_it_takes(http: aiohttp.ClientSession, web: Web, desk: Api) -> None:
    headline = await desk.publish("Nobody has cleared this")
    nobody, editor = Gallery(http, web.url), Gallery(http, web.url, await fresh_key(web, "editor", "publish", "read"))
    for cue in ("take", "clear", "speed"):
        assert (await nobody.say("program", cue, id=headline["id"])).fault == (401, "unauthorized")
        assert (await editor.say("program", cue, id=headline["id"])).fault == (403, "forbidden")
    assert (await nobody.get("/onair/program/state")).fault == (401, "unauthorized")
    assert (await nobody.get("/onair/nowhere/playlist.json")).fault == (404, "no-output")
    assert "Nobody has cleared this" not in await editor.shown("program")


async def test_nothing_of_a_training_reaches_program_by_key_or_by_type(web: Web, http: aiohttp.ClientSession) -> None:
    """A key for rehearsals can say nothing to a live output, nor a live key to a training; a page of a training cannot
    report for program.
    """
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        trainee = Gallery(http, web.url, await Keys(redis).create("trainee", ["admin"], rehearsal=True))
    live = Gallery(http, web.url, await fresh_key(web, "live", "admin"))
    for cue in ("take", "stop", "clear", "hold", "breaking", "speed"):
        assert (await trainee.say("program", cue, id="a" * 16)).fault == (403, "forbidden")
        assert (await live.say("school", cue, id="a" * 16)).fault == (403, "forbidden")
    made = await Api(http, web.url, trainee.key, "drill").publish("Only a drill")
    assert (await trainee.say("school", "clear", id=made["id"])).status == 200
    await eventually(lambda: trainee.shown("school"))
    assert (await trainee.playlist("school"))["kind"] == "training"
    for output in ("program", "open"):
        assert "Only a drill" not in json.dumps(await trainee.playlist(output))
    stolen = {"key": await page_key(web, "school"), "boot": "b", "seq": 1, "frame": 5}
    async with http.post(f"{web.url}/onair/program/report", data=json.dumps(stolen)) as answer:
        assert answer.status == 401


async def test_what_was_on_screen_is_kept_word_for_word(
    web: Web, http: aiohttp.ClientSession, gallery: Gallery
) -> None:
    run = {"id": "a" * 16, "version": 1, "text": "عاجل: “لا”, $5bn", "first": 100, "last": 600}
    assert await report(http, web, "open", seq=1, ran=[run]) == 204
    assert await report(http, web, "open", seq=1, ran=[run]) == 204, "said again, written once"
    found = (await gallery.get(f"/onair/open/as-run?id={run['id']}")).json["entries"]
    assert [(one["after"], one["first"], one["by"]) for one in found] == [(run["text"], 100, "page:main")]
    text = (await gallery.get(f"/onair/open/as-run.csv?id={run['id']}")).text
    assert [row["text"] for row in csv.DictReader(io.StringIO(text))] == [run["text"]]
    assert (await Gallery(http, web.url).get("/onair/open/as-run.csv")).fault == (401, "unauthorized")


async def test_a_page_from_anywhere_may_read_what_is_said_to_its_report(
    web: Web, http: aiohttp.ClientSession, gallery: Gallery
) -> None:
    key = await page_key(web, "open")
    given = {"key": key, "boot": "b", "seq": 1, "frame": 5}
    said = {
        204: json.dumps(given), 401: json.dumps({**given, "key": "another"}), 400: "{", 413: "x" * 70_000,
        422: json.dumps({**given, "ran": [{"id": "not an id"}]}),
    }  # fmt: skip
    for status, body in said.items():
        answer = await http.post(f"{web.url}/onair/open/report", data=body, headers={"Origin": "null"})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")
    elsewhere = await http.post(f"{web.url}/onair/nowhere/report", data="{}", headers={"Origin": "https://any.example"})
    assert (elsewhere.status, elsewhere.headers["access-control-allow-origin"]) == (404, "*")
    for path in ("state", "kill", "as-run", "report/more"):
        assert "access-control-allow-origin" not in (await gallery.get(f"/onair/open/{path}", Origin="null")).headers


async def test_a_watcher_gets_one_word(web: Web, http: aiohttp.ClientSession, gallery: Gallery) -> None:
    faulty = await gallery.get("/onair/program/health")
    assert (faulty.status, faulty.text.split(":")[0]) == (503, "ONAIR-FAULT")
    seqs = itertools.count(1)

    async def well() -> bool:
        """What a page has said counts for some seconds."""
        now = (await gallery.playlist("program"))["now"]
        assert await report(http, web, "program", seq=next(seqs), frame=now // 20, page="main") == 204
        answer = await gallery.get("/onair/program/health")
        return (answer.status, answer.text) == (200, "ONAIR-OK\n")

    await eventually(well)


async def test_the_gallery_watches(web: Web, gallery: Gallery, desk: Api) -> None:
    url, headers = f"{web.url}/onair/program/state/stream", {"Authorization": f"Bearer {gallery.key}"}
    async with stream(gallery.http, url, **headers) as events:
        headline = await desk.publish("Waits in the gallery")

        async def waits() -> Any:
            async for _, state in events:
                if headline["id"] in [one["id"] for one in state["waiting"]]:
                    return state
            raise AssertionError("the stream ended")

        state = await asyncio.wait_for(waits(), 30)
        assert state["output"]["type"] == "program"


async def test_those_who_watch_an_output_that_no_page_follows_do_not_wake_each_other(
    web: Web, gallery: Gallery, desk: Api
) -> None:
    await desk.publish("It is known what pages had")
    async with stream(gallery.http, f"{web.url}/onair/open/stream") as events:
        await anext(events)
        async with connect(web.env["TICKER_REDIS_URL"]) as redis:
            await eventually(lambda: OnAirLog(redis).current("open"))
    await eventually(lambda: left(web, "open"))
    url, headers = f"{web.url}/onair/open/state/stream", {"Authorization": f"Bearer {gallery.key}"}
    async with contextlib.AsyncExitStack() as opened:
        watching = [await opened.enter_async_context(stream(gallery.http, url, **headers)) for _ in range(8)]

        async def told(events: Told) -> list[int]:
            return [(await anext(events))[1]["now"] for _ in range(5)]

        for moments in await asyncio.gather(*map(told, watching)):
            assert moments[-1] - moments[0] > 1500, "a second between them, but for what really changed"


async def left(web: Web, output: str) -> bool:
    return await web.metric("ticker_onair_streams", output=output) == 0


async def test_whoever_may_see_no_output_is_told_so_and_gets_no_stream(web: Web, http: aiohttp.ClientSession) -> None:
    writes_only = Api(http, web.url, await fresh_key(web, "writes only", "publish"))
    assert (await writes_only.get("/v1/onair/stream")).fault == (403, "forbidden")
    assert (await writes_only.get("/v1/onair")).json == {"outputs": []}


@contextlib.asynccontextmanager
async def busy(gallery: Gallery) -> AsyncIterator[None]:
    """An output to which something new is said several times a second, as where news breaks."""

    async def say() -> None:
        for speed in itertools.cycle((4, 5)):
            assert (await gallery.say("open", "speed", speed=speed)).status == 200
            await asyncio.sleep(0.2)

    saying = asyncio.create_task(say())
    try:
        yield
    finally:
        await end(saying)
    assert saying.cancelled(), saying.exception()


async def test_where_one_output_changes_all_the_time_the_alarms_of_another_are_told(
    web: Web, gallery: Gallery, http: aiohttp.ClientSession
) -> None:
    async with (
        stream(http, f"{web.url}/v1/onair/stream", Authorization=f"Bearer {gallery.key}") as events,
        busy(gallery),
        asyncio.timeout(PATIENCE),
    ):
        seqs = itertools.count(1)
        async for _, told in events:
            codes = {alarm["code"] for alarm in told["alarms"]} if told["output"]["name"] == "program" else set()
            if "blank" in codes:
                break
            assert await report(http, web, "program", seq=next(seqs), page="blank", state="blank") == 204
    assert (await gallery("POST", "/onair/program/forget", {"page": "blank"})).status == 200


@pytest.mark.parametrize("path", ["/v1/onair/stream", "/onair/open/state/stream"])
async def test_a_revoked_key_sees_no_more_of_the_gallery(
    web: Web, http: aiohttp.ClientSession, gallery: Gallery, path: str
) -> None:
    """Though all the time there is something new to tell."""
    key = await fresh_key(web, "leaving", "read")
    async with busy(gallery), stream(http, web.url + path, Authorization=f"Bearer {key}") as events:
        await anext(events)
        async with connect(web.env["TICKER_REDIS_URL"]) as redis:
            assert await Keys(redis).revoke(key.split("_")[1])

        async def ended() -> None:
            async for _ in events:
                pass

        await asyncio.wait_for(ended(), 30)


async def test_before_its_outputs_are_loaded_no_stream_of_them_begins(redis: Client) -> None:
    settings = Settings()
    async with at_work(redis) as hub:
        app = create_app(settings)
        app.state.hub, app.state.playouts = hub, Playouts(hub, settings.outputs, settings.channels)
        app.state.writers = Writers(
            Keys(redis), Sessions(redis, People(redis), idle_minutes=5, longest_hours=1), settings.channels
        )
        key = await Keys(redis).create("reader", ["read"])
        headers = [(b"authorization", f"Bearer {key}".encode())]
        with pytest.raises(Unavailable):
            await gallery_of.watched(Request({"type": "http", "method": "GET", "headers": headers, "app": app}))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"key":"x"}', b"\xff\xfe", b'{"key":"x","boot":"b","seq":1,"frame":-1}', b"[" * 60_000]
)
async def test_a_report_that_is_none_is_refused(web: Web, http: aiohttp.ClientSession, body: bytes) -> None:
    async with http.post(f"{web.url}/onair/open/report", data=body) as answer:
        assert answer.status in (400, 422)


async def test_a_key_for_reports_cannot_fill_redis(web: Web, http: aiohttp.ClientSession, gallery: Gallery) -> None:
    frame = (await gallery.playlist("polled"))["now"] // 20
    run = {"id": "a" * 16, "text": "Words " * 20, "first": frame - 500, "last": frame}

    async def flood(page: str) -> int:
        """How many reports as large as they can be are taken of it."""
        for seq in range(200):
            status = await report(http, web, "polled", page=page, seq=seq, frame=frame, ran=[run] * 200)
            if status == 429:
                return seq
            assert status == 204
        raise AssertionError("without end")

    assert await flood("flood") < 20
    names = [await report(http, web, "polled", page=f"page-{number}", frame=frame) for number in range(MOST_PAGES + 5)]
    assert {*names[:10]} == {204}
    assert {*names[MOST_PAGES:]} == {429}
    future = {"frame": frame, "ran": [{**run, "last": 10**13}]}
    assert await report(http, web, "polled", page="flood", boot="c", **future) == 422
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        assert int((await redis.hget(Where.of("polled").plays, run["id"])).split()[1]) == frame


async def test_a_crowd_leaves_pages_their_streams(web: Web, http: aiohttp.ClientSession) -> None:
    """Who has no key is sent to ask for the playlist; a page that has one follows."""
    url, everybody = f"{web.url}/onair/open/stream", aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=everybody) as crowd, contextlib.AsyncExitStack() as strangers:
        for _ in range(MOST_STREAMS):
            await anext(await strangers.enter_async_context(stream(crowd, url)))
        for key in ("", await page_key(web, "program")):
            async with http.get(url, params={"key": key}) as refused:
                assert (refused.status, (await refused.json())["type"]) == (429, "/problems/too-many")
        async with stream(http, f"{url}?key={await page_key(web, 'open')}") as page:
            assert (await anext(page))[0] == "playlist"
        async with stream(http, f"{web.url}/onair/program/stream") as another:
            assert (await anext(another))[0] == "playlist"


async def test_a_stream_that_is_left_costs_nothing_any_more(web: Web, http: aiohttp.ClientSession) -> None:
    async def following(number: int) -> bool:
        return await web.metric("ticker_onair_streams", output="open") == number

    async with stream(http, f"{web.url}/onair/open/stream") as one, stream(http, f"{web.url}/onair/open/stream") as two:
        await anext(one)
        await anext(two)
        await eventually(lambda: following(2))
    await eventually(lambda: following(0))
