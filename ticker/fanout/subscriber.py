"""A subscriber: one connection, as the fan-out sees it."""

from collections.abc import Iterable
from typing import ClassVar, Protocol

from ticker.filter import EVERYTHING, Filter
from ticker.protocol import CloseCode, Encoding


class Joined(Protocol):
    """What a subscriber tells the fan-out it has joined."""

    def pause(self, subscriber: "Subscriber") -> None: ...
    def drained(self, subscriber: "Subscriber") -> None: ...
    def leave(self, subscriber: "Subscriber") -> None: ...


class Subscriber:
    """Where bytes go. A connection gives `write` and `close`, and reports `pause`, `drained` and `gone`."""

    __slots__ = ("descriptor", "encoding", "fanout", "filter")

    transport: ClassVar[str] = ""  # what metrics call it: "sse", "websocket", "poll"

    def __init__(self, encoding: Encoding, filter_: Filter = EVERYTHING) -> None:
        self.encoding = encoding
        self.filter = filter_
        self.fanout: Joined | None = None
        # Of the socket, where bytes may go to it as they are while nothing waits before them; else -1.
        self.descriptor = -1

    def write(self, data: bytes) -> None:
        """Must neither wait nor fail: what the connection cannot take now it buffers, and says `pause`."""
        raise NotImplementedError

    def buffer(self, rest: memoryview) -> None:
        """What is left of bytes of which the socket took a part, or none: as `write`, for those with a descriptor."""
        raise NotImplementedError

    def close(self, code: CloseCode) -> None:
        """The end, after what was written."""
        raise NotImplementedError

    def buffered(self) -> int:
        """Bytes that were written and wait for the peer to take them."""
        return 0

    def pause(self) -> None:
        """The connection takes no more for now; it is skipped until it has drained."""
        if self.fanout is not None:
            self.fanout.pause(self)

    def drained(self) -> None:
        """The connection takes bytes again; it is caught up from where it stopped."""
        if self.fanout is not None:
            self.fanout.drained(self)

    def gone(self) -> None:
        """The connection has ended. Safe to say twice."""
        if self.fanout is not None:
            self.fanout.leave(self)
            self.fanout = None


def write_to_each(subscribers: Iterable[Subscriber], data: bytes) -> None:
    """The plain way to deliver; `ticker.fanout.delivery` has the fast one."""
    for subscriber in subscribers:
        subscriber.write(data)
