"""Signing in and out, over a real web process."""

import time
from collections.abc import AsyncIterator

import pytest

from tests.servers import Web
from tests.visitors import PASSWORD, Visitor, new_person, visiting
from ticker.most_read import reader
from ticker.people.guesses import Guess, Guesses
from ticker.people.people import People
from ticker.store import connect
from ticker.templates import WORDS
from ticker.writer import Role

W = WORDS["en"]


@pytest.fixture
async def visitor(web: Web) -> AsyncIterator[Visitor]:
    async with visiting(web) as visitor:
        yield visitor


@pytest.fixture
async def people(web: Web) -> AsyncIterator[People]:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        yield People(redis)


async def test_in_and_out(web: Web, visitor: Visitor) -> None:
    await new_person(web, "ana", {"*": Role.EDITOR})
    turned_away = await visitor.get("/desk/account")
    assert (turned_away.status, turned_away.headers["location"]) == (303, "/desk/sign-in?next=/desk/account")
    assert W["sign_in"] in (await visitor.get("/desk/sign-in")).text
    assert (await visitor.sign_in("ana", "wrong")).status == 403
    answer = await visitor.sign_in(" ANA ", next="/desk/account")
    assert (answer.status, answer.headers["location"]) == (303, "/desk/account")
    session = visitor.cookies["ticker-session"]
    assert session["httponly"]
    assert session["samesite"] == "lax"
    assert session["path"] == "/"
    assert not session["secure"]
    assert "Ana" in (await visitor.get("/desk/account")).text
    assert (await visitor.post("/desk/sign-out")).status == 303
    assert "ticker-session" not in visitor.cookies
    assert (await visitor.get("/desk/account")).status == 303


async def test_over_https_the_cookie_is_bound_to_the_host(web: Web, visitor: Visitor) -> None:
    await new_person(web, "tls", {})
    answer = await visitor("POST", "/desk/sign-in", {"login": "tls", "password": PASSWORD}, X_Forwarded_Proto="https",
                           Origin=visitor.url.replace("http:", "https:"))  # fmt: skip
    given = answer.headers.getall("set-cookie")
    assert len(given) == 2
    for cookie in given:
        assert cookie.startswith("__Host-ticker-")
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        assert "domain" not in cookie.lower()


async def test_a_session_ends_at_once_when_it_is_ended_anywhere(web: Web, people: People) -> None:
    await new_person(web, "eve", {"*": Role.ADMIN})
    async with visiting(web) as here, visiting(web) as there:
        for one in (here, there):
            await one.sign_in("eve")
            assert (await one.get("/desk/people")).status == 200
        copied = here.cookies["ticker-session"].value
        assert (await here.post("/desk/sign-out")).status == 303
        assert (await here.get("/desk/people", Cookie=f"ticker-session={copied}")).status == 303
        assert (await there.get("/desk/people")).status == 200
        await here.sign_in("eve")
        await here.post("/desk/sign-out", everywhere="yes")
        assert (await there.get("/desk/people")).status == 303
        await there.sign_in("eve")
        await people.change("eve", roles={"*": Role.READER})
        assert (await there.get("/desk/people")).status == 403
        await people.remove("eve")
        assert (await there.get("/desk/people")).status == 303


async def test_no_other_page_can_sign_in_or_act_for_somebody(web: Web, visitor: Visitor) -> None:
    await new_person(web, "max", {"*": Role.ADMIN})
    form = {"login": "max", "password": PASSWORD}
    origins = [{"Origin": origin} for origin in ("https://elsewhere.example", "null", "")]
    elsewhere = [*origins, *({"Sec_Fetch_Site": site} for site in ("cross-site", "same-site", "none"))]
    for headers in elsewhere:
        assert (await visitor("POST", "/desk/sign-in", form, **headers)).status == 403
    assert not visitor.cookies
    await visitor.sign_in("max")
    headline = b'{"text": "By session"}'
    for headers in elsewhere:
        answer = await visitor("POST", "/v1/channels/en/headlines", headline, **headers)
        assert answer.fault == (403, "forbidden")
        assert (await visitor("POST", "/desk/people", {"login": "x", "name": "x"}, **headers)).status == 403
    assert (await visitor("POST", "/v1/channels/en/headlines", headline)).status == 201
    assert (await visitor("POST", "/v1/channels/en/headlines", headline, Sec_Fetch_Site="same-origin",
                          Origin="")).status == 201  # fmt: skip


async def test_nobody_is_sent_elsewhere_afterwards(web: Web, visitor: Visitor) -> None:
    await new_person(web, "ned", {})
    for next_ in ("https://elsewhere.example", "//elsewhere.example", "/desk//elsewhere.example", "/deskx",
                  "/v1/channels", "/desk/\\elsewhere", "javascript:alert(1)", "/desk/../v1", ""):  # fmt: skip
        answer = await visitor.sign_in("ned", next=next_)
        assert answer.status == 303
        assert answer.headers["location"] == "/desk", next_
    assert (await visitor.sign_in("ned", next="/desk/en")).headers["location"] == "/desk/en"


async def test_guessing_is_slowed_but_who_is_known_gets_in(web: Web) -> None:
    await new_person(web, "guessed", {})
    async with visiting(web) as known, visiting(web) as guesser, visiting(web) as other:
        assert (await known.sign_in("guessed")).status == 303
        await guess_for_hours(web, "guessed")
        for password in ("wrong wrong wrong", PASSWORD):
            answer = await guesser.sign_in("guessed", password)
            assert answer.status == 429
            assert int(answer.headers["retry-after"]) > 60
            assert "ticker-session" not in guesser.cookies
        assert (await known.sign_in("guessed")).status == 303  # the device is known
        elsewhere = {"login": "guessed", "password": PASSWORD}
        assert (await other("POST", "/desk/sign-in", elsewhere, X_Forwarded_For="203.0.113.9")).status == 303
        await guess_for_hours(web, "nobody-of-that-name")
        assert (await guesser.sign_in("nobody-of-that-name")).status == 429  # who is not here is not told apart
        assert (await guesser.sign_in("somebody-else", "wrong wrong wrong")).status == 403


async def guess_for_hours(web: Web, login: str, times: int = 12) -> None:
    """From the network from which tests come; the last time just now."""
    now = time.time_ns() // 1_000_000
    clock = iter(now - n * 16 * 60_000 for n in range(times - 1, -1, -1))
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        for _ in range(times):
            await Guesses(redis, lambda: next(clock)).begin(Guess(login, reader.prefix("127.0.0.1")))


async def test_an_invitation_is_good_for_one_password(web: Web, people: People) -> None:
    await new_person(web, "new", {"en": Role.WRITER}, password=None)
    token = await people.invite("new")
    async with visiting(web) as first, visiting(web) as second:
        for _ in range(2):  # looking does not use it up
            page = await first.get(f"/desk/invitation?token={token}")
            assert (page.status, page.headers["referrer-policy"]) == (200, "same-origin")
        short = await first.post("/desk/invitation", token=token, password="short")
        assert short.status == 422
        assert W["password_short"] in short.text
        assert (await first.post("/desk/invitation", token=token, password=PASSWORD)).status == 303
        assert (await first.get("/desk/account")).status == 200
        assert (await second.get(f"/desk/invitation?token={token}")).status == 404
        again = await second.post("/desk/invitation", token=token, password="another good password")
        assert (again.status, "ticker-session" in second.cookies) == (404, False)
        assert (await second.sign_in("new")).status == 303
    assert (await people.invited("")) is None


async def test_ones_own_password_and_language(web: Web) -> None:
    await new_person(web, "own", {})
    async with visiting(web) as here, visiting(web) as there:
        await here.sign_in("own")
        await there.sign_in("own")
        new = "quite another password"
        wrong = await here.post("/desk/account/password", password_now="not this one", password=new)
        assert (wrong.status, W["password_now_wrong"] in wrong.text) == (403, True)
        easy = await here.post("/desk/account/password", password_now=PASSWORD, password="ownownownown")
        assert (easy.status, W["password_easy"] in easy.text) == (422, True)
        assert (await here.post("/desk/account/password", password_now=PASSWORD, password=new)).status == 303
        assert (await here.get("/desk/account")).status == 200
        assert (await there.get("/desk/account")).status == 303  # all others have ended
        assert (await there.sign_in("own")).status == 403
        assert (await there.sign_in("own", new)).status == 303
        assert 'lang="ar" dir="rtl"' in (await here.post("/desk/account", lang="ar")).text
        assert 'lang="ar" dir="rtl"' in (await here.get("/desk/account", Accept_Language="es")).text
        assert 'lang="es" dir="ltr"' in (await here.get("/desk/sign-in", Accept_Language="fr, es;q=0.5")).text
