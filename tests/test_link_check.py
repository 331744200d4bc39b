"""Links looked at over real HTTP."""

import asyncio

import pytest

from tests.feeds import feed_server
from tests.servers import eventually
from ticker.desk.links import FINE, Links
from ticker.store import Client
from workers.fetch import Answer, Fetcher, Request, fetcher
from workers.link_check import AT_ONCE, FAULT, LinkCheck


@pytest.fixture
def links(redis: Client) -> Links:
    return Links(redis)


async def look(links: Links, *, allow_private: bool = True) -> None:
    """Until all that waits has been looked at."""
    async with fetcher() as fetching, asyncio.TaskGroup() as group:
        await LinkCheck(links, fetching, group, allow_private=allow_private).look()


async def test_a_page_that_opens_is_fine_and_one_that_does_not_says_why(links: Links) -> None:
    async with feed_server() as site:
        site.say("/there", "<p>hello", Content_Type="text/html")
        site.say("/gone", status=404)
        site.say("/moved", status=301, Location="/there")
        for path in ("/there", "/gone", "/moved"):
            assert await links.verdict(site.url + path, 1) == ""
        await look(links)
        assert await links.verdict(f"{site.url}/there", 2) == FINE
        assert await links.verdict(f"{site.url}/moved", 2) == FINE
        assert await links.verdict(f"{site.url}/gone", 2) == "The link does not open: It answered 404."
        await look(links)
        assert len(site.asked) == 4


async def test_one_link_that_cannot_be_looked_at_costs_the_others_nothing(
    links: Links, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    really = Fetcher.fetch

    async def fetch(self: Fetcher, request: Request) -> Answer:
        return await really(self, request) if request.url.endswith("/there") else _fails()

    monkeypatch.setattr(Fetcher, "fetch", fetch)
    async with feed_server() as site:
        site.say("/there", "<p>hello", Content_Type="text/html")
        for path in ("/strange", "/there"):
            await links.verdict(site.url + path, 1)
        await look(links)
        assert await links.verdict(f"{site.url}/strange", 2) == FAULT
        assert await links.verdict(f"{site.url}/there", 2) == FINE
    assert "could not be looked at" in caplog.text
    assert site.url not in caplog.text


def _fails() -> Answer:
    raise RecursionError


async def test_a_host_that_does_not_answer_keeps_only_its_own_links_waiting(links: Links) -> None:
    released = asyncio.Event()

    async def hang(_: asyncio.StreamWriter) -> None:
        await released.wait()

    async with feed_server() as site, fetcher() as fetching, asyncio.TaskGroup() as group:
        check = LinkCheck(links, fetching, group, allow_private=True)
        for i in range(AT_ONCE + 1):
            site.script(f"/hangs/{i}", hang)
            await links.verdict(f"{site.url}/hangs/{i}", i)
        await check.look()
        await eventually(lambda: site.asked)
        site.say("/there", "<p>hello", Content_Type="text/html")
        link = f"http://localhost:{site.port}/there"
        await links.verdict(link, 100)
        await check.look()
        assert await eventually(lambda: links.verdict(link, 100)) == FINE
        assert [asked.path for asked in site.asked] == ["/hangs/0", "/there"]
        released.set()


async def test_a_link_that_is_asked_for_again_and_again_is_looked_at_once(links: Links) -> None:
    async with feed_server() as site:
        released = asyncio.Event()

        async def slow(writer: asyncio.StreamWriter) -> None:
            await released.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

        site.script("/slow", slow)
        async with fetcher() as fetching, asyncio.TaskGroup() as group:
            check = LinkCheck(links, fetching, group, allow_private=True)
            await links.verdict(f"{site.url}/slow", 1)
            await check.look()
            await eventually(lambda: site.asked)
            await links.verdict(f"{site.url}/slow", 2)
            await check.look()
            released.set()
        await look(links)
        assert await links.verdict(f"{site.url}/slow", 3)
        assert len(site.asked) == 1


async def test_nothing_inside_is_asked(links: Links) -> None:
    async with feed_server() as site:
        await links.verdict(f"{site.url}/secret", 1)
        await look(links, allow_private=False)
        assert (await links.verdict(f"{site.url}/secret", 2)).startswith("The link does not open: ")
        assert site.asked == []
