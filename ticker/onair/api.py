"""`/onair/{output}/…`: what pages are sent and report, what the gallery says, and what was on air."""

import functools
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ticker import writers
from ticker.desk import audit_api
from ticker.desk.audit import MOST, Audit, Wanted
from ticker.errors import TickerError, TooMany, Unauthorized
from ticker.fanout.hub import Hub
from ticker.headline import HeadlineId, Note
from ticker.onair import as_run, watch
from ticker.onair.control import Cue, Order
from ticker.onair.cues import Cues, allow
from ticker.onair.page_key import is_key_of
from ticker.onair.playout import Playout
from ticker.onair.playouts import Playouts
from ticker.onair.report import PageName, Report
from ticker.people.seal import Seal
from ticker.requests import read_body, read_model, refusal_of, whole_number
from ticker.store import Gone
from ticker.writer import Scope, Writer

BEAT = 2.0  # s between signs of life to a page
MOST_STREAMS = 100  # of one output, here, without the key of its page; an output has a handful of pages
STATE_BEAT = 1.0  # s between states, though nothing has changed: pages have reported meanwhile
CHECK_EVERY = 2.0  # s between looks at whether whoever watches still may
HEARD = 2.0  # s within which a cue is usually heard of here

OPEN = {"access-control-allow-origin": "*", "cache-control": "no-cache"}
CLOSED = {"cache-control": "no-store"}
STREAM = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",  # tells nginx and its kin not to hold the stream back
}


class Kill(BaseModel):
    """A headline that must go from everywhere: why, and what readers are told, if anything."""

    model_config = ConfigDict(extra="forbid")
    id: HeadlineId
    reason: Note
    note: Note | None = None


class Page(BaseModel):
    model_config = ConfigDict(extra="forbid")
    page: PageName


# --- for pages ------------------------------------------------------------------------------------------------------


async def playlist(request: Request) -> Response:
    playout = await _playouts(request).asked(request.path_params["output"])
    etag = f'"{playout.current().id}{"" if playout.anchor is None else "-anchored"}"'
    headers = {**OPEN, "etag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(playout.text(_playouts(request).now()), headers=headers, media_type="application/json")


async def stream(request: Request) -> Response:
    playout = _playout(request)
    playout.current()
    _hub(request).check_room()
    key = request.query_params.get("key", "")
    if playout.streams >= MOST_STREAMS and not await is_key_of(_seal(request), playout.output, key):
        raise TooMany(f"{MOST_STREAMS} follow this output here; add the key of its page, or ask for playlist.json.")
    return StreamingResponse(_pages(request), headers={**STREAM, "access-control-allow-origin": "*"})


async def _pages(request: Request) -> AsyncIterator[str]:
    hub, playouts, name = _hub(request), _playouts(request), request.path_params["output"]
    playout = playouts.of(name)
    hub.connections += 1
    playout.streams += 1
    try:
        yield f"retry: {random.randint(200, 1000)}\n\n"
        async for message in playouts.follow(name, BEAT):
            now = playouts.now()
            if message is None:
                yield _event("heartbeat", {"type": "heartbeat", "now": now, "id": playout.current().id})
            else:
                yield f"event: playlist\ndata: {playout.text(now)}\n\n"
        yield _event("goodbye", {"type": "goodbye", "retry_ms": random.randint(0, 500)})
    finally:
        hub.connections -= 1
        playout.streams -= 1


def _event(type_: str, data: dict[str, Any]) -> str:
    return f"event: {type_}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


async def report(request: Request) -> Response:
    """Taken from any page that has the output's key, as text, so that no browser asks beforehand."""
    playout = _playout(request)
    try:
        given = Report.model_validate_json(await read_body(request))
    except ValidationError as error:
        raise refusal_of(error) from None
    if not await is_key_of(_seal(request), playout.output, given.key):
        raise Unauthorized("This key is not one of this output; `ticker output address` prints the page's address.")
    await _playouts(request).report(playout.output.name, given)
    return Response(status_code=204)


# --- for the gallery ------------------------------------------------------------------------------------------------


async def say(cue: Cue, request: Request) -> Response:
    playout = _playout(request)
    writer = await writers.of(request)
    order, _ = await read_model(request, Order, optional=True)
    control = await _cues(request).say(playout.output, cue, order, writer)
    await _heard(playout, control.number)
    return JSONResponse(await _playouts(request).state(playout.output.name), headers=CLOSED)


async def _heard(playout: Playout, number: int) -> None:
    """Until this process has it, so that the answer shows it."""
    due = time.monotonic() + HEARD
    while playout.control.number < number and (left := due - time.monotonic()) > 0:
        await playout.changed(left)


async def kill(request: Request) -> Response:
    playout = _playout(request)
    writer = await writers.of(request)
    given, _ = await read_model(request, Kill)
    await _cues(request).kill(playout.output, given.id, given.reason, given.note, writer)
    return JSONResponse(await _playouts(request).state(playout.output.name), headers=CLOSED)


async def forget(request: Request) -> Response:
    """A page that was closed, and is not to be missed. If it reports again, it is there again."""
    playout, writer = _playout(request), await writers.of(request)
    allow(writer, Cue.TAKE, playout.output)
    given, _ = await read_model(request, Page)
    await _playouts(request).forget(playout.output.name, given.page)
    return JSONResponse(await _playouts(request).state(playout.output.name), headers=CLOSED)


async def state(request: Request) -> Response:
    await admit(request)
    return JSONResponse(await _playouts(request).state(request.path_params["output"]), headers=CLOSED)


async def watched(request: Request) -> Response:
    await admit(request)
    _playout(request).current()
    _hub(request).check_room()
    return StreamingResponse(_states(request), headers=STREAM)


async def _states(request: Request) -> AsyncIterator[str]:
    name = request.path_params["output"]
    async for _ in watching(request, [name], lambda: admit(request)):
        yield _event("state", {"type": "state", **await _playouts(request).state(name)})


async def watching(
    request: Request, names: Sequence[str], admitted: Callable[[], Awaitable[object]]
) -> AsyncIterator[Sequence[str]]:
    """Of which of these outputs a state is to be told: of one when it has changed and of all each second, for as long
    as whoever watches may.
    """
    hub, checked = _hub(request), time.monotonic()
    hub.connections += 1
    try:
        async for changed in _playouts(request).watch(names, STATE_BEAT):
            if time.monotonic() - checked >= CHECK_EVERY:
                checked = time.monotonic()
                if not await writers.may_still(admitted()):
                    return
            yield names if changed is None else changed
    finally:
        hub.connections -= 1


async def admit(request: Request) -> Writer:
    """Who may see what the gallery sees: whoever reads at the desks of all its channels."""
    writer = await writers.of(request, unattended=True)
    for channel in _playout(request).output.channels:
        writer.allow_scope(Scope.READ, channel)
    return writer


# --- what was on air --------------------------------------------------------------------------------------------------


async def health(request: Request) -> Response:
    """One word for a watcher, and a sentence when something is wrong that viewers could see."""
    name = _playout(request).output.name
    try:
        faults = watch.is_faulty(await _playouts(request).alarms(name))
    except (TickerError, *Gone) as error:
        return PlainTextResponse(f"ONAIR-FAULT: {error}\n", 503, OPEN)
    if faults:
        return PlainTextResponse(f"ONAIR-FAULT: {' '.join(fault.sentence for fault in faults)}\n", 503, OPEN)
    return PlainTextResponse("ONAIR-OK\n", headers=OPEN)


async def log(request: Request) -> Response:
    await admit(request)
    limit = max(1, whole_number(request, "limit", 100, MOST))
    page = await audit_api.search_in(_as_run(request), request.path_params["output"], request, limit=limit)
    entries = [{"entry": entry.id, **entry.fields, "chain": entry.chain} for entry in page.entries]
    return JSONResponse({"entries": entries, "next": page.next}, headers=CLOSED)


async def log_as_csv(request: Request) -> Response:
    await admit(request)
    name = request.path_params["output"]
    headers = {**CLOSED, "content-disposition": f'attachment; filename="as-run-{name}.csv"'}
    rows = _rows(_as_run(request), name, audit_api.wanted(request))
    return StreamingResponse(rows, headers=headers, media_type="text/csv; charset=utf-8")


async def _rows(log: Audit, output: str, wanted: Wanted) -> AsyncIterator[str]:
    yield as_run.table(output, (), head=True)
    async for entries in log.read(output, wanted):
        yield as_run.table(output, entries, head=False)


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def _playouts(request: Request) -> Playouts:
    playouts: Playouts = request.app.state.playouts
    return playouts


def _playout(request: Request) -> Playout:
    return _playouts(request).of(request.path_params["output"])


def _cues(request: Request) -> Cues:
    cues: Cues = request.app.state.cues
    return cues


def _as_run(request: Request) -> Audit:
    audit: Audit = request.app.state.as_run
    return audit


def _seal(request: Request) -> Seal:
    seal: Seal = request.app.state.seal
    return seal


_OUTPUT = "/onair/{output}"

routes: list[BaseRoute] = [
    Route(_OUTPUT + "/playlist.json", playlist),
    Route(_OUTPUT + "/stream", stream),
    Route(_OUTPUT + "/report", report, methods=["POST"]),
    Route(_OUTPUT + "/state", state),
    Route(_OUTPUT + "/state/stream", watched),
    Route(_OUTPUT + "/health", health),
    Route(_OUTPUT + "/as-run", log),
    Route(_OUTPUT + "/as-run.csv", log_as_csv),
    Route(_OUTPUT + "/kill", kill, methods=["POST"]),
    Route(_OUTPUT + "/forget", forget, methods=["POST"]),
    *(Route(f"{_OUTPUT}/{cue}", functools.partial(say, cue), methods=["POST"]) for cue in Cue),
]
