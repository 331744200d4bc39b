"""`GET /v1/channels/{channel}/ws`: a subscriber over WebSocket. One JSON message per text frame."""

from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from ticker import filter as filters
from ticker import protocol
from ticker.errors import Forbidden, TickerError, Unavailable
from ticker.hub import Hub
from ticker.origin import allowed
from ticker.protocol import CloseCode
from ticker.subscriber import Subscriber
from ticker.transport import WIRE
from ticker.wire import QueueWire


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
        channel = websocket.path_params["channel"]
        after = websocket.query_params.get("after")
        hub.connections += 1
        try:
            await websocket.accept()
            wire = scope.get("extensions", {}).get(WIRE, {}).get("wire")
            if wire is None:
                await _over_asgi(hub, channel, wanted, after, websocket)
            else:
                subscriber = Subscriber(wire.write, wire.finish, protocol.frames, wanted, "websocket")
                wire.subscriber = subscriber
                hub.join(channel, subscriber, after)
                await _disconnect(websocket)
                subscriber.gone()
        finally:
            hub.connections -= 1


def _admit(websocket: WebSocket, hub: Hub) -> filters.Filter:
    fanout = hub.fanout(websocket.path_params["channel"])
    if not allowed(websocket.headers.get("origin"), websocket.headers.get("host"), fanout.channel.origins):
        raise Forbidden("Pages of this origin may not read this channel; its `origins` list those that may.")
    wanted = filters.parse(websocket.query_params.get("urgency"), websocket.query_params.get("section"))
    fanout.check_room_for(wanted)
    hub.admit()
    return wanted


async def _refuse(websocket: WebSocket, refusal: TickerError) -> None:
    """As an HTTP answer where the server can; a browser sees a failed handshake either way."""
    headers = {"retry-after": str(refusal.retry_after)} if isinstance(refusal, Unavailable) else {}
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        answer = JSONResponse(refusal.problem(), refusal.status, headers, media_type="application/problem+json")
        await websocket.send_denial_response(answer)
    else:
        code = CloseCode.OVERLOADED if isinstance(refusal, Unavailable) else CloseCode.POLICY
        await websocket.close(code, code.reason)


async def _over_asgi(hub: Hub, channel: str, wanted: filters.Filter, after: str | None, websocket: WebSocket) -> None:
    wire = QueueWire()
    subscriber = Subscriber(wire.write, wire.finish, protocol.lines, wanted, "websocket")
    wire.subscriber = subscriber

    async def texts(data: bytes) -> None:
        for line in data.decode().split("\n"):
            await websocket.send_text(line)

    try:
        hub.join(channel, subscriber, after)
        await wire.run(texts, _disconnect(websocket))
    finally:
        subscriber.gone()
    if wire.closed is None or wire.cut.is_set():
        return
    if websocket.application_state is WebSocketState.CONNECTED:
        await websocket.close(wire.closed, wire.closed.reason)


async def _disconnect(websocket: WebSocket) -> None:
    """Until the peer goes. What it says is not for us: clients of a later version may speak, and are ignored."""
    message = await websocket.receive()
    while message["type"] != "websocket.disconnect":
        message = await websocket.receive()
