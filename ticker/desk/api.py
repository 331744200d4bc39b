"""`/v1/desk/{channel}`: what the desk is told, for those with the scope `read`; never a word of it for anybody else.

The same snapshot, stream and long poll as readers have, of another fan-out. Few connections: so they go by the
ordinary road, on which Redis is asked who it is.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import filter as filters
from ticker import writers
from ticker.desk.presence import Presence, Presences
from ticker.desk.receipts import Receipts
from ticker.fanout import poll, sse
from ticker.fanout.hub import Hub
from ticker.fanout.subscription import Subscription
from ticker.protocol import CloseCode
from ticker.requests import read_model
from ticker.writer import Scope, Writer

CHECK_EVERY = 2.0  # s between looks at whether the key, or the session, still is one
HEADERS = {"cache-control": "no-store"}


async def admit(request: Request) -> Writer:
    """Who works at this desk. Unauthorized or Forbidden when it is nobody that may.

    Pages ask all this by themselves, so that none of it keeps a session from being idle.
    """
    writer = await writers.of(request, unattended=True)
    writer.allow_scope(Scope.READ, request.path_params["channel"])
    _hub(request).desk(request.path_params["channel"])
    return writer


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


async def snapshot(request: Request) -> Response:
    await admit(request)
    wanted = filters.parse(request.query_params.get("urgency"), request.query_params.get("section"))
    body = _hub(request).desk(request.path_params["channel"]).peek(wanted).document()
    return Response(body, headers=HEADERS, media_type="application/json")


async def events(request: Request) -> Response:
    await admit(request)
    hub = _hub(request)
    body = await poll.answer(request, hub, hub.desk(request.path_params["channel"]))
    await admit(request)  # it may have waited for a minute
    return Response(body, headers=HEADERS, media_type="application/json")


class Stream(sse.Stream):
    async def wanted(self, request: Request) -> Subscription:
        await admit(request)
        return (await super().wanted(request))._replace(at_desk=True)

    async def over(self, request: Request, wire: sse.Wire) -> None:
        """Until the peer goes; whoever may no longer read gets no further word."""
        gone = asyncio.ensure_future(super().over(request, wire))
        try:
            while not (await asyncio.wait([gone], timeout=CHECK_EVERY))[0]:
                if not await writers.may_still(admit(request)):
                    wire.gone()
                    wire.close(CloseCode.POLICY)
                    await gone
        finally:
            gone.cancel()


# --- who is there, and what has arrived -------------------------------------------------------------------------------


async def present(request: Request) -> Response:
    await admit(request)
    return _picture(await _presences(request).at(request.path_params["channel"]))


async def appear(request: Request) -> Response:
    writer = await admit(request)
    presence, _ = await read_model(request, Presence)
    return _picture(await _presences(request).appear(request.path_params["channel"], writer, presence))


async def leave(request: Request) -> Response:
    writer = await admit(request)
    tab = request.query_params.get("tab", "")
    return _picture(await _presences(request).leave(request.path_params["channel"], writer, tab))


def _picture(body: str) -> Response:
    return Response(body, headers=HEADERS, media_type="application/json")


def _presences(request: Request) -> Presences:
    presences: Presences = request.app.state.presences
    return presences


async def receipts(request: Request) -> Response:
    await admit(request)
    kept: Receipts = request.app.state.receipts
    found = await kept.of(request.path_params["channel"], request.path_params["id"])
    return JSONResponse({"receipts": found}, headers=HEADERS)


_DESK = "/v1/desk/{channel}"

routes: list[BaseRoute] = [
    Route(_DESK, snapshot),
    Route(_DESK + "/stream", Stream(), methods=["GET"]),
    Route(_DESK + "/events", events),
    Route(_DESK + "/receipts/{id}", receipts),
    Route(_DESK + "/presence", present, methods=["GET"]),
    Route(_DESK + "/presence", appear, methods=["PUT"]),
    Route(_DESK + "/presence", leave, methods=["DELETE"]),
]
