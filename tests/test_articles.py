"""Pages that were read and not registered: looked at once, over real HTTP."""

import asyncio
import logging

import pytest

from tests.feeds import feed_server
from tests.samples import NOW
from tests.servers import eventually
from tests.test_open_graph import PAGE
from ticker.channel import Channel, MostRead
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
