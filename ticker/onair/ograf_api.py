"""`/ograf/v1/…`: the outputs as renderers of the OGraf Server API, for controllers that speak it.

Each output is a renderer, and what a controller says to the ticker on it becomes a cue, by the same rights as
everywhere. Always JSON, and besides 401 and 403 only the statuses that the API's description names: 404, 500 when the
request or the service is at fault, 550 when the ticker itself refuses.

https://ograf.ebu.io/v1/specification/docs/Specification_Server_API.html
"""

import base64
import contextlib
import functools
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import __version__, writers
from ticker.errors import Forbidden, NotFound, TickerError, Unauthorized, Unavailable
from ticker.onair import renderer as views
from ticker.onair.api import Kill
from ticker.onair.control import Cue, Order
from ticker.onair.cues import Cues, allow
from ticker.onair.manifest import id_of
from ticker.onair.ograf import manifest_of, since
from ticker.onair.playout import Playout
from ticker.onair.playouts import Playouts
from ticker.onair.renderer import ACTIONS, REASON, TARGET, is_target
from ticker.requests import read_model, refusal_of
from ticker.store import Gone
from ticker.writer import Writer
from ticker.writers import Writers

PREFIX = "/ograf/v1"
CLOSED = {"cache-control": "no-store"}
THREW = 550  # of this API: the graphic itself has refused
EMPTY: tuple[Any, ...] = (None, "", 0, "0", [])  # what forms send for a field that nobody has filled in

Handler = Callable[[Request], Awaitable[Response]]
Body = TypeVar("Body", bound=BaseModel)


class _Threw(Exception):
    """What the ticker refuses, apart from what the request or the service is at fault with."""

    def __init__(self, refusal: TickerError) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


class Data(BaseModel):
    """Of the data that a graphic is given, what an output takes. Controllers may send numbers as text.

    None leaves it as it is: `load` with a form that nobody has filled in must not undo what the gallery has said.
    """

    speed: int | None = Field(default=None, ge=1, le=40)
    ids: list[str] | None = None


class Params(BaseModel):
    data: Any = None
    payload: Any = None
    goto: float | None = None


class Instance(BaseModel):
    """What is said to a graphic, or of which graphic one is wanted."""

    renderTarget: Any = None  # noqa: N815
    graphicInstanceId: str | None = None  # noqa: N815
    graphicId: str | None = None  # noqa: N815
    params: Params = Params()


class Invoked(BaseModel):
    payload: Any = None


class Filters(BaseModel):
    filters: list[dict[str, Any]]


def answered(handler: Handler) -> Handler:
    """In this API's statuses, each refusal as a problem document."""

    @functools.wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except _Threw as error:
            return _problem(error.refusal, THREW)
        except (NotFound, Unauthorized, Forbidden) as error:
            return _problem(error, error.status)
        except TickerError as error:
            return _problem(error, 500)

    return answer


def _problem(error: TickerError, status: int) -> Response:
    told = {**error.problem(), "status": status}
    return JSONResponse(told, status, headers={**CLOSED, **error.headers})


# --- what there is --------------------------------------------------------------------------------------------------


async def server(_: Request) -> Response:
    return _told(
        name="Ticker", description="Breaking headlines on air: each output is a renderer.", version=__version__
    )


async def graphics(request: Request) -> Response:
    return _told(graphics=[views.graphic(playout.output) for playout in _playouts(request)])


async def graphic(request: Request) -> Response:
    wanted = request.path_params["graphic"]
    for playout in _playouts(request):
        if id_of(playout.output.name) == wanted:
            manifest = views.offered(manifest_of(request, playout))
            # The description asks for both names of the same thing.
            return _told(graphic=manifest, manifest=manifest, metadata={"createdAt": since()})
    raise _no_graphic(wanted)


async def renderers(request: Request) -> Response:
    return _told(renderers=[views.named(playout.output) for playout in _playouts(request)])


async def renderer(request: Request) -> Response:
    playout = _playout(request)
    try:
        status = views.status(await _playouts(request).alarms(playout.output.name))
    except (TickerError, *Gone) as error:
        status = {"status": "ERROR", "message": str(error)}
    return _told(renderer=views.renderer(playout.output, status))


async def target(request: Request) -> Response:
    playout = _playout(request)
    try:
        given = json.loads(request.query_params.get("renderTarget", ""))
    except (ValueError, RecursionError):
        given = None
    _find_target(given)
    return _told(**views.target(playout.output))


# --- what is said to it ---------------------------------------------------------------------------------------------


async def load(request: Request) -> Response:
    """It is loaded already: it takes the data, and nothing comes on air."""
    playout, writer, given = await _said(request, Instance)
    if given.graphicId != id_of(playout.output.name):
        raise _no_graphic(given.graphicId or "")
    _find_target(given.renderTarget)
    await _take_data(request, playout, writer, given.params.data)
    return _done(playout)


async def update(request: Request) -> Response:
    playout, writer, given = await _to_graphic(request)
    await _take_data(request, playout, writer, given.params.data)
    return _done(playout)


async def play(request: Request) -> Response:
    """On air, also when it is there already: only `goto` behind the one step leads to its end."""
    playout, writer, given = await _to_graphic(request)
    ends = given.params.goto is not None and given.params.goto >= 1
    await _cue(request, playout, writer, Cue.STOP if ends else Cue.TAKE, {})
    return _done(playout, currentStep=1 if ends else 0)


async def stop(request: Request) -> Response:
    playout, writer, _ = await _to_graphic(request)
    await _cue(request, playout, writer, Cue.STOP, {})
    return _done(playout)


async def clear(request: Request) -> Response:
    """The bar leaves. The ticker stays loaded, for its pages stay open."""
    playout, writer, given = await _said(request, Filters)
    allow(writer, Cue.STOP, playout.output)
    if given.filters and not any(views.matches(playout.output, one) for one in given.filters):
        return _told(graphicInstances=[])
    await _cue(request, playout, writer, Cue.STOP, {})
    return _told(graphicInstances=[{"renderTarget": TARGET, "graphicInstanceId": id_of(playout.output.name)}])


async def act(request: Request) -> Response:
    """A custom action of the graphic."""
    playout, writer, given = await _to_graphic(request)
    payload = _filled_in(given.params.payload)
    match request.path_params["action"]:
        case "breaking" | "order" as cue:
            await _cue(request, playout, writer, Cue(cue), payload)
        case "clear-takeover":
            await _cue(request, playout, writer, Cue.CLEAR_TAKEOVER, {})
        case "kill":
            await _kill(request, playout, writer, {"reason": REASON, **payload})
        case other:
            raise NotFound(f"The ticker has no action {other[:60]!r}; its manifest names those it has.")
    return _done(playout)


async def invoke(request: Request) -> Response:
    """A custom action of the renderer."""
    playout, writer, given = await _said(request, Invoked)
    cue = {cue.value: cue for cue in ACTIONS}.get(request.path_params["custom"])
    if cue is None:
        raise NotFound(f"A renderer has no action {request.path_params['custom'][:60]!r}; GET it to see those it has.")
    await _cue(request, playout, writer, cue, _filled_in(given.payload))
    return _told(result=f"{cue} is done.")


async def _said(request: Request, model: type[Body]) -> tuple[Playout, Writer, Body]:
    playout = _playout(request)
    writer = await _writer(request)
    given, _ = await read_model(request, model)
    return playout, writer, given


async def _to_graphic(request: Request) -> tuple[Playout, Writer, Instance]:
    playout, writer, given = await _said(request, Instance)
    _find_target(given.renderTarget)
    if given.graphicInstanceId != id_of(playout.output.name):
        raise NotFound(f"There is no graphic instance {(given.graphicInstanceId or '')[:60]!r} on this renderer.")
    return playout, writer, given


async def _take_data(request: Request, playout: Playout, writer: Writer, data: Any) -> None:
    allow(writer, Cue.TAKE, playout.output)
    try:
        given = Data.model_validate(_filled_in(data))
    except ValidationError as error:
        raise _Threw(refusal_of(error)) from None
    if given.speed is not None:
        await _cue(request, playout, writer, Cue.SPEED, {"speed": given.speed})
    if given.ids is not None:
        await _cue(request, playout, writer, Cue.ORDER, {"ids": given.ids})


def _filled_in(given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value not in EMPTY} if isinstance(given, dict) else {}


async def _cue(request: Request, playout: Playout, writer: Writer, cue: Cue, order: dict[str, Any]) -> None:
    cues: Cues = request.app.state.cues
    allow(writer, cue, playout.output)
    with _thrown():
        await cues.say(playout.output, cue, Order.model_validate(order), writer)


async def _kill(request: Request, playout: Playout, writer: Writer, payload: dict[str, Any]) -> None:
    cues: Cues = request.app.state.cues
    with _thrown():
        given = Kill.model_validate(payload)
        await cues.kill(playout.output, given.id, given.reason, given.note, writer)


@contextlib.contextmanager
def _thrown() -> Iterator[None]:
    """What is refused in here, the ticker has refused."""
    try:
        yield
    except (Unauthorized, Forbidden, Unavailable):
        raise
    except TickerError as error:
        raise _Threw(error) from None
    except ValidationError as error:
        raise _Threw(refusal_of(error)) from None


async def _writer(request: Request) -> Writer:
    """As everywhere; or HTTP Basic, the key as the password: some controllers can be given nothing but an address."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return await writers.of(request)
    try:
        password = base64.b64decode(coded.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        raise Unauthorized("This is not HTTP Basic; send the key as the password.") from None
    everyone: Writers = request.app.state.writers
    key = await everyone.keys.check(f"Bearer {password}")
    return key.writer.within(everyone.channels)


def _find_target(given: Any) -> None:
    if not is_target(given):
        raise NotFound(f"There is no such render target; each renderer has the one {json.dumps(TARGET)}.")


def _no_graphic(graphic_id: str) -> NotFound:
    return NotFound(f"There is no graphic {graphic_id[:60]!r} here; GET {PREFIX}/graphics lists those there are.")


def _done(playout: Playout, **more: Any) -> Response:
    return _told(graphicInstanceId=id_of(playout.output.name), statusCode=200, **more)


def _told(**fields: Any) -> Response:
    return JSONResponse(fields, headers=CLOSED)


async def nothing(request: Request) -> Response:
    raise NotFound(f"{request.method} {request.url.path[:200]} is not of this API. Graphics come with the outputs.")


def _playouts(request: Request) -> Playouts:
    playouts: Playouts = request.app.state.playouts
    return playouts


def _playout(request: Request) -> Playout:
    return _playouts(request).of(request.path_params["output"])


_RENDERER = PREFIX + "/renderers/{output}"
_INSTANCE = _RENDERER + "/target/graphicInstance"


def _route(path: str, handler: Handler, method: str = "GET") -> Route:
    return Route(path, answered(handler), methods=[method])


routes: list[BaseRoute] = [
    _route(PREFIX + "/", server),
    _route(PREFIX + "/graphics", graphics),
    _route(PREFIX + "/graphics/{graphic}", graphic),
    _route(PREFIX + "/graphics/{graphic}", nothing, "DELETE"),
    _route(PREFIX + "/renderers", renderers),
    _route(_RENDERER, renderer),
    _route(_RENDERER + "/target", target),
    _route(_RENDERER + "/customActions/{custom}", invoke, "POST"),
    _route(_INSTANCE + "/clear", clear, "PUT"),
    _route(_INSTANCE + "/load", load, "POST"),
    _route(_INSTANCE + "/updateAction", update, "POST"),
    _route(_INSTANCE + "/playAction", play, "POST"),
    _route(_INSTANCE + "/stopAction", stop, "POST"),
    _route(_INSTANCE + "/customActions/{action}", act, "POST"),
    Route(PREFIX + "/{rest:path}", answered(nothing), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
]
