"""`GET /v1/channels/{channel}/ws`: WebSocket. One JSON message per text frame.

Our own server answers in `ticker.fanout.transport`; this is the road for what is refused there, and for other servers.
"""

from typing import ClassVar

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from ticker import protocol
from ticker.errors import Forbidden, TickerError, Unavailable, UpgradeRequired
from ticker.fanout import subscription
from ticker.fanout.hub import Hub
from ticker.fanout.subscription import Subscription
from ticker.fanout.wire import QueueWire
from ticker.origin import allowed
from ticker.protocol import CloseCode


class Wire(QueueWire):
    transport: ClassVar[str] = "websocket"


class Stream:
    """An ASGI application for one socket."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        hub: Hub = websocket.app.state.hub
        try:
            wanted = _admit(websocket, hub)
        except TickerError as refusal:
            await _refuse(websocket, refusal)
            return
        hub.connections += 1
        try:
            await websocket.accept()
            await _serve(hub, wanted, websocket)
        finally:
            hub.connections -= 1


async def not_upgraded(request: Request) -> Response:
    """A request that was not, or could not be, the opening of a WebSocket: why."""
    _admit(request, request.app.state.hub)
    raise UpgradeRequired("Open a WebSocket here, of version 13: `Upgrade: websocket` and a `Sec-WebSocket-Key`.")


def _admit(connection: HTTPConnection, hub: Hub) -> Subscription:
    address = connection.client.host if connection.client else ""
    wanted = subscription.parse(connection.path_params["channel"], connection.url.query, address=address)
    check_origin(hub, wanted, connection.headers.get("origin"), connection.headers.get("host"))
    hub.admit(wanted)
    return wanted


def check_origin(hub: Hub, wanted: Subscription, origin: str | None, host: str | None) -> None:
    """Forbidden to pages that may not read the channel: a browser asks nobody before it opens a WebSocket."""
    if not allowed(origin, host, hub.fanout(wanted.channel).channel.origins):
        raise Forbidden("Pages of this origin may not read this channel; its `origins` list those that may.")


async def _refuse(websocket: WebSocket, refusal: TickerError) -> None:
    """As an HTTP answer where the server can; a browser sees a failed handshake either way."""
    headers = {"retry-after": str(refusal.retry_after)} if isinstance(refusal, Unavailable) else {}
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        answer = JSONResponse(refusal.problem(), refusal.status, headers, media_type="application/problem+json")
        await websocket.send_denial_response(answer)
    else:
        code = CloseCode.OVERLOADED if isinstance(refusal, Unavailable) else CloseCode.POLICY
        await websocket.close(code, code.reason)


async def _serve(hub: Hub, wanted: Subscription, websocket: WebSocket) -> None:
    wire = Wire(protocol.lines, wanted.filter)

    async def texts(data: bytes) -> None:
        for line in data.splitlines():
            await websocket.send_text(line.decode())

    hub.join(wanted, wire)
    await wire.run(texts, _disconnect(hub, wanted.channel, wire, websocket))
    if wire.closed is None or wire.cut.is_set():
        return
    if websocket.application_state is WebSocketState.CONNECTED:
        await websocket.close(wire.closed, wire.closed.reason)


async def _disconnect(hub: Hub, channel: str, wire: Wire, websocket: WebSocket) -> None:
    """Until the peer goes. Of what it says only a confirmation is heard here."""
    message = await websocket.receive()
    while message["type"] != "websocket.disconnect":
        hub.hear(channel, wire, message.get("text") or "")
        message = await websocket.receive()
