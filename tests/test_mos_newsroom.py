"""Telling the newsroom: over real sockets, to whichever of its servers is up."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.mos import MOS, NCS
from tests.servers import eventually, free_port
from tests.tcp import answering
from ticker.onair.mos import Newsroom
from workers.mos import newsroom as telling
from workers.mos.message import Framer, answer, heartbeat, mos_ack, parse, ro_ack
from workers.mos.newsroom import Heard, Newsrooms, Place

PLACE = ("RO1", "A", "1")


class Ncs:
    """A server of a newsroom system that keeps what it is told."""

    def __init__(self, name: str = NCS, *, silent: bool = False) -> None:
        self.name, self.silent, self.port = name, silent, free_port()
        self.told: list[str] = []
        self.beats = 0
        self.refuses = False

    @property
    def settings(self) -> Newsroom:
        return Newsroom(id=self.name, host="127.0.0.1", upper=self.port)

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator[None]:
        async with answering(self._hear, self.port):
            yield

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer()
        while data := await reader.read(65_536):
            for text in framer.feed(data):
                if not self.silent:
                    writer.write(answer(parse(text), self._answer(text)).encode("utf-16-be"))

    def _answer(self, text: str) -> Any:
        message = parse(text)
        assert (message.mos_id, message.ncs_id) == (MOS, self.name)
        if message.name == "heartbeat":
            self.beats += 1
            return heartbeat("now")
        assert message.name == "roElementStat"
        self.told.append(" ".join(message.get(name) for name in ("roID", "storyID", "itemID", "status")))
        return mos_ack("NACK", "No.") if self.refuses else ro_ack("RO1")


async def _nobody(_: Place, __: str) -> None:
    pass


@contextlib.asynccontextmanager
async def telling_to(*servers: Ncs, heard: Heard | None = None) -> AsyncIterator[Newsrooms]:
    made = Newsrooms(MOS, [server.settings for server in servers], lambda: "2026-11-25T10:00:00Z", heard or _nobody)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BEAT_EVERY": 0.05, "NEXT": 0.02, "AGAIN": 0.05}.items():
        monkeypatch.setattr(telling, name, value)


async def test_it_is_told_what_plays_and_stops_in_that_order() -> None:
    ncs = Ncs()
    async with ncs.up(), telling_to(ncs) as newsrooms:
        await eventually(lambda: ncs.beats >= 3, "heartbeats")
        for status in ("PLAY", "STOP", "PLAY"):
            newsrooms.tell(PLACE, status)
            await eventually(lambda: not newsrooms._waiting)
    assert ncs.told == ["RO1 A 1 PLAY", "RO1 A 1 STOP", "RO1 A 1 PLAY"]


async def test_what_it_has_answered_is_known_to_be_heard() -> None:
    ncs, known = Ncs(), list[tuple[Place, str, int]]()

    async def heard(place: Place, status: str) -> None:
        known.append((place, status, len(ncs.told)))

    async with telling_to(ncs, heard=heard) as newsrooms:
        newsrooms.tell(PLACE, "PLAY")
        newsrooms.tell(PLACE, "STOP")
        async with ncs.up():
            await eventually(lambda: len(known) == 2)
    assert known == [(PLACE, "PLAY", 1), (PLACE, "STOP", 2)]


async def test_while_it_is_away_only_the_newest_waits() -> None:
    ncs = Ncs()
    async with telling_to(ncs) as newsrooms:
        for _ in range(1_000):
            newsrooms.tell(PLACE, "PLAY")
            newsrooms.tell(PLACE, "STOP")
        newsrooms.tell(("RO1", "A", "2"), "PLAY")
        assert len(newsrooms._waiting) == 2
        async with ncs.up():
            await eventually(lambda: len(ncs.told) == 3)
    assert ncs.told == ["RO1 A 1 PLAY", "RO1 A 1 STOP", "RO1 A 2 PLAY"]


async def test_it_comes_back_and_goes_on() -> None:
    ncs = Ncs()
    async with telling_to(ncs) as newsrooms:
        for number in range(3):
            async with ncs.up():
                newsrooms.tell(("RO1", "A", str(number)), "PLAY")
                await eventually(lambda: not newsrooms._waiting)
    assert ncs.told == ["RO1 A 0 PLAY", "RO1 A 1 PLAY", "RO1 A 2 PLAY"]


async def test_the_backup_is_told_when_the_main_one_is_away_or_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    main, backup = Ncs(), Ncs("ncs.backup")
    async with backup.up(), telling_to(main, backup) as newsrooms:
        newsrooms.tell(PLACE, "PLAY")
        await eventually(lambda: not newsrooms._waiting)
        assert backup.told == ["RO1 A 1 PLAY"]
        main.silent = True
        with monkeypatch.context() as hurried:
            hurried.setattr(telling, "WITHIN", 0.5)
            async with main.up():
                newsrooms.tell(PLACE, "STOP")
                await eventually(lambda: not newsrooms._waiting)
                main.silent = False
                await eventually(lambda: newsrooms.lines[0].is_up)
                hurried.undo()
                beats = main.beats
                await eventually(lambda: newsrooms.lines[0].is_up and main.beats > beats + 1, "it has its time again")
                newsrooms.tell(PLACE, "PLAY")
                await eventually(lambda: not newsrooms._waiting)
    assert main.told == ["RO1 A 1 PLAY"]
    # On a busy machine an answer of the backup may have been too late, too: then it has heard the same twice.
    assert [status for status, _ in itertools.groupby(backup.told)] == ["RO1 A 1 PLAY", "RO1 A 1 STOP"]


async def test_what_it_refuses_is_not_said_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    ncs = Ncs()
    ncs.refuses = True
    async with ncs.up(), telling_to(ncs) as newsrooms:
        newsrooms.tell(PLACE, "PLAY")
        await eventually(lambda: not newsrooms._waiting)
    assert "refuses PLAY" in caplog.text


async def test_without_an_address_nothing_is_kept() -> None:
    newsrooms = Newsrooms(MOS, [Newsroom(id=NCS)], lambda: "", _nobody)
    newsrooms.tell(PLACE, "PLAY")
    assert newsrooms._waiting == {}
    await asyncio.wait_for(newsrooms.run(), 1)
