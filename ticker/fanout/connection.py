"""A reader's open stream on our own server: no task, no queue, and nothing of the request that opened it.

uvicorn's protocol has read the request and hands its transport on. What is left is one small object per reader,
which is the fan-out's subscriber and asyncio's protocol at once (measured: 2 kB a reader with its transport, where
the ASGI road takes 13 for an event stream and 24 for a WebSocket).
"""

import asyncio
import random
import time
from collections.abc import Callable, MutableSet
from typing import Any, ClassVar, NamedTuple

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from ticker import protocol
from ticker.fanout import deflate
from ticker.fanout.hub import Hub
from ticker.fanout.subscriber import Subscriber
from ticker.fanout.subscription import Subscription
from ticker.protocol import CloseCode, Encoding

HEARD_LIMIT = 16 * 1024  # bytes in a second from a peer that has next to nothing to say
MESSAGE_LIMIT = 4 * 1024  # bytes a reader may send in one WebSocket message
DEAF_LIMIT = 1024 * 1024  # bytes that are thrown away of a peer that speaks on after our last word
LAST_WORDS = 1.0  # s that a peer which does not keep the rules has for reading why it is let go


class Connection(Subscriber, asyncio.Protocol):
    """Where a reader's bytes go, of either kind."""

    __slots__ = ("connections", "heard", "heard_from", "hub", "peer")

    def __init__(self, hub: Hub, connections: MutableSet[Any], encoding: Encoding, subscription: Subscription) -> None:
        super().__init__(encoding, subscription.filter)
        self.hub = hub
        self.connections = connections  # the server's, which waits for them before it ends
        self.heard = 0  # bytes in the second that began at `heard_from`
        self.heard_from = 0.0

    def open(self, peer: asyncio.Transport, head: bytes, subscription: Subscription) -> None:
        """Take the peer over: answer its request, bring it up to date, go live."""
        self.peer = peer
        self.hub.connections += 1
        self.connections.add(self)
        peer.set_protocol(self)
        peer.set_write_buffer_limits(high=0)  # `pause` at the first byte that waits: see `ticker.fanout.delivery`
        sock = peer.get_extra_info("socket")
        if sock is not None and not peer.get_extra_info("ssl_object") and not peer.get_write_buffer_size():
            self.descriptor = sock.fileno()
        self.hub.join(subscription, self, head)
        if peer.get_write_buffer_size():
            self.pause_writing()  # an earlier answer waits still, and who came before us was told so

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  however it ended
        self.descriptor = -1
        self.gone()
        self.hub.connections -= 1
        self.connections.discard(self)

    def shutdown(self) -> None:
        """What uvicorn asks of who is left. The hub has let its readers go before; this is for who came in between."""
        self.close(CloseCode.RESTART)

    def close(self, code: CloseCode) -> None:
        """End it, in order unless it is too slow: its unsent bytes are not waited for."""
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        self.buffer(memoryview(data))

    def buffer(self, rest: memoryview) -> None:
        if self.peer.is_closing():
            self.descriptor = -1  # what is left out here must not be followed by what comes later
            self.gone()
        elif rest:
            self.peer.write(rest)

    def buffered(self) -> int:
        return self.peer.get_write_buffer_size()

    def pause_writing(self) -> None:
        self.pause()

    def resume_writing(self) -> None:
        self.drained()

    def is_flooded(self, size: int) -> bool:
        """Whether the peer has said more than a reader has to say."""
        now = time.monotonic()
        if now - self.heard_from > 1:
            self.heard_from, self.heard = now, 0
        self.heard += size
        return self.heard > HEARD_LIMIT


class EventStream(Connection):
    """Server-sent events, in chunks of an HTTP/1.1 body."""

    __slots__ = ()
    transport: ClassVar[str] = "sse"

    @property
    def is_gzip(self) -> bool:
        return self.encoding is protocol.event_stream_gzip_chunk

    def open(self, peer: asyncio.Transport, head: bytes, subscription: Subscription) -> None:
        retry = protocol.retry(random.randint(*protocol.RETRY))
        begin = deflate.GZIP_HEAD + deflate.stored(retry) if self.is_gzip else retry
        super().open(peer, head + protocol.chunk(begin), subscription)

    def data_received(self, data: bytes) -> None:
        """A second request behind an endless answer is not heard; and not for ever."""
        if self.is_flooded(len(data)):
            self.peer.abort()

    def close(self, code: CloseCode) -> None:
        """End the body and the connection."""
        self.gone()
        if code is CloseCode.SLOW:
            self.peer.abort()
            return
        self.write((protocol.chunk(deflate.GZIP_END) if self.is_gzip else b"") + protocol.LAST_CHUNK)
        self.peer.close()


class Speaker(NamedTuple):
    """Who speaks, and who hears it: a reader may say that it has read something. See also `Hub.hear`."""

    hear: Callable[[str, str, str, str], None]
    channel: str
    address: str
    agent: str


class WebSocket(Connection):
    """WebSocket, one message a frame. What the peer says is read by `websockets`, but for a short word now and then."""

    __slots__ = ("ended", "incoming", "said", "speaker")
    transport: ClassVar[str] = "websocket"

    def __init__(
        self,
        hub: Hub,
        connections: MutableSet[Any],
        encoding: Encoding,
        subscription: Subscription,
        speaker: Speaker,
    ) -> None:
        super().__init__(hub, connections, encoding, subscription)
        self.speaker = speaker
        self.incoming: Protocol | None = None  # most readers never say but a short word: 4 kB each that are not spent
        self.said: list[bytes] = []  # of a message that is not yet whole
        self.ended = False  # a close frame has been sent

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.incoming is not None:
            self.incoming.parser.close()  # which holds it: a circle of 4 kB that only the collector would find

    def data_received(self, data: bytes) -> None:
        if self.ended:
            self.heard += len(data)
            if self.heard > DEAF_LIMIT:
                self.peer.abort()
            return
        if self.is_flooded(len(data)):
            self.close(CloseCode.POLICY)  # before it is parsed: each of many tiny frames costs more than its bytes
            return
        deflated = self.encoding is protocol.deflated_frames
        if self.incoming is None:
            text = protocol.said(data, deflated=deflated)
            if text is not None:
                self._heard(text)
                return
            self.incoming = Protocol(Side.SERVER, state=OPEN, max_size=MESSAGE_LIMIT)
            if deflated:
                self.incoming.extensions = [PerMessageDeflate(True, True, 15, 15)]
        self.incoming.receive_data(data)
        self._hear(self.incoming)
        self._answer(self.incoming)

    def _hear(self, incoming: Protocol) -> None:
        """Text must be UTF-8 (RFC 6455 section 8.1); binary messages are nothing that we know."""
        for frame in incoming.events_received():
            assert isinstance(frame, Frame)  # heads are read by uvicorn
            if frame.opcode is Opcode.TEXT or (frame.opcode is Opcode.CONT and self.said):
                self._gather(incoming, bytes(frame.data), whole=frame.fin)

    def _gather(self, incoming: Protocol, data: bytes, *, whole: bool) -> None:
        if not whole:
            if data or not self.said:  # empty fragments have no end that a limit on bytes would find
                self.said.append(data)
            return
        said, self.said = b"".join([*self.said, data]), []
        try:
            text = said.decode()
        except UnicodeDecodeError:
            if incoming.state is OPEN:
                incoming.fail(1007, "text that is not UTF-8")
            return
        self._heard(text)

    def _heard(self, text: str) -> None:
        speaker = self.speaker
        if not self.hub.hear(speaker.channel, self, text):
            speaker.hear(speaker.channel, text, speaker.address, speaker.agent)

    def _answer(self, incoming: Protocol) -> None:
        """Pongs, and the end when there is one."""
        for data in incoming.data_to_send():
            if not data:
                self._end()
            elif not self.ended:
                self.peer.write(data)

    def close(self, code: CloseCode) -> None:
        """Close frame, then the connection."""
        if self.ended:
            return
        self.write(protocol.close_frame(code))
        if code in (CloseCode.SLOW, CloseCode.POLICY):
            # To close with unheard words before us would be a reset, and our reason would be lost with it.
            asyncio.get_running_loop().call_later(LAST_WORDS, self.peer.abort)
            self.ended = True
            self.gone()
        else:
            self._end()

    def _end(self) -> None:
        self.ended = True
        self.gone()
        self.peer.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        # Who does not read is not heard either: else a flood of pings would pile up pongs without end.
        if not self.peer.is_closing():
            self.peer.pause_reading()

    def resume_writing(self) -> None:
        if not self.peer.is_closing():
            self.peer.resume_reading()
        super().resume_writing()  # last: what it catches up with may pause us again
