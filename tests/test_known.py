"""What is known of stories is what Redis has, and what has not changed is not read again."""

from typing import Any

import pytest

from tests.samples import NOW
from tests.test_lists import published
from tests.test_reads import CHANNEL, registered
from ticker.headline import Patch
from ticker.most_read import known as known_
from ticker.most_read import stories as stories_
from ticker.most_read.known import Known
from ticker.most_read.scope import Scope
from ticker.most_read.stories import Stories
from ticker.most_read.withheld import Withheld
from ticker.store import Client


class Counted:
    """A client that notes what is asked for of hashes."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.fields = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def pipeline(self, **options: Any) -> Any:
        pipe = self.client.pipeline(**options)
        hmget = pipe.hmget

        def counted(key: str, fields: list[str]) -> Any:
            self.fields += len(fields)
            return hmget(key, fields)

        pipe.hmget = counted
        return pipe


@pytest.fixture
def counted(redis: Client) -> Counted:
    return Counted(redis)


@pytest.fixture
def known(counted: Counted) -> Known:
    return Known(Stories(counted), "en")


async def follow(redis: Client) -> None:
    async def adopt(_: list[dict[str, Any]]) -> None:
        pass

    await Withheld(redis).follow(CHANNEL, adopt)


async def test_what_has_not_changed_is_not_read_again(known: Known, counted: Counted, redis: Client) -> None:
    ids = {(await registered(redis, number)).id for number in range(20)}
    assert await known.look(ids) == ids
    assert set(known.stories) == ids
    before = counted.fields
    assert await known.look(ids) == set()
    assert counted.fields == before
    one = await registered(redis, 3, "Sport")
    await registered(redis, 99)
    assert await known.look(ids) == {one.id}
    assert known.stories[one.id].section == "Sport"
    assert counted.fields == before + 2


async def test_what_editors_and_the_gate_say_is_heard(known: Known, redis: Client) -> None:
    one, two, others = await registered(redis, 1), await registered(redis, 2), Stories(redis)
    await known.look({one.id})
    await others.rule("en", two.id, {"verdict": "pin", "place": 3})
    assert await known.look({one.id}) == {two.id}  # a pin need not have been read
    assert known.held.rulings[two.id].place == 3
    assert two.id in known.stories
    await others.rule("en", two.id, None)
    assert await known.look({one.id}) == {two.id}
    assert known.held.rulings == {}
    await others.flag("en", one.id, {"why": "few_readers", "at": NOW})
    assert await known.look({one.id}) == {one.id}
    assert known.held.flags == {one.id: "few_readers"}
    assert await known.look({one.id}) == set()


async def test_headlines_come_and_go(known: Known, redis: Client) -> None:
    one, two = await registered(redis, 1), await registered(redis, 2)
    desk, headline = await published(redis, one)
    await follow(redis)
    await known.look({one.id, two.id})
    assert known.row(one.id, 1).endswith(f'"rank":1,"headline":"{headline}"}}')
    await desk.hold("en", headline, by="ann")
    assert await known.look({one.id, two.id}) == set()  # nobody has folded the log yet
    await follow(redis)
    assert await known.look({one.id, two.id}) == {one.id}
    assert known.held.withheld == {one.id: "held"}
    await desk.release("en", headline, by="ann")
    record = await desk.edit("en", headline, Patch(link=two.link), 1, by="ann")
    assert record.record
    await follow(redis)
    assert await known.look({one.id, two.id}) == {one.id, two.id}  # the one that it was about, and the one it is about
    assert known.held.withheld == {}
    assert known.row(one.id, 1).endswith('"rank":1}')
    assert headline in known.row(two.id, 1)
    _, later = await published(redis, two)
    await follow(redis)
    assert await known.look({one.id, two.id}) == {two.id}
    assert later in known.row(two.id, 1)  # of two that are live, the one that came last


async def test_a_story_that_names_its_headline_leaves_with_it(known: Known, redis: Client) -> None:
    desk, headline = await published(redis, await registered(redis, 9))
    await follow(redis)
    one = await registered(redis, 1)
    await known.look({one.id})
    await desk.retract("en", headline, "wrong", by="ann")
    await follow(redis)
    await registered(redis, 1, headline=headline)
    assert one.id in await known.look({one.id})
    assert known.held.withheld[one.id] == "retracted"


async def test_after_more_than_is_noted_everything_is_read(
    known: Known, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (stories_, known_):
        monkeypatch.setattr(module, "SAID", 2)
    ids = [(await registered(redis, number)).id for number in range(4)]
    await known.look(ids)
    for number in range(4):
        await registered(redis, number, "Sport")
    assert await known.look(ids) == set(ids)
    assert {story.section for story in known.stories.values()} == {"Sport"}
    assert await known.look(ids) == set()


async def test_after_more_events_than_are_looked_at_everything_is_read(
    known: Known, redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_, "EVENTS", 2)
    desks = [await published(redis, await registered(redis, number)) for number in range(4)]
    await follow(redis)
    ids = [(await registered(redis, number)).id for number in range(4)]
    await known.look(ids)
    for desk, headline in desks:
        await desk.hold("en", headline, by="ann")
    await follow(redis)
    assert await known.look(ids) == set(ids)
    assert set(known.held.withheld.values()) == {"held"}


async def test_a_redis_with_other_data_is_read_anew(known: Known, redis: Client) -> None:
    """As after a backup was restored: the channel has another epoch then, and nothing is where it was."""
    one = await registered(redis, 1)
    await known.look({one.id})
    await redis.hset(Scope("en").key("stories"), one.id, one.model_copy(update={"title": "Before"}).to_json())
    await redis.hset(Scope("en").key("meta"), "epoch", "another")
    assert await known.look({one.id}) == {one.id}
    assert known.stories[one.id].title == "Before"


async def test_what_a_fault_kept_from_being_read_is_read_later(known: Known, redis: Client) -> None:
    one = await registered(redis, 1)
    await known.look({one.id})
    await registered(redis, 1, "Sport")
    read, known._read = known._read, _gone  # type: ignore[method-assign]
    with pytest.raises(OSError, match="away"):
        await known.look({one.id})
    known._read = read  # type: ignore[method-assign]
    assert await known.look({one.id}) == {one.id}
    assert known.stories[one.id].section == "Sport"


async def _gone(_: list[str]) -> Any:
    raise OSError("Redis is away")


async def test_what_is_no_longer_listed_is_let_go_of(known: Known, redis: Client) -> None:
    one, two, ruled = [await registered(redis, number) for number in range(3)]
    await Stories(redis).rule("en", ruled.id, {"verdict": "exclude"})
    await known.look({one.id, two.id})
    known.forget_but({one.id})
    assert set(known.stories) == {one.id, ruled.id}
    assert await known.look({one.id, two.id}) == {two.id}
    await Stories(redis).forget("en", NOW + 1)
    assert await known.look({one.id}) == {one.id, two.id, ruled.id}
    assert known.stories == {}
