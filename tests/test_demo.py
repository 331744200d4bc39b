import itertools

import aiohttp
import pytest

from ticker.channel import Channel
from ticker.seen import Known
from workers import demo, match
from workers.identity import identify
from workers.scenes import ENGLISH
from workers.sources import parse

NOW = 1_795_435_200_000
CYCLE = len(ENGLISH) * demo.STEP

every_channel = pytest.mark.parametrize("channel", demo.STORIES)


def read(channel: str, now: int):
    body, content_type = demo.wire(channel, now)
    return parse(body, content_type, "http://127.0.0.1/", now)


def source(channel: str):
    return next(one for one in demo.sources("http://127.0.0.1:1") if one.channel == channel)


@every_channel
def test_the_format_says_what_was_meant(channel):
    document = read(channel, NOW)
    stories = {item.id: item for item in demo.items(channel, NOW)}

    assert len(stories) == len(document.entries) + len(document.tombstones)
    for entry in document.entries:
        meant = stories[entry.id]
        assert (meant.text, meant.story.urgency, meant.expires) == (entry.title, entry.urgency, entry.expires)
        assert (meant.embargo, meant.correction or None) == (entry.embargo, entry.correction)
        assert not entry.embargo_unreadable
        assert (meant.story.section,) == entry.categories
    assert [stone.ref for stone in document.tombstones] == [one.id for one in stories.values() if one.killed]


@every_channel
def test_a_page_is_full_at_once_and_something_new_comes_all_the_time(channel):
    plan = match.decide(identify(read(channel, NOW), source(channel)), Known(), source(channel), NOW)
    assert sum(isinstance(action, match.Publish) for action in plan.actions) >= 24

    documents = [demo.wire(channel, NOW + ms)[0] for ms in range(0, CYCLE, 1000)]
    changes = [n for n, (one, other) in enumerate(itertools.pairwise(documents)) if one != other]
    assert max(b - a for a, b in itertools.pairwise(changes)) <= 25


@every_channel
def test_the_next_cycle_has_new_ids_and_a_function_of_time_says_the_same_again(channel):
    now, later = ({item.id for item in demo.items(channel, NOW + ms)} for ms in (0, CYCLE))

    assert not now & later
    assert demo.wire(channel, NOW) == demo.wire(channel, NOW)


async def test_it_is_served_with_validators():
    async with demo.serve(lambda: NOW) as address, aiohttp.ClientSession() as session:
        async with session.get(f"{address}/en") as first:
            assert (200, demo.wire("en", NOW)[0]) == (first.status, await first.read())
        async with session.get(f"{address}/en", headers={"If-None-Match": first.headers["ETag"]}) as second:
            assert second.status == 304
        async with session.get(f"{address}/xx") as third:
            assert third.status == 404


def test_its_sources_are_for_the_default_channels():
    assert [one.name for one in demo.sources("http://127.0.0.1:1")] == ["demo-en", "demo-ar", "demo-es"]
    assert all(Channel(name=one.channel).limit >= len(ENGLISH) for one in demo.sources("http://127.0.0.1:1"))
