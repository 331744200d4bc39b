"""The pages on which admins look after people. Only admins of all channels come here: people belong to no channel."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import text, writers
from ticker.channel import Channel
from ticker.desk.audit import Audit
from ticker.desk.audit_api import search_in, shown
from ticker.errors import Conflict, Forbidden, NoPerson
from ticker.people.forms import Form, read_form
from ticker.people.people import LOGIN, NAME_LIMIT, People, Person
from ticker.people.trail import By, Where
from ticker.settings import Settings
from ticker.templates import HEADERS, is_page, page
from ticker.writer import EVERYWHERE, Role

LIST = "/desk/people"
ONE = LIST + "/{login}"
ENTRIES = 50  # of the audit of people on a page


async def everybody(request: Request) -> Response:
    admin = await _admin(request)
    return await _list(request, admin)


async def add(request: Request) -> Response:
    """A person, and a link with which they choose a password. It is shown this once."""
    admin, form = await _admin(request), await read_form(request)
    login, name = form["login"].lower(), text.clean(form["name"])
    fault = "login_wrong" if not LOGIN.fullmatch(login) else "name_wrong" if not 0 < len(name) <= NAME_LIMIT else ""
    if not fault:
        try:
            person = await _people(request).add(login, name, _roles(request, form), by=_by(request, admin))
            return await _invited(request, admin, person)
        except Conflict:
            fault = "login_taken"
    return await _list(request, admin, status=422, fault=fault, form=form)


async def one(request: Request) -> Response:
    admin, person = await _admin(request), await _found(request)
    return _one(request, admin, person)


async def change(request: Request) -> Response:
    """Name and roles. They hold from the next request on, everywhere."""
    admin, person, form = await _admin(request), await _found(request), await read_form(request)
    if person.subject:
        raise Forbidden("Their name and roles come from the sign-in provider; change them there, or remove them here.")
    name = text.clean(form["name"])
    if not 0 < len(name) <= NAME_LIMIT:
        return _one(request, admin, person, status=422, fault="name_wrong")
    roles = _roles(request, form)
    if person.login == admin.login and roles.get(EVERYWHERE) is not Role.ADMIN:
        return _one(request, admin, person, status=422, fault="not_yourself")
    try:
        by = _by(request, admin)
        person = await _people(request).change(person.login, by=by, given=form["given"], name=name, roles=roles)
    except Conflict:
        return _one(request, admin, await _found(request), status=409, fault="person_changed")
    return _one(request, admin, person, saved=True)


async def invite(request: Request) -> Response:
    """A new link, for who has lost the password. The old password holds until a new one is chosen."""
    admin, person = await _admin(request), await _found(request)
    if person.subject:
        raise Forbidden("They sign in elsewhere and have no password here.")
    return await _invited(request, admin, person)


async def end_sessions(request: Request) -> Response:
    admin, person = await _admin(request), await _found(request)
    person = await _people(request).end_sessions(person.login, by=_by(request, admin))
    return _one(request, admin, person, ended=True)


async def remove(request: Request) -> Response:
    admin, person = await _admin(request), await _found(request)
    if person.login == admin.login:
        return _one(request, admin, person, status=422, fault="not_yourself")
    await _people(request).remove(person.login, by=_by(request, admin))
    return RedirectResponse(LIST, 303, HEADERS)


async def let_in(request: Request) -> Response:
    """Who was removed and signs in elsewhere; they come back with their next sign-in."""
    admin = await _admin(request)
    await _people(request).let_in(request.path_params["login"], by=_by(request, admin))
    return RedirectResponse(LIST, 303, HEADERS)


async def _admin(request: Request) -> Person:
    session = await writers.session_of(request)
    session.person.writer(session.via).allow_everywhere()
    request.state.via = session.via
    return session.person


def _by(request: Request, admin: Person) -> By:
    return admin.by(request.state.via)


async def _found(request: Request) -> Person:
    login = request.path_params["login"]
    person = await _people(request).get(login)
    if person is None:
        raise NoPerson(login)
    return person


def _roles(request: Request, form: Form) -> Mapping[str, Role]:
    """From one field a channel. Nothing chosen is no role of its own there."""
    names = [EVERYWHERE, *_channels(request)]
    return {name: Role(role) for name in names if (role := form[f"role.{name}"]) in list(Role)}


async def _list(request: Request, admin: Person, *, status: int = 200, **more: Any) -> Response:
    told: dict[str, Any] = {"fault": "", "form": Form(), **more}
    people = _people(request)
    trail = await search_in(Audit(people.redis, Where.of), "", request, limit=ENTRIES)
    told |= {
        "people": await people.list(),
        "barred": await people.barred(),
        "entries": [shown(entry) for entry in trail.entries],
        "older": urlencode({"after": trail.next}) if trail.next else "",
        **_all(request),
    }
    return page(request, "people.html", person=admin, status=status, **told)


async def _invited(request: Request, admin: Person, person: Person) -> Response:
    token = await _people(request).invite(person.login, by=_by(request, admin))
    link = str(request.url.replace(path="/desk/invitation", query=f"token={token}"))
    return _one(request, admin, person, link=link)


def _one(request: Request, admin: Person, who: Person, *, status: int = 200, **more: Any) -> Response:
    told = {"fault": "", "link": "", "saved": False, "ended": False, **more}
    return page(request, "person.html", person=admin, status=status, who=who, **_all(request), **told)


def _all(request: Request) -> dict[str, Any]:
    return {"channels": list(_channels(request).values()), "roles": list(Role), "everywhere": EVERYWHERE}


def _channels(request: Request) -> Mapping[str, Channel]:
    settings: Settings = request.app.state.settings
    return settings.channels


def _people(request: Request) -> People:
    people: People = request.app.state.people
    return people


routes: list[BaseRoute] = [
    Route(LIST, is_page(everybody)),
    Route(LIST, is_page(add), methods=["POST"]),
    Route(ONE, is_page(one)),
    Route(ONE, is_page(change), methods=["POST"]),
    Route(ONE + "/invitation", is_page(invite), methods=["POST"]),
    Route(ONE + "/sessions", is_page(end_sessions), methods=["POST"]),
    Route(ONE + "/remove", is_page(remove), methods=["POST"]),
    Route(ONE + "/let-in", is_page(let_in), methods=["POST"]),
]
