"""People: kept as they are, changed in one step, invited once."""

import asyncio

import pytest

from ticker.errors import Conflict, NoPerson
from ticker.people.people import LOGIN, Barred, People, Person
from ticker.store import Client
from ticker.writer import Role, Scope


async def test_what_is_added_is_found_and_gone_when_removed(redis: Client) -> None:
    people = People(redis, lambda: 7)
    ana = await people.add("ana", "Ana Ruiz", {"en": Role.EDITOR, "*": Role.READER}, password="hash")
    assert ana == Person("ana", "Ana Ruiz", {"en": Role.EDITOR, "*": Role.READER}, 7, "hash")
    assert await people.get("ana") == ana
    assert (await people.get("ana")).roles["en"] is Role.EDITOR
    assert await people.list() == [ana]
    with pytest.raises(Conflict):
        await people.add("ana", "Another", {})
    await people.remove("ana")
    assert await people.get("ana") is None
    for gone in (people.remove("ana"), people.change("ana", name="X"), people.end_sessions("ana")):
        with pytest.raises(NoPerson):
            await gone


async def test_a_person_writes_under_name_and_login(redis: Client) -> None:
    ana = await People(redis).add("ana", "Ana Ruiz", {"en": Role.WRITER})
    writer = ana.writer("session:1")
    assert (writer.name, writer.via, writer.login) == ("Ana Ruiz (ana)", "session:1", "ana")
    assert writer.rights == {"en": {Scope.READ, Scope.DRAFT}}


async def test_changes_at_the_same_moment_all_stand(redis: Client) -> None:
    people = People(redis)
    await people.add("ana", "Ana", {})
    changes = [{"name": "Ana Ruiz"}, {"lang": "es"}, {"roles": {"*": Role.READER}}, {"password": "hash"}]
    await asyncio.gather(*(people.change("ana", **change) for change in changes))
    ana = await people.get("ana")
    assert ana is not None
    assert (ana.name, ana.lang, ana.roles, ana.password) == ("Ana Ruiz", "es", {"*": Role.READER}, "hash")


async def test_who_signs_in_elsewhere_is_found_by_that(redis: Client) -> None:
    people = People(redis)
    ana = await people.add("ana", "Ana", {}, subject="https://id.example 1")
    assert await people.by_subject("https://id.example 1") == ana
    assert await people.by_subject("https://id.example 2") is None
    await people.remove("ana")
    await people.add("ana", "Another Ana", {})
    assert await people.by_subject("https://id.example 1") is None


async def test_who_was_removed_and_signs_in_elsewhere_is_barred_until_let_in(redis: Client) -> None:
    people = People(redis)
    await people.add("ana", "Ana", {}, subject="https://id.example 1")
    await people.add("bob", "Bob", {})
    for login in ("ana", "bob"):
        await people.remove(login)
    assert await people.barred() == [Barred("https://id.example 1", "ana", "Ana")]
    assert [await people.is_barred(f"https://id.example {n}") for n in (1, 2)] == [True, False]
    await people.let_in("ana")
    assert not await people.is_barred("https://id.example 1")
    with pytest.raises(NoPerson):
        await people.let_in("ana")


async def test_an_invitation_is_taken_once(redis: Client) -> None:
    people = People(redis)
    ana = await people.add("ana", "Ana", {})
    token = await people.invite("ana")
    assert token not in str([await redis.get(key) for key in await redis.keys("ticker:invitation:*")])
    assert await people.invited(token) == await people.invited(token) == ana
    taken = await asyncio.gather(*(people.accept(token) for _ in range(5)))
    assert sorted(taken, key=bool) == [None] * 4 + [ana]
    assert await people.invited(token) is None
    late = await people.invite("ana")
    await people.remove("ana")
    assert await people.accept(late) is None


async def test_a_link_that_was_lost_opens_nothing_once_another_was_used(redis: Client) -> None:
    now = 1_000
    people = People(redis, lambda: now)
    await people.add("ana", "Ana", {})
    lost, used = await people.invite("ana"), await people.invite("ana")
    assert await people.accept(used)
    now = 2_000
    ana = await people.end_sessions("ana")  # as everything does that sets a password
    assert (await people.invited(lost), await people.accept(lost)) == (None, None)
    left = await people.invite("ana")
    assert await people.invited(left) == ana
    now = 3_000
    await people.remove("ana")
    await people.add("ana", "Another Ana", {})
    assert await people.accept(left) is None


@pytest.mark.parametrize("login", ["", "-a", "Ana", "a b", "a" * 65, "ana/..", "äna", "a\n"])
def test_what_is_no_login(login: str) -> None:
    assert not LOGIN.fullmatch(login)
