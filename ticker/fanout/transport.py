"""uvicorn's HTTP protocol, which hands a reader's connection over to the fan-out.

HTTP parsing and every ordinary request stay uvicorn's. What is added: a request to follow a channel that can be
answered at once is answered here, without an ASGI task, and its transport is handed to a `Connection` (measured: 137
and 155 µs of CPU for one that resumes, over event stream and WebSocket, where the ASGI road takes 324 and 1,026); so is
a beacon; and limits on what a client may send before it is
heard.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from uvicorn._types import ASGI3Application
from uvicorn.middleware.proxy_headers import _TrustedHosts
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ticker import protocol
from ticker.errors import HeadTooLarge, Malformed, Slow, TickerError, TooMany
from ticker.fanout import deflate, handshake, sse, subscription
from ticker.fanout.connection import Connection, EventStream, Speaker, WebSocket
from ticker.fanout.handshake import Accepted
from ticker.fanout.hub import Hub
from ticker.fanout.subscription import Subscription
from ticker.fanout.websocket import check_origin
from ticker.most_read import beacon
from ticker.most_read.beacon import Beacon
from ticker.most_read.robots import agent_of
from ticker.origin import sharing

HEAD_LIMIT = 32 * 1024  # bytes of request line and headers
MESSAGE_LIMIT = 1024 * 1024  # bytes of a whole request, however it is framed; who sends on after our answer is cut

PIPELINE_LIMIT = 16  # requests that may wait behind one that is not yet answered

_FOLLOW = re.compile(rb"/v1/channels/([a-z0-9-]+)/(stream|ws)(?:\?(.*))?")


class Opening(NamedTuple):
    """What takes a connection over once its request has been read."""

    connection: Connection
    head: bytes  # of the answer
    subscription: Subscription


class HttpProtocol(HttpToolsProtocol):
    """HTTP, up to where a stream begins."""

    compress = True
    opened_at = 0.0
    taken = 0  # bytes since the request began
    reading = 0  # bytes that came just now
    in_head = False
    opening: Opening | None = None
    read: bytes | None = None  # the body of a beacon, as far as it has come
    fault: TickerError | None = None  # of a request that could be parsed, and is too much all the same
    running: RequestResponseCycle | None = None
    unsent = 0  # bytes that waited for the peer when the server last looked, and since when
    unsent_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.opened_at = time.monotonic()

    def data_received(self, data: bytes) -> None:
        self.taken += len(data)
        self.reading = len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self.opening is not None:
            self._hand_over(*self.opening)
        elif self.in_head and self.taken > HEAD_LIMIT:
            self.refuse(HeadTooLarge("The request's headers are larger than 32 kB."))
        elif self.taken > MESSAGE_LIMIT:
            self.transport.close()

    def on_message_begin(self) -> None:
        self.url, self.headers, self.expect_100_continue = b"", [], False  # uvicorn's own comes on the ordinary road
        self.taken, self.reading = self.reading, 0  # what one read brought is counted to the first that begins in it
        self.in_head = True

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.running is not None and not self.running.response_complete:
            self.running.disconnected = True  # it need not be the last of the pipeline, which alone uvicorn tells
            self.running.message_event.set()
        # Circles that only the collector would find: a thousand small requests and a reset would leave megabytes.
        self.pipeline.clear()
        self.cycle = self.running = None  # type: ignore[assignment]

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def on_headers_complete(self) -> None:
        self.in_head = False
        self._check_head()
        if self.opening is None and self.awaits_a_request:
            if self._is_beacon():
                self.read = b""
                return
            self.opening = self._opening()
        if self.opening is None:
            self._take_the_ordinary_road()

    def on_body(self, body: bytes) -> None:
        if self.read is not None:
            self.read += body
            if len(self.read) > beacon.LARGEST:
                self._take_the_ordinary_road(self.read)
        elif self.opening is None:  # else it is of a request behind one that has no end
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.read is not None:
            self._answer_beacon(self.read)
        elif self.opening is None:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.opened_at = time.monotonic()

    @property
    def awaits_a_request(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    @property
    def is_unheard(self) -> bool:
        """It has not yet finished its first request's headers, or those of its next."""
        return self.awaits_a_request and (self.in_head or not self.taken)

    def _check_head(self) -> None:
        """What is raised here ends the parsing, and becomes the answer."""
        if len(self.pipeline) >= PIPELINE_LIMIT:
            self.fault = TooMany("Too many requests were sent before the first was answered.")
        elif self.taken > HEAD_LIMIT and self._head_size() > HEAD_LIMIT:
            self.fault = HeadTooLarge("The request's headers are larger than 32 kB.")
        if self.fault is not None:
            raise self.fault

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def send_400_response(self, msg: str) -> None:
        self.refuse(self.fault or Malformed(msg))

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

    def _should_upgrade_to_ws(self) -> bool:
        return False  # what can be upgraded is; the rest gets an ordinary answer

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing to warn of: see above."""

    # --- beacons ----------------------------------------------------------------------------------------------------

    def _is_beacon(self) -> bool:
        counts: Beacon = self.app_state["beacon"]
        return (
            counts.takes(self.parser.get_method(), self.url)
            and self.parser.should_keep_alive()  # who is to be hung up on is answered on the ordinary road
            and not self.expect_100_continue
            and not self.flow.write_paused
        )

    def _answer_beacon(self, body: bytes) -> None:
        headers = handshake.joined(self.headers)
        counts: Beacon = self.app_state["beacon"]
        answer = counts.answer(self.url, headers, self._address(headers), body)
        if answer is None:
            self._take_the_ordinary_road(body)
            super().on_message_complete()
            return
        self.read = None
        self.opened_at = time.monotonic()
        self.transport.write(answer)

    def _take_the_ordinary_road(self, body: bytes = b"") -> None:
        """Through uvicorn and the application: it is no beacon and opens no stream, or is one to look into."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()  # makes the scope, of which the short roads need nothing (measured: 1 µs)
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        self.read = None
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _address(self, headers: Mapping[bytes, bytes]) -> str:
        """Of the client, also where a proxy that is trusted speaks for it."""
        host = self.client[0] if self.client else ""
        forwarded = headers.get(b"x-forwarded-for")
        if forwarded:
            proxies = _proxies(str(self.config.forwarded_allow_ips))
            if host in proxies:
                return proxies.get_trusted_client_address(forwarded.decode("latin-1"))[0] or host
        return host

    # --- streams ----------------------------------------------------------------------------------------------------

    def _opening(self) -> Opening | None:
        """What the request opens; None when it is an ordinary one, or not what a plain reader sends, or refused.

        Those take the ordinary road through the application, which says why.
        """
        match = _FOLLOW.fullmatch(self.url)
        if match is None or self.parser.get_method() != b"GET" or self.parser.get_http_version() != "1.1":
            return None
        headers = handshake.joined(self.headers)
        if b"content-length" in headers or b"transfer-encoding" in headers or b"expect" in headers:
            return None
        hub: Hub = self.app_state["hub"]
        channel, kind, query = match.groups(b"")
        try:
            last = headers.get(b"last-event-id", b"").decode()
            wanted = subscription.parse(channel.decode(), query.decode(), last, self._address(headers))
            hub.admit(wanted)
            opened = self._event_stream if kind == b"stream" else self._web_socket
            return opened(hub, wanted, headers)
        except (TickerError, UnicodeDecodeError):
            return None

    def _event_stream(self, hub: Hub, wanted: Subscription, headers: dict[bytes, bytes]) -> Opening:
        origins = hub.fanout(wanted.channel).channel.origins
        more = [*self.server_state.default_headers, *sharing(headers.get(b"origin"), origins)]
        encoding = protocol.event_stream_chunk
        if self.compress and deflate.takes_gzip(headers.get(b"accept-encoding", b"")):
            encoding = protocol.event_stream_gzip_chunk
            more += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
        return Opening(EventStream(hub, self.connections, encoding, wanted), sse.head(more), wanted)

    def _web_socket(self, hub: Hub, wanted: Subscription, headers: dict[bytes, bytes]) -> Opening | None:
        origin, host = headers.get(b"origin"), headers.get(b"host", b"")
        check_origin(hub, wanted, origin.decode("latin-1") if origin is not None else None, host.decode("latin-1"))
        accepted: Accepted | None = handshake.accept(headers, compress=self.compress)
        if accepted is None:
            return None
        encoding = protocol.deflated_frames if accepted.deflates else protocol.frames
        # One for all who have the same. Who does not say what page it is from is a program, and as such says nothing.
        agent = sys.intern(agent_of(headers)) if origin is not None else ""
        counts: Beacon = self.app_state["beacon"]
        speaker = Speaker(counts.reads.hear, wanted.channel, self._address(headers), agent)
        socket = WebSocket(hub, self.connections, encoding, wanted, speaker)
        return Opening(socket, accepted.head + b"\r\n", wanted)

    def _hand_over(self, connection: Connection, head: bytes, wanted: Subscription) -> None:
        """The connection goes its own way, and nothing of what read its request is kept."""
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        transport = self.transport
        # Circles that only the collector would find.
        self.parser = self.opening = self.cycle = self.running = self.flow = None  # type: ignore[assignment]
        connection.open(transport, head, wanted)


@lru_cache
def _proxies(trusted: str) -> _TrustedHosts:
    """Whose word on the client's address is taken: uvicorn's own rule, from FORWARDED_ALLOW_IPS."""
    return _TrustedHosts(trusted)


def _answer(error: TickerError) -> bytes:
    body = json.dumps(error.problem()).encode()
    head = f"HTTP/1.1 {error.status} Refused\r\ncontent-type: application/problem+json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\ncache-control: no-store\r\nconnection: close\r\n\r\n" + body
