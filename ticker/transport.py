"""uvicorn's protocols, with the transport handed to the application.

HTTP parsing, the WebSocket handshake and control frames stay uvicorn's and websockets'. What is added: a
`Wire` in the scope, over which the fan-out writes without a task or a queue per message (measured: a third of
the cost of `await send()`), limits on what a client may send before it is heard, and a drain before the end.
"""

import asyncio
import contextlib
import logging
import socket
import time
from typing import Any

from uvicorn import Server as UvicornServer
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ticker.hub import Hub
from ticker.protocol import CloseCode
from ticker.subscriber import Subscriber

WIRE = "ticker.wire"  # the scope's extension
HEAD_LIMIT = 32 * 1024  # bytes of request line and headers
HEAD_SECONDS = 10.0  # until the headers must be complete
SWEEP = 2.0  # s between looks for connections that never finish their request

logger = logging.getLogger(__name__)


class HttpProtocol(HttpToolsProtocol):
    """HTTP, and the wire of an event stream."""

    subscriber: Subscriber | None = None
    opened_at = 0.0
    head_bytes = 0
    peer_timeout_ms = 30_000

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.opened_at = time.monotonic()
        drop_vanished_peers(transport, self.peer_timeout_ms)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.awaits_a_request:
            self.head_bytes = 0
            return
        self.head_bytes += len(data)
        if self.head_bytes > HEAD_LIMIT:
            self.refuse(431, "The request's headers are larger than 32 kB.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {WIRE: {"wire": self}}

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.opened_at = time.monotonic()

    @property
    def awaits_a_request(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def refuse(self, status: int, sentence: str) -> None:
        body = sentence.encode()
        head = f"HTTP/1.1 {status} Refused\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head.encode() + body)
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.subscriber is not None:
            self.subscriber.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.subscriber is not None:
            self.subscriber.drained()

    # The wire.

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def finish(self, code: CloseCode) -> None:
        """End the body and the connection. A slow reader's unsent bytes are not waited for."""
        if code is CloseCode.SLOW:
            self.transport.abort()
            return
        self.write(b"0\r\n\r\n")
        self.transport.close()

    def _gone(self) -> None:
        if self.subscriber is not None:
            self.subscriber.gone()
            self.subscriber = None


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket, and its wire."""

    subscriber: Subscriber | None = None

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # the handshake was acceptable
            self.scope["extensions"][WIRE] = {"wire": self}

    def connection_lost(self, exc: Exception | None) -> None:
        if self.subscriber is not None:
            self.subscriber.gone()
            self.subscriber = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        # Who does not read is not heard either: else a flood of pings would pile up pongs without end.
        self.transport.pause_reading()
        if self.subscriber is not None:
            self.subscriber.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()
        if self.subscriber is not None:
            self.subscriber.drained()

    # The wire.

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def finish(self, code: CloseCode) -> None:
        """Close frame, then the connection. A slow reader's unsent bytes are not waited for."""
        if self.transport.is_closing() or self.close_sent:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": code.reason})
        self.conn.send_close(code, code.reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if code is CloseCode.SLOW:
            self.loop.call_later(1.0, self.transport.abort)
        self.transport.close()


def drop_vanished_peers(transport: asyncio.BaseTransport, timeout_ms: int) -> None:
    """Leave to the kernel what it knows best: a peer that no longer acknowledges is gone, without a timer of ours."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family == socket.AF_UNIX or not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout_ms)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, timeout_ms // 2000))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, timeout_ms // 6000))


class Server(UvicornServer):
    """uvicorn's server, which says goodbye before it goes, and does not wait for ever to be asked."""

    hub: Hub | None = None
    _sweeper: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.hub = self.lifespan.state.get("hub")
        self._sweeper = asyncio.create_task(self._sweep())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        for server in self.servers:
            server.close()
        if self.hub is not None:
            await self.hub.drain()
        await super().shutdown(sockets)

    async def _sweep(self) -> None:
        """One timer for all: who has not finished its request's headers in time is let go."""
        while True:
            await asyncio.sleep(SWEEP)
            deadline = time.monotonic() - HEAD_SECONDS
            for connection in list(self.server_state.connections):
                if (
                    isinstance(connection, HttpProtocol)
                    and connection.awaits_a_request
                    and connection.opened_at < deadline
                ):
                    connection.refuse(408, "The request was not complete within ten seconds.")
