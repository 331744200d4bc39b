"""Reads on their way to Redis, on every kind of it: each counted once, by exact decay, in every scope."""

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from tests.servers import RedisServer, binaries
from tests.test_counting import ADDRESS, BROWSER
from ticker.channel import Channel, MostRead
from ticker.most_read import ranking, reads
from ticker.most_read import stories as stories_
from ticker.most_read.counting import Outcome
from ticker.most_read.ranking import HOUR, Window
from ticker.most_read.reader import DAY, HALF_HOUR
from ticker.most_read.reads import Reads
from ticker.most_read.scope import Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import Story, StoryDraft
from ticker.store import Client, connect

CHANNEL = Channel(name="en", most_read=MostRead(hosts=("news.example.org",), least_reads=1))


class Now:
    """The time, as a test wants it."""

    def __init__(self) -> None:
        self.ms = NOW

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
async def client(any_redis_url: str) -> AsyncIterator[Client]:
    async with connect(any_redis_url) as client:
        yield client


@pytest.fixture
def now() -> Now:
    return Now()


def reads_of(client: Client, now: Now, name: str = "a") -> Reads:
    return Reads(client, {"en": CHANNEL}, now, name)


async def registered(client: Client, number: int = 0, section: str | None = "World", **fields: Any) -> Story:
    draft = StoryDraft(
        title=f"Story {number}", link=f"https://news.example.org/{number}", section=section, published_at=NOW, **fields
    )
    return (await Stories(client).register(CHANNEL, draft, NOW))[0]


async def counts(client: Client, scope: Scope, window: Window, now: int) -> dict[str, float]:
    mark = int(await client.hget(scope.landmarks, str(list(Window).index(window) + 1)) or now)
    scores = await client.zrange(scope.ranking(window), 0, -1, withscores=True)
    return {story: ranking.decayed(score, mark, window.half_life, now) for story, score in scores}


def read(one: Reads, story: Story, reader: int = 0, more: str = "") -> Outcome:
    return one.count("en", f"s={story.id}&d=9{more}", f"198.{reader >> 16}.{reader >> 8 & 255}.{reader & 255}", BROWSER)


async def test_reads_reach_every_scope_and_window(client: Client, now: Now) -> None:
    story, one = await registered(client, region="Coast"), reads_of(client, now)
    await one.turn()
    assert [read(one, story, reader << 8) for reader in range(3)] == [Outcome.COUNTED] * 3
    now.ms += 10_000
    await one.turn()
    for scope in (Scope("en"), Scope("en", "section", "World"), Scope("en", "region", "Coast")):
        for window in Window:
            found = await counts(client, scope, window, NOW)
            assert found == {story.id: pytest.approx(3)}
        assert await client.hgetall(scope.readers) == {story.id: "3"}
    assert (one.written, one.repeats, one.unregistered, one.lost) == (3, 0, 0, 0)


async def test_a_reader_who_comes_by_another_process_is_the_same_reader(client: Client, now: Now) -> None:
    story, first, second = await registered(client), reads_of(client, now, "a"), reads_of(client, now, "b")
    for process in (first, second):
        await process.turn()
        assert read(process, story) is Outcome.COUNTED
    now.ms += 10_000
    await first.turn()
    await second.turn()
    assert (first.written, second.written, second.repeats) == (1, 0, 1)
    assert await client.hget(Scope("en").readers, story.id) == "1"


async def test_how_many_readers_a_story_had_today_is_known_for_two_days(client: Client, now: Now) -> None:
    story, one = await registered(client), reads_of(client, now)
    for half_hour in range(3):
        await one.turn()
        for reader in range(10):
            read(one, story, reader << 8)
        await one.turn(all_=True)
        now.ms = NOW + 2 * HALF_HOUR * (half_hour + 1)
    today = Scope("en").today(NOW)
    assert await client.hgetall(today) == {story.id: "30"}
    assert await client.pfcount(f"{today}:{story.id}") == pytest.approx(10, abs=1)
    assert 0 < await client.pttl(f"{today}:{story.id}") <= 2 * DAY
    assert 0 < await client.pttl(today) <= 2 * DAY


async def test_over_midnight_the_reader_is_still_known(client: Client, now: Now) -> None:
    now.ms = NOW // DAY * DAY + DAY - 20_000
    story, first, second = await registered(client), reads_of(client, now, "a"), reads_of(client, now, "b")
    await first.turn()
    read(first, story)
    now.ms += 15_000
    await first.turn()
    now.ms += 10_000  # past midnight: another salt, another token
    await second.turn()
    assert read(second, story) is Outcome.COUNTED
    await second.turn(all_=True)
    assert (second.written, second.repeats) == (0, 1)
    now.ms += 2 * HALF_HOUR
    await second.turn()
    read(second, story)
    await second.turn(all_=True)
    assert second.written == 1


class Lossy:
    """A client whose answers are lost at times, after the command was carried out."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.lose = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def pipeline(self, **options: Any) -> Any:
        pipe = self.client.pipeline(**options)
        execute = pipe.execute

        async def executed() -> Any:
            answer = await execute()
            if self.lose:
                self.lose -= 1
                raise OSError("the connection has ended")
            return answer

        pipe.execute = executed
        return pipe


async def test_a_batch_whose_answer_was_lost_is_applied_once(client: Client, now: Now) -> None:
    story, lossy = await registered(client), Lossy(client)
    one = reads_of(lossy, now)
    await one.turn()
    for reader in range(1_600):  # so many that several goes are on their way, of which some are lost and some are not
        read(one, story, reader << 8)
    for lost in (1, 1, 2, 0):
        lossy.lose = lost
        await one.turn()
    for scope in (Scope("en"), Scope("en", "section", "World")):
        assert await client.hget(scope.readers, story.id) == "1600"
        assert (await counts(client, scope, Window.DAY, NOW))[story.id] == pytest.approx(1_600)
    assert await client.hget(Scope("en").today(now.ms), story.id) == "1600"
    assert await client.pfcount(f"{Scope('en').today(now.ms)}:{story.id}") == pytest.approx(1_600, rel=0.05)
    assert (one.written, one.repeats, one.lost) == (1_600, 0, 0)


async def test_a_redis_that_has_forgotten_the_script_is_given_it_again(client: Client, now: Now) -> None:
    story, one = await registered(client), reads_of(client, now)
    await one.turn()
    for reader in range(60):
        read(one, story, reader << 8)
        if reader % 20 == 19:
            await client.script_flush()
            await one.turn(all_=True)
    assert (one.written, one.repeats, one.lost) == (60, 0, 0)
    assert await client.hget(Scope("en").readers, story.id) == "60"
    assert await client.hget(Scope("en", "section", "World").readers, story.id) == "60"


@given(st.integers(0, 500))
def test_as_many_goes_are_on_their_way_as_what_waits_asks_for(number: int) -> None:
    """One as a rule, so that a publish waits for no more; and what has waited longest goes first."""
    waiting = {str(at): reads._Batch(str(at), Scope("en"), [], NOW) for at in range(number)}
    sent = reads._first(waiting)
    assert sent == list(waiting.values())[: len(sent)]
    assert len(sent) <= reads.TOGETHER * reads.ABREAST
    assert len(sent) == min(number, reads.TOGETHER) or number >= reads.TOGETHER * reads.ABREAST
    assert bool(sent) == bool(number)
    if number >= reads.TOGETHER * reads.ABREAST**2:
        assert len(sent) == reads.TOGETHER * reads.ABREAST


async def test_what_nobody_has_registered_is_noted_and_not_counted(client: Client, now: Now) -> None:
    one = reads_of(client, now)
    await one.turn()
    link = "https://news.example.org/new"
    one.count("en", "s=https%3A%2F%2Fnews.example.org%2Fnew&d=9", ADDRESS, BROWSER)
    one.count("en", f"s={'x' * 16}&d=9", ADDRESS, BROWSER)
    await one.turn(all_=True)
    assert one.unregistered == 2
    assert await client.exists(Scope("en").readers) == 0
    assert list((await one.stories.unknown_links("en")).values()) == [link]
    await one.stories.register(CHANNEL, StoryDraft(title="New", link=link), NOW)
    assert await one.stories.unknown_links("en") == {}
    now.ms += HOUR
    one.count("en", f"s={link}&d=9", ADDRESS, BROWSER)
    await one.turn(all_=True)
    assert one.written == 1


async def test_one_network_cannot_take_the_places_of_pages_that_others_read(
    client: Client, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories_, "MOST_LINKS", 10)
    one, new = reads_of(client, now), "https://news.example.org/new"
    await one.turn()
    for _ in range(2):
        for number in range(20):
            one.count("en", f"s=https://news.example.org/invented/{number}&d=9", ADDRESS, BROWSER)
        await one.turn(all_=True)
        now.ms += HOUR
    assert len(await one.stories.unknown_links("en")) == 5
    for reader in range(2):
        one.count("en", f"s={new}&d=9", f"198.51.{reader}.1", BROWSER)
        await one.turn(all_=True)
    assert new in (await one.stories.unknown_links("en")).values()


async def test_the_stories_readers_came_from_are_counted_for_read_next(client: Client, now: Now) -> None:
    first, second = await registered(client, 1), await registered(client, 2)
    one = reads_of(client, now)
    await one.turn()
    for reader in range(3):
        read(one, second, reader << 8, f"&f={first.id}")
    await one.turn(all_=True)
    assert await one.stories.read_after("en", first.id) == {second.id: 3}


async def test_what_led_to_a_read_is_nothing_to_keep_until_somebody_has_registered_it(client: Client, now: Now) -> None:
    """Else anybody could fill Redis: each would be a key of its own, for a week."""
    story, one = await registered(client), reads_of(client, now)
    await one.turn()
    link = "https://news.example.org/new"
    for reader, led in enumerate(("x" * 16, link, f"{link}?n=1", f"{link}?n=2")):
        read(one, story, reader << 8, f"&f={quote(led, safe='')}")
    await one.turn(all_=True)
    assert one.written == 4
    assert [key async for key in client.scan_iter("*:read:next:*")] == []
    first, _ = await one.stories.register(CHANNEL, StoryDraft(title="New", link=link), NOW)
    now.ms += reads.PLACES_KEPT + 1
    read(one, story, 9 << 8, f"&f={first.id}")
    await one.turn(all_=True)
    assert await one.stories.read_after("en", first.id) == {story.id: 1}


async def test_what_was_only_said_to_lead_somewhere_counts_as_soon_as_it_is_a_story(client: Client, now: Now) -> None:
    story, one, link = await registered(client), reads_of(client, now), "https://news.example.org/new"
    await one.turn()
    read(one, story, 0, f"&f={link}")
    await one.turn(all_=True)
    fresh, _ = await one.stories.register(CHANNEL, StoryDraft(title="New", link=link), NOW)
    read(one, fresh)
    await one.turn(all_=True)
    assert (one.written, one.unregistered) == (2, 0)


async def test_landmarks_are_moved_by_whole_half_lives_and_no_bit_is_lost(client: Client, now: Now) -> None:
    story, other, one = await registered(client, 1), await registered(client, 2), reads_of(client, now)
    await one.turn()
    h, scope = Window.HOUR.half_life, Scope("en")
    read(one, story)
    now.ms += 12_345
    read(one, story, 1 << 8)
    await one.turn(all_=True)
    before = await client.zscore(scope.ranking(Window.HOUR), story.id)
    now.ms += (ranking.REBASE_AT + 1) * h + h // 3  # not a whole number of half-lives
    read(one, other)
    await one.turn(all_=True)
    mark = int(await client.hget(scope.landmarks, "1"))
    steps = (mark - NOW - 12_345) // h
    assert steps == ranking.REBASE_AT + 1
    assert (mark - NOW - 12_345) % h == 0
    after = await client.zscore(scope.ranking(Window.HOUR), story.id)
    assert after == before * 2.0**-steps
    assert (await counts(client, scope, Window.HOUR, now.ms))[other.id] == pytest.approx(1)
    assert int(await client.hget(scope.landmarks, "3")) == NOW + 12_345


async def test_no_score_is_ever_infinite(client: Client, now: Now) -> None:
    story, one = await registered(client), reads_of(client, now)
    await one.turn()
    read(one, story)
    await one.turn(all_=True)
    for days in (45, 400, 4_000):
        now.ms = NOW + days * DAY
        await one.turn()
        read(one, story, days << 8)
        await one.turn(all_=True)
        for window in Window:
            score = await client.zscore(Scope("en").ranking(window), story.id)
            assert math.isfinite(score)
            assert (await counts(client, Scope("en"), window, now.ms))[story.id] > 0.999


@pytest.mark.parametrize("weight", ["1e999", "1e308"])
async def test_a_gain_that_is_no_finite_number_is_refused(client: Client, now: Now, weight: str) -> None:
    """Whatever a process may send: Redis would keep it, and no other story would ever be first."""
    story, one = await registered(client), reads_of(client, now)
    await one.turn()
    read(one, story)
    await one.turn(all_=True)
    scope = Scope("en")
    before = await client.zscore(scope.ranking(Window.HOUR), story.id)
    keys = [scope.key(f"read:once:{weight}"), scope.key("read:tokens:0"), scope.key("read:tokens:1")]
    keys += [*(scope.ranking(window) for window in Window), scope.landmarks, scope.readers]
    at = NOW + 20 * Window.HOUR.half_life
    said = f"{story.id} {at} {weight} 1 - -"
    assert await client.eval(reads.COUNT, len(keys), *keys, reads.TIMES, "", said) == "1"
    assert await client.zscore(scope.ranking(Window.HOUR), story.id) == before


async def test_salts_are_the_same_for_all_and_end(client: Client, now: Now) -> None:
    first, second = reads_of(client, now), reads_of(client, now)
    await asyncio.gather(first.turn(), second.turn())
    assert first.salts.at(now.ms) == second.salts.at(now.ms) is not None
    ttl = await client.pttl(f"ticker:salt:{now.ms // DAY}")
    assert 0 < ttl <= reads.SALT_KEPT


async def test_no_address_is_kept(client: Client, now: Now) -> None:
    story, one = await registered(client), reads_of(client, now)
    await one.turn()
    one.count("en", f"s={story.id}&d=9", "203.0.113.77", BROWSER)
    await one.turn(all_=True)
    keys = [key async for key in client.scan_iter("*")]
    assert any(":read:tokens:" in key for key in keys)
    for key in keys:
        dump = await client.execute_command("DUMP", key, NEVER_DECODE=True)
        assert b"203.0.113" not in dump, key
        assert b"Mozilla" not in dump, key


async def test_one_network_weighs_no_more_in_a_story_than_all_others(client: Client, now: Now) -> None:
    lead, pushed, one = await registered(client, 1), await registered(client, 2), reads_of(client, now)
    await one.turn()
    for reader in range(500):
        read(one, lead, reader << 8)
    await one.turn(all_=True)
    for agent in range(3_000):
        one.count("en", f"s={pushed.id}&d=9", ADDRESS, f"{BROWSER} {agent}")
    await one.turn(all_=True)
    found = await counts(client, Scope("en"), Window.DAY, now.ms)
    assert found == pytest.approx({lead.id: 500, pushed.id: 30})
    for reader in range(100):
        read(one, pushed, reader << 8)
    await one.turn(all_=True)
    for agent in range(3_000, 6_000):
        one.count("en", f"s={pushed.id}&d=9", ADDRESS, f"{BROWSER} {agent}")
    await one.turn(all_=True)
    assert 100 <= (await counts(client, Scope("en"), Window.DAY, now.ms))[pushed.id] < 200.001
    assert one.written == 6_600
    assert await one.stories.flags("en") == {}


async def test_what_is_no_story_weighs_nothing_and_leaves_nothing(client: Client, now: Now) -> None:
    """Else it would fill the memory, and make what a carrier reads of the stories there are look like little."""
    lead, one = await registered(client), reads_of(client, now)
    await one.turn()
    read(one, lead)
    for number in range(500):
        invented = "".join("abcdefghij"[int(digit)] for digit in f"{number:0>16}")
        one.count("en", f"s={invented}&d=9", ADDRESS, BROWSER)
    await one.turn(all_=True)
    hour = one.networks["en"]._hour
    assert one.unregistered == 500
    assert (list(hour.stories), hour.pairs, len(hour.networks), hour.weight) == ([lead.id], 1, 1, 1)


async def test_reads_that_are_sent_again_are_not_weighed_again(
    client: Client, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, one = await registered(client), reads_of(client, now)
    await one.turn()
    for agent in range(40):
        one.count("en", f"s={story.id}&d=9", ADDRESS, f"{BROWSER} {agent}")
    with monkeypatch.context() as away:
        away.setattr(one, "_send", _unreachable)
        await one.turn(all_=True)
    weighed = one.networks["en"]._hour.weight
    assert weighed > 30
    await one.turn()
    assert one.networks["en"]._hour.weight == weighed
    assert (await counts(client, Scope("en"), Window.DAY, now.ms))[story.id] == pytest.approx(weighed)


async def _unreachable(*_: object, **__: object) -> list[str]:
    raise ConnectionError


async def test_reads_that_all_count_for_nothing_cost_redis_nothing(client: Client, now: Now) -> None:
    one = reads_of(client, now)
    await one.turn()
    one.count("en", f"s={'x' * 16}&d=9", ADDRESS, BROWSER)
    await one.turn(all_=True)
    assert one.unregistered == 1
    assert [key async for key in client.scan_iter("*:read:once:*")] == []


def heard(one: Reads, text: str) -> Outcome | None:
    before = one.counting["en"].outcomes.copy()
    one.hear("en", text, ADDRESS, BROWSER)
    return next(iter(one.counting["en"].outcomes - before), None)


async def test_reads_come_over_an_open_socket_too(client: Client, now: Now) -> None:
    story, one = await registered(client), reads_of(client, now)
    await one.turn()
    assert heard(one, f'{{"type":"read","s":"{story.id}","d":9}}') is Outcome.COUNTED
    assert heard(one, f'{{"type":"read","s":"{story.id}","d":9}}') is Outcome.REPEAT
    assert heard(one, f'{{"d": 9, "s": "{story.id}", "type": "read"}}') is Outcome.REPEAT
    assert heard(one, '{"type":"read","s":["a"],"d":{}}') is Outcome.UNREADABLE
    assert heard(one, '{"type":"read",') is Outcome.UNREADABLE
    assert heard(one, '{"type":"read"' + "[" * 4_000) is Outcome.UNREADABLE
    assert heard(one, '{"type":"read","s":"\\ud800","d":9}') is Outcome.UNREADABLE
    for other in ('{"type":"later"}', '["read"]', '"read"', '{"type":["read"]}', '{"type":"later","a":"read"}'):
        assert heard(one, other) is None
    one.hear("nowhere", '{"type":"read"}', ADDRESS, BROWSER)


async def test_while_redis_is_away_reads_wait_and_are_given_up_in_the_end(tmp_path: Path, now: Now) -> None:
    server = RedisServer(next(iter(binaries().values())), tmp_path).start()
    async with connect(server.url) as client:
        story, one = await registered(client), reads_of(client, now)
        await one.turn()
        read(one, story, 1 << 8)
        server.stop()
        await one.turn(all_=True)
        assert (one.written, one.lost) == (0, 0)
        server.start()
        await registered(client)
        await one.turn()
        assert one.written == 1
        server.stop()
        read(one, story, 2 << 8)
        await one.turn(all_=True)
        now.ms += reads.GIVEN_UP_AFTER + 1
        await one.turn()
        assert (one.written, one.lost) == (1, 1)
