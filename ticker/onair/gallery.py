"""The operator's page at `/onair`, and what it is told: of all outputs at once, over one connection."""

import functools
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ticker import writers
from ticker.errors import Forbidden
from ticker.fanout.hub import Hub
from ticker.life import Action
from ticker.onair.api import CLOSED, STREAM, watching
from ticker.onair.control import Cue
from ticker.onair.cues import allow
from ticker.onair.document import FONT, MOST_KEPT, data_url
from ticker.onair.output import Output
from ticker.onair.page_key import key_of
from ticker.onair.playouts import Playouts
from ticker.people.people import People, Person
from ticker.settings import Settings
from ticker.templates import POLICY, WORDS, is_page, language_of, page
from ticker.writer import Scope, Writer

OWN_LOOKS = POLICY.replace("img-src 'self'", "img-src 'self' data:; font-src data:")


async def gallery(request: Request) -> Response:
    """Of every output that the writer may see."""
    writer = await writers.of(request)
    seen = _some_seen(request, writer)
    person = await _person(request, writer)
    lang = language_of(request.headers.get("accept-language", ""), person)
    about = {
        "lang": lang,
        "words": WORDS[lang],
        "fonts": {_family(font): font for font in map(_font, seen) if font},
        "outputs": [await _about(request, writer, one) for one in seen],
    }
    answer = page(request, "gallery.html", person=person, about=about, outputs=seen)
    answer.headers["content-security-policy"] = OWN_LOOKS
    return answer


async def _about(request: Request, writer: Writer, output: Output) -> dict[str, Any]:
    """What the page's modules are told of an output; its key only to who may run it."""
    channels = request.app.state.settings.channels
    may: dict[str, Any] = {cue.value: _may(writer, cue, output) for cue in Cue}
    may |= {"kill": all(writer.may(Action.RETRACT, channel) for channel in output.channels)}
    may |= {"publish": writer.may(Action.PUBLISH, output.channels[0])}
    told = {
        **output.model_dump(mode="json", include={"name", "title", "type", "channels", "clearance"}),
        "lang": channels[output.channels[0]].lang,
        "dir": channels[output.channels[0]].dir,
        "may": may,
        "addresses": [site.rstrip("/") for site in output.addresses],
        "family": _family(font) if (font := _font(output)) else None,
        "logo": data_url(output.look.logo),
    }
    if may[Cue.TAKE.value]:
        told["key"] = await key_of(request.app.state.seal, output)
    return told


def _font(output: Output) -> str | None:
    return data_url(output.look.font)


@functools.lru_cache(maxsize=MOST_KEPT)
def _family(font: str) -> str:
    """Its name on this page, where several outputs stand; those with the same font share it."""
    return f"{FONT} {hashlib.blake2b(font.encode(), digest_size=4).hexdigest()}"


def _may(writer: Writer, cue: Cue, output: Output) -> bool:
    try:
        allow(writer, cue, output)
    except Forbidden:
        return False
    return True


async def states(request: Request) -> Response:
    """Of every output that the writer may see."""
    seen = _seen(request, await writers.of(request, unattended=True))
    return JSONResponse({"outputs": await _playouts(request).states(one.name for one in seen)}, headers=CLOSED)


async def watched(request: Request) -> Response:
    """The same as a stream. What cannot be told is refused before it begins."""
    seen = [one.name for one in _some_seen(request, await writers.of(request, unattended=True))]
    for name in seen:
        _playouts(request).of(name).current()
    _hub(request).check_room()
    return StreamingResponse(_told(request, seen), headers=STREAM)


async def _told(request: Request, names: list[str]) -> AsyncIterator[str]:
    """The state of an output when it has changed, and each second what its pages have said."""
    known: dict[str, str] = {}
    async for changed in watching(request, names, lambda: _admit(request, names)):
        for state in await _playouts(request).states(changed):
            name = state["output"]["name"]
            part = {key: state[key] for key in ("now", "pages", "alarms")}
            content = json.dumps({**state, **dict.fromkeys(part), "playlist": {**state["playlist"], "now": 0}})
            told = {"output": state["output"], **part} if known.get(name) == content else state
            known[name] = content
            yield f"data: {json.dumps(told, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def _admit(request: Request, names: list[str]) -> None:
    seen = _seen(request, await writers.of(request, unattended=True))
    if not set(names) <= {one.name for one in seen}:
        raise Forbidden("You may not see all of these outputs any more.")


def _some_seen(request: Request, writer: Writer) -> list[Output]:
    """Forbidden when there is none."""
    if seen := _seen(request, writer):
        return seen
    raise Forbidden("You have no role on any channel that is on air; an admin can give you one.")


def _seen(request: Request, writer: Writer) -> list[Output]:
    settings: Settings = request.app.state.settings
    return [
        output
        for output in settings.outputs.values()
        if all(writer.scopes(channel) & {Scope.READ, Scope.ADMIN} for channel in output.channels)
    ]


async def _person(request: Request, writer: Writer) -> Person | None:
    people: People = request.app.state.people
    return await people.get(writer.login) if writer.login else None


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def _playouts(request: Request) -> Playouts:
    playouts: Playouts = request.app.state.playouts
    return playouts


routes: list[BaseRoute] = [
    Route("/onair", is_page(gallery)),
    Route("/v1/onair", states),
    Route("/v1/onair/stream", watched),
]
