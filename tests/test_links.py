"""What is known of links, in a real Redis."""

import asyncio

import pytest

from ticker.desk.links import ASKED, FINE, KEPT, MOST_ASKED, Links
from ticker.store import Client

LINK = "https://news.example/a"


@pytest.fixture
def links(redis: Client) -> Links:
    return Links(redis)


async def test_a_link_nobody_knows_is_asked_for_once(links: Links) -> None:
    assert await links.verdict(LINK, 1) == ""
    assert await links.verdict(LINK, 2) == ""
    assert await links.redis.hgetall(ASKED) == {LINK: "1"}


async def test_who_waits_longest_is_looked_at_first(links: Links) -> None:
    for at, link in ((3, "https://c.example/"), (1, "https://a.example/"), (2, "https://b.example/")):
        await links.verdict(link, at)
    assert await links.asked(2) == ["https://a.example/", "https://b.example/"]


async def test_of_several_who_take_it_one_has_it(links: Links) -> None:
    await links.verdict(LINK, 1)
    assert sorted(await asyncio.gather(*(links.take(LINK) for _ in range(5)))) == [False] * 4 + [True]
    assert await links.asked(10) == []


async def test_what_was_told_is_known_for_a_while_and_not_asked_again(links: Links) -> None:
    await links.tell(LINK, FINE)
    assert await links.verdict(LINK, 1) == FINE
    assert await links.asked(10) == []
    (key,) = [key async for key in links.redis.scan_iter("ticker:links:*")]
    assert KEPT - 60_000 < await links.redis.pttl(key) <= KEPT


async def test_only_so_many_may_wait(links: Links) -> None:
    await links.redis.hset(ASKED, mapping={f"https://n.example/{n}": n for n in range(MOST_ASKED)})
    assert await links.verdict(LINK, 1) == ""
    assert not await links.redis.hexists(ASKED, LINK)
