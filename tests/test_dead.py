from dataclasses import replace

import pytest

from ticker.dead import LARGEST, Dead, Letter
from ticker.errors import Unavailable
from ticker.store import connect

LETTER = Letter(
    "wire", "en", 1000, "It is not a feed.", "https://wire.test/", "text/html", b"\x00\xff<html>", "document"
)


@pytest.fixture
async def dead(any_redis_url):
    async with connect(any_redis_url) as redis:
        yield Dead(redis)


async def test_a_letter_is_kept_as_it_is_until_it_is_dropped(dead):
    letter_id = await dead.add(LETTER)

    assert replace(LETTER, id=letter_id) == await dead.get(letter_id)
    assert [replace(LETTER, id=letter_id)] == await dead.list()
    assert await dead.drop(letter_id)
    assert not await dead.drop(letter_id)
    assert (await dead.get(letter_id), await dead.list()) == (None, [])


async def test_the_same_is_recorded_once_a_day(dead):
    assert await dead.add(LETTER)
    assert await dead.add(replace(LETTER, at=2000)) is None
    for other in (replace(LETTER, source="x"), replace(LETTER, reason="x"), replace(LETTER, body=b"x")):
        assert await dead.add(other)
    assert await dead.size() == 4


async def test_the_newest_are_listed_first_and_large_ones_are_cut(dead):
    await dead.add(LETTER)
    await dead.add(replace(LETTER, body=bytes(2 * LARGEST), kind="entry"))

    newest, oldest = await dead.list()

    assert (len(newest.body), newest.kind, oldest.kind) == (LARGEST, "entry", "document")
    assert [newest] == await dead.list(1)


async def test_there_are_never_too_many(dead, monkeypatch):
    monkeypatch.setattr("ticker.dead.MOST", 3)
    for n in range(10):
        await dead.add(replace(LETTER, reason=str(n)))

    assert [letter.reason for letter in await dead.list()] == ["9", "8", "7"]


@pytest.mark.parametrize("letter_id", ["", "x", "1-x", "-", "+", "1-1-1"])
async def test_what_is_no_id_finds_nothing(dead, letter_id):
    assert await dead.get(letter_id) is None
    assert not await dead.drop(letter_id)


async def test_without_redis_it_says_try_later():
    async with connect("redis://127.0.0.1:1") as redis:
        dead = Dead(redis)
        for asked in (dead.add(LETTER), dead.list(), dead.get("1-1"), dead.drop("1-1"), dead.size()):
            with pytest.raises(Unavailable):
                await asked
