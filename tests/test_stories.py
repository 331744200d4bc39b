"""Stories in Redis: registered for the channel's own hosts, found, ruled about, forgotten."""

import pytest

from tests.samples import NOW
from tests.test_reads import CHANNEL, registered
from ticker.channel import Channel
from ticker.errors import Invalid, NoStory
from ticker.most_read import stories as stories_
from ticker.most_read.ranking import Window
from ticker.most_read.scope import Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import StoryDraft
from ticker.store import Client


@pytest.fixture
def stories(redis: Client) -> Stories:
    return Stories(redis)


def draft(link: str = "https://news.example.org/1", **fields: object) -> StoryDraft:
    return StoryDraft.model_validate({"title": "One", "link": link, **fields})


async def test_the_same_link_is_the_same_story(stories: Stories) -> None:
    first, new = await stories.register(CHANNEL, draft(), NOW)
    assert new
    again, new = await stories.register(CHANNEL, draft("http://news.example.org/1/?utm_source=x", title="Two"), NOW + 1)
    assert not new
    assert (again.id, again.title, again.published_at) == (first.id, "Two", NOW)
    assert await stories.get("en", first.id) == again
    assert await stories.recent("en", NOW) == [again]


async def test_what_is_published_later_is_none_of_the_newest_until_then(stories: Stories) -> None:
    later, _ = await stories.register(CHANNEL, draft(published_at=NOW + 1), NOW)
    other, _ = await stories.register(CHANNEL, draft("https://news.example.org/2"), NOW)
    assert await stories.recent("en", NOW) == [other]
    assert await stories.recent("en", NOW + 1) == [later, other]


async def test_only_the_channels_own_hosts_have_stories(stories: Stories) -> None:
    with pytest.raises(Invalid):
        await stories.register(CHANNEL, draft("https://elsewhere.example/1"), NOW)
    with pytest.raises(Invalid):
        await stories.register(Channel(name="en"), draft(), NOW)
    assert await stories.recent("en", NOW) == []


async def test_sections_and_regions_are_counted_and_bounded(stories: Stories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories_, "MOST_SCOPES", 2)
    await stories.register(CHANNEL, draft(section="World", region="Coast", published_at="2026-01-01T00:00:00Z"), NOW)
    both = [Scope("en"), Scope("en", "region", "Coast"), Scope("en", "section", "World")]
    assert await stories.scopes("en") == both
    sport = draft("https://news.example.org/2", section="Sport")
    assert (await stories.register(CHANNEL, sport, NOW))[0].section == "Sport"
    assert await stories.scopes("en") == both
    await stories.forget("en", NOW - 1)
    await stories.tidy("en")
    assert await stories.scopes("en") == [Scope("en"), Scope("en", "section", "Sport")]


async def test_nothing_is_kept_of_sections_that_no_story_has(stories: Stories) -> None:
    old, _ = await stories.register(CHANNEL, draft(section="Past", published_at="2026-01-01T00:00:00Z"), NOW)
    other, _ = await stories.register(CHANNEL, draft("https://news.example.org/2", section="World"), NOW)
    past, world = Scope("en", "section", "Past"), Scope("en", "section", "World")
    for scope in (Scope("en"), past, world):
        await stories.redis.hset(scope.readers, mapping={old.id: 3, other.id: 5})
        await stories.redis.zadd(scope.ranking(Window.WEEK), {old.id: 3.0})
    await stories.forget("en", NOW - 1)
    await stories.tidy("en")
    assert await stories.scopes("en") == [Scope("en"), world]
    assert [key async for key in stories.redis.scan_iter("*Past*")] == []
    for scope in (Scope("en"), world):
        assert await stories.redis.hgetall(scope.readers) == {other.id: "5"}
        assert await stories.redis.exists(scope.ranking(Window.WEEK))


async def test_what_is_not_there(stories: Stories) -> None:
    with pytest.raises(NoStory):
        await stories.get("en", "a" * 16)
    assert await stories.find("en", []) == {}
    assert await stories.read_after("en", "a" * 16) == {}


async def test_rulings_flags_and_coverage_are_kept_until_taken_back(stories: Stories) -> None:
    await stories.rule("en", "a", {"verdict": "pin"})
    await stories.cover("en", "storm", {"title": "Storm", "stories": ["a"]})
    assert await stories.flag("en", "a", {"why": "revived"})
    assert not await stories.flag("en", "a", {"why": "few_readers"})
    assert await stories.rulings("en") == {"a": {"verdict": "pin"}}
    assert await stories.flags("en") == {"a": {"why": "revived"}}
    assert await stories.coverages("en") == {"storm": {"title": "Storm", "stories": ["a"]}}
    await stories.rule("en", "a", None)
    await stories.cover("en", "storm", None)
    assert not await stories.rulings("en") and not await stories.coverages("en")


async def test_links_that_nobody_has_registered_are_bounded(
    stories: Stories, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories_, "MOST_LINKS", 2)
    known = await registered(redis)
    await stories.note_links("en", {known.id: known.link, "a": "https://news.example.org/a"})
    await stories.note_links("en", {name: f"https://news.example.org/{name}" for name in "bcd"})
    assert list(await stories.unknown_links("en")) == ["a", "b"]
    await stories.drop_link("en", "a")
    assert list(await stories.unknown_links("en")) == ["b"]


async def test_old_stories_are_forgotten_with_all_that_was_said_of_them(stories: Stories) -> None:
    old, _ = await stories.register(CHANNEL, draft(published_at="2026-01-01T00:00:00Z"), NOW)
    new, _ = await stories.register(CHANNEL, draft("https://news.example.org/2"), NOW)
    await stories.rule("en", old.id, {"verdict": "pin"})
    await stories.register(CHANNEL, draft(published_at="2026-01-01T00:00:00Z", headline="a" * 16), NOW)
    assert await stories.redis.exists(Scope("en").key("stories:named"), Scope("en").key("stories:of")) == 2
    assert await stories.forget("en", NOW - 1) == 1
    assert await stories.redis.exists(*(Scope("en").key(name) for name in stories_.OF_HEADLINES)) == 0
    assert await stories.recent("en", NOW) == [new]
    assert await stories.rulings("en") == {}
    assert await stories.forget("en", NOW - 1) == 0
