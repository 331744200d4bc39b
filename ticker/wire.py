"""A wire for servers that do not hand us their transport: a bounded queue and `send`. Slower, the same promises."""

import asyncio
from collections.abc import Awaitable, Callable

from ticker.protocol import CloseCode
from ticker.subscriber import Subscriber

FULL = 64  # writes that may wait before the subscriber pauses

Send = Callable[[bytes], Awaitable[None]]


class QueueWire:
    def __init__(self) -> None:
        self.subscriber: Subscriber | None = None
        self.closed: CloseCode | None = None
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._paused = False

    def write(self, data: bytes) -> None:
        if self.closed is None:
            self._queue.put_nowait(data)
            if self._queue.qsize() >= FULL and not self._paused and self.subscriber is not None:
                self._paused = True
                self.subscriber.pause()

    def finish(self, code: CloseCode) -> None:
        self.closed = code
        self._queue.put_nowait(None)

    async def pump(self, send: Send) -> None:
        """Send what was written until the wire is finished."""
        while (data := await self._queue.get()) is not None:
            await send(data)
            if self._paused and self._queue.empty() and self.subscriber is not None:
                self._paused = False
                self.subscriber.drained()


async def until_either_ends(first: Awaitable[None], second: Awaitable[None]) -> None:
    """Run both until one of them ends; the other is stopped."""
    tasks = [asyncio.ensure_future(first), asyncio.ensure_future(second)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
