"""`GET /v1/channels/{channel}/stream`: server-sent events.

Our own server answers in `ticker.fanout.transport`; this is the road for what is refused there, and for other servers.
"""

import random
from collections.abc import Iterable
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ticker import protocol
from ticker.errors import TooMany, Unavailable
from ticker.fanout import subscription
from ticker.fanout.hub import Hub
from ticker.fanout.subscription import Subscription
from ticker.fanout.wire import QueueWire

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # tells nginx and its kin not to hold the stream back
]


class Wire(QueueWire):
    transport: ClassVar[str] = "sse"


class Stream:
    """An ASGI application, not a request handler: the answer has no end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        hub: Hub = request.app.state.hub
        try:
            wanted = await self.wanted(request)
            hub.admit(wanted)
        except (Unavailable, TooMany) as refusal:
            if "text/event-stream" not in request.headers.get("accept", ""):
                raise
            await _come_back_later(refusal, scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        if request.method == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        hub.connections += 1
        try:
            await self._serve(hub, wanted, request, send)
        finally:
            hub.connections -= 1

    async def wanted(self, request: Request) -> Subscription:
        """What the request asks for. TickerError when it cannot have it."""
        last = request.headers.get("last-event-id")
        address = request.client.host if request.client else ""
        return subscription.parse(request.path_params["channel"], request.url.query, last, address)

    async def over(self, request: Request, wire: Wire) -> None:  # noqa: ARG002  ours goes on while somebody reads
        """Until the peer goes."""
        while (await request.receive())["type"] != "http.disconnect":
            pass

    async def _serve(self, hub: Hub, wanted: Subscription, request: Request, send: Send) -> None:
        wire = Wire(protocol.event_stream, wanted.filter)

        async def body(data: bytes) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": True})

        hub.join(wanted, wire, protocol.retry(random.randint(*protocol.RETRY)))
        await wire.run(body, self.over(request, wire))
        if wire.closed is not None and not wire.cut.is_set():
            await send({"type": "http.response.body", "body": b""})


async def _come_back_later(refusal: Unavailable | TooMany, scope: Scope, receive: Receive, send: Send) -> None:
    """An EventSource gives up for good on a 503; so it is told in its own words when to try again."""
    retry_ms = refusal.retry_after * 1000
    body = protocol.event_stream([protocol.goodbye(retry_ms)])
    headers = {name.decode(): value.decode() for name, value in HEADERS}
    await Response(body, headers=headers)(scope, receive, send)


def head(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The head of the answer as it stands on the wire, with these headers besides."""
    lines = b"".join(b"%b: %b\r\n" % header for header in (*HEADERS, *headers))
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n" + lines + b"\r\n"
