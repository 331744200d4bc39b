"""A wire for servers that do not hand us their transport: a bounded queue and `send`. Slower, the same promises."""

import asyncio
from collections.abc import Awaitable, Callable

from ticker.fanout.subscriber import Subscriber
from ticker.filter import Filter
from ticker.protocol import CloseCode, Encoding

FULL = 64  # writes that may wait before the subscriber pauses

Send = Callable[[bytes], Awaitable[None]]


class QueueWire(Subscriber):
    def __init__(self, encoding: Encoding, filter_: Filter) -> None:
        super().__init__(encoding, filter_)
        self.closed: CloseCode | None = None
        self.cut = asyncio.Event()  # the peer takes nothing: do not wait for what is still to be sent
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._paused = False
        self._waiting = 0  # bytes

    def write(self, data: bytes) -> None:
        if self.closed is None:
            self._queue.put_nowait(data)
            self._waiting += len(data)
            if self._queue.qsize() >= FULL and not self._paused:
                self._paused = True
                self.pause()

    def buffered(self) -> int:
        return self._waiting

    def close(self, code: CloseCode) -> None:
        self.closed = code
        if code is CloseCode.SLOW:
            self.cut.set()
        self._queue.put_nowait(None)

    async def run(self, send: Send, disconnect: Awaitable[None]) -> None:
        """Send what was written until the wire is closed, or cut, or the peer has gone."""
        try:
            await _until_one_ends(self._pump(send), disconnect, self.cut.wait())
        finally:
            self.gone()

    async def _pump(self, send: Send) -> None:
        while (data := await self._queue.get()) is not None:
            await send(data)
            self._waiting -= len(data)
            if self._paused and self._queue.empty():
                self._paused = False
                self.drained()


async def _until_one_ends(*waits: Awaitable[object]) -> None:
    """Run all until one of them ends; the others are stopped."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
