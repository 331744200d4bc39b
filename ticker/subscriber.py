"""A subscriber: one connection, as the fan-out sees it."""

from collections.abc import Callable
from typing import Protocol

from ticker.filter import EVERYTHING, Filter
from ticker.protocol import CloseCode, Encoding


class Joined(Protocol):
    """What a subscriber tells the fan-out it has joined."""

    def pause(self, subscriber: "Subscriber") -> None: ...
    def drained(self, subscriber: "Subscriber") -> None: ...
    def leave(self, subscriber: "Subscriber") -> None: ...


class Subscriber:
    """Where bytes go. The connection gives `write` and `close`, and reports `pause`, `drained` and `gone`.

    `write` must neither wait nor fail: what the connection cannot take now it buffers, and says `pause`.
    """

    __slots__ = ("close", "encoding", "fanout", "filter", "transport", "write")

    def __init__(
        self,
        write: Callable[[bytes], None],
        close: Callable[[CloseCode], None],
        encoding: Encoding,
        filter_: Filter = EVERYTHING,
        transport: str = "",
    ) -> None:
        self.write = write
        self.close = close
        self.encoding = encoding
        self.filter = filter_
        self.transport = transport  # what metrics call it: "sse", "websocket", "poll"
        self.fanout: Joined | None = None

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
