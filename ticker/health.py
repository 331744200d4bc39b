"""For operators: `/healthz`, `/readyz`, `/metrics`, and what each kind of problem means."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import metrics
from ticker.errors import NotFound, TickerError, all_errors
from ticker.fanout.fanout import Fanout
from ticker.fanout.hub import Hub


async def healthz(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


async def readyz(request: Request) -> Response:
    """Readers can be served. A channel whose Redis is away is served from memory, and is named as stale.

    One that does not go on although Redis is there is our own fault, and is named as stalled: route around us.
    """
    hub: Hub = request.app.state.hub
    channels = {name: _state(hub, fanout) for name, fanout in hub.fanouts.items()}
    canary = "stalled" if hub.canary.stalled else "live"
    if not hub.ready:
        status = "draining" if hub.draining else "loading"
    else:
        status = "stalled" if "stalled" in (canary, *channels.values()) else "ready"
    body = {"status": status, "channels": channels, "canary": canary}
    return JSONResponse(body, 200 if status == "ready" else 503, {"cache-control": "no-store"})


def _state(hub: Hub, fanout: Fanout) -> str:
    if fanout.position is None:
        return "loading"
    if fanout.stale:
        return "stale"
    return "stalled" if hub.stalled(fanout) else "live"


async def measure(request: Request) -> Response:
    hub: Hub = request.app.state.hub
    return Response(
        await metrics.text(hub, request.app.state.reads, request.app.state.playouts), media_type=metrics.CONTENT_TYPE
    )


async def problem(request: Request) -> Response:
    for error in all_errors():
        if error.code == request.path_params["code"] and error.__module__ == TickerError.__module__:
            return JSONResponse({"type": f"/problems/{error.code}", "title": error.title, "status": error.status})
    raise NotFound("There is no problem of that name; docs/protocol.md lists them.")


routes: list[BaseRoute] = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", measure),
    Route("/problems/{code}", problem),
]
