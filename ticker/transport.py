"""uvicorn's protocols, with the transport handed to the application.

HTTP parsing, the WebSocket handshake and control frames stay uvicorn's and websockets'. What is added: a
`Wire` in the scope, over which the fan-out writes without a task or a queue per message (measured: a third of
the cost of `await send()`), limits on what a client may send before it is heard, and a drain before the end.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import time
from types import FrameType
from typing import Any

from uvicorn import Server as UvicornServer
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ticker.errors import HeadTooLarge, Malformed, Slow, TickerError
from ticker.hub import Hub
from ticker.protocol import CloseCode
from ticker.subscriber import Subscriber

WIRE = "ticker.wire"  # the scope's extension
HEAD_LIMIT = 32 * 1024  # bytes of request line and headers
MESSAGE_LIMIT = 1024 * 1024  # bytes of a whole request, however it is framed; who sends on after our answer is cut
HEARD_LIMIT = 64 * 1024  # bytes in a second from a WebSocket's peer, which has next to nothing to say

logger = logging.getLogger(__name__)


class Wire:
    """Where a subscriber's bytes go, of either protocol."""

    transport: asyncio.Transport
    subscriber: Subscriber | None = None
    descriptor = -1  # of the socket, where bytes may go to it as they are; not under TLS

    def open(self, transport: asyncio.Transport) -> None:
        sock = transport.get_extra_info("socket")
        if sock is not None and transport.get_extra_info("ssl_object") is None:
            self.descriptor = sock.fileno()

    def write(self, data: bytes) -> None:
        """To the socket at once when nothing waits before it; what it does not take, the transport buffers.

        Measured: 2 µs less a message than handing it to the loop. It is safe because the transport closes the
        descriptor only after `connection_lost`, by which the subscriber has left the fan-out.
        """
        transport = self.transport
        if transport.is_closing():
            return
        if self.descriptor >= 0 and transport.get_write_buffer_size() == 0:
            try:
                sent = os.write(self.descriptor, data)
            except BlockingIOError:
                sent = 0
            except OSError:
                transport.abort()
                return
            if sent == len(data):
                return
            data = data[sent:]
        transport.write(data)


class HttpProtocol(Wire, HttpToolsProtocol):
    """HTTP, and the wire of an event stream."""

    opened_at = 0.0
    taken = 0  # bytes since the request began
    reading = 0  # bytes that came just now
    in_head = False
    peer_timeout_ms = 30_000

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.open(transport)
        self.opened_at = time.monotonic()
        drop_vanished_peers(transport, self.peer_timeout_ms)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.taken += len(data)
        self.reading = len(data)
        super().data_received(data)
        if self.in_head and self.taken > HEAD_LIMIT:
            self.refuse(HeadTooLarge("The request's headers are larger than 32 kB."))
        elif self.taken > MESSAGE_LIMIT:
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.taken, self.reading = self.reading, 0  # what one read brought is counted to the first that begins in it
        self.in_head = True
        self.scope["extensions"] = {WIRE: {"wire": self}}

    def on_headers_complete(self) -> None:
        self.in_head = False
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.opened_at = time.monotonic()

    @property
    def awaits_a_request(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def send_400_response(self, msg: str) -> None:
        self.refuse(Malformed(msg))

    def refuse(self, error: TickerError) -> None:
        """An answer to what has not become a request, unless another answer is on its way; then the end."""
        if self.transport.is_closing():
            return
        if self.awaits_a_request or not self.cycle.response_started:
            self.transport.write(_answer(error))
        self.transport.close()

    def too_slow(self) -> None:
        """The headers, or what is left of a body that has been answered already, did not come in time."""
        if self.in_head:
            self.refuse(Slow("The request was not complete in time."))
        else:
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


class WebSocketProtocol(Wire, WebSocketsSansIOProtocol):
    """WebSocket, and its wire."""

    heard = 0  # bytes in the second that began at `heard_from`
    heard_from = 0.0

    def data_received(self, data: bytes) -> None:
        now = self.loop.time()
        if now - self.heard_from > 1:
            self.heard_from, self.heard = now, 0
        self.heard += len(data)
        if self.heard > HEARD_LIMIT:
            self.finish(CloseCode.POLICY)  # before it is parsed: each of many tiny frames costs more than its bytes
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_cont(self, event: Any) -> None:
        if event.data or event.fin:  # empty fragments have no end that a limit on bytes would find
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """What a reader says is not for us; but text must be UTF-8 (RFC 6455 section 8.1)."""
        said, self.frames = b"".join(self.frames), []
        try:
            if self.curr_msg_data_type == "text":
                said.decode()
        except UnicodeDecodeError:
            self.conn.fail(1007, "text that is not UTF-8")
            self.handle_parser_exception()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # a refusal completes it too; uvicorn would log it as a fault

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        self.open(self.transport)
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
        if not self.transport.is_closing():
            self.transport.pause_reading()
        if self.subscriber is not None:
            self.subscriber.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self.transport.resume_reading()
        if self.subscriber is not None:
            self.subscriber.drained()

    # The wire.

    def finish(self, code: CloseCode) -> None:
        """Close frame, then the connection. A slow reader's unsent bytes are not waited for."""
        if self.transport.is_closing() or self.close_sent:
            return
        if not self.handshake_complete:
            self.transport.abort()
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": code.reason})
        self.conn.send_close(code, code.reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if code in (CloseCode.SLOW, CloseCode.POLICY):
            self.loop.call_later(1.0, self.transport.abort)
        self.transport.close()


def _answer(error: TickerError) -> bytes:
    body = json.dumps(error.problem()).encode()
    head = f"HTTP/1.1 {error.status} Refused\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\ncache-control: no-store\r\nconnection: close\r\n\r\n" + body


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
    head_seconds = 10.0  # until a request's headers must be complete
    sweep_seconds = 2.0  # between looks for those that never finish them
    _sweeper: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.hub = self.lifespan.state.get("hub")
        self._sweeper = asyncio.create_task(self._sweep())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        # First of all, so that who comes now is refused and tries elsewhere.
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        if self.hub is not None:
            await self.hub.drain()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM is how we are asked to end: who has done so in order does not then die of it, but ends with 0."""
        super().handle_exit(sig, frame)
        with contextlib.suppress(ValueError):
            self._captured_signals.remove(signal.SIGTERM)

    async def _sweep(self) -> None:
        """One timer for all: who has not finished its request's headers in time is let go."""
        while True:
            await asyncio.sleep(self.sweep_seconds)
            deadline = time.monotonic() - self.head_seconds
            for connection in list(self.server_state.connections):
                if (
                    isinstance(connection, HttpProtocol)
                    and connection.awaits_a_request
                    and connection.opened_at < deadline
                ):
                    connection.too_slow()
