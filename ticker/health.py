"""For operators: `/healthz`, `/readyz`, `/metrics`, and what each kind of problem means."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import metrics
from ticker.errors import NotFound, TickerError, all_errors
from ticker.hub import Hub


async def healthz(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


async def readyz(request: Request) -> Response:
    """Readers can be served. A channel whose Redis is away is served from memory, and is named as stale."""
    hub: Hub = request.app.state.hub
    channels = {
        name: "loading" if fanout.position is None else "stale" if fanout.stale else "live"
        for name, fanout in hub.fanouts.items()
    }
    status = "ready" if hub.ready else "draining" if hub.draining else "loading"
    headers = {"cache-control": "no-store"}
    return JSONResponse({"status": status, "channels": channels}, 200 if hub.ready else 503, headers)


async def measure(request: Request) -> Response:
    hub: Hub = request.app.state.hub
    return Response(await metrics.text(hub, request.app.state.reads), media_type=metrics.CONTENT_TYPE)


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
