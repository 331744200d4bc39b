"""Tells the newsroom what has become of its items: connects to its upper port, and goes on trying."""

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import Awaitable, Callable, Sequence

from ticker.onair.mos import Newsroom
from workers.mos.message import Element, Framer, Message, MosFault, NotMos, element_stat, envelope, heartbeat, parse

BEAT_EVERY = 10.0  # s
WITHIN = 10.0  # s for an answer
NEXT = 1.0  # s between looks at who has to tell
AGAIN = 15.0  # s at most before it is tried again
READ = 65_536  # bytes

Place = tuple[str, str, str]  # running order, story, item
Heard = Callable[[Place, str], Awaitable[None]]

logger = logging.getLogger(__name__)


class Line:
    """To one server of the newsroom system."""

    def __init__(self, mos_id: str, newsroom: Newsroom) -> None:
        self.mos_id, self.newsroom = mos_id, newsroom
        self.is_up = False
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._framer = Framer()
        self._numbers = itertools.count(random.randrange(1, 1_000_000))

    async def open(self) -> None:
        """OSError, or TimeoutError, when it is not there."""
        async with asyncio.timeout(WITHIN):
            self._reader, self._writer = await asyncio.open_connection(self.newsroom.host, self.newsroom.upper)
        self._framer = Framer()

    async def close(self) -> None:
        self.is_up = False
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def ask(self, body: Element) -> Message:
        """Its answer. OSError, TimeoutError or NotMos when there is none: the line is of no use any more."""
        number = str(next(self._numbers))
        self._writer.write(envelope(self.mos_id, self.newsroom.id, number, body).encode("utf-16-be"))
        async with asyncio.timeout(WITHIN):
            await self._writer.drain()
            while True:
                data = await self._reader.read(READ)
                if not data:
                    raise ConnectionError("it has closed the connection")
                for text in self._framer.feed(data):
                    with contextlib.suppress(MosFault):
                        answer = parse(text)
                        if answer.id in (number, ""):
                            return answer


class Newsrooms:
    """All of its servers. The first that is up is told; what is not told yet waits, the newest of each item.

    `heard` is called with each status that one of them has answered.
    """

    def __init__(self, mos_id: str, newsrooms: Sequence[Newsroom], now: Callable[[], str], heard: Heard) -> None:
        self.lines = [Line(mos_id, newsroom) for newsroom in newsrooms if newsroom.host]
        self._now, self._heard = now, heard
        self._waiting: dict[Place, tuple[str, ...]] = {}
        self._news = asyncio.Event()

    def tell(self, place: Place, status: str) -> None:
        if not self.lines:
            return
        # A run that is over is told as both; what came before it is of no interest any more.
        before = self._waiting.pop(place, ())
        self._waiting[place] = (*before[-1:], status) if before[-1:] != (status,) else before
        self._news.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for line in self.lines:
                tasks.create_task(self._keep(line))

    async def _keep(self, line: Line) -> None:
        told = False
        while True:
            try:
                await line.open()
                logger.info("connected to the newsroom %s", line.newsroom.id)
                told = False
                try:
                    await self._talk(line)
                finally:
                    await line.close()
            except (OSError, TimeoutError, NotMos) as error:
                level = logging.DEBUG if told else logging.WARNING
                logger.log(level, "the newsroom %s cannot be told: %s", line.newsroom.id, str(error) or "no answer")
                told = True
            await asyncio.sleep(AGAIN * random.uniform(0.1, 1))

    async def _talk(self, line: Line) -> None:
        await line.ask(heartbeat(self._now()))
        line.is_up = True
        while True:
            if self._news.is_set() and self._is_first(line):
                await self._tell_all(line)
            else:
                await line.ask(heartbeat(self._now()))
            if self._news.is_set():
                await asyncio.sleep(NEXT)  # the first one tells it; unless it goes away
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), BEAT_EVERY)

    async def _tell_all(self, line: Line) -> None:
        while self._waiting:
            place = next(iter(self._waiting))
            status = self._waiting[place][0]
            answer = await line.ask(element_stat(*place, status, self._now()))
            if answer.name == "mosAck" and answer.get("status") == "NACK":
                logger.warning("the newsroom refuses %s of %s: %s", status, place, answer.get("statusDescription"))
            self._told(place, status)
            await self._heard(place, status)
        self._news.clear()

    def _told(self, place: Place, status: str) -> None:
        waiting = self._waiting.get(place, ())
        rest = waiting[1:] if waiting[:1] == (status,) else waiting
        if rest:
            self._waiting[place] = rest
        else:
            self._waiting.pop(place, None)

    def _is_first(self, line: Line) -> bool:
        return next((one for one in self.lines if one.is_up), None) is line
