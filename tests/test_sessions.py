"""Sessions: known by what was sealed, ended by time, by hand, and with the person."""

import pytest

from ticker.people.people import People
from ticker.people.sessions import MINUTE, Sessions
from ticker.store import Client
from ticker.writer import Role

HOUR = 60 * MINUTE


class At:
    """The time, as the test says."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def at() -> At:
    return At()


@pytest.fixture
def people(redis: Client, at: At) -> People:
    return People(redis, at)


@pytest.fixture
def sessions(redis: Client, people: People, at: At) -> Sessions:
    return Sessions(redis, people, idle_minutes=30, longest_hours=8, now=at)


async def test_a_session_is_its_persons_and_has_a_name_that_opens_nothing(
    redis: Client, people: People, sessions: Sessions, at: At
) -> None:
    ana = await people.add("ana", "Ana", {"*": Role.READER})
    sealed = await sessions.begin(ana)
    session = await sessions.find(sealed)
    assert session is not None
    assert session.person.login == "ana"
    assert session.person.signed_in_at == at.ms
    assert session.ends_at == at.ms + 8 * HOUR
    assert session.via == f"session:{session.id}"
    for wrong in ("", session.id, await sessions.seal.close("session", session.id), sealed[:-1]):
        assert await sessions.find(wrong) is None
    stored = str([await redis.get(key) for key in await redis.keys("ticker:session:*")])
    assert (await sessions.seal.open("session", sealed)) not in stored
    await sessions.end(session)
    assert await sessions.find(sealed) is None


async def test_it_ends_when_idle_and_only_somebody_there_keeps_it(
    redis: Client, people: People, sessions: Sessions
) -> None:
    ana = await people.add("ana", "Ana", {})
    sealed = await sessions.begin(ana)
    [key] = await redis.keys("ticker:session:*")
    await redis.pexpire(key, 10 * MINUTE)
    assert await sessions.find(sealed, unattended=True)
    assert await redis.pttl(key) <= 10 * MINUTE
    assert await sessions.find(sealed)
    assert 29 * MINUTE < await redis.pttl(key) <= 30 * MINUTE


async def test_it_ends_at_last_however_busy(people: People, sessions: Sessions, at: At) -> None:
    sealed = await sessions.begin(await people.add("ana", "Ana", {}))
    at.ms += 8 * HOUR - 1
    assert await sessions.find(sealed)
    at.ms += 1
    assert await sessions.find(sealed) is None


async def test_it_has_the_rights_of_this_moment_and_ends_with_the_person(
    people: People, sessions: Sessions, at: At
) -> None:
    sealed = await sessions.begin(await people.add("ana", "Ana", {"*": Role.EDITOR}))
    await people.change("ana", roles={"*": Role.READER})
    session = await sessions.find(sealed)
    assert session is not None
    assert session.person.roles == {"*": Role.READER}
    await people.remove("ana")
    assert await sessions.find(sealed) is None
    at.ms += 1
    await people.add("ana", "Another Ana", {"*": Role.ADMIN})
    assert await sessions.find(sealed) is None


async def test_all_of_a_persons_end_together(people: People, sessions: Sessions, at: At) -> None:
    ana, bob = await people.add("ana", "Ana", {}), await people.add("bob", "Bob", {})
    hers, also_hers, his = await sessions.begin(ana), await sessions.begin(ana), await sessions.begin(bob)
    at.ms += 1
    await people.end_sessions("ana")
    assert [await sessions.find(one) for one in (hers, also_hers)] == [None, None]
    assert await sessions.find(his)
    assert await sessions.find(await sessions.begin(ana))
