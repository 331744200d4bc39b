"""Most read over HTTP, with a real web process and a real scheduler."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.api import Answer, Api, eventually_gone, fresh_key
from tests.servers import Process, RedisServer, Web, binaries, cluster, eventually, eventually_now, running
from tests.test_counting import BROWSER
from ticker.most_read.beacon import LARGEST, PIXEL
from ticker.most_read.scope import Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import story_id
from ticker.store import connect

CHANNELS: dict[str, Any] = {
    name: {"name": name, "origins": origins, "most_read": {"hosts": ["news.example.org"], "least_reads": 1}}
    for name, origins in (("en", ["*"]), ("closed", ["https://news.example.org"]))
}
CHANNELS["quiet"] = {"name": "quiet"}
CHANNELS["keeping"] = {"name": "keeping", "most_read": {"expired_leave": False}}
LINK = "https://news.example.org/"


@pytest.fixture(scope="module")
def redis_(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> str:
    with redis_server.client as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="module")
def web(redis_: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process, with a scheduler beside it."""
    folder = tmp_path_factory.mktemp("web")
    env = {"TICKER_CHANNELS": json.dumps(CHANNELS), "TICKER_REDIS_URL": redis_, "TICKER_DATA": str(folder)}
    web = Web(redis_, folder, TICKER_CHANNELS=env["TICKER_CHANNELS"])
    scheduler = Process("ticker", "scheduler", env=env, log=folder / "scheduler.log")
    web.start()
    scheduler.start()
    try:
        eventually_now(web.answers, "the web process is ready")
        yield web
        assert "Traceback" not in web.said() + scheduler.said()
    finally:
        for process in (web, scheduler):
            process.kill()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def cms(web: Web, http: aiohttp.ClientSession) -> Api:
    return Api(http, web.url, await fresh_key(web, "CMS", "stories"))


@pytest.fixture
async def editor(web: Web, http: aiohttp.ClientSession) -> Api:
    return Api(http, web.url, await fresh_key(web, "Ann", "curate", "publish", "retract"))


@pytest.fixture
def anybody(web: Web, http: aiohttp.ClientSession) -> Api:
    return Api(http, web.url)


async def story(cms: Api, path: str, **fields: object) -> str:
    answer = await cms("POST", "stories", {"title": f"Story {path}", "link": LINK + path, **fields})
    assert answer.status == 201, answer.text
    assert answer.headers["location"] == f"/v1/channels/en/stories/{answer.json['id']}"
    return str(answer.json["id"])


async def read(anybody: Api, id_: str, reader: int = 0, more: str = "") -> Answer:
    headers = {"User-Agent": f"{BROWSER} {reader}", "Origin": "https://news.example.org", "Content-Type": "text/plain"}
    return await anybody("POST", "reads", f"s={id_}&d=9{more}".encode(), **headers)


async def listed(anybody: Api, query: str = "?limit=50") -> list[str]:
    return [row["id"] for row in (await anybody.get("most-read" + query)).json["stories"]]


async def test_what_is_read_is_listed_and_told(cms: Api, anybody: Api, http: aiohttp.ClientSession) -> None:
    id_ = await story(cms, "listed", section="World", region="Coast", lang="en", image="https://img.example/x.png")
    async with http.ws_connect(anybody.url.replace("http", "ws") + "/v1/channels/en/ws") as socket:
        for reader in range(3):
            answer = await read(anybody, id_, reader)
            assert answer.status == 204
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "set-cookie" not in answer.headers
        async with asyncio.timeout(60):
            while True:
                message = json.loads((await socket.receive()).data)
                if message["type"] == "most_read" and message["window"] == "24h":
                    break
    assert message["stories"][0] == {
        "id": id_, "title": "Story listed", "link": LINK + "listed", "section": "World", "region": "Coast",
        "image": "https://img.example/x.png", "lang": "en", "published_at": message["stories"][0]["published_at"],
        "rank": 1,
    }  # fmt: skip
    for query in ("", "?window=1h", "?window=7d", "?window=rising", "?section=World", "?region=Coast"):

        async def first() -> Any:
            answer = await anybody.get("most-read" + query)  # noqa: B023
            stories = answer.json["stories"]
            return (
                answer if stories and stories[0]["id"] == id_ and answer.json["now"] >= answer.json["as_of"] else None
            )

        answer = await eventually(first, f"it is the first of {query or 'all'}")
        assert answer.status == 200
        assert answer.json["as_of"]
        assert "stale" not in answer.json
        assert answer.headers["cache-control"] == "public, max-age=2, stale-while-revalidate=10"
    assert (await anybody.get("most-read?section=Elsewhere")).json["stories"] == []


async def test_a_killed_headline_takes_its_story_along_at_once(editor: Api, anybody: Api) -> None:
    published = await editor.publish("Killed later", link=LINK + "killed")
    id_ = story_id(LINK + "killed")

    async def adopted() -> bool:
        return (await anybody.get(f"stories/{id_}")).status == 200

    await eventually(adopted, "the headline's link is a story without anybody's doing")
    for reader in range(3):
        await read(anybody, id_, reader)
    await eventually(lambda: _has(anybody, id_))
    assert (await editor.act(published, "retract", {"reason": "wrong"})).status == 200
    await eventually(lambda: _has_not(anybody, id_))
    for address in (f"stories/{id_}", f"stories/{id_}/next"):
        assert (await anybody.get(address)).fault == (404, "no-story")


async def _has(anybody: Api, id_: str) -> bool:
    return id_ in await listed(anybody)


async def _has_not(anybody: Api, id_: str) -> bool:
    return id_ not in await listed(anybody)


async def test_editors_decide_and_see_what_a_place_rests_on(cms: Api, editor: Api, anybody: Api) -> None:
    first, second = await story(cms, "first"), await story(cms, "second")
    for reader in range(3):
        await read(anybody, first, reader)
    for reader in range(2):
        await read(anybody, second, reader)
    await eventually(lambda: _has(anybody, second))
    explained = (await editor.get("most-read?explain&limit=50")).json["stories"]
    row = next(row for row in explained if row["id"] == first)
    assert row["explain"]["counted"] == 3
    assert row["explain"]["reads"]["24h"] == pytest.approx(3, abs=0.01)
    assert (await anybody.get("most-read?explain")).fault == (401, "unauthorized")
    assert (await cms.get("most-read?explain")).fault == (403, "forbidden")
    assert (await editor("PUT", f"stories/{first}/ruling", {"verdict": "exclude", "reason": "x"})).status == 200
    await eventually(lambda: _has_not(anybody, first))
    kept = (await editor.get("rulings")).json["rulings"][first]
    assert (kept["verdict"], kept["by"].split()[0]) == ("exclude", "Ann")
    assert (await editor("DELETE", f"stories/{first}/ruling")).status == 200
    await eventually(lambda: _has(anybody, first))
    assert (await editor("PUT", f"stories/{'a' * 16}/ruling", {"verdict": "pin"})).fault == (404, "no-story")
    assert (await cms("PUT", f"stories/{first}/ruling", {"verdict": "pin"})).fault == (403, "forbidden")
    assert (await cms.get("rulings")).fault == (403, "forbidden")


async def test_a_list_that_nobody_has_made_for_long_hides_itself(anybody: Api, redis_: str) -> None:
    """The channel `quiet` has no hosts: the scheduler leaves its lists alone, and so the test can age them."""
    quiet, lists = Api(anybody.http, anybody.url, channel="quiet"), Scope("quiet").lists
    body = (await quiet.get("most-read")).json
    read_as = {"lang": "en", "dir": "ltr"}
    assert body == {"window": "24h", "as_of": None, "now": body["now"], **read_as, "stories": [], "stale": True}
    async with connect(redis_) as redis:
        now = int((await redis.time())[0]) * 1000
        for minutes, shown in ((34, 1), (36, 0)):
            row = {"id": "a" * 16, "title": "T", "link": LINK, "published_at": "2026-01-01T00:00:00.000Z", "rank": 1}
            await redis.hset(lists, mapping={"7d": json.dumps([row]), "as_of": now - minutes * 60_000})
            await eventually(partial(_shows, quiet, shown))


async def _shows(quiet: Api, shown: int) -> bool:
    body = (await quiet.get("most-read?window=7d")).json
    return body["as_of"] is not None and (len(body["stories"]), body.get("stale", False)) == (shown, not shown)


async def test_read_next_says_why(cms: Api, editor: Api, anybody: Api) -> None:
    here = await story(cms, "here", tags=["storm"], section="Sea")
    tagged, covered = await story(cms, "tagged", tags=["storm"]), await story(cms, "covered")
    coverage = {"title": "The storm", "stories": [here, covered]}
    assert (await editor("PUT", "coverage/storm", coverage)).status == 200
    assert (await cms("PUT", "coverage/storm", coverage)).fault == (403, "forbidden")

    async def told() -> list[tuple[str, str, list[str]]]:
        rows = (await anybody.get(f"stories/{here}/next")).json["stories"]
        return [(row["id"], row["why"], row["about"]) for row in rows]

    await eventually(partial(_is, told, [(covered, "coverage", ["The storm"]), (tagged, "tags", ["storm"])]))
    kept = (await anybody.get("coverage/storm")).json
    for body in (kept, (await anybody.get(f"stories/{here}/next")).json):
        assert (body["lang"], body["dir"]) == ("en", "ltr")
    assert [row["id"] for row in kept["stories"]] == [here, covered]
    assert (await editor("DELETE", "coverage/storm")).status == 200
    assert (await anybody.get("coverage/storm")).json["stories"] == []
    assert (await anybody.get(f"stories/{'a' * 16}/next")).fault == (404, "no-story")


async def test_what_is_held_out_or_has_left_is_nowhere(cms: Api, editor: Api, anybody: Api, redis_: str) -> None:
    """Neither among what to read next nor in a coverage; what was excluded or flagged is only not recommended."""
    here, kept, excluded, flagged = [
        await story(cms, path, tags=["quake"]) for path in ("quake", "kept", "excluded", "flagged")
    ]
    published = await editor.publish("Held later", link=LINK + "held-later")
    held = story_id(LINK + "held-later")
    every = [here, kept, excluded, flagged, held]
    coverage = {"title": "The quake", "stories": every}
    assert (await editor("PUT", "coverage/quake", coverage)).status == 200

    async def recommended() -> set[str]:
        return {row["id"] for row in (await anybody.get(f"stories/{here}/next")).json["stories"]}

    async def covered() -> list[str]:
        return [row["id"] for row in (await anybody.get("coverage/quake")).json["stories"]]

    await eventually(partial(_is, recommended, set(every[1:])))
    assert (await editor("PUT", f"stories/{excluded}/ruling", {"verdict": "exclude"})).status == 200
    async with connect(redis_) as redis:
        await Stories(redis).flag("en", flagged, {"why": "few_readers", "at": 0})
    await eventually(partial(_is, recommended, {kept, held}))
    assert (await editor("PUT", f"stories/{flagged}/ruling", {"verdict": "allow"})).status == 200
    await eventually(partial(_is, recommended, {kept, held, flagged}))
    assert (await editor("DELETE", f"stories/{flagged}/ruling")).status == 200
    await eventually(partial(_is, recommended, {kept, held}))
    next_ = await anybody.get(f"stories/{here}/next")
    assert {row["id"]: row.get("headline") for row in next_.json["stories"]} == {kept: None, held: published["id"]}
    assert next_.headers["cache-control"] == (await anybody.get("most-read")).headers["cache-control"]
    assert await covered() == every
    assert (await editor.act(published, "hold")).status == 200
    await eventually(partial(_is, recommended, {kept}))
    await eventually(partial(_is, covered, every[:-1]))
    too_many = {"title": "x", "stories": [kept] * 201}
    assert (await editor("PUT", "coverage/x", too_many)).fault == (422, "invalid")


async def _is(found: Callable[[], Awaitable[Any]], expected: Any) -> bool:
    return bool(await found() == expected)


@pytest.mark.parametrize(("channel", "expired"), [("quiet", ["b"]), ("keeping", ["a", "b"])])
async def test_a_story_leaves_with_its_headlines_event_and_not_after_it(
    web: Web, http: aiohttp.ClientSession, redis_: str, channel: str, expired: list[str]
) -> None:
    """In channels whose lists nobody makes anew: what leaves one has left with the event alone."""
    quiet = Api(http, web.url, await fresh_key(web, "Eve", "publish", "correct", "retract"), channel=channel)

    async def listed() -> list[str]:
        return [row["title"] for row in (await quiet.get("most-read?window=1h")).json["stories"]]

    for action, given in (("hold", None), ("retract", {"reason": "wrong"}), ("expire", None)):
        published = await quiet.publish(f"Leaves by {action}", **({"expires_in": 600} if action == "expire" else {}))
        rows = [
            {"id": letter * 16, "title": letter, "link": LINK, "rank": rank} | more
            for rank, (letter, more) in enumerate((("a", {"headline": published["id"]}), ("b", {})), 1)
        ]
        async with connect(redis_) as redis:
            now = int((await redis.time())[0]) * 1000
            await redis.hset(Scope(channel).lists, mapping={"1h": json.dumps(rows), "as_of": now})
        await eventually(partial(_is, listed, ["a", "b"]))
        done = quiet.edit(published, expires_in=1) if action == "expire" else quiet.act(published, action, given)
        assert (await done).status == 200
        await eventually_gone(quiet, published)
        left = expired if action == "expire" else ["b"]
        await eventually(partial(_is, listed, left))
        ranks = [row["rank"] for row in (await quiet.get("most-read?window=1h")).json["stories"]]
        assert ranks == [1, 2][: len(left)]


@pytest.mark.parametrize("kind", ["one", "cluster"])
async def test_while_redis_is_away_everybody_is_told_to_come_again(
    kind: str, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Whatever is asked for it is a refusal and no fault of ours; and when Redis is back, so is all else."""
    with _redis_of(kind, tmp_path / "redis") as nodes:
        url = nodes[0].url.replace("redis:", "redis+cluster:" if kind == "cluster" else "redis:")
        web = Web(url, tmp_path, TICKER_CHANNELS=json.dumps(CHANNELS))
        async with running(web):
            cms, anybody = Api(http, web.url, await fresh_key(web, "CMS", "stories")), Api(http, web.url)
            id_ = await story(cms, "away")
            addresses = ("most-read", f"stories/{id_}", f"stories/{id_}/next", "coverage/storm")
            assert [(await anybody.get(address)).status for address in addresses] == [200] * 4
            for node in nodes:
                node.kill()
            for address in addresses:
                answer = await eventually(partial(_refused, anybody, address), f"{address} is refused")
                assert answer.fault == (503, "unavailable")
                assert "reached" in answer.json["detail"]
                assert int(answer.headers["retry-after"]) >= 1
            for node in nodes:
                node.start()
            await eventually(partial(_answers, anybody, "most-read"), lambda: f"it is back\n{web.said()}")
            assert web.process is not None
            assert web.process.poll() is None
        # redis-py's client of a Cluster may, when it closes a connection, still write to it in another task.
        assert kind == "cluster" or "Traceback" not in web.said()


@contextmanager
def _redis_of(kind: str, folder: Path) -> Iterator[list[RedisServer]]:
    path = [*binaries().values()][-1]
    if kind == "cluster":
        with cluster(path, folder) as nodes:
            yield nodes
    else:
        server = RedisServer(path, folder).start()
        try:
            yield [server]
        finally:
            server.stop()


async def _refused(anybody: Api, address: str) -> Answer | None:
    answer = await anybody.get(address)
    return answer if answer.status == 503 else None  # lists are given again for a second


async def _answers(anybody: Api, address: str) -> bool:
    return (await anybody.get(address)).status == 200


async def test_stories_are_registered_with_the_right_to_it(cms: Api, editor: Api, anybody: Api) -> None:
    id_ = await story(cms, "right")
    body = {"title": "Changed", "link": LINK + "right?utm_source=x"}
    changed = await cms("PUT", f"stories/{id_}", body)
    assert (changed.status, changed.json["title"], changed.json["link"]) == (200, "Changed", LINK + "right")
    assert (await anybody.get(f"stories/{id_}")).json["title"] == "Changed"
    assert (await cms("PUT", f"stories/{'a' * 16}", body)).fault == (422, "invalid")
    assert (await cms("POST", "stories", {"title": "x", "link": "https://other.example/"})).fault == (422, "invalid")
    assert (await editor("POST", "stories", body)).fault == (403, "forbidden")
    assert (await anybody("POST", "stories", body)).fault == (401, "unauthorized")


async def test_beacons_of_other_sites_robots_and_too_large_ones(anybody: Api, cms: Api) -> None:
    closed = Api(anybody.http, anybody.url, channel="closed")
    refused = await closed("POST", "reads", b"s=x&d=9", Origin="https://elsewhere.example", Content_Type="text/plain")
    assert refused.fault == (403, "forbidden")
    for page, status in (("https://elsewhere.example/", 403), ("https://news.example.org/page", 200)):
        seen_on, url = {"Referer": page}, f"{closed.url}/v1/channels/closed/reads.gif?s={'a' * 16}&d=9"
        async with closed.http.get(url, headers=seen_on) as picture:
            assert picture.status == status
    assert (await anybody("POST", "reads", b"x" * (LARGEST + 1), Content_Type="text/plain")).fault == (413, "too-large")
    assert (await anybody("POST", "reads", b"", Content_Type="text/plain")).status == 204
    async with anybody.http.get(f"{anybody.url}/v1/channels/en/reads.gif?s={'a' * 16}&d=9") as picture:
        assert (picture.status, picture.content_type, await picture.read()) == (200, "image/gif", PIXEL)
    assert (await anybody.get("reads.gif?" + "x" * (LARGEST + 1))).fault == (413, "too-large")


async def test_over_a_socket_pages_are_readers_and_programs_are_not(web: Web, http: aiohttp.ClientSession) -> None:
    async def outcome(name: str) -> float:
        return await web.metric("ticker_reads_total", channel="closed", outcome=name)

    for origin, name in (("https://news.example.org", "counted"), (None, "robot")):
        before = await outcome(name)
        headers = {"User-Agent": BROWSER} | ({"Origin": origin} if origin else {})
        async with http.ws_connect(f"{web.ws_url}/v1/channels/closed/ws", headers=headers) as socket:
            await socket.send_str(json.dumps({"type": "read", "s": "b" * 16, "d": 9}))
            await eventually(partial(_is, partial(outcome, name), before + 1))


@pytest.mark.parametrize(("version", "connection"), [
    ("1.1", ""), ("1.1", "keep-alive"), ("1.1", "close"), ("1.1", "Close"), ("1.1", "te, close"), ("1.0", ""),
])  # fmt: skip
async def test_a_beacons_connection_is_kept_or_ended_as_the_page_asks(
    anybody: Api, version: str, connection: str
) -> None:
    url = urlsplit(anybody.url)
    head = f"POST /v1/channels/en/reads HTTP/{version}\r\nHost: {url.netloc}\r\n"
    head += f"Connection: {connection}\r\n" if connection else ""
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    async with asyncio.timeout(20):
        for _ in range(2):
            writer.write(f"{head}Content-Length: 7\r\n\r\ns=x&d=9".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204 ")
            if version == "1.0" or "close" in connection.lower():
                assert await reader.read() == b""
                break
    writer.close()


@pytest.mark.parametrize("query", ["window=2h", "section=a&region=b", "limit=51", "section=" + "x" * 61])
async def test_what_cannot_be_asked_for(anybody: Api, query: str) -> None:
    assert (await anybody.get(f"most-read?{query}")).fault == (422, "invalid")
