"""Small real clients: readers that check every promise made to them, and a writer that asks until it is answered."""

import asyncio
import contextlib
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers import PATIENCE, RedisServer, eventually
from ticker.board import Board
from ticker.events import EventType, removal, upsert
from ticker.headline import Headline
from ticker.keys import Keys
from ticker.position import Position
from ticker.store import connect

CHANNEL = "en"
IN_TIME = 10.0  # s that what is due may be late: a fraction of one where the machine has nothing else to do
BACK_OFF = (0.05, 1.0)  # s before a reader comes back: the first delay, and the longest

Message = dict[str, Any]

# What changes the board; whatever else comes leaves it as it is.
OF_A_HEADLINE = {kind.value for kind in EventType if kind.concerns_a_headline}


class Reader:
    """Reads one channel for as long as it is open, at any of the addresses; resumes by position after a cut.

    `faults` says which promise was broken; `seen` holds all that was ever shown, `repeats` counts what came again
    without a change to the strip (harmless, and right only after a cut).
    """

    path = f"/v1/channels/{CHANNEL}"

    def __init__(self, *urls: str, after: str | None = None, showing: Iterable[Headline] = ()) -> None:
        self.url = urls[0] + self.path
        self.position = after
        self.board = Board(showing)
        self.messages: list[Message] = []
        self.heard_at: list[float] = []  # time.time() of each message
        self.faults: list[str] = []
        self.seen: set[str] = set()
        self.killed: set[str] = set()
        self.repeats = 0
        self.connects = 0
        self.live = False
        self._urls = itertools.cycle(urls)
        self._shown: set[tuple[str, int, str]] = set()
        self._away = 0.0  # s that a goodbye asked for

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Until it is cancelled."""
        failures = 0
        while True:
            self.url = next(self._urls) + self.path
            heard = len(self.messages)
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self.connect(session)
            self.live = False
            failures = 0 if len(self.messages) > heard else failures + 1
            longest = min(BACK_OFF[0] * 2**failures, BACK_OFF[1])
            await asyncio.sleep(self._away or random.uniform(0, longest))
            self._away = 0.0

    async def connect(self, session: aiohttp.ClientSession) -> None:
        raise NotImplementedError

    def __str__(self) -> str:
        return (
            f"{type(self).__name__} of {self.url}, {'live' if self.live else 'away'} after {self.connects} connects: "
            f"{len(self.board)} headlines, {self.hash}, at {self.position}, last {self.types[-5:]}, {self.faults}"
        )

    @property
    def hash(self) -> str:
        return self.board.hash()

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]

    def of(self, *types: str) -> list[Message]:
        return [message for message in self.messages if message["type"] in types]

    def heard(self, type_: str, headline_id: str) -> float | None:
        """When it was told that this happened to the headline."""
        for at, message in zip(self.heard_at, self.messages, strict=True):
            if message["type"] == type_ and headline_id in (message.get("id"), message.get("headline", {}).get("id")):
                return at
        return None

    def take(self, message: Message) -> None:
        self.messages.append(message)
        self.heard_at.append(time.time())
        self.live = True
        kind = message["type"]
        if kind == "goodbye":
            self._away = message["retry_ms"] / 1000
        elif kind == "snapshot":
            self._start_anew(message)
        elif kind in OF_A_HEADLINE:
            self._fold(kind, message)
        if "position" in message:
            self._move_on(message)
        if "hash" in message and message["hash"] != self.hash:
            self.faults.append(f"{kind} has the hash {message['hash']}, the board {self.hash}")

    def _start_anew(self, message: Message) -> None:
        headlines = [Headline.model_validate(h) for h in message["headlines"]]
        self.board = Board(headlines)
        self.seen |= {h.id for h in headlines}
        self._shown |= {(h.id, h.version, h.state) for h in headlines}
        self.faults += [f"{h.id} is in a snapshot after its kill" for h in headlines if h.id in self.killed]

    def _fold(self, kind: str, message: Message) -> None:
        if "headline" not in message:
            self.board.apply(removal(EventType(kind), message["id"]))
            if kind == "retracted":
                self.killed.add(message["id"])
            return
        headline = Headline.model_validate(message["headline"])
        if not self.board.apply(upsert(EventType(kind), headline)):
            self.repeats += 1
        elif kind == "published" and (headline.id, headline.version, headline.state) in self._shown:
            self.faults.append(f"{headline.id} was shown as new twice")
        if headline.id in self.killed:
            self.faults.append(f"{headline.id} was shown after its kill")
        self.seen.add(headline.id)
        self._shown.add((headline.id, headline.version, headline.state))

    def _move_on(self, message: Message) -> None:
        new, old = Position.parse(message["position"]), Position.parse(self.position or "")
        if new is None:
            self.faults.append(f"{message['position']!r} is no position")
        elif old is not None and new < old and new.epoch == old.epoch and not message.get("reason"):
            self.faults.append(f"{message['type']} moved from {old} back to {new}")
        self.position = message["position"]


class WebSocketReader(Reader):
    async def connect(self, session: aiohttp.ClientSession) -> None:
        query = {"after": self.position} if self.position else {}
        async with session.ws_connect(f"{self.url}/ws", params=query, max_msg_size=0) as socket:
            self.connects += 1
            async for frame in socket:
                self.take(json.loads(frame.data))


class StreamReader(Reader):
    """Server-sent events."""

    key: str | None = None

    async def connect(self, session: aiohttp.ClientSession) -> None:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self.position} if self.position else {})
        headers |= {"Authorization": f"Bearer {self.key}"} if self.key else {}
        async with session.get(f"{self.url}/stream", headers=headers) as answer:
            answer.raise_for_status()
            self.connects += 1
            kind = place = None
            async for raw in answer.content:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "id":
                    place = value
                elif name == "data":
                    self._check(kind, place, json.loads(value))

    def _check(self, kind: str | None, place: str | None, message: Message) -> None:
        if kind != message["type"] or place != message.get("position", place):
            self.faults.append(f"an event {kind} with the id {place} carries {message['type']}")
        self.take(message)


class DeskReader(StreamReader):
    """One who works at the desk."""

    path = f"/v1/desk/{CHANNEL}"

    def __init__(self, key: str, *urls: str) -> None:
        super().__init__(*urls)
        self.key = key


class Poller(Reader):
    """Long polls, one after the other."""

    async def connect(self, session: aiohttp.ClientSession) -> None:
        while True:
            query = {"wait": "5"} | ({"after": self.position} if self.position else {})
            async with session.get(f"{self.url}/events", params=query) as answer:
                answer.raise_for_status()
                self.connects += 1
                for message in (await answer.json())["messages"]:
                    self.take(message)


class Writer:
    """Writes as a newsroom's system does: with an Idempotency-Key, and again until it is answered."""

    def __init__(self, session: aiohttp.ClientSession, key: str, *urls: str) -> None:
        self.session, self.urls = session, urls
        self.headers = {"Authorization": f"Bearer {key}"}
        self.accepted: dict[str, Message] = {}
        self.accepted_at: dict[str, float] = {}  # time.time()
        self.refusals: Counter[str] = Counter()  # by the problem's code
        self._keys = itertools.count(random.getrandbits(40))

    async def publish(self, text: str, **draft: Any) -> Message:
        """The headline as it was answered with 201."""
        once = {"Idempotency-Key": f"journey-{next(self._keys)}"}
        for url in itertools.cycle(self.urls):
            with contextlib.suppress(aiohttp.ClientError, OSError):
                status, body = await self.send("POST", "/headlines", {"text": text, **draft}, once, url=url)
                if status == 201:
                    self.accepted[body["id"]] = body
                    self.accepted_at[body["id"]] = time.time()
                    return body
                assert status == 503, (status, body)
                self.refusals[body["type"].rpartition("/")[2]] += 1
            await asyncio.sleep(random.uniform(0.01, 0.1))
        raise AssertionError

    async def act(self, headline_id: str, action: str, **body: Any) -> Message:
        status, answer = await self.send("POST", f"/headlines/{headline_id}/{action}", body)
        assert status == 200, (status, answer)
        return answer

    async def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, url: str | None = None
    ) -> tuple[int, Message]:
        address = f"{url or self.urls[0]}/v1/channels/{CHANNEL}{path}"
        every = self.headers | (headers or {})
        async with self.session.request(method, address, json=body, headers=every) as answer:
            return answer.status, await answer.json(content_type=None)

    async def keep_publishing(self, name: str, count: int, every: float) -> None:
        """So many headlines, at that pace (s)."""
        for i in range(count):
            pace = asyncio.create_task(asyncio.sleep(every))
            await self.publish(f"{name} number {i}")
            await pace


@contextlib.asynccontextmanager
async def listening(*readers: Reader) -> AsyncIterator[aiohttp.ClientSession]:
    """The readers read, all of them live to begin with; in the end no promise was broken."""
    connector, never = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None, sock_connect=5)
    async with aiohttp.ClientSession(connector=connector, timeout=never, read_bufsize=2**22) as session:
        tasks = [asyncio.create_task(reader.run(session)) for reader in readers]
        try:
            await eventually(lambda: all(reader.live for reader in readers), "all readers are live")
            yield session
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [e for e in ended if e is not None and not isinstance(e, asyncio.CancelledError)] == []
    assert [fault for reader in readers for fault in reader.faults] == []


async def converged(*readers: Reader, on: set[str] | None = None, within: float = PATIENCE) -> None:
    """All show the same strip, at the same position; it has all of these on it."""

    def same() -> bool:
        return (
            len({(reader.hash, reader.position) for reader in readers}) == 1
            and all(reader.live for reader in readers)
            and (on or set()) <= {h.id for h in readers[0].board}
        )

    await eventually(same, lambda: "\n".join(["all readers show the same", *map(str, readers)]), within)


@contextlib.contextmanager
def standing(*servers: RedisServer) -> Iterator[None]:
    """Redis servers that are started here, and gone at the end whatever happens."""
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            if server.process is not None:
                server.kill()


async def new_key(redis_url: str) -> str:
    """For a writer who may do everything."""
    async with connect(redis_url) as redis:
        return await Keys(redis).create("ann", ["admin"])


def one_long_channel(folder: Path) -> dict[str, str]:
    """The environment for a single channel with the longest strip there can be."""
    config = folder / "ticker.toml"
    config.write_text(f"[channels.{CHANNEL}]\nlimit = 2000\n")
    return {"TICKER_CONFIG": str(config), "TICKER_HEARTBEAT_SECONDS": "1"}


def both_kinds(count: int, *urls: str) -> Iterator[Reader]:
    """So many readers, half of them over WebSocket and half over server-sent events."""
    return ((WebSocketReader if i % 2 else StreamReader)(*urls) for i in range(count))
