"""The pages at `/desk`: the channels, the desk of each, and its audit."""

import json
from functools import cache
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import writers
from ticker.channel import Channel
from ticker.desk import audit_api, preflight
from ticker.errors import Forbidden, NoChannel
from ticker.life import Action
from ticker.pages import WEB
from ticker.people.people import People, Person
from ticker.templates import HEADERS, WORDS, is_page, language_of, page
from ticker.writer import ALLOWED, Scope, Writer

ENTRIES = 50  # of the audit on a page


async def channels(request: Request) -> Response:
    """Those the writer may look at; when there is but one, at once to its page."""
    writer = await writers.of(request)
    found = _channels(request, writer)
    if len(found) == 1:
        return RedirectResponse(f"/desk/{found[0].name}", 303, HEADERS)
    return page(request, "channels.html", person=await _person(request, writer), channels=found)


async def audit(request: Request) -> Response:
    """Who did what on this channel, searched, the newest first."""
    writer = await writers.of(request)
    found = _channel(request, writer)
    found_ = await audit_api.found(request, limit=ENTRIES)
    asked = {name: request.query_params.get(name, "") for name in ("q", "by", "action", "id")}
    told: dict[str, Any] = {
        "channel": found,
        "channels": _channels(request, writer),
        "asked": asked,
        "actions": [action.value for action in Action] + ["break_glass", "reached"],
        "entries": [audit_api.shown(entry) for entry in found_.entries],
        "query": urlencode(asked),
        "next": urlencode({**asked, "after": found_.next}) if found_.next else "",
    }
    return page(request, "audit.html", person=await _person(request, writer), **told)


async def channel(request: Request) -> Response:
    writer = await writers.of(request)
    found, person = _channel(request, writer), await _person(request, writer)
    lang = language_of(request.headers.get("accept-language", ""), person)
    told: dict[str, Any] = {
        "writer": writer.name,
        "channel": found,
        "channels": _channels(request, writer),
        "about": _about(request, writer, found, lang),
        "templates": templates(found.lang),
    }
    return page(request, "channel.html", person=person, **told)


def _about(request: Request, writer: Writer, channel: Channel, lang: str) -> dict[str, Any]:
    """What the page's modules are told: web/desk/words.js has its type."""
    world = [one for one in _channels(request, writer) if one.rehearsal is channel.rehearsal]
    return {
        "channel": _edition(channel),
        "lang": lang,
        "words": WORDS[lang],
        "writer": writer.name,
        "may": {action.value: _may(writer, action, channel) for action in ALLOWED},
        "publishes": _may(writer, Action.RELEASE, channel) and not writer.hands_in(Action.RELEASE, channel.name),
        "approval": sorted(channel.approval),
        "rehearsal": channel.rehearsal,
        "limits": preflight.limits(channel),
        "editions": [
            {**_edition(one), "notes": [kill["note"] for kill in templates(one.lang)["kill"]]}
            for one in world
            if one.name != channel.name and _may(writer, Action.PUBLISH, one)
        ],
        "templates": templates(channel.lang),
    }


def _edition(channel: Channel) -> dict[str, str]:
    return channel.model_dump(include={"name", "title", "lang", "dir"})


def _may(writer: Writer, action: Action, channel: Channel) -> bool:
    try:
        writer.allow(action, channel.name)
    except Forbidden:
        return False
    return True


def _channel(request: Request, writer: Writer) -> Channel:
    name = request.path_params["channel"]
    found: Channel | None = request.app.state.settings.channels.get(name)
    if found is None:
        raise NoChannel(name)
    writer.allow_scope(Scope.READ, name)
    return found


def _channels(request: Request, writer: Writer) -> list[Channel]:
    everything: dict[str, Channel] = request.app.state.settings.channels
    return [one for one in everything.values() if writer.scopes(one.name) & {Scope.READ, Scope.ADMIN}]


async def _person(request: Request, writer: Writer) -> Person | None:
    people: People = request.app.state.people
    return await people.get(writer.login) if writer.login else None


@cache
def templates(lang: str) -> dict[str, Any]:
    """What is often said to readers, in a channel's language; in English where we do not know it."""
    name = lang.partition("-")[0]
    path = WEB / "desk" / "templates" / f"{name if name in WORDS else 'en'}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


routes: list[BaseRoute] = [
    Route("/desk", is_page(channels)),
    Route("/desk/{channel}", is_page(channel)),
    Route("/desk/{channel}/audit", is_page(audit)),
]
