"""The lists as readers get them, made on a real Redis: right, steady, and without what must not be shown."""

import asyncio
import json
import logging
import math
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.samples import NOW, Listener
from tests.servers import eventually
from tests.test_counting import ADDRESS, BROWSER
from tests.test_reads import CHANNEL, Now, read, reads_of, registered
from ticker import instant
from ticker.desk.desk import Desk
from ticker.fanout.fanout import Fanout
from ticker.fanout.hub import Hub
from ticker.fanout.subscription import Subscription
from ticker.filter import EVERYTHING
from ticker.headline import Draft, Patch
from ticker.most_read import lists as lists_
from ticker.most_read import ranking
from ticker.most_read.lists import TOLD_EVERY, TOLD_ROWS, Lists
from ticker.most_read.ranking import HOUR, LISTS, ROWS, Window
from ticker.most_read.reader import DAY, HALF_HOUR
from ticker.most_read.reads import Reads
from ticker.most_read.scope import Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import Story, StoryDraft, story_id
from ticker.store import Client, connect
from ticker.stream import Stream
from ticker.urgency import Urgency


@pytest.fixture
async def client(any_redis_url: str) -> AsyncIterator[Client]:
    async with connect(any_redis_url) as client:
        yield client


@pytest.fixture
def now() -> Now:
    return Now()


class Site:
    """A news site on one Redis: its stories, its readers, its lists."""

    def __init__(self, client: Client, now: Now) -> None:
        self.client, self.now = client, now
        self.reads: Reads = reads_of(client, now)
        self.stories, self.lists = Stories(client), Lists(Stories(client))
        self.headlines: dict[int, list[str]] = defaultdict(list)
        self._reader = 0

    async def story(self, number: int) -> Story:
        """Of one of three sections; two and two are of one group."""
        given = {"group": f"g{number // 2}"} if number < 4 else {}
        return await registered(self.client, number, f"Section {number % 3}", **given)

    async def read(self, story: Story, times: int) -> None:
        await self.reads.turn()
        for _ in range(times):
            self._reader += 1
            read(self.reads, story, self._reader << 8)
        await self.reads.turn(all_=True)

    async def ids(self, name: str = "24h", scope: Scope = Scope("en")) -> list[str]:  # noqa: B008  a tuple
        await self.lists.make(CHANNEL, self.now())
        return [row["id"] for row in (await self.lists.read(scope, name))[0]]

    async def told(self) -> list[dict[str, str]]:
        return [fields for _, fields in await self.client.xrange(Scope("en").key("log"))]


@pytest.fixture
def site(client: Client, now: Now) -> Site:
    return Site(client, now)


async def test_the_order_is_that_of_the_reads(site: Site, client: Client) -> None:
    few, many = await registered(client, 1, "World"), await registered(client, 2, "Sport", region="Coast")
    await site.read(few, 2)
    await site.read(many, 5)
    for name in LISTS:
        assert await site.ids(name) == [many.id, few.id]
    assert await site.ids(scope=Scope("en", "section", "World")) == [few.id]
    assert await site.ids(scope=Scope("en", "region", "Coast")) == [many.id]
    rows, as_of = await site.lists.read(Scope("en"), "24h")
    assert as_of == NOW
    assert rows[0] == {
        "id": many.id, "title": "Story 2", "link": "https://news.example.org/2", "section": "Sport", "region": "Coast",
        "published_at": "2026-11-23T09:00:00.000Z", "rank": 1,
    }  # fmt: skip
    told = await site.lists.explain(Scope("en"), [many.id], NOW)
    assert told[many.id]["counted"] == 5
    assert told[many.id]["reads"] == pytest.approx(dict.fromkeys(Window, 5), abs=0.01)
    assert told[many.id]["rising"] == pytest.approx(5 / (5 / 24 + 1), abs=0.01)
    assert "ruling" not in told[many.id]
    await site.stories.rule("en", many.id, {"verdict": "pin"})
    assert (await site.lists.explain(Scope("en"), [many.id], NOW))[many.id]["ruling"] == "pin"


async def test_the_hour_forgets_what_the_week_remembers(site: Site, client: Client, now: Now) -> None:
    old, new = await registered(client, 1), await registered(client, 2)
    await site.read(old, 40)
    now.ms += 6 * HOUR
    await site.read(new, 10)
    assert await site.ids("1h") == [new.id]
    assert await site.ids("7d") == [old.id, new.id]
    assert (await site.ids("rising"))[0] == new.id


async def test_what_changes_stands_in_the_log_once(site: Site, client: Client, now: Now) -> None:
    one, two = await registered(client, 1), await registered(client, 2)
    await site.read(one, 3)
    await site.ids()
    await site.ids()
    assert await site.told() == [{"type": "most_read", "id": f"most_read:{name}"} for name in LISTS]
    await site.read(two, 9)
    await site.ids()
    assert len(await site.told()) == len(LISTS)  # it was told a moment ago
    now.ms += TOLD_EVERY
    assert await site.ids() == [two.id, one.id]
    assert len(await site.told()) == 2 * len(LISTS)
    other = Lists(Stories(client))
    now.ms += TOLD_EVERY
    await other.make(CHANNEL, now())
    assert len(await site.told()) == 2 * len(LISTS)  # a second scheduler finds nothing to do


async def test_no_list_is_longer_than_it_may_be(site: Site, client: Client, now: Now) -> None:
    for number in range(ROWS + 10):
        await site.read(await registered(client, number, None), 2)
    assert len(await site.ids()) == ROWS
    told = json.loads(await client.hget(Scope("en").lists, "told:24h"))
    assert told["as_of"] == instant.format(now())
    assert [row["rank"] for row in told["stories"]] == list(range(1, TOLD_ROWS + 1))
    assert told["window"] == "24h"


async def published(client: Client, story: Story, **fields: Any) -> tuple[Desk, str]:
    stream = Stream(client, _ClockAt(NOW))  # type: ignore[arg-type]
    desk = Desk(stream, {"en": CHANNEL})
    record = (await desk.publish("en", Draft(text=story.title, link=story.link, **fields), by="ann")).record
    assert record
    return desk, record.id


class _ClockAt:
    def __init__(self, ms: int) -> None:
        self.ms = ms

    def now(self, _: int) -> int:
        return self.ms

    def observe(self, *_: int) -> None:
        pass


@pytest.mark.parametrize("kept", ["draft", "awaiting", "scheduled", "held"])
async def test_a_story_comes_with_its_headline(site: Site, client: Client, now: Now, kept: str) -> None:
    """Whatever keeps that on the desk; and from the moment at which the story names it."""
    stream = Stream(client, _ClockAt(NOW))  # type: ignore[arg-type]
    channel = CHANNEL.model_copy(update={"approval": frozenset({Urgency.FLASH})})
    desk, urgency = Desk(stream, {"en": channel}), Urgency.FLASH if kept == "awaiting" else Urgency.ROUTINE
    given = {"draft": {"state": "draft"}, "awaiting": {}}.get(kept, {"publish_at": NOW + HOUR})
    record = (await desk.publish("en", Draft(text="Not yet", urgency=urgency, **given), by="ann")).record
    assert record
    if kept == "held":
        assert (await desk.hold("en", record.id, by="ann")).record
    one = await registered(client, 1, headline=record.id)
    await site.read(one, 5)
    assert await site.ids() == []
    assert await site.lists.withheld.reasons("en", [one.id]) == {one.id: "held"}
    if kept == "awaiting":
        await desk.approve("en", record.id, by="bob")
    for _ in range({"awaiting": 0, "held": 2}.get(kept, 1)):  # what is held waits for its hour again
        await desk.release("en", record.id, by="bob")
    assert await site.ids() == [one.id]
    assert await site.lists.withheld.headlines("en", [one.id]) == {one.id: record.id}


async def test_a_story_that_is_published_later_is_listed_then(site: Site, client: Client, now: Now) -> None:
    draft = StoryDraft(title="Later", link="https://news.example.org/later", published_at=NOW + 60_000)
    one, _ = await site.stories.register(CHANNEL, draft, NOW)
    await site.read(one, 5)
    assert await site.ids() == []
    now.ms = NOW + 60_000
    assert await site.ids() == [one.id]


async def test_one_network_has_no_story_held_out_however_often_its_readers_come_back(
    site: Site, client: Client, now: Now
) -> None:
    """Two hundred others in a day are enough: thirty of a network's reads an hour count whole."""
    one, other = await registered(client, 1), await registered(client, 2)
    now.ms = NOW // DAY * DAY + DAY
    await site.read(one, 210)
    await site.read(other, 20)
    for _ in range(24):
        for agent in range(100):
            site.reads.count("en", f"s={one.id}&d=9", ADDRESS, f"{BROWSER} {agent}")
        await site.reads.turn(all_=True)
        assert one.id in await site.ids("7d")
        now.ms += HOUR
    assert await site.stories.flags("en") == {}


async def test_a_story_leaves_with_its_headline(site: Site, client: Client) -> None:
    one, two = await registered(client, 1), await registered(client, 2)
    await site.read(one, 5)
    await site.read(two, 3)
    desk, headline = await published(client, one)
    assert await site.ids() == [one.id, two.id]
    assert (await site.lists.read(Scope("en"), "24h"))[0][0]["headline"] == headline
    before = len(await site.told())
    await desk.hold("en", headline, by="bob")
    for name in LISTS:
        assert await site.ids(name) == [two.id]
    assert [fields["type"] for fields in (await site.told())[before:]] == ["held", *["most_read"] * len(LISTS)]
    await desk.release("en", headline, by="bob")
    site.now.ms += TOLD_EVERY
    assert await site.ids() == [one.id, two.id]
    await desk.retract("en", headline, "wrong", by="bob")
    assert await site.ids() == [two.id]
    assert await site.ids(scope=Scope("en", "section", "World")) == [two.id]


async def test_an_expired_headline_takes_its_story_along_unless_another_is_live(site: Site, client: Client) -> None:
    story = await registered(client, 1)
    await site.read(story, 5)
    desk, first = await published(client, story)
    _, second = await published(client, story)
    await desk.expire("en", first, at_once=True)
    assert await site.ids() == [story.id]
    await desk.expire("en", second, at_once=True)
    assert await site.ids() == []


async def test_a_story_may_name_its_headline(site: Site, client: Client) -> None:
    story = await registered(client, 1)
    desk, headline = await published(client, await registered(client, 99))
    await desk.hold("en", headline, by="ann")
    await site.read(story, 5)
    assert await site.ids() == [story.id]
    await registered(client, 1, headline=headline)
    assert await site.ids() == []
    await desk.release("en", headline, by="ann")
    site.now.ms += TOLD_EVERY
    assert await site.ids() == [story.id]
    await desk.retract("en", headline, "wrong", by="ann")
    assert await site.ids() == []
    await registered(client, 2, headline=headline)
    await site.read(await registered(client, 2), 9)
    assert await site.ids() == []


async def test_editors_pin_exclude_and_allow(site: Site, client: Client, now: Now) -> None:
    one, two, unread = [await registered(client, number) for number in range(3)]
    await site.read(one, 9)
    await site.read(two, 3)
    await site.stories.rule("en", unread.id, {"verdict": "pin", "place": 1})
    await site.stories.rule("en", one.id, {"verdict": "exclude"})
    assert await site.ids() == [unread.id, two.id]
    await site.stories.rule("en", unread.id, None)
    await site.stories.rule("en", one.id, None)
    await site.stories.flag("en", one.id, {"why": "few_readers", "at": NOW})
    now.ms += TOLD_EVERY
    assert await site.ids() == [two.id]
    await site.stories.rule("en", one.id, {"verdict": "allow"})
    now.ms += TOLD_EVERY
    assert await site.ids() == [one.id, two.id]


async def test_what_is_kept_out_of_the_lists_is_kept_out_of_what_to_read_next_and_nothing_else(
    site: Site, client: Client, now: Now
) -> None:
    flagged, allowed, pinned, excluded, expired = [await registered(client, number) for number in range(5)]
    for story in (flagged, allowed, pinned):
        await site.stories.flag("en", story.id, {"why": "few_readers", "at": NOW})
    for story, verdict in ((allowed, "allow"), (pinned, "pin"), (excluded, "exclude")):
        await site.stories.rule("en", story.id, {"verdict": verdict})
    desk, headline = await published(client, expired)
    await desk.expire("en", headline, at_once=True)
    every = [flagged, allowed, pinned, excluded, expired]
    for story in every:
        await site.read(story, 3)
    for leave, out in ((True, {flagged.id, excluded.id, expired.id}), (False, {flagged.id, excluded.id})):
        channel = CHANNEL.model_copy(
            update={"most_read": CHANNEL.most_read.model_copy(update={"expired_leave": leave})}
        )
        lists = Lists(site.stories)
        await lists.make(channel, now())
        listed = {row["id"] for row in (await lists.read(Scope("en"), "24h"))[0]}
        assert (await lists.around(channel, now())).barred == out == {story.id for story in every} - listed


async def test_thirteen_hundred_readers_of_a_dead_story_in_two_days_raise_the_flag(
    site: Site, client: Client, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    dead = await registered(client, 1)
    await site.read(dead, 1)
    now.ms += 10 * DAY
    alive = await registered(client, 2)
    await site.stories.register(CHANNEL, _draft(2, now.ms), now.ms)
    for _ in range(48):
        await site.read(alive, 40)
        await site.read(dead, 27)
        now.ms += HOUR
    with caplog.at_level(logging.WARNING):
        assert await site.ids() == [alive.id]
    assert "suddenly read" in caplog.text
    assert {id_: flag["why"] for id_, flag in (await site.stories.flags("en")).items()} == {dead.id: "revived"}


async def test_thirty_who_come_back_every_hour_raise_the_flag(
    site: Site, client: Client, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    """Another network each, and no story that was dead: each of them counts, and they are thirty all the same."""
    pushed, lead = await registered(client, 1), await registered(client, 2)
    now.ms = NOW // DAY * DAY + HOUR
    for _ in range(8):
        await site.read(lead, 20)
        for reader in range(30):
            read(site.reads, pushed, (1_000 + reader) << 8)
        await site.reads.turn(all_=True)
        now.ms += 2 * HALF_HOUR
    with caplog.at_level(logging.WARNING):
        assert await site.ids() == [lead.id]
    assert "by the same few" in caplog.text
    assert {id_: flag["why"] for id_, flag in (await site.stories.flags("en")).items()} == {pushed.id: "few_readers"}
    await site.stories.rule("en", pushed.id, {"verdict": "allow"})
    now.ms += TOLD_EVERY
    assert await site.ids() == [pushed.id, lead.id]


async def test_a_surprise_that_goes_from_hand_to_hand_is_not_held_out(site: Site, client: Client, now: Now) -> None:
    """Nobody comes from a page, some come back later: what a messenger brings."""
    lead, surprise = await registered(client, 1), await registered(client, 2)
    await site.read(lead, 200)
    for _ in range(3):
        for reader in range(900):
            read(site.reads, surprise, (2_000 + reader) << 8)
        await site.reads.turn(all_=True)
        now.ms += 2 * HALF_HOUR
    assert await site.ids() == [surprise.id, lead.id]
    assert await site.stories.flags("en") == {}


def _draft(number: int, at: int) -> Any:
    return StoryDraft(title="Alive", link=f"https://news.example.org/{number}", section="World", published_at=at)


async def test_one_address_with_a_hundred_thousand_hits_moves_nothing(site: Site, client: Client) -> None:
    lead, pushed = await registered(client, 1), await registered(client, 2)
    await site.read(lead, 3)
    await site.reads.turn()
    for _ in range(100_000):
        site.reads.count("en", f"s={pushed.id}&d=9", ADDRESS, BROWSER)
    await site.reads.turn(all_=True)
    assert await site.ids() == [lead.id, pushed.id]
    assert (await site.lists.explain(Scope("en"), [pushed.id], NOW))[pushed.id]["counted"] == 1


async def test_forty_thousand_readers_behind_one_carrier_are_not_suppressed(site: Site, client: Client) -> None:
    """They share a thousand agents, and read other stories too. Each agent is one reader, and their sum counts."""
    lead, second = await registered(client, 1), await registered(client, 2)
    await site.read(second, 200)
    for reader in range(40_000):
        site.reads.count("en", f"s={lead.id}&d=9", "198.18.0.1", f"{BROWSER} {reader % 1_000}")
        if reader % 5 == 0:
            site.reads.count("en", f"s={second.id}&d=9", "198.18.0.1", f"{BROWSER} {reader % 1_000}")
    for reader in range(200):  # and those at home
        site.reads.count("en", f"s={lead.id}&d=9", f"198.19.{reader}.1", BROWSER)
    await site.reads.turn(all_=True)
    told = await site.lists.explain(Scope("en"), [lead.id, second.id], NOW)
    assert told[lead.id]["counted"] == 1_200
    assert told[lead.id]["reads"]["24h"] == pytest.approx(200 + 30 + 2 * 30**0.5 * (1_000**0.5 - 30**0.5), rel=0.01)
    assert await site.ids() == [lead.id, second.id]
    assert await site.stories.flags("en") == {}


async def test_what_is_forgotten_is_gone(site: Site, client: Client, now: Now) -> None:
    story, kept = await registered(client, 1), await registered(client, 2)
    await site.read(story, 1)
    await site.read(kept, 40)
    now.ms += 5 * Window.HOUR.half_life
    await site.lists.prune(CHANNEL, now())
    assert await client.zrange(Scope("en").ranking(Window.HOUR), 0, -1) == [kept.id]
    assert await client.zcard(Scope("en").ranking(Window.WEEK)) == 2
    now.ms += 31 * DAY
    await site.lists.prune(CHANNEL, now())
    assert await site.stories.recent("en", NOW) == []
    assert await client.hgetall(Scope("en").readers) == {}


async def test_what_is_far_down_is_let_go_of(site: Site, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists_, "MOST_STORIES", 2)
    ids = []
    for number in range(4):
        story = await registered(client, number)
        await site.read(story, 2 + number)
        ids.append(story.id)
    await site.lists.prune(CHANNEL, NOW)
    for scope in (Scope("en"), Scope("en", "section", "World")):
        assert await client.zrange(scope.ranking(Window.DAY), 0, -1) == ids[2:]


async def test_readers_are_told_and_who_was_away_gets_the_last_list(redis: Client, settings: Any) -> None:
    site = Site(redis, Now())
    stream = Stream(redis, _ClockAt(NOW))  # type: ignore[arg-type]
    hub = Hub(stream, {"en": CHANNEL})
    story = await registered(redis, 1)
    fanout: Fanout = hub.fanouts["en"]
    running = asyncio.create_task(hub.run())
    try:
        await eventually(lambda: fanout.position)
        start, listener = fanout.position, Listener()

        def told() -> list[dict[str, Any]]:
            return [message for message in listener.messages if message["type"] == "most_read"]

        hub.join(Subscription("en", after=str(start)), listener)
        await site.read(story, 5)
        await site.ids()
        await eventually(lambda: len(told()) == len(LISTS))
        messages = told()
        assert {message["window"] for message in messages} == set(LISTS)
        assert messages[0]["stories"][0]["title"] == "Story 1"
        assert messages[-1]["position"] == str(fanout.position)
        missed = fanout.group(EVERYTHING).messages(start)
        assert [message.type for message in missed] == ["most_read"] * len(LISTS)
        assert len(fanout.board) == 0
        assert await stream.holds("en", fanout.position)  # type: ignore[arg-type]
        later = Fanout(CHANNEL, every_ms=1)
        later.load(await stream.load("en"))
        assert later.position == fanout.position
        assert len(later.group(EVERYTHING).messages(start)) == len(LISTS)
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_a_headline_that_is_no_story_keeps_nobody_from_being_listed(site: Site, client: Client) -> None:
    odd = {"id": "a" * 16, "text": "x", "link": "https://news.example.org/1", "lang": "?"}
    await client.xadd(Scope("en").key("log"), {"type": "published", "id": odd["id"], "headline": json.dumps(odd)})
    story = await registered(client, 2)
    await site.read(story, 2)
    assert await site.ids() == [story.id]
    assert await client.get(Scope("en").key("stories:followed"))


async def test_a_headline_is_a_story_until_somebody_says_more(site: Site, client: Client) -> None:
    desk, headline = await published(client, _unregistered(), section="Sea")
    await site.ids()
    id_ = _unregistered().id
    assert (await site.stories.get("en", id_)).section == "Sea"
    await desk.edit("en", headline, Patch(text="Better words"), 1, by="ann")
    await site.ids()
    assert (await site.stories.get("en", id_)).title == "Better words"
    await site.stories.register(CHANNEL, StoryDraft(title="The CMS's", link=_unregistered().link), NOW)
    await desk.edit("en", headline, Patch(text="Other words"), 2, by="ann")
    await site.ids()
    assert (await site.stories.get("en", id_)).title == "The CMS's"


def _unregistered() -> Story:
    link = "https://news.example.org/unregistered"
    return Story(id=story_id(link), title="Its own words", link=link, published_at=NOW)


# --- made only when they must be --------------------------------------------------------------------------------------


@pytest.fixture
def ranked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many lists were made."""
    made: list[int] = []
    rank = ranking.rank

    def counted(*args: Any) -> Any:
        made.append(1)
        return rank(*args)

    monkeypatch.setattr(ranking, "rank", counted)
    return made


async def test_lists_that_stand_are_left_alone(site: Site, client: Client, now: Now, ranked: list[int]) -> None:
    stories = [await registered(client, number, f"Section {number}") for number in range(10)]
    for story in stories:
        await site.read(story, 20)

    async def made() -> int:
        ranked.clear()
        await site.lists.make(CHANNEL, now())
        return len(ranked)

    assert await made() == 11 * len(LISTS)
    now.ms += 2_000
    assert await made() == 0
    assert (await site.lists.read(Scope("en"), "24h"))[1] == now.ms  # they are as of now all the same
    await site.read(stories[3], 1)
    assert await made() == 2 * len(LISTS)  # the channel's and its section's
    await site.stories.rule("en", stories[4].id, {"verdict": "exclude"})
    assert await made() == 2 * len(LISTS)
    await registered(client, 5, "Section 5", image="https://img.example/5.png")
    assert await made() == 2 * len(LISTS)
    now.ms += 12 * HOUR  # nobody has read anything, and of the hour's reads none is left
    assert await made() == 10 * len(LISTS)  # but for the section whose only story is excluded
    assert await site.ids("1h") == []
    assert len(await site.ids("7d")) == 9


async def test_what_could_not_be_kept_is_made_again(site: Site, client: Client) -> None:
    story = await registered(client, 1)
    await site.read(story, 3)
    keep, site.lists._keep = site.lists._keep, _gone  # type: ignore[method-assign]
    with pytest.raises(OSError, match="away"):
        await site.lists.make(CHANNEL, NOW)
    site.lists._keep = keep  # type: ignore[method-assign]
    assert await site.ids() == [story.id]


async def _gone(*_: Any) -> None:
    raise OSError("Redis is away")


async def test_a_story_that_comes_of_age_is_looked_into_though_nobody_reads_it(
    site: Site, client: Client, now: Now
) -> None:
    story = await registered(client, 1)
    await site.read(await registered(client, 2), 1)
    now.ms = NOW + 3 * DAY - HOUR
    await site.read(story, 40)
    assert (await site.ids("7d"))[0] == story.id
    now.ms += 2 * HOUR
    assert story.id not in await site.ids("7d")
    assert {id_: flag["why"] for id_, flag in (await site.stories.flags("en")).items()} == {story.id: "revived"}


async def test_a_live_page_comes_of_age_and_stays(site: Site, client: Client, now: Now) -> None:
    story = await registered(client, 1)
    while now.ms <= NOW + 5 * DAY:
        await site.read(story, 9)
        now.ms += 2 * HOUR
        assert await site.ids("7d") == [story.id]


async def test_what_was_old_when_counting_began_is_not_taken_for_dead(site: Site, client: Client, now: Now) -> None:
    story = await registered(client, 1)
    now.ms += 20 * DAY
    for _ in range(48):
        await site.read(story, 9)
        now.ms += 2 * HOUR
        assert await site.ids("7d") == [story.id]


async def test_a_list_is_not_kept_over_one_that_was_kept_meanwhile(site: Site, client: Client) -> None:
    await site.read(await registered(client, 1), 3)
    await site.ids()
    scope = Scope("en")
    before = await client.hgetall(scope.lists)
    keys = [scope.lists, scope.key("log"), scope.key("meta")]
    for version in ("", "0", "99"):
        assert await client.eval(lists_.KEEP, len(keys), *keys, version, "e", "24h", "[]", "{}") == ""
    assert await client.hgetall(scope.lists) == before
    assert await client.eval(lists_.KEEP, len(keys), *keys, before["version"], "e", "24h", "[]", "") == "2"
    assert await client.hget(scope.lists, "24h") == "[]"


async def test_two_schedulers_agree_whoever_comes_first(site: Site, client: Client, now: Now) -> None:
    one, two, other = await registered(client, 1), await registered(client, 2), Lists(Stories(client))
    for lists, story, times in ((site.lists, one, 3), (other, two, 9), (site.lists, one, 20), (other, two, 40)):
        await site.read(story, times)
        now.ms += TOLD_EVERY
        await lists.make(CHANNEL, now())
        assert (await lists.read(Scope("en"), "24h"))[0][0]["id"] == story.id
    await client.hset(Scope("en").lists, mapping={"24h": "[]", "version": 1})  # an older copy
    await other.make(CHANNEL, now())
    assert [row["id"] for row in (await other.read(Scope("en"), "24h"))[0]] == [two.id, one.id]


@pytest.mark.parametrize("seed", range(3))
async def test_they_are_those_that_are_made_at_every_look(redis_url: str, seed: int) -> None:
    """Two sites, each on a database of its own, where the same happens; at one of them all lists are always made."""
    chance, now = random.Random(seed), Now()
    async with connect(redis_url) as first, connect(redis_url.replace("/0", "/1")) as second:
        sites = Site(first, now), Site(second, now)
        for _ in range(80):
            now.ms += chance.choice((2_000, 2_000, 2_000, 30_000, 10 * 60_000, 3 * HOUR))
            happening = _happening(chance)
            for site in sites:
                await happening(site)
            for made in sites[1].lists._made.get("en", {}).values():
                made.until = -math.inf
            found = [await _all_lists(site) for site in sites]
            assert found[0] == found[1]
        assert any(len(row) > 100 for row in found[0].values())


def _happening(chance: random.Random) -> Callable[[Site], Awaitable[Any]]:
    """Something that may happen at a site, the same at each."""
    number, times, what = chance.randrange(12), chance.randrange(1, 40), chance.randrange(8)
    verdict = chance.choice(({"verdict": "pin", "place": 2}, {"verdict": "exclude"}, None))

    async def happens(site: Site) -> None:
        story = await site.story(number)
        if what < 4:
            await site.read(story, times)
        elif what == 4:
            await site.stories.rule("en", story.id, verdict)
        elif what == 5:
            site.headlines[number].append((await published(site.client, story))[1])
        elif site.headlines[number]:
            desk = Desk(Stream(site.client, _ClockAt(NOW)), {"en": CHANNEL})  # type: ignore[arg-type]
            if what == 6:
                await desk.expire("en", site.headlines[number][-1], at_once=True)
            else:
                await desk.hold("en", site.headlines[number][-1], by="ann")

    return happens


async def _all_lists(site: Site) -> dict[str, str]:
    await site.lists.make(CHANNEL, site.now())
    found = {}
    for scope in await site.stories.scopes("en"):
        for name, text in (await site.client.hgetall(scope.lists)).items():
            rows = text
            for number, headlines in site.headlines.items():
                for at, headline in enumerate(headlines):
                    rows = rows.replace(headline, f"headline {number} {at}")
            found[f"{scope.path} {name}"] = rows
    return found


def test_candidates_are_more_than_rows() -> None:
    assert ranking.CANDIDATES > ranking.ROWS
