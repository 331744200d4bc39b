"""Connections of the tests' own. None outlives its test: what is left open is found, and told of, in another's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ENDED = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)  # as connections end


@asynccontextmanager
async def answering(handler: Handler, port: int = 0) -> AsyncIterator[int]:
    """A server on loopback, by its port. A connection ends with its handler; at the end all are cut, and a handler's
    own fault is the test's.
    """
    writers, tasks = set[asyncio.StreamWriter](), set[asyncio.Task[None]]()
    is_open = True

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not is_open:
            writer.transport.abort()
            return
        writers.add(writer)
        tasks.add(asyncio.create_task(converse(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        is_open = False
        server.close()
        for task in tasks:
            task.cancel()
        faults = await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:  # also of a handler that had not begun, and what a peer does not take
            writer.transport.abort()
    for fault in faults:
        if fault is not None and not isinstance(fault, ENDED):
            raise fault


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[Streams]:
    """A connection to a server on loopback."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
