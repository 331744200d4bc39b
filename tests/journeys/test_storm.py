"""Everybody comes back at once."""

import asyncio
import time
from pathlib import Path

from tests.journeys.readers import WebSocketReader, Writer, converged, listening, new_key, one_long_channel
from tests.servers import PATIENCE, RedisServer, Web, running

READERS = 2_000
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


async def test_two_thousand_resume_at_once_and_redis_does_not_notice(
    redis_url: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    web = Web(redis_url, tmp_path, **one_long_channel(tmp_path))
    reader = WebSocketReader(web.url)
    async with running(web), listening(reader) as session:
        writer = Writer(session, await new_key(redis_url), web.url)
        await writer.publish("Seen before the storm")
        await converged(reader, on=writer.accepted.keys())
        position = reader.position
        missed = [(await writer.publish(f"Missed {i}"))["id"] for i in range(20)]
        await converged(reader, on=set(missed))

        before, began = _commands(redis_server), time.monotonic()
        opened = [asyncio.create_task(_resume(web.port, i % 2 == 0, str(position), missed)) for i in range(READERS)]
        async with asyncio.timeout(PATIENCE):
            connections = await asyncio.gather(*opened)
        took, asked = time.monotonic() - began, _commands(redis_server) - before

        assert asked < 30 + 30 * took, "what the hub asks by itself, and nothing for a reader"
        after = await writer.publish("After the storm")
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(stream.readuntil(after["id"].encode()) for stream, _ in connections))
        for _, outgoing in connections:
            outgoing.transport.abort()
        assert len(reader.of("snapshot")) == 1


async def _resume(
    port: int, socket: bool, position: str, missed: list[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has been given what it missed, and is live."""
    way, headers = (f"ws?after={position}", UPGRADE) if socket else ("stream", f"Last-Event-ID: {position}\r\n")
    incoming, outgoing = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    outgoing.write(f"GET /v1/channels/en/{way} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
    head = await incoming.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 " if socket else b"HTTP/1.1 200 "), head
    told = await incoming.readuntil(b'"type":"heartbeat"')
    assert b'"type":"snapshot"' not in told
    assert all(told.count(headline_id.encode()) == 1 for headline_id in missed)
    return incoming, outgoing


def _commands(server: RedisServer) -> int:
    """How many Redis has done so far."""
    with server.client as client:
        return sum(command["calls"] for command in client.info("commandstats").values())
