"""The pages with which people sign in and out, take an invitation, and look after their own account."""

import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import writers
from ticker.desk.desk import Desk
from ticker.errors import Conflict, Forbidden, NotFound, TooManyTries
from ticker.most_read import reader
from ticker.people import cookies, password
from ticker.people.forms import read_form
from ticker.people.guesses import Guess, Guesses
from ticker.people.oidc import FLOW_KEPT, Provider
from ticker.people.password import Passwords
from ticker.people.people import People, Person
from ticker.people.seal import Seal
from ticker.people.sessions import Sessions
from ticker.people.trail import By
from ticker.settings import Settings
from ticker.templates import HEADERS, SIGN_IN, WORDS, is_page, page

ACCOUNT = "/desk/account"
OIDC = SIGN_IN + "/oidc"
HOME = "/desk"  # where one arrives who did not come from a page of the desk
DEVICE_KEPT = 400 * 24 * 3600  # s; longer is cut to this by browsers
MOST_LOGINS = 8  # that are remembered for a device
PROVIDER = By("sign-in provider")

_NEXT = re.compile(r"/desk(/[A-Za-z0-9][A-Za-z0-9._~@-]*)*/?")


# --- in and out -------------------------------------------------------------------------------------------------------


async def sign_in(request: Request) -> Response:
    if request.method == "GET":
        return _door(request, next=_next(request.query_params.get("next")))
    writers.from_our_own_page(request)
    form = await read_form(request)
    login, back = form["login"].lower(), _next(form["next"])
    guess = await _guess(request, login)
    try:
        begun = await _guesses(request).begin(guess)
    except TooManyTries as error:
        answer = _door(request, status=429, next=back, login=login, wait=error.retry_after)
        answer.headers["retry-after"] = str(error.retry_after)
        return answer
    person = await _people(request).get(login)
    if not await _passwords(request).match(person.password if person else None, form["password"]) or not person:
        await _tell(request, "refused", person, "wrong password" if person else "nobody of that name")
        return _door(request, status=403, next=back, login=login, fault="sign_in_wrong")
    await _guesses(request).was_right(guess, begun)
    if person.password and _passwords(request).is_outdated(person.password):
        hashed = await _passwords(request).hash(form["password"])
        await _people(request).change(login, by=person.by(), password=hashed)
    await _tell(request, "sign_in", person, "password")
    return await welcome(request, person, back)


async def _tell(request: Request, action: str, person: Person | None, reason: str) -> None:
    """For the audit. What was typed for a name that nobody has stays out of it: it may be a password."""
    network = reader.prefix(request.client.host if request.client else "")
    by = person.by() if person else By("")
    await _people(request).trail.add(action, person.login if person else "", by, reason=reason, network=network)


async def welcome(request: Request, person: Person, back: str) -> Response:
    """A session and the way on. A session that this browser had before ends."""
    answer = RedirectResponse(back, 303, HEADERS)
    await _leave(request)
    sealed = await _sessions(request).begin(person)
    cookies.give(request, answer, cookies.SESSION, sealed, _sessions(request).longest // 1000)
    device = await _device(request)
    logins = [person.login, *(login for login in device["logins"] if login != person.login)][:MOST_LOGINS]
    known = await _seal(request).close(cookies.DEVICE, {**device, "logins": logins})
    cookies.give(request, answer, cookies.DEVICE, known, DEVICE_KEPT)
    return answer


async def sign_out(request: Request) -> Response:
    """Here; or everywhere, when the form says so."""
    session = await writers.session_of(request)
    form = await read_form(request)
    if form["everywhere"]:
        await _people(request).end_sessions(session.person.login, by=session.person.by(session.via))
    await _sessions(request).end(session)
    answer = RedirectResponse(SIGN_IN, 303, HEADERS)
    cookies.take(request, answer, cookies.SESSION)
    return answer


async def _leave(request: Request) -> None:
    sealed = cookies.read(request, cookies.SESSION)
    session = await _sessions(request).find(sealed) if sealed else None
    if session is not None:
        await _sessions(request).end(session)


def _door(request: Request, *, status: int = 200, **context: Any) -> Response:
    oidc = _settings(request).desk.oidc
    told = {"login": "", "fault": "", "wait": 0, "provider": oidc.title if oidc else "", **context}
    return page(request, "sign-in.html", status=status, **told)


def _next(path: str | None) -> str:
    """Where to go on: a page of the desk and nothing else."""
    return path if path and _NEXT.fullmatch(path) and path != SIGN_IN else HOME


async def _guess(request: Request, login: str) -> Guess:
    device = await _device(request)
    address = request.client.host if request.client else ""
    return Guess(login[:200], reader.prefix(address), device["id"] if login in device["logins"] else None)


async def _device(request: Request) -> dict[str, Any]:
    sealed = cookies.read(request, cookies.DEVICE)
    known = await _seal(request).open(cookies.DEVICE, sealed) if sealed else None
    return known if isinstance(known, dict) else {"id": secrets.token_urlsafe(16), "logins": []}


# --- with a provider --------------------------------------------------------------------------------------------------


async def away(request: Request) -> Response:
    """To the provider. What must come back from it stays in this browser."""
    back = str(request.url.replace(path=OIDC + "/back", query=""))
    url, flow = await _provider(request).begin(back, _now(request))
    sealed = await _seal(request).close(cookies.FLOW, {**flow, "next": _next(request.query_params.get("next"))})
    answer = RedirectResponse(url, 303, HEADERS)
    cookies.give(request, answer, cookies.FLOW, sealed, FLOW_KEPT)
    return answer


async def back(request: Request) -> Response:
    """From the provider: a session for whoever it says this is, with the roles that go with what it says."""
    sealed = cookies.read(request, cookies.FLOW)
    flow: Any = await _seal(request).open(cookies.FLOW, sealed) if sealed else None
    told = await _provider(request).finish(flow, request.query_params, _now(request))
    person = await _people(request).by_subject(told.subject)
    if person is None:
        if await _people(request).is_barred(told.subject):
            await _people(request).trail.add("refused", told.login, PROVIDER, reason="removed here")
            raise Forbidden("You have been removed here. An admin can let you in again.")
        try:
            person = await _people(request).add(told.login, told.name, told.roles, subject=told.subject, by=PROVIDER)
        except Conflict:
            raise Conflict(f"Somebody else is called {told.login!r} here; an admin must remove one of you.") from None
    else:
        person = await _people(request).change(person.login, by=PROVIDER, name=told.name, roles=told.roles)
    await _tell(request, "sign_in", person, "provider")
    answer = await welcome(request, person, flow["next"])
    cookies.take(request, answer, cookies.FLOW)
    return answer


# --- with an invitation -----------------------------------------------------------------------------------------------


async def invitation(request: Request) -> Response:
    """Looking at it does not use it up: many a program looks at a link before the person does."""
    if request.method == "GET":
        token = request.query_params.get("token", "")
        person = await _people(request).invited(token)
        return _invitation(request, person, token, status=200 if person else 404)
    writers.from_our_own_page(request)
    form = await read_form(request)
    person = await _people(request).invited(form["token"])
    fault = _fault(form["password"], person) if person else None
    if person is None or fault:
        return _invitation(request, person, form["token"], status=422 if person else 404, fault=fault or "")
    hashed = await _passwords(request).hash(form["password"])
    if await _people(request).accept(form["token"]) is None:
        return _invitation(request, None, "", status=404)
    await _people(request).end_sessions(person.login, by=person.by())
    person = await _people(request).change(person.login, by=person.by(), password=hashed)
    await _tell(request, "sign_in", person, "link")
    return await welcome(request, person, HOME)


def _invitation(request: Request, person: Person | None, token: str, *, status: int, fault: str = "") -> Response:
    return page(request, "invitation.html", status=status, who=person, token=token, fault=fault)


def _fault(new: str, person: Person) -> str | None:
    return password.fault_of(new, person.login, *person.name.split())


# --- one's own account ------------------------------------------------------------------------------------------------


async def account(request: Request) -> Response:
    session = await writers.session_of(request)
    person = session.person
    if request.method == "POST":
        form = await read_form(request)
        person = await _people(request).change(person.login, lang=form["lang"] if form["lang"] in WORDS else None)
    return _account(request, person)


async def new_password(request: Request) -> Response:
    """One's own. All other sessions end."""
    session = await writers.session_of(request)
    person, form = session.person, await read_form(request)
    guess = await _guess(request, person.login)
    try:
        begun = await _guesses(request).begin(guess)
    except TooManyTries as error:
        return _account(request, person, status=429, wait=error.retry_after)
    if not await _passwords(request).match(person.password, form["password_now"]):
        await _tell(request, "refused", person, "wrong password")
        return _account(request, person, status=403, fault="password_now_wrong")
    await _guesses(request).was_right(guess, begun)
    fault = _fault(form["password"], person)
    if fault:
        return _account(request, person, status=422, fault=fault)
    hashed, by = await _passwords(request).hash(form["password"]), person.by(session.via)
    await _people(request).change(person.login, by=by, password=hashed)
    return await welcome(request, await _people(request).end_sessions(person.login, by=by), ACCOUNT)


def _account(request: Request, person: Person, *, status: int = 200, fault: str = "", wait: int = 0) -> Response:
    languages = {"en": "English", "ar": "العربية", "es": "Español"}
    return page(request, "account.html", person=person, status=status, fault=fault, wait=wait, languages=languages)


# --- what the app has made --------------------------------------------------------------------------------------------


def _people(request: Request) -> People:
    people: People = request.app.state.people
    return people


def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions


def _seal(request: Request) -> Seal:
    return _sessions(request).seal


def _passwords(request: Request) -> Passwords:
    passwords: Passwords = request.app.state.passwords
    return passwords


def _guesses(request: Request) -> Guesses:
    guesses: Guesses = request.app.state.guesses
    return guesses


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound("No provider is configured: sign in with a password.")
    return provider


def _now(request: Request) -> int:
    desk: Desk = request.app.state.desk
    return desk.stream.now()


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


routes: list[BaseRoute] = [
    Route(SIGN_IN, is_page(sign_in), methods=["GET", "POST"]),
    Route(OIDC, is_page(away)),
    Route(OIDC + "/back", is_page(back)),
    Route("/desk/sign-out", is_page(sign_out), methods=["POST"]),
    Route("/desk/invitation", is_page(invitation), methods=["GET", "POST"]),
    Route(ACCOUNT, is_page(account), methods=["GET", "POST"]),
    Route(ACCOUNT + "/password", is_page(new_password), methods=["POST"]),
]
