"""`GET /v1/channels/{channel}/stream`: a subscriber over server-sent events."""

import random

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ticker import filter as filters
from ticker import protocol
from ticker.errors import Overloaded
from ticker.hub import Hub
from ticker.subscriber import Subscriber
from ticker.transport import WIRE
from ticker.wire import QueueWire

RETRY = (1_000, 4_000)  # ms an EventSource waits after a cut, drawn for each, so that they do not all come at once

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # tells nginx and its kin not to hold the stream back
]


class Stream:
    """An ASGI application, not a request handler: the answer has no end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        hub: Hub = request.app.state.hub
        channel = request.path_params["channel"]
        wanted = filters.parse(request.query_params.get("urgency"), request.query_params.get("section"))
        fanout = hub.fanout(channel)
        fanout.check_room_for(wanted)  # refuses while a refusal can still be a status
        try:
            hub.admit()
        except Overloaded as overload:
            if "text/event-stream" not in request.headers.get("accept", ""):
                raise
            await _come_back_later(overload, scope, receive, send)
            return
        after = request.headers.get("last-event-id") or request.query_params.get("after")
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        if request.method == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        hub.connections += 1
        try:
            wire = scope.get("extensions", {}).get(WIRE, {}).get("wire")
            if wire is None:
                await _over_asgi(hub, channel, wanted, after, receive, send)
            else:
                subscriber = Subscriber(wire.write, wire.finish, protocol.event_stream_chunk, wanted, "sse")
                wire.subscriber = subscriber
                wire.write(protocol.chunk(protocol.retry(random.randint(*RETRY))))
                hub.join(channel, subscriber, after)
                await _disconnect(receive)
                subscriber.gone()
        finally:
            hub.connections -= 1


async def _over_asgi(
    hub: Hub, channel: str, wanted: filters.Filter, after: str | None, receive: Receive, send: Send
) -> None:
    wire = QueueWire()
    subscriber = Subscriber(wire.write, wire.finish, protocol.event_stream, wanted, "sse")
    wire.subscriber = subscriber
    wire.write(protocol.retry(random.randint(*RETRY)))

    async def body(data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})

    try:
        hub.join(channel, subscriber, after)
        await wire.run(body, _disconnect(receive))
    finally:
        subscriber.gone()
    if wire.closed is not None and not wire.cut.is_set():
        await send({"type": "http.response.body", "body": b""})


async def _disconnect(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


async def _come_back_later(overload: Overloaded, scope: Scope, receive: Receive, send: Send) -> None:
    """An EventSource gives up for good on a 503; so it is told in its own words when to try again."""
    retry_ms = overload.retry_after * 1000
    body = protocol.event_stream([protocol.goodbye(retry_ms)])
    headers = {name.decode(): value.decode() for name, value in HEADERS}
    await Response(body, headers=headers)(scope, receive, send)
