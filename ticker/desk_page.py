"""The pages at `/desk`: the channels, and for each the page on which its headlines are written and taken back."""

import json
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.templating import Jinja2Templates

from ticker import preflight, writers
from ticker.channel import RIGHT_TO_LEFT, Channel
from ticker.errors import Forbidden, NoChannel
from ticker.life import Action
from ticker.pages import HEADERS, WEB
from ticker.writer import ALLOWED, Scope, Writer

PAGES = Jinja2Templates(directory=WEB / "desk")
LANGUAGES = ("en", "ar", "es")


async def channels(request: Request) -> Response:
    """Those the writer may look at; when there is but one, at once to its page."""
    writer = await writers.of(request)
    found = _channels(request, writer)
    if len(found) == 1:
        return RedirectResponse(f"/desk/{found[0].name}", headers=HEADERS)
    return _page(request, "channels.html", writer, None)


async def channel(request: Request) -> Response:
    writer = await writers.of(request)
    found = _channel(request, writer)
    return _page(request, "channel.html", writer, found, about=_about(request, writer, found))


def _page(request: Request, template: str, writer: Writer, channel: Channel | None, **more: Any) -> Response:
    lang = language_of(request.headers.get("accept-language", ""))
    context = {
        "lang": lang,
        "dir": "rtl" if lang in RIGHT_TO_LEFT else "ltr",
        "words": words(lang),
        "writer": writer.name,
        "channels": _channels(request, writer),
        "channel": channel,
        **more,
    }
    return PAGES.TemplateResponse(request, template, context, headers={**HEADERS, "cache-control": "no-store"})


def _about(request: Request, writer: Writer, channel: Channel) -> dict[str, Any]:
    """What the page's modules are told: web/desk/words.js has its type."""
    lang = language_of(request.headers.get("accept-language", ""))
    others = [one for one in _channels(request, writer) if one.name != channel.name]
    return {
        "channel": _edition(channel),
        "lang": lang,
        "words": words(lang),
        "expiries": list(words(lang)["expiries"].items()),
        "writer": writer.name,
        "may": {action.value: _may(writer, action, channel) for action in ALLOWED},
        "approval": sorted(channel.approval),
        "limits": preflight.limits(channel),
        "editions": [_edition(one) for one in others if _may(writer, Action.PUBLISH, one)],
        "templates": templates(channel.lang.partition("-")[0]),
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


def language_of(accepted: str) -> str:
    """The first of ours among the languages a browser asks for, the most wanted first (RFC 9110, 12.5.4)."""
    wanted = []
    for part in accepted.split(",")[:20]:
        name, _, weight = part.partition(";q=")
        try:
            wanted.append((-float(weight or 1), name.strip().partition("-")[0].lower()))
        except ValueError:
            continue
    return next((name for _, name in sorted(wanted, key=lambda one: one[0]) if name in LANGUAGES), LANGUAGES[0])


@cache
def words(lang: str) -> dict[str, Any]:
    """All that the desk says in a language."""
    found: dict[str, Any] = json.loads((WEB / "desk" / "words" / f"{lang}.json").read_text(encoding="utf-8"))
    return found


@cache
def templates(lang: str) -> dict[str, Any]:
    """What is often said to readers, in a channel's language; in English where we do not know it."""
    name = lang if lang in LANGUAGES else LANGUAGES[0]
    found: dict[str, Any] = json.loads((WEB / "desk" / "templates" / f"{name}.json").read_text(encoding="utf-8"))
    return found


routes: list[BaseRoute] = [
    Route("/desk", channels),
    Route("/desk/{channel}", channel),
]
