"""What the log says of headlines, as it bears on stories."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import headline
from tests.test_reads import CHANNEL
from ticker.events import EventType, removal, upsert
from ticker.most_read import withheld
from ticker.most_read.scope import Scope
from ticker.most_read.story import story_id
from ticker.most_read.withheld import LIVE, REMOVED, Withheld, why
from ticker.store import Client

STATES = st.dictionaries(st.text(min_size=1), st.sampled_from([LIVE, *REMOVED]))


@given(STATES)
def test_a_kill_wins_and_a_live_headline_outlives_an_expired_one(states: dict[str, str]) -> None:
    reason, found = why(states), set(states.values())
    if "retracted" in found:
        assert reason == "retracted"
    elif "held" in found:
        assert reason == "held"
    else:
        assert reason == ("expired" if found == {"expired"} else None)


class Log:
    def __init__(self, redis: Client) -> None:
        self.redis, self.withheld, self.adopted = redis, Withheld(redis), list[str]()

    async def says(self, kind: EventType, number: int, link: str = "") -> None:
        id_ = f"{'abcdefgh'[number]:a>16}"
        event = removal(kind, id_) if kind.removes else upsert(kind, headline(id_, link=link or None))
        await self.redis.xadd(Scope("en").key("log"), event.to_fields())

    async def read(self) -> dict[str, str]:
        async def adopt(headlines: list[dict[str, Any]]) -> None:
            self.adopted += [one["id"] for one in headlines]

        await self.withheld.follow(CHANNEL, adopt)
        return await self.withheld.all_reasons("en")


@pytest.fixture
def log(redis: Client) -> Log:
    return Log(redis)


LINK, OTHER = "https://news.example.org/1", "https://news.example.org/2"


async def test_the_log_is_followed_to_its_end_once(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withheld, "AT_ONCE", 2)
    for number in range(5):
        await log.says(EventType.PUBLISHED, number, f"https://news.example.org/{number}")
    await log.says(EventType.HELD, 3)
    assert await log.read() == {story_id("https://news.example.org/3"): "held"}
    assert len(log.adopted) == 5
    await log.read()
    assert len(log.adopted) == 5
    await log.says(EventType.RELEASED, 3, "https://news.example.org/3")
    assert await log.read() == {}


async def test_a_headline_that_gets_another_link_is_about_another_story(log: Log) -> None:
    await log.says(EventType.PUBLISHED, 1, LINK)
    await log.says(EventType.UPDATED, 1, OTHER)
    await log.says(EventType.RETRACTED, 1)
    assert await log.read() == {story_id(OTHER): "retracted"}


async def test_links_elsewhere_and_other_events_are_nothing_to_us(log: Log, redis: Client) -> None:
    await log.says(EventType.PUBLISHED, 1, "https://elsewhere.example/1")
    await log.says(EventType.PUBLISHED, 2)
    await log.says(EventType.RETRACTED, 1)
    await redis.xadd(Scope("en").key("log"), {"type": "later", "id": "x"})
    assert await log.read() == {}


async def test_two_that_follow_at_once_do_not_undo_each_other(log: Log, redis: Client) -> None:
    other = Log(redis)
    await log.says(EventType.PUBLISHED, 1, LINK)
    followed = await redis.xrange(Scope("en").key("log"))
    writes = await other.withheld._writes(CHANNEL, withheld._keys("en"), [fields for _, fields in followed])
    await log.says(EventType.RETRACTED, 1)
    assert await log.read() == {story_id(LINK): "retracted"}
    keys = withheld._keys("en")
    assert await redis.eval(withheld.FOLD, len(keys), *keys, "", followed[-1][0], *writes) == 0
    assert await other.read() == {story_id(LINK): "retracted"}


@pytest.mark.parametrize("left", [EventType.HELD, EventType.RETRACTED, EventType.EXPIRED])
async def test_a_story_from_which_another_takes_its_headline_is_free_of_it(log: Log, left: EventType) -> None:
    """Whatever had become of it, and whatever becomes of it then."""
    id_, mine, linked = f"{'a':a>16}", story_id(OTHER), story_id(LINK)
    await log.says(EventType.PUBLISHED, 0, LINK)
    await log.says(left, 0)
    assert await log.read() == {linked: left}
    await log.withheld.bind("en", mine, id_)
    assert linked not in await log.withheld.all_reasons("en")
    await log.says(EventType.PUBLISHED, 0, LINK)
    assert await log.read() == {}
    assert await log.withheld.headlines("en", [mine, linked]) == {mine: id_}
    await log.says(left, 0)
    assert await log.read() == {mine: left}


async def test_a_story_that_named_its_headline_while_another_read_the_log_keeps_it(log: Log, redis: Client) -> None:
    story = story_id(OTHER)
    await log.says(EventType.PUBLISHED, 1)
    followed = await redis.xrange(Scope("en").key("log"))
    id_ = followed[0][1]["id"]
    keys = withheld._keys("en")
    writes = await log.withheld._writes(CHANNEL, keys, [fields for _, fields in followed])
    await log.withheld.bind("en", story, id_)
    assert await redis.eval(withheld.FOLD, len(keys), *keys, "", followed[-1][0], *writes) == 1
    await log.says(EventType.RETRACTED, 1)
    assert await log.read() == {story: "retracted"}
    assert await log.withheld.reasons("en", [story, story_id(LINK)]) == {story: "retracted"}
    assert await log.withheld.reasons("en", []) == {}
