"""Whoever writes, found from a request."""

from types import SimpleNamespace

import pytest
from starlette.requests import HTTPConnection

from ticker import writers
from ticker.errors import Forbidden, Unauthorized
from ticker.keys import Keys
from ticker.people.people import People
from ticker.people.sessions import Sessions
from ticker.store import Client
from ticker.writer import Role
from ticker.writers import Writers

OWN = {"host": "desk.example", "origin": "http://desk.example"}


@pytest.fixture
def people(redis: Client) -> People:
    return People(redis)


@pytest.fixture
def sessions(redis: Client, people: People) -> Sessions:
    return Sessions(redis, people, idle_minutes=30, longest_hours=8)


class Asking:
    def __init__(self, sessions: Sessions) -> None:
        self.app = SimpleNamespace(state=SimpleNamespace(writers=Writers(Keys(sessions.redis), sessions, {})))

    def __call__(self, method: str = "GET", type_: str = "http", **headers: str) -> HTTPConnection:
        raw = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": type_, "scheme": "http", "path": "/", "query_string": b"", "headers": raw, "app": self.app}
        return HTTPConnection({**scope, **({"method": method} if type_ == "http" else {})})


@pytest.fixture
def asking(sessions: Sessions) -> Asking:
    return Asking(sessions)


async def test_a_key_is_a_writer(redis: Client, asking: Asking) -> None:
    key = await Keys(redis).create("wire", ["publish"], ["en"])
    found = await writers.of(asking(authorization=f"Bearer {key}"))
    assert found.name.startswith("wire (")
    assert not found.is_person
    assert await writers.if_any(asking(authorization=f"Bearer {key}")) == found
    assert await writers.of(asking("POST", authorization=f"Bearer {key}")) == found  # no page can send it for somebody


async def test_nobody_is_a_writer_only_where_nobody_is_asked_for(asking: Asking) -> None:
    assert await writers.if_any(asking()) is None
    assert await writers.if_any(asking(cookie="ticker-session=old")) is None
    for headers in ({}, {"authorization": "Bearer wrong"}, {"cookie": "ticker-session=wrong"}):
        with pytest.raises(Unauthorized):
            await writers.of(asking(**headers))
    with pytest.raises(Unauthorized):
        await writers.if_any(asking(authorization="Bearer wrong"))
    with pytest.raises(Unauthorized):
        await writers.session_of(asking())


async def test_a_session_is_a_person(asking: Asking, people: People, sessions: Sessions) -> None:
    ana = await people.add("ana", "Ana Ruiz", {"en": Role.EDITOR})
    cookie = f"ticker-session={await sessions.begin(ana)}"
    found = await writers.of(asking(cookie=cookie))
    assert (found.name, found.login, found.via.partition(":")[0]) == ("Ana Ruiz (ana)", "ana", "session")
    assert await writers.if_any(asking(cookie=cookie)) == found
    assert (await writers.session_of(asking(cookie=cookie))).via == found.via
    with pytest.raises(Unauthorized):  # a key that is sent is what counts
        await writers.of(asking(cookie=cookie, authorization="Bearer wrong"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "NEW"])
async def test_a_sessions_changes_come_from_our_own_pages(
    method: str, asking: Asking, people: People, sessions: Sessions
) -> None:
    cookie = f"ticker-session={await sessions.begin(await people.add('ana', 'Ana', {}))}"
    for headers in (OWN, {**OWN, "sec_fetch_site": "same-origin"}, {"sec_fetch_site": "same-origin"}):
        assert (await writers.of(asking(method, cookie=cookie, **headers))).login == "ana"
    for headers in (
        {"host": "desk.example"},
        {"host": "desk.example", "origin": "http://elsewhere.example"},
        {"host": "desk.example", "origin": "null"},
        {**OWN, "sec_fetch_site": "cross-site"},
        {**OWN, "sec_fetch_site": "same-site"},
    ):
        with pytest.raises(Forbidden):
            await writers.of(asking(method, cookie=cookie, **headers))


async def test_a_websocket_comes_from_our_own_pages(asking: Asking, people: People, sessions: Sessions) -> None:
    cookie = f"ticker-session={await sessions.begin(await people.add('ana', 'Ana', {}))}"
    assert (await writers.of(asking(type_="websocket", cookie=cookie, **OWN))).login == "ana"
    with pytest.raises(Forbidden):
        await writers.of(asking(type_="websocket", cookie=cookie, host="desk.example", origin="http://other.example"))
