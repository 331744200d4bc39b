"""Every role through every address. Made from the app's own routes: an address without a row here fails."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import aiohttp
import pytest
from starlette.routing import Mount, WebSocketRoute

from tests.api import CHANNELS, serving
from tests.servers import RedisServer, Web
from ticker.app import create_app
from ticker.keys import Keys
from ticker.people.people import People, Person
from ticker.people.sessions import Sessions
from ticker.settings import Settings
from ticker.store import connect
from ticker.writer import Role, Scope

NOBODY = "nobody"
ELSEWHERE = "editor elsewhere"
CHIEF = "chief"  # admin of all channels
ROLES: dict[str, dict[str, Role]] = {
    ELSEWHERE: {"ar": Role.ADMIN},
    **{role.value: {"en": role} for role in Role},
    CHIEF: {"*": Role.ADMIN},
}
ALL = {NOBODY, *ROLES}
SIGNED_IN = {*ROLES}
WRITERS = {"writer", "editor", "producer", "admin", CHIEF}
AT_DESK = {"reader", *WRITERS}
MOVERS = {"editor", "producer", "admin", CHIEF}
EDITORS = {"editor", "admin", CHIEF}
ADMINS = {"admin", CHIEF}
GALLERY = {"producer", *ADMINS}


class Row(NamedTuple):
    may: set[str]
    body: bytes = b""
    form: bool = False


PUBLIC, PAGE = Row(ALL), Row(SIGNED_IN)
NOTE = b'{"reason": "It is wrong"}'
STORY = b'{"title": "T", "link": "https://news.example/1"}'
CHANNEL = "/v1/channels/{channel}"
HEADLINE, STORIES, COVERAGE = CHANNEL + "/headlines/{id}", CHANNEL + "/stories/{id}", CHANNEL + "/coverage/{name}"
DESK, PEOPLE, AIR = "/v1/desk/{channel}", "/desk/people", "/onair/{output}"
RENDERER = "/ograf/v1/renderers/{output}"
TARGET = b'{"renderTarget": {"layer": 1}, "params": {"data": {}}, '
GRAPHIC = TARGET + b'"graphicId": "ticker-en", "graphicInstanceId": "ticker-en"}'

TABLE: dict[tuple[str, str], Row] = {
    # what writers do
    (CHANNEL + "/headlines", "POST"): Row(WRITERS, b'{"text": "By role"}'),
    (CHANNEL + "/headlines/check", "POST"): Row(WRITERS, b'{"text": "By role"}'),
    (HEADLINE, "PATCH"): Row(WRITERS, b'{"text": "By role"}'),
    (HEADLINE, "PATCH correction"): Row(EDITORS, b'{"correction": "It was wrong"}'),
    (HEADLINE + "/hold", "POST"): Row(WRITERS),
    (HEADLINE + "/release", "POST"): Row(WRITERS),
    (HEADLINE + "/move", "POST"): Row(MOVERS, b'{"to": "top"}'),
    (HEADLINE + "/approve", "POST"): Row(EDITORS),
    (HEADLINE + "/retract", "POST"): Row(EDITORS, NOTE),
    (HEADLINE + "/recall", "POST"): Row(WRITERS),
    (HEADLINE + "/spike", "POST"): Row(EDITORS),
    (HEADLINE + "/expire", "POST"): Row(EDITORS),
    (HEADLINE + "/fresh", "POST"): Row(EDITORS),
    (HEADLINE + "/duplicate", "POST"): Row({CHIEF}, b'{"channel": "ar", "text": "By role"}'),
    ("/v1/editions", "POST"): Row(SIGNED_IN, b'{"drafts": {"en": {"text": "By role"}}}'),  # each channel has its answer
    (CHANNEL + "/stories", "POST"): Row(ADMINS, STORY),
    (STORIES, "PUT"): Row(ADMINS, STORY),
    (STORIES + "/ruling", "PUT"): Row(EDITORS, b'{"verdict": "exclude"}'),
    (STORIES + "/ruling", "DELETE"): Row(EDITORS),
    (CHANNEL + "/rulings", "GET"): Row(EDITORS),
    (COVERAGE, "PUT"): Row(EDITORS, b'{"title": "T", "stories": ["aaaaaaaaaaaaaaaa"]}'),
    (COVERAGE, "DELETE"): Row(EDITORS),
    # what the desk is told
    (DESK, "GET"): Row(AT_DESK),
    (DESK + "/stream", "GET"): Row(AT_DESK),
    (DESK + "/events", "GET"): Row(AT_DESK),
    (DESK + "/receipts/{id}", "GET"): Row(AT_DESK),
    (DESK + "/audit", "GET"): Row(AT_DESK),
    (DESK + "/audit.csv", "GET"): Row(AT_DESK),
    (DESK + "/audit.jsonl", "GET"): Row(AT_DESK),
    (DESK + "/presence", "GET"): Row(AT_DESK),
    (DESK + "/presence", "PUT"): Row(AT_DESK, b"{}"),
    (DESK + "/presence", "DELETE"): Row(AT_DESK),
    # the desk's pages
    ("/desk", "GET"): PAGE,
    ("/desk/{channel}", "GET"): Row(AT_DESK),
    ("/desk/{channel}/audit", "GET"): Row(AT_DESK),
    ("/desk/account", "GET"): PAGE,
    ("/desk/account", "POST"): Row(SIGNED_IN, form=True),
    ("/desk/account/password", "POST"): Row(SIGNED_IN, b"password_now=right&password=another+good+one", form=True),
    ("/desk/sign-out", "POST"): Row(SIGNED_IN, form=True),
    (PEOPLE, "GET"): Row({CHIEF}),
    (PEOPLE, "POST"): Row({CHIEF}, b"login=-", form=True),
    (PEOPLE + "/{login}", "GET"): Row({CHIEF}),
    (PEOPLE + "/{login}", "POST"): Row({CHIEF}, form=True),
    (PEOPLE + "/{login}/invitation", "POST"): Row({CHIEF}, form=True),
    (PEOPLE + "/{login}/sessions", "POST"): Row({CHIEF}, form=True),
    (PEOPLE + "/{login}/remove", "POST"): Row({CHIEF}, form=True),
    (PEOPLE + "/{login}/let-in", "POST"): Row({CHIEF}, form=True),
    # on air
    (AIR + "/state", "GET"): Row(AT_DESK),
    (AIR + "/state/stream", "GET"): Row(AT_DESK),
    (AIR + "/as-run", "GET"): Row(AT_DESK),
    (AIR + "/as-run.csv", "GET"): Row(AT_DESK),
    **{(f"{AIR}/{cue}", "POST"): Row(GALLERY) for cue in ("take", "stop", "speed", "order", "clear-takeover")},
    (AIR + "/breaking", "POST"): Row(GALLERY, b'{"id": "aaaaaaaaaaaaaaaa"}'),
    (AIR + "/clear", "POST"): Row(GALLERY | EDITORS, b'{"id": "aaaaaaaaaaaaaaaa"}'),
    (AIR + "/hold", "POST"): Row(WRITERS, b'{"id": "aaaaaaaaaaaaaaaa"}'),
    (AIR + "/kill", "POST"): Row(EDITORS, b'{"id": "aaaaaaaaaaaaaaaa", "reason": "It is wrong"}'),
    (AIR + "/forget", "POST"): Row(GALLERY, b'{"page": "backup"}'),
    ("/onair", "GET"): PAGE,
    ("/v1/onair", "GET"): PAGE,
    ("/v1/onair/stream", "GET"): PAGE,
    (AIR + "/playlist.json", "GET"): PUBLIC,
    (AIR + "/stream", "GET"): PUBLIC,
    (AIR + "/health", "GET"): PUBLIC,
    (AIR, "GET"): PUBLIC,
    (AIR + "/nodecg.zip", "GET"): PUBLIC,
    ("/onair/feed.atom", "GET"): PUBLIC,
    (AIR + "/feed.{shape}", "GET"): PUBLIC,
    (AIR + "/ograf/{file}", "GET"): PUBLIC,
    # the same for controllers that speak OGraf
    **{("/ograf/v1" + path, "GET"): PUBLIC for path in (
        "/", "/graphics", "/graphics/{graphic}", "/renderers", "/renderers/{output}", "/renderers/{output}/target",
    )},
    ("/ograf/v1/graphics/{graphic}", "DELETE"): PUBLIC,  # for nobody: the settings say what there is
    **{("/ograf/v1/{rest:path}", method): PUBLIC for method in ("GET", "POST", "PUT", "PATCH", "DELETE")},
    (RENDERER + "/customActions/{custom}", "POST"): Row(WRITERS, b'{"payload": {"id": "aaaaaaaaaaaaaaaa"}}'),
    (RENDERER + "/target/graphicInstance/clear", "PUT"): Row(GALLERY, b'{"filters": []}'),
    **{(f"{RENDERER}/target/graphicInstance/{action}", "POST"): Row(GALLERY, GRAPHIC) for action in (
        "load", "updateAction", "playAction", "stopAction", "customActions/{action}",
    )},
    # for everybody
    ("/desk/invitation", "POST"): Row(ALL, b"token=wrong", form=True),
    **{(path, "GET"): PUBLIC for path in (
        "/v1/channels", CHANNEL, CHANNEL + "/stream", CHANNEL + "/ws", CHANNEL + "/events", CHANNEL + "/feed.{format}",
        CHANNEL + "/most-read", CHANNEL + "/reads.gif", HEADLINE, STORIES, STORIES + "/next", COVERAGE,
        "/", "/web", "/healthz", "/readyz", "/metrics", "/openapi.json", "/problems/{code}",
        "/widget/", "/widget/check", "/widget/oembed", "/widget/versions.json", "/widget/{channel}.html",
        "/widget/{version}/{name:path}", "/desk/sign-in", "/desk/sign-in/oidc", "/desk/invitation",
    )},
    (CHANNEL + "/reads", "POST"): PUBLIC,
}  # fmt: skip

# Their answer to everybody depends on what is sent: a wrong password, what no provider has said, a page's key.
ASKED_FOR_MORE = {("/desk/sign-in", "POST"), ("/desk/sign-in/oidc/back", "GET"), (AIR + "/report", "POST")}

PARTS = {"channel": "en", "output": "en", "id": "aaaaaaaaaaaaaaaa", "name": "budget", "name:path": "x.js",
         "login": "not-here", "code": "killed", "format": "rss", "version": "1",
         "shape": "atom", "file": "ticker.ograf.json", "graphic": "ticker-en", "custom": "hold",
         "action": "clear-takeover", "rest:path": "nothing"}  # fmt: skip


def routes() -> set[tuple[str, str]]:
    found = set()
    for route in create_app(Settings(demo=False)).routes:
        only_gets = isinstance(route, Mount | WebSocketRoute)
        methods = {"GET"} if only_gets else route.methods - {"HEAD"}  # type: ignore[attr-defined]
        found |= {(route.path, method) for method in methods}  # type: ignore[attr-defined]
    return found


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert {(path, method.partition(" ")[0]) for path, method in TABLE} | ASKED_FOR_MORE == routes()


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("web")) as web:
        assert "channels.en" in CHANNELS
        yield web


class Cast:
    """One person for each role; a new session for each thing that is asked, for some end it."""

    def __init__(self, redis: Any, web: Web, http: aiohttp.ClientSession) -> None:
        self.people, self.web, self.http = People(redis), web, http
        self.sessions = Sessions(redis, self.people, idle_minutes=30, longest_hours=8)

    async def person(self, role: str) -> Person:
        login = role.replace(" ", "-")
        return await self.people.get(login) or await self.people.add(login, role, ROLES[role])

    async def ask(self, role: str, path: str, method: str, row: Row, **headers: str) -> int:
        for name, part in PARTS.items():
            path = path.replace("{" + name + "}", part)
        kind = "application/x-www-form-urlencoded" if row.form else "application/json"
        given = {"Origin": self.web.url, "If-Match": '"1"', "Content-Type": kind, **headers}
        if role != NOBODY:
            given["Cookie"] = f"ticker-session={await self.sessions.begin(await self.person(role))}"
        async with self.http.request(
            method, self.web.url + path, data=row.body, headers=given, allow_redirects=False
        ) as answer:
            to_the_door = answer.headers.get("location", "").startswith("/desk/sign-in?next=")
            answer.close()  # a stream has no end
            return 401 if to_the_door else answer.status


@pytest.fixture
async def cast(web: Web) -> AsyncIterator[Cast]:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis, aiohttp.ClientSession() as http:
        yield Cast(redis, web, http)


@pytest.mark.parametrize(("path", "method"), TABLE, ids=lambda value: value)
async def test_every_role_may_do_what_the_table_says_and_nothing_else(cast: Cast, path: str, method: str) -> None:
    row = TABLE[path, method]
    method = method.partition(" ")[0]
    for role in sorted(ALL):
        status = await cast.ask(role, path, method, row)
        assert status < 500 or path == AIR + "/health", (role, status)  # it says so when nobody shows an output
        if role in row.may:
            # 403 is what a wrong password gets where one is asked for again.
            assert status not in (401, 403) or (path.endswith("/password") and status == 403), (role, status)
        else:
            assert status == (401 if role == NOBODY else 403), (role, status)


CHANGES = [(path, method) for path, method in TABLE if method != "GET" and TABLE[path, method].may != ALL]


@pytest.mark.parametrize(("path", "method"), CHANGES, ids=lambda value: value)
async def test_no_change_is_made_for_a_page_that_is_not_ours(cast: Cast, path: str, method: str) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert await cast.ask(CHIEF, path, method.partition(" ")[0], TABLE[path, method], **headers) == 403


async def test_together_each_role_publishes_where_it_may(cast: Cast) -> None:
    drafts = {"drafts": {"en": {"text": "By role"}, "ar": {"text": "By role"}}}
    for role in SIGNED_IN:
        cookie = f"ticker-session={await cast.sessions.begin(await cast.person(role))}"
        headers = {"Origin": cast.web.url, "Cookie": cookie}
        async with cast.http.post(f"{cast.web.url}/v1/editions", json=drafts, headers=headers) as answer:
            taken = {one["channel"]: one["status"] == 201 for one in (await answer.json())["editions"]}
        assert taken == {"en": role in WRITERS, "ar": role in {ELSEWHERE, CHIEF}}, role


async def test_drafts_are_seen_by_who_has_a_role_here(cast: Cast) -> None:
    async with connect(cast.web.env["TICKER_REDIS_URL"]) as redis:
        key = await Keys(redis).create("desk", [Scope.PUBLISH])
    draft = {"text": "Kept back", "state": "draft"}
    url = f"{cast.web.url}/v1/channels/en/headlines"
    async with cast.http.post(url, json=draft, headers={"Authorization": f"Bearer {key}"}) as answer:
        found = (await answer.json())["id"]
    seen = {role for role in ALL if await cast.ask(role, f"{HEADLINE[:-4]}{found}", "GET", PUBLIC) == 200}
    assert seen == ALL - {NOBODY, ELSEWHERE}


async def test_what_a_writer_publishes_waits_and_an_editor_approves_it(cast: Cast) -> None:
    async def send(role: str, path: str, body: dict[str, Any]) -> Any:
        cookie = f"ticker-session={await cast.sessions.begin(await cast.person(role))}"
        url, headers = f"{cast.web.url}/v1/channels/en/headlines{path}", {"Origin": cast.web.url, "Cookie": cookie}
        async with cast.http.post(url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    for role in ("writer", "producer"):
        status, waiting = await send(role, "", {"text": f"From a {role}"})
        assert (status, waiting["state"], waiting["author"]) == (201, "awaiting_approval", f"{role} ({role})")
        assert (await send(role, f"/{waiting['id']}/approve", {}))[0] == 403
        status, live = await send("editor", f"/{waiting['id']}/approve", {})
        assert (status, live["state"]) == (200, "live")
    status, live = await send("editor", "", {"text": "From an editor"})
    assert (status, live["state"]) == (201, "live")
