"""What the lists are made from, read from every kind of Redis only when it is not as it was."""

from collections.abc import AsyncIterator

import pytest

from tests.samples import NOW
from tests.test_reads import Now, read, reads_of, registered
from tests.test_reads import counts as in_redis
from ticker.most_read import counts, ranking
from ticker.most_read.counts import NOTHING, Counts
from ticker.most_read.ranking import HOUR, Window
from ticker.most_read.scope import Scope
from ticker.store import Client, connect

WHOLE, WORLD, SPORT = Scope("en"), Scope("en", "section", "World"), Scope("en", "section", "Sport")


@pytest.fixture
async def client(any_redis_url: str) -> AsyncIterator[Client]:
    async with connect(any_redis_url) as client:
        yield client


@pytest.fixture
def now() -> Now:
    return Now()


async def test_only_what_moved_is_told(client: Client, now: Now) -> None:
    one, two, reads = await registered(client, 1, "World"), await registered(client, 2, "Sport"), reads_of(client, now)
    await reads.turn()
    known = dict.fromkeys((WHOLE, WORLD, SPORT), NOTHING)

    async def moved() -> set[Scope]:
        found = await counts.moved(client, known)
        known.update(found)
        return set(found)

    assert await moved() == {WHOLE, WORLD, SPORT}
    assert await moved() == set()
    read(reads, one)
    await reads.turn(all_=True)
    assert await moved() == {WHOLE, WORLD}
    now.ms += HOUR
    assert await moved() == set()  # decay moves nothing
    read(reads, two)
    await reads.turn(all_=True)
    assert await moved() == {WHOLE, SPORT}
    await client.hset(SPORT.lists, "version", 1)
    assert await moved() == {SPORT}
    for window in Window:
        exact = await in_redis(client, WHOLE, window, now.ms)
        assert known[WHOLE].reads(window, now.ms) == pytest.approx(exact, rel=1e-12)
        assert set(exact) == known[WHOLE].stories == {one.id, two.id}


async def test_what_is_high_in_a_short_window_has_its_count_in_the_longer_ones(
    client: Client, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is far down in two of them at once, or has been let go of there."""
    monkeypatch.setattr(counts, "CANDIDATES", 1)
    day, week, reads = await registered(client, 1), await registered(client, 2), reads_of(client, now)
    hour = await registered(client, 3)
    await reads.turn()
    for story, times, wait in ((week, 60, 60 * HOUR), (day, 40, 6 * HOUR), (hour, 20, 0)):
        for reader in range(times):
            read(reads, story, reader << 8)
        await reads.turn(all_=True)
        now.ms += wait
    found = (await counts.moved(client, {WHOLE: NOTHING}))[WHOLE]
    assert [set(found.scores[window]) for window in Window] == [
        {hour.id}, {hour.id, day.id}, {hour.id, day.id, week.id},
    ]  # fmt: skip
    for window in Window:
        exact = await in_redis(client, WHOLE, window, now.ms)
        for story, number in found.reads(window, now.ms).items():
            assert number == pytest.approx(exact[story], rel=1e-12)
    await client.zrem(WHOLE.ranking(Window.WEEK), hour.id)
    found = (await counts.moved(client, {WHOLE: NOTHING}))[WHOLE]
    assert found.scores[Window.WEEK][hour.id] == 0


def test_counts_are_those_of_the_time_they_are_asked_for() -> None:
    found = Counts("", "", dict.fromkeys(Window, NOW), {window: {"a": 8.0} for window in Window})
    for window in Window:
        assert found.reads(window, NOW + 3 * window.half_life) == {"a": 1.0}
    assert ranking.decayed(8, NOW, HOUR, NOW + 3 * HOUR) == 1
