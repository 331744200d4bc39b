"""Signing in with a real provider (oidc-provider on node), over real processes."""

import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from tests.api import Answer
from tests.servers import ROOT, RedisServer, Web, eventually_now, free_port, running
from tests.visitors import Visitor, new_person, visiting
from ticker.errors import Forbidden, Unavailable
from ticker.people import oidc
from ticker.people.oidc import FLOW_KEPT, RANK, Provider, identity, roles_of
from ticker.people.people import LOGIN, People
from ticker.settings import OidcSettings
from ticker.store import connect
from ticker.writer import Role

SECRET = "the secret of a test"
ROLES = {"desk": {"*": Role.EDITOR}, "it": {"*": Role.ADMIN}, "interns": {"en": Role.WRITER, "*": Role.READER}}

SETTINGS = """
[channels.en]
[desk.oidc]
issuer = "http://127.0.0.1:{port}"
client_id = "ticker"
title = "Newsroom account"
[desk.oidc.roles]
desk = {{ "*" = "editor" }}
it = {{ "*" = "admin" }}
interns = {{ en = "writer", "*" = "reader" }}
"""


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture(scope="module")
def provider(ports: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("provider") / "log"
    theirs, ours = ports
    back = f"http://127.0.0.1:{ours}/desk/sign-in/oidc/back"
    with log.open("w") as out:
        words = ["node", ROOT / "tests" / "provider.mjs", str(theirs), "ticker", SECRET, back]
        process = subprocess.Popen(words, cwd=ROOT, stdout=out, stderr=out)
    try:
        eventually_now(lambda: "ready" in log.read_text() or process.poll() is not None, "the provider listens")
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{theirs}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def web(provider: str, ports: tuple[int, int], redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Web]:
    with redis_server.client as client:
        client.flushall()
    (tmp_path / "ticker.toml").write_text(SETTINGS.format(port=ports[0]))
    config = {"TICKER_CONFIG": str(tmp_path / "ticker.toml"), "TICKER_OIDC_SECRET": SECRET}
    web = Web(redis_server.url, tmp_path, port=ports[1], **config)
    async with running(web):
        yield web
        assert "Traceback" not in web.said()


@pytest.fixture
async def people(web: Web) -> AsyncIterator[People]:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        yield People(redis)


async def come_back(visitor: Visitor, account: str, next_: str = "") -> str:
    """To the provider, through its pages, and to the address with which it sends the browser back to us."""
    away = await visitor.get(f"/desk/sign-in/oidc?next={next_}")
    assert away.status == 303, away.text
    address, form = away.headers["location"], None
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        for _ in range(12):
            if address.startswith(visitor.url):
                return address
            method = "POST" if form else "GET"
            async with http.request(method, address, data=form, allow_redirects=False) as answer:
                text, form = await answer.text(), None
                if "location" in answer.headers:
                    address = str(answer.url.join(type(answer.url)(answer.headers["location"])))
                    continue
            found = re.search(r'<form[^>]* action="([^"]+)"', text)
            assert found, text
            address = unescape(found[1])
            form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)"', text))
            if form["prompt"] == "login":
                form |= {"login": account, "password": "any"}
    raise AssertionError(address)


async def sign_in(visitor: Visitor, account: str, next_: str = "") -> Answer:
    return await visitor.get((await come_back(visitor, account, next_)).removeprefix(visitor.url))


async def test_who_has_a_role_by_their_claims_comes_in_and_has_it(web: Web, people: People) -> None:
    async with visiting(web) as visitor:
        assert "Newsroom account" in (await visitor.get("/desk/sign-in")).text
        answer = await sign_in(visitor, "ana.interns.it", "/desk/people")
        assert (answer.status, answer.headers["location"]) == (303, "/desk/people")
        assert (await visitor.get("/desk/people")).status == 200
        assert "ticker-flow" not in visitor.cookies
    ana = await people.get("ana")
    assert ana is not None
    assert (ana.name, ana.roles) == ("ana of the newsroom", {"en": Role.WRITER, "*": Role.ADMIN})
    assert ana.subject is not None
    assert ana.password is None
    async with visiting(web) as visitor:
        assert (await visitor.sign_in("ana", "")).status == 403  # there is no other way in


async def test_roles_come_anew_with_each_sign_in(web: Web, people: People) -> None:
    async with visiting(web) as visitor:
        await sign_in(visitor, "bob.desk")
        await people.change("bob", roles={"*": Role.ADMIN})
        await sign_in(visitor, "bob.desk")
    bob = await people.get("bob")
    assert bob is not None
    assert bob.roles == {"*": Role.EDITOR}
    assert len(await people.list()) == 1


async def test_who_was_removed_here_stays_out_until_let_in(web: Web, people: People) -> None:
    await new_person(web, "chief", {"*": Role.ADMIN})
    async with visiting(web) as admin, visiting(web) as bob:
        await admin.sign_in("chief")
        await sign_in(bob, "bob.desk")
        assert (await admin.post("/desk/people/bob/remove")).status == 303
        answer = await sign_in(bob, "bob.desk")
        assert answer.status == 403
        assert "An admin can let you in again" in answer.text
        assert await people.get("bob") is None
        assert "/desk/people/bob/let-in" in (await admin.get("/desk/people")).text
        assert (await admin.post("/desk/people/bob/let-in")).status == 303
        assert (await sign_in(bob, "bob.desk")).status == 303
    assert await people.get("bob") is not None


async def test_who_has_none_does_not(web: Web, people: People) -> None:
    async with visiting(web) as visitor:
        for account in ("eve", "eve.accounting"):
            answer = await sign_in(visitor, account)
            assert (answer.status, "ticker-session" in visitor.cookies) == (403, False)
            assert "no role here" in answer.text
    assert await people.list() == []


async def test_nobody_becomes_somebody_else_by_their_name(web: Web, people: People) -> None:
    chief = await new_person(web, "chief", {"*": Role.ADMIN})
    async with visiting(web) as visitor:
        assert (await sign_in(visitor, "chief.desk")).status == 409
        assert "ticker-session" not in visitor.cookies
    assert await people.list() == [chief]


async def test_an_answer_is_good_once_and_in_the_browser_that_asked(web: Web) -> None:
    async with visiting(web) as asked, visiting(web) as other:
        path = (await come_back(asked, "max.desk")).removeprefix(web.url)
        assert (await other.get(path)).status == 403
        forged = path.replace("state=", "state=x")
        assert (await asked.get(forged)).status == 403
        assert (await asked.get(path.replace("code=", "code=x"))).status == 403
        assert (await asked.get(path.replace("iss=http", "iss=https"))).status == 403
        assert "ticker-session" not in asked.cookies
        assert (await asked.get(path)).status == 303
        assert (await asked.get(path)).status == 403
        refused = urlencode({"error": "access_denied", "state": "x"})
        assert (await asked.get(f"/desk/sign-in/oidc/back?{refused}")).status == 403


async def test_what_is_asked_of_the_provider(web: Web, provider: str) -> None:
    async with visiting(web) as visitor:
        away = await visitor.get("/desk/sign-in/oidc")
        asked = {name: value[0] for name, value in parse_qs(urlsplit(away.headers["location"]).query).items()}
        assert away.headers["location"].startswith(provider)
        assert asked["code_challenge_method"] == "S256"
        assert {"state", "nonce", "code_challenge"} <= set(asked)
        assert asked["redirect_uri"] == f"{web.url}/desk/sign-in/oidc/back"
        assert visitor.cookies["ticker-flow"]["httponly"]


async def test_without_a_provider_there_is_no_such_way(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path)
    async with running(web), visiting(web) as visitor:
        assert (await visitor.get("/desk/sign-in/oidc")).status == 404
        assert "/desk/sign-in/oidc" not in (await visitor.get("/desk/sign-in")).text


async def test_a_provider_that_is_away_is_told(redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "ticker.toml").write_text(SETTINGS.format(port=free_port()))
    web = Web(redis_url, tmp_path, TICKER_CONFIG=str(tmp_path / "ticker.toml"), TICKER_OIDC_SECRET=SECRET)
    async with running(web), visiting(web) as visitor:
        answer = await visitor.get("/desk/sign-in/oidc")
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert (await visitor.get("/desk/sign-in")).status == 200


# --- without a provider -----------------------------------------------------------------------------------------------

GIVEN = OidcSettings(issuer="https://id.example", client_id="ticker", roles=ROLES)
NOW = 1_700_000_000_000
FLOW = {"state": "s", "nonce": "n", "code_verifier": "v", "back": "http://desk/", "until": NOW}


@pytest.mark.parametrize(
    ("flow", "query", "now"),
    [
        (None, {"state": "s", "code": "c"}, NOW),
        ("s", {"state": "s", "code": "c"}, NOW),
        (FLOW, {"state": "s", "code": "c"}, NOW + 1),
        (FLOW, {"state": "other", "code": "c"}, NOW),
        (FLOW, {"code": "c"}, NOW),
        (FLOW, {"state": "s", "code": "c", "iss": "https://other.example"}, NOW),
        (FLOW, {"state": "s", "error": "access_denied"}, NOW),
    ],
)
async def test_what_is_no_answer_is_refused_before_the_provider_is_asked(
    flow: Any, query: Mapping[str, str], now: int
) -> None:
    with pytest.raises(Forbidden):
        await Provider(GIVEN, SECRET).finish(flow, query, now)
    assert FLOW_KEPT == 600


KEY, OTHER = (ECKey.generate_key("P-256", {"kid": kid}) for kid in ("1", "2"))
RIGHT = {"iss": GIVEN.issuer, "sub": "1", "aud": "ticker", "nonce": "n", "iat": time.time(), "exp": time.time() + 86400}


def signed(key: Any = KEY, alg: str = "ES256", **claims: Any) -> str:
    given_ = {name: value for name, value in {**RIGHT, **claims}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": "1"}, given_, key, algorithms=[alg])


@pytest.mark.parametrize(
    ("token", "right"),
    [
        (signed(), True),
        (signed(aud=["ticker", "other"], azp="ticker"), True),
        (signed(aud="other"), False),
        (signed(aud=["other"]), False),
        (signed(aud=["ticker", "other"], azp="other"), False),
        (signed(aud=None), False),
        (signed(iss="https://other.example"), False),
        (signed(nonce="other"), False),
        (signed(nonce=None), False),
        (signed(exp=time.time() - 3600), False),
        (signed(exp=None), False),
        (signed(sub=None), False),
        (signed(OTHER), False),
        (signed(OctKey.import_key(SECRET), "HS256"), False),
        (signed() + "x", False),
        ("", False),
    ],
)
async def test_only_the_providers_own_word_about_this_sign_in_holds(token: str, right: bool) -> None:
    provider = Provider(GIVEN, SECRET)
    algorithms = {"id_token_signing_alg_values_supported": ["ES256"]}
    provider._app.server_metadata.update(
        {"issuer": GIVEN.issuer, "jwks": {"keys": [KEY.as_dict(private=False)]}, "_loaded_at": NOW, **algorithms}
    )
    if right:
        assert (await provider._claims(provider._app, {"id_token": token}, "n"))["sub"] == "1"
    else:
        with pytest.raises((Forbidden, Unavailable)):
            await provider._claims(provider._app, {"id_token": token}, "n")


@pytest.mark.parametrize(
    ("values", "roles"),
    [
        ("desk", {"*": Role.EDITOR}),
        (["desk", "interns"], {"*": Role.EDITOR, "en": Role.WRITER}),
        (["interns", "it", "unknown"], {"*": Role.ADMIN, "en": Role.WRITER}),
        (None, {}),
        ([], {}),
        ({"desk": True}, {}),
        ([["desk"], 1, None], {}),
    ],
)
def test_which_roles_claims_give(values: Any, roles: dict[str, Role]) -> None:
    assert roles_of(values, ROLES) == roles


def test_every_role_has_its_rank() -> None:
    assert set(RANK) == set(Role)
    assert len(RANK) == len(Role)


@given(
    st.dictionaries(
        st.sampled_from(["preferred_username", "name", "groups"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5),
    )
)
def test_whatever_is_claimed_is_a_person_or_refused(claims: dict[str, Any]) -> None:
    given_ = {"iss": "https://id.example", "sub": "1", **claims, "groups": ["desk", claims.get("groups")]}
    try:
        found = identity(given_, GIVEN)
    except Forbidden:
        return
    assert LOGIN.fullmatch(found.login)
    assert 0 < len(found.name) <= oidc.NAME_LIMIT
    assert found.roles == {"*": Role.EDITOR}
