"""Pages that were read and not registered: looked at once, over real HTTP."""

import asyncio
import logging

import pytest

from tests.feeds import feed_server
from tests.samples import NOW
from tests.servers import eventually
from tests.test_open_graph import PAGE
from ticker.channel import Channel, MostRead
from ticker.instant import LATEST
from ticker.most_read.stories import Stories
from ticker.most_read.story import StoryDraft, canonical, story_id
from ticker.settings import Settings
from ticker.store import Client
from workers import articles, ingest
from workers.articles import Articles
from workers.fetch import fetcher
from workers.open_graph import story_of

CHANNEL = Channel(name="en", most_read=MostRead(hosts=("127.0.0.1",)))
CHANNELS = {"en": CHANNEL, "ar": Channel(name="ar")}


@pytest.fixture
def stories(redis: Client) -> Stories:
    return Stories(redis)


async def wait_for(stories: Stories, link: str) -> str:
    id_ = story_id(canonical(link))
    await stories.note_links("en", {id_: link})
    return id_


async def look(stories: Stories, *, allow_private: bool = True) -> int:
    async with fetcher() as fetching:
        return await Articles(stories, fetching, CHANNELS, allow_private=allow_private).look(NOW)


async def test_a_page_that_was_read_becomes_a_story(stories: Stories) -> None:
    async with feed_server() as site:
        site.say("/storm", PAGE, Content_Type="text/html; charset=utf-8")
        id_ = await wait_for(stories, f"{site.url}/storm")
        assert await look(stories) == 1
        assert (await stories.get("en", id_)).title == "Storm & flood"
        assert (await stories.get("en", id_)).section == "World"
    assert await stories.unknown_links("en") == {}


async def test_a_page_is_looked_at_once_an_hour(stories: Stories) -> None:
    async with feed_server() as site:
        site.say("/none", "<p>no title", Content_Type="text/html")
        for _ in range(3):
            await wait_for(stories, f"{site.url}/none")
            assert await look(stories) == 0
        assert len(site.asked) == 1


@pytest.mark.parametrize(("page", "kind"), [
    ("<title>x</title>", "application/pdf"),
    ("<title>x</title>", "text/html"),
    ("<title>x</title><link rel=canonical href='/another'>", "text/html"),
    ("<title>x</title><link rel=canonical href='https://elsewhere.example/'>", "text/html"),
])  # fmt: skip
async def test_what_is_no_story_of_ours(
    stories: Stories, page: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What its readers had in the address is theirs: the log has its id."""
    caplog.set_level(logging.INFO)
    async with feed_server() as site:
        site.say("/x?token=secret", page, Content_Type=kind)
        id_ = await wait_for(stories, f"{site.url}/x?token=secret")
        assert await look(stories) == 0
    assert "secret" not in caplog.text
    assert (id_ in caplog.text) == (kind == "text/html")
    assert await stories.recent("en", NOW) == []


async def test_one_page_that_cannot_be_looked_at_costs_the_others_nothing(
    stories: Stories, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def story(page: str, url: str) -> StoryDraft | None:
        return story_of(page, url) if "Storm" in page else _fails()

    monkeypatch.setattr(articles, "story_of", story)
    async with feed_server() as site:
        site.say("/storm", PAGE, Content_Type="text/html")
        site.say("/strange", "<title>x</title>", Content_Type="text/html")
        id_ = await wait_for(stories, f"{site.url}/strange")
        await wait_for(stories, f"{site.url}/storm")
        assert await look(stories) == 1
    assert f"en: {id_} could not be looked at" in caplog.text
    assert await stories.unknown_links("en") == {}


def _fails() -> None:
    raise AssertionError("expected name token")


async def test_nothing_is_fetched_inside_nor_elsewhere(stories: Stories) -> None:
    async with feed_server() as site:
        site.say("/storm", PAGE, Content_Type="text/html")
        await wait_for(stories, f"{site.url}/storm")
        assert await look(stories, allow_private=False) == 0
        await stories.note_links("en", {"a" * 16: f"http://localhost:{site.port}/storm"})
        assert await look(stories) == 0
        assert site.asked == []


@pytest.mark.parametrize("to", ["http://localhost:{}/evil", "/hop"])
async def test_a_page_elsewhere_to_which_one_of_ours_leads_is_no_story(
    stories: Stories, to: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever address it says it has: many sites lead wherever they are asked to."""
    caplog.set_level(logging.INFO)
    async with feed_server() as site:
        out = f"{site.url}/out?to=evil"
        page = f"<title>Bought by somebody</title><link rel=canonical href='{out}'>"
        site.say("/out?to=evil", status=302, Location=to.format(site.port))
        site.say("/hop", status=302, Location=f"http://localhost:{site.port}/evil")
        site.say("/evil", page, Content_Type="text/html")
        id_ = await wait_for(stories, out)
        assert await look(stories) == 0
        assert site.asked[-1].path == "/evil", "it was followed"
    assert f"en: {id_} leads elsewhere" in caplog.text
    assert await stories.recent("en", LATEST) == []


async def test_a_page_of_ours_to_which_another_leads_is_one(stories: Stories) -> None:
    async with feed_server() as site:
        site.say("/old", status=301, Location="/storm")
        page = f"<title>Storm</title><link rel=canonical href='{site.url}/old'>"
        site.say("/storm", page, Content_Type="text/html")
        id_ = await wait_for(stories, f"{site.url}/old")
        assert await look(stories) == 1
        assert (await stories.get("en", id_)).title == "Storm"


@pytest.mark.parametrize(("says", "at"), [("2099-01-01T00:00:00Z", NOW), ("2026-01-01T00:00:00Z", 1_767_225_600_000)])
async def test_a_page_that_was_read_is_published_by_now(stories: Stories, says: str, at: int) -> None:
    async with feed_server() as site:
        own = "<title>x</title><link rel=canonical href=/x>"
        page = f"{own}<meta property=article:published_time content={says}>"
        site.say("/x", page, Content_Type="text/html")
        id_ = await wait_for(stories, f"{site.url}/x")
        assert await look(stories) == 1
        assert (await stories.get("en", id_)).published_at == at


async def test_ingest_looks_by_itself(stories: Stories, settings: Settings) -> None:
    with_hosts = settings.model_copy(update={"channels": CHANNELS})
    async with ingest.tools(with_hosts) as tools:
        stop = asyncio.Event()
        await wait_for(stories, "http://127.0.0.1:9/closed")
        running = asyncio.create_task(ingest.Ingest(tools, {}).run(stop))
        await eventually(lambda: _empty(stories))
        stop.set()
        await running


async def _empty(stories: Stories) -> bool:
    return await stories.unknown_links("en") == {}
