"""A crowd: very many lean readers in a process of their own, half of them over WebSocket, half over server-sent events.

python -m tests.journeys.crowd HOST PORT COUNT [RECEIVE_BUFFER]

Each line on its input is answered with a line that says how they all are. They read until the input ends, and do not
come back when they are cut. What one message says is found out once for all of them; beyond that each keeps its own.
"""

import asyncio
import contextlib
import functools
import json
import re
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import uvloop

from tests.journeys.readers import CHANNEL
from tests.servers import ROOT, eventually
from ticker.board import Board
from ticker.headline import Headline

AT_ONCE = 100  # connections under way at a time
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
DATA = re.compile(rb"data: ([^\n]*)\n\n")


class Told(NamedTuple):
    """What one message says."""

    kind: str
    hash: str | None
    headlines: Sequence[tuple[str, int]] = ()  # id and version
    removed: str | None = None


_headlines: dict[tuple[str, int], Headline] = {}


@functools.cache
def told(text: bytes) -> Told:
    message = json.loads(text)
    given = message["headlines"] if message["type"] == "snapshot" else [h for h in [message.get("headline")] if h]
    headlines = [Headline.model_validate(h) for h in given]
    _headlines.update(((h.id, h.version), h) for h in headlines)
    return Told(message["type"], message.get("hash"), [(h.id, h.version) for h in headlines], message.get("id"))


@functools.cache
def hash_of_board(held: frozenset[tuple[str, int]]) -> str:
    return Board(_headlines[key] for key in held).hash()


class Reader(asyncio.Protocol):
    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.seen: set[str] = set()
        self.types: Counter[str] = Counter()
        self.repeats = self.reads = 0
        self.lost = False
        self.said: str | None = None  # the hash that the last message had, if it had one
        self._rest = b""
        self._in_head = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def data_received(self, data: bytes) -> None:
        self.reads += 1
        self._rest += data
        if self._in_head:
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 200 " in head or b" 101 " in head, head
            self._in_head, self._rest = False, rest
        for text in self.texts():
            self.take(told(text))

    def texts(self) -> list[bytes]:
        raise NotImplementedError

    def take(self, message: Told) -> None:
        self.types[message.kind] += 1
        self.said = message.hash
        if message.kind == "snapshot":
            self.held = {}
        elif message.removed is not None:
            self.held.pop(message.removed, None)
            self.seen.add(message.removed)
        for headline_id, version in message.headlines:
            self.repeats += self.held.get(headline_id) == version
            self.held[headline_id] = version
            self.seen.add(headline_id)


class StreamReader(Reader):
    request = f"GET /v1/channels/{CHANNEL}/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"

    def texts(self) -> list[bytes]:
        whole, end, self._rest = self._rest.rpartition(b"\n\n")
        return DATA.findall(whole + end)


class SocketReader(Reader):
    request = f"GET /v1/channels/{CHANNEL}/ws HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n"

    def texts(self) -> list[bytes]:
        data, found, at = self._rest, [], 0
        while len(data) >= at + 2:
            size, start = data[at + 1], at + 2
            if size > 125:
                wide = 2 if size == 126 else 8
                size, start = int.from_bytes(data[start : start + wide], "big"), start + wide
            if len(data) < start + size:
                break
            if data[at] == 0x81:
                found.append(data[start : start + size])
            at = start + size
        self._rest = data[at:]
        return found


async def connect(kind: type[Reader], host: str, port: int, receive_buffer: int, turn: asyncio.Semaphore) -> Reader:
    loop = asyncio.get_running_loop()
    async with turn:
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await loop.sock_connect(sock, (host, port))
        transport, reader = await loop.create_connection(kind, sock=sock)
        transport.write(kind.request.encode())
    return reader


def report(readers: Sequence[Reader]) -> dict[str, Any]:
    boards = [hash_of_board(frozenset(reader.held.items())) for reader in readers]
    return {
        "live": sum(bool(reader.types) and not reader.lost for reader in readers),
        "boards": sorted(set(boards)),
        "agreed": sum(reader.said == board for reader, board in zip(readers, boards, strict=True)),
        "seen": sorted(set.intersection(*(reader.seen for reader in readers))),
        "repeats": sum(reader.repeats for reader in readers),
        "reads": max(reader.reads for reader in readers),
        "most": {
            kind: max(reader.types[kind] for reader in readers) for kind in set().union(*(r.types for r in readers))
        },
    }


async def main(host: str, port: str, count: str, receive_buffer: str = "0") -> None:
    turn = asyncio.Semaphore(AT_ONCE)
    kinds = [(StreamReader, SocketReader)[i % 2] for i in range(int(count))]
    opening = [connect(kind, host, int(port), int(receive_buffer), turn) for kind in kinds]
    readers = await asyncio.gather(*opening)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        sys.stdout.write(json.dumps(report(readers)) + "\n")
        sys.stdout.flush()


class Crowd:
    """The one who asks."""

    def __init__(self, process: asyncio.subprocess.Process, count: int) -> None:
        self.process, self.count = process, count

    async def report(self) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(b"\n")
        line = await self.process.stdout.readline()
        assert line, "the crowd's process has ended; what it said stands above"
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def agrees(self, seen: set[str]) -> dict[str, Any]:
        """All are live, have seen these headlines, and hold one board, which the server's hash confirms."""

        async def all_agree() -> dict[str, Any] | None:
            now = await self.report()
            agreed = now["live"] == now["agreed"] == self.count and len(now["boards"]) == 1
            return now if agreed and seen <= set(now["seen"]) else None

        found: dict[str, Any] = await eventually(all_agree, "the crowd agrees")
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def crowd(
    host: str, port: int, count: int, *, receive_buffer: int = 0, inside: Sequence[str] = ()
) -> AsyncIterator[Crowd]:
    """So many readers, all of them live. `inside` is the command under which their process is started."""
    words = [*inside, sys.executable, "-m", "tests.journeys.crowd", host, str(port), str(count), str(receive_buffer)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdin=pipe, stdout=pipe, limit=2**22)
    try:
        found = Crowd(process, count)
        while (await found.report())["live"] < count:
            await asyncio.sleep(0.05)
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
