"""`websockets.broadcast`: one call for all connections. A second port takes what is to be published.

Started with `python -m benchmarks.broadcast_app PORT PUBLISH_PORT`.
"""

import asyncio
import sys
from contextlib import suppress

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

connections: set[ServerConnection] = set()


async def reader(connection: ServerConnection) -> None:
    connections.add(connection)
    try:
        await connection.wait_closed()
    finally:
        connections.remove(connection)


async def publish(requests: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
    """As much of HTTP as a POST with a body needs."""
    with suppress(asyncio.IncompleteReadError):  # the publisher has hung up
        while True:
            head = await requests.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            broadcast(connections, (await requests.readexactly(size)).decode())
            answers.write(b"HTTP/1.1 204 No Content\r\n\r\n")
    answers.close()


async def main(port: int, publish_port: int) -> None:
    publisher = await asyncio.start_server(publish, "127.0.0.1", publish_port)
    async with (
        publisher,
        serve(reader, "127.0.0.1", port, compression=None, ping_interval=None, backlog=4096) as server,
    ):
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
