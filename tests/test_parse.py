import asyncio
import os
import signal
import time

import pytest

from tests.feeds import RSS, item
from tests.servers import eventually, readers_of
from workers.parse import Failed, parser
from workers.sources import Document

NOW = 1_795_435_200_000
GOOD = RSS.format(item("A title")).encode()


async def read(one, body: bytes, now: int = NOW):
    return await one.parse(body, "", "https://wire.test/", now)


@pytest.fixture
def one():
    with parser(at_once=1) as one:
        yield one


async def test_a_document_is_read_elsewhere(one):
    assert (await read(one, GOOD)).entries[0].title == "A title"
    assert Failed("It is not a feed: nothing in it is an entry.") == await read(one, b"x")


async def test_the_loop_goes_on_meanwhile(one):
    reading = asyncio.create_task(read(one, RSS.format(item("x") * 20_000).encode()))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0.01)
        turns += 1

    assert turns > 5


async def test_one_that_takes_too_long_is_ended_and_the_next_is_read():
    with parser(at_once=1, deadline=2) as one:
        await read(one, GOOD)
        started = time.monotonic()
        found = await read(one, b"<rss>" + b"<a>" * 300_000)

        assert Failed("It could not be read within 2 s.") == found
        assert time.monotonic() - started < 30
        assert isinstance(await read(one, GOOD), Document)


async def test_one_that_takes_too_much_memory_is_ended_and_the_next_is_read():
    with parser(at_once=1, memory=300_000_000) as one:
        assert isinstance(await read(one, b'{"items": [' + b"[],[]," * 3_000_000 + b"[]]}"), Failed)
        assert isinstance(await read(one, GOOD), Document)


async def test_a_fault_of_the_parser_is_a_fault_of_the_document(one):
    assert isinstance(
        await read(one, GOOD.replace(b"</item>", b"<pubDate>2026-11-23</pubDate></item>"), now=None), Failed
    )  # type: ignore[arg-type]


async def test_a_process_that_dies_is_told_and_replaced(one):
    await read(one, GOOD)
    reading = asyncio.create_task(read(one, b"<rss>" + b"<a>" * 100_000))
    (reader,) = await eventually(lambda: readers_of(os.getpid()))
    os.kill(reader, signal.SIGKILL)

    assert Failed("It ended the process that read it.") == await reading
    assert isinstance(await read(one, GOOD), Document)
