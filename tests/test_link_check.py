"""Links looked at over real HTTP."""

import pytest

from tests.feeds import feed_server
from ticker.desk.links import FINE, Links
from ticker.store import Client
from workers.fetch import fetcher
from workers.link_check import LinkCheck


@pytest.fixture
def links(redis: Client) -> Links:
    return Links(redis)


async def look(links: Links, *, allow_private: bool = True) -> int:
    async with fetcher() as fetching:
        return await LinkCheck(links, fetching, allow_private=allow_private).look()


async def test_a_page_that_opens_is_fine_and_one_that_does_not_says_why(links: Links) -> None:
    async with feed_server() as site:
        site.say("/there", "<p>hello", Content_Type="text/html")
        site.say("/gone", status=404)
        site.say("/moved", status=301, Location="/there")
        for path in ("/there", "/gone", "/moved"):
            assert await links.verdict(site.url + path, 1) == ""
        assert await look(links) == 3
        assert await links.verdict(f"{site.url}/there", 2) == FINE
        assert await links.verdict(f"{site.url}/moved", 2) == FINE
        assert await links.verdict(f"{site.url}/gone", 2) == "The link does not open: It answered 404."
        assert await look(links) == 0


async def test_nothing_inside_is_asked(links: Links) -> None:
    async with feed_server() as site:
        await links.verdict(f"{site.url}/secret", 1)
        assert await look(links, allow_private=False) == 1
        assert (await links.verdict(f"{site.url}/secret", 2)).startswith("The link does not open: ")
        assert site.asked == []
