"""A crowd: very many lean readers in a process of their own, half of them over WebSocket, half over server-sent events.

python -m tests.journeys.crowd HOST PORT COUNT CHANNEL RECEIVE_BUFFER

Each line on its input is answered with a line that says how they all are. They read until the input ends, and do not
come back when they are cut. Each keeps what it has read, and nothing of another's.
"""

import asyncio
import contextlib
import functools
import json
import re
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple

import uvloop

from tests.journeys.readers import CHANNEL
from tests.servers import ROOT, eventually
from ticker.board import Board
from ticker.headline import Headline
from ticker.stream import Stream

PIECES = 200  # remembered by what they say
AT_ONCE = 100  # connections under way at a time
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
DATA = re.compile(rb"data: ([^\n]*)\n\n")


class Message(NamedTuple):
    type: str
    hash: str | None
    shown: Sequence[tuple[str, int]]  # id and version
    removed: str | None
    confirm: str | None


_headlines: dict[tuple[str, int], Headline] = {}


@functools.cache
def parse(text: bytes) -> Message:
    message = json.loads(text)
    given = message["headlines"] if message["type"] == "snapshot" else [h for h in [message.get("headline")] if h]
    shown = {(h.id, h.version): h for h in map(Headline.model_validate, given)}
    _headlines.update(shown)
    return Message(message["type"], message.get("hash"), [*shown], message.get("id"), message.get("confirm"))


class Told:
    """What a piece of a stream says, folded: found out once for all readers that read the same piece."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.types: Counter[str] = Counter()
        self.anew = False  # it has a snapshot: what was held before is void
        self.first: dict[str, int] = {}  # id and version of what was shown, as it came first
        self.held: dict[str, int] = {}  # and as it is held in the end
        self.gone: set[str] = set()
        self.repeats = 0
        self.hash: str | None = None  # that the last message had, if it had one
        self.confirm: list[str] = []  # what they are asked to answer with
        for text in texts:
            self._fold(parse(text))
        self.seen = {*self.first, *self.gone}

    def _fold(self, message: Message) -> None:
        self.types[message.type] += 1
        self.hash = message.hash
        self.confirm += [message.confirm] if message.confirm else []
        if message.type == "snapshot":
            self.anew, self.held, self.first = True, {}, {}
        elif message.removed is not None:
            self.held.pop(message.removed, None)
            self.gone.add(message.removed)
        for headline_id, version in message.shown:
            self.repeats += self.held.get(headline_id) == version
            self.first.setdefault(headline_id, version)
            self.held[headline_id] = version
            self.gone.discard(headline_id)


@functools.cache
def hash_of_board(held: frozenset[tuple[str, int]]) -> str:
    return Board(_headlines[key] for key in held).hash()


class Reader(asyncio.Protocol):
    request = ""

    def __init__(self) -> None:
        self.held: dict[str, int] = {}
        self.seen: set[str] = set()
        self.types: Counter[str] = Counter()
        self.repeats = self.reads = 0
        self.lost = False
        self.gone_at: dict[str, float] = {}  # time.time() at which a headline left
        self.transport: Any = None
        self.hash: str | None = None
        self._rest = b""
        self._in_head = True

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def data_received(self, data: bytes) -> None:
        self.reads += 1
        data = self._rest + data
        if self._in_head:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            assert b" 200 " in head or b" 101 " in head, head
            self._in_head = False
        told, self._rest = self.read(data)
        if told.types:
            self.take(told)

    @staticmethod
    def read(data: bytes) -> tuple[Told, bytes]:
        """What the whole messages say, and the rest."""
        raise NotImplementedError

    def take(self, told: Told) -> None:
        self.types.update(told.types)
        if told.anew:
            self.held.clear()
        self.repeats += told.repeats + len(self.held.items() & told.first.items())
        for headline_id in told.gone:
            if self.held.pop(headline_id, None) is not None:
                self.gone_at[headline_id] = time.time()
        self.held.update(told.held)
        self.seen |= told.seen
        self.hash = told.hash
        for position in told.confirm:
            self.confirm(position)

    def confirm(self, position: str) -> None:
        """Say that what was asked for is done, where there is a way to say it."""


class StreamReader(Reader):
    request = "GET /v1/channels/{}/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"

    @staticmethod
    @functools.lru_cache(PIECES)
    def read(data: bytes) -> tuple[Told, bytes]:
        whole, end, rest = data.rpartition(b"\n\n")
        return Told(DATA.findall(whole + end)), rest


class SocketReader(Reader):
    def confirm(self, position: str) -> None:
        done = json.dumps({"type": "done", "position": position}).encode()
        self.transport.write(bytes([0x81, 0x80 | len(done), 0, 0, 0, 0]) + done)  # masked with nothing

    request = f"GET /v1/channels/{{}}/ws HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n"

    @staticmethod
    @functools.lru_cache(PIECES)
    def read(data: bytes) -> tuple[Told, bytes]:
        texts, at = [], 0
        while len(data) >= at + 2:
            size, start = data[at + 1], at + 2
            if size > 125:
                wide = 2 if size == 126 else 8
                size, start = int.from_bytes(data[start : start + wide], "big"), start + wide
            if len(data) < start + size:
                break
            if data[at] == 0x81:
                texts.append(data[start : start + size])
            at = start + size
        return Told(texts), data[at:]


async def connect(kind: type[Reader], address: tuple[str, int], channel: str, receive_buffer: int) -> Reader:
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    sock.setblocking(False)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await loop.sock_connect(sock, address)
    transport, reader = await loop.create_connection(kind, sock=sock)
    transport.write(kind.request.format(channel).encode())
    return reader


def report(readers: Sequence[Reader]) -> dict[str, Any]:
    boards = [hash_of_board(frozenset(reader.held.items())) for reader in readers]
    gone = {id_ for reader in readers for id_ in reader.gone_at}
    kinds = set().union(*(reader.types for reader in readers))
    return {
        "cut": sum(reader.lost for reader in readers),
        "live": sum(bool(reader.types) and not reader.lost for reader in readers),
        "boards": sorted(set(boards)),
        "agreed": sum(reader.hash == board for reader, board in zip(readers, boards, strict=True)),
        "seen": sorted(set.intersection(*(reader.seen for reader in readers))),
        "repeats": sum(reader.repeats for reader in readers),
        "gone_at": {id_: sorted(r.gone_at[id_] for r in readers if id_ in r.gone_at) for id_ in gone},
        "reads": max(reader.reads for reader in readers),
        "most": {kind: max(reader.types[kind] for reader in readers) for kind in kinds},
        "least": {kind: min(reader.types[kind] for reader in readers) for kind in kinds},
    }


async def main(host: str, port: str, count: str, channel: str, receive_buffer: str) -> None:
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(i: int) -> Reader:
        async with turn:
            return await connect((StreamReader, SocketReader)[i % 2], (host, int(port)), channel, int(receive_buffer))

    readers = await asyncio.gather(*(one(i) for i in range(int(count))))
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

    async def agrees(self, board: str, seen: Iterable[str] = ()) -> dict[str, Any]:
        """All are live, hold this board, which a hash of the server's confirms, and have seen these headlines."""
        wanted = {"live": self.count, "agreed": self.count, "boards": [board]}

        now: dict[str, Any] = {}

        async def all_agree() -> dict[str, Any] | None:
            nonlocal now
            now = await self.report()
            return now if wanted.items() <= now.items() and {*seen} <= {*now["seen"]} else None

        found: dict[str, Any] = await eventually(all_agree, lambda: f"the crowd agrees on {wanted}: {now}")
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


async def board_of(stream: Stream) -> str:
    """The hash of the channel's board, as Redis has it."""
    return Board((await stream.load(CHANNEL)).headlines).hash()


@contextlib.asynccontextmanager
async def crowd(
    host: str, port: int, count: int, *, channel: str = CHANNEL, receive_buffer: int = 0, inside: Sequence[str] = ()
) -> AsyncIterator[Crowd]:
    """So many readers, all of them live. `inside` is the command that starts their process, if not we ourselves."""
    what = [host, str(port), str(count), channel, str(receive_buffer)]
    words = [*inside, sys.executable, "-m", "tests.journeys.crowd", *what]
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
