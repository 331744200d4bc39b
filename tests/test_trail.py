"""The audit of people and keys: what is in it, and that it holds."""

import pytest

from tests.servers import Web
from tests.visitors import new_person, visiting
from ticker.desk.audit import EVERYTHING, Audit
from ticker.keys import Keys
from ticker.people import trail
from ticker.people.people import People
from ticker.people.trail import By, Trail, Where
from ticker.store import Client, connect
from ticker.templates import WORDS
from ticker.writer import Role

CHIEF = By("Chief (chief)", "session:1")


async def entries(redis: Client) -> list[dict[str, str]]:
    """Oldest first."""
    found = (await Audit(redis, Where.of).search("", EVERYTHING)).entries
    return [entry.fields for entry in reversed(found)]


async def test_who_gave_whom_what(redis: Client) -> None:
    people, keys = People(redis, lambda: 1_795_424_400_000), Keys(redis)
    await people.add("ana", "Ana", {"*": Role.READER}, by=CHIEF, subject="https://id.example 1")
    await people.change("ana", by=CHIEF, roles={"en": Role.EDITOR, "*": Role.READER})
    await people.change("ana", password="hashed", lang="es")
    await people.change("ana", signed_in_at=7)  # which is told as a sign-in
    await people.invite("ana", by=CHIEF)
    await people.end_sessions("ana", by=CHIEF)
    await people.remove("ana", by=CHIEF)
    await people.let_in("ana", by=CHIEF)
    key = (await keys.create("wire", ["source"], ["en"], rehearsal=True)).split("_")[1]
    assert await keys.revoke(key)
    said = await entries(redis)
    assert said[1] == {
        "at": "2026-11-23T09:00:00.000Z", "by": "Chief (chief)", "via": "session:1", "action": "change", "id": "ana",
        "before": "Ana: *=reader", "after": "Ana: *=reader, en=editor",
    }  # fmt: skip
    assert [(one["by"], one["action"], one["id"]) for one in said] == [
        ("Chief (chief)", "add", "ana"), ("Chief (chief)", "change", "ana"), ("command line", "password", "ana"),
        ("Chief (chief)", "invite", "ana"), ("Chief (chief)", "sessions", "ana"), ("Chief (chief)", "remove", "ana"),
        ("Chief (chief)", "let_in", "ana"), ("command line", "key_create", key), ("command line", "key_revoke", key),
    ]  # fmt: skip
    assert said[-1]["before"] == "wire: source on en (rehearsal)"
    assert "hashed" not in str(said)
    assert (await Audit(redis, Where.of).verify("")).fault is None


async def test_it_is_chained_also_when_the_oldest_have_gone(redis: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "MOST", 3)
    for n in range(5):
        await Trail(redis).add("add", f"person{n}")
    assert [one["id"] for one in await entries(redis)] == ["person2", "person3", "person4"]
    verdict = await Audit(redis, Where.of).verify("")
    assert (verdict.entries, verdict.fault) == (3, None)
    (first, _), *_ = await redis.xrange(Where().audit)
    await redis.xdel(Where().audit, first)
    assert (await Audit(redis, Where.of).verify("")).fault is not None


async def test_who_came_in_and_who_did_not_is_seen_by_admins(web: Web, people: People) -> None:
    await new_person(web, "chief", {"*": Role.ADMIN})
    async with visiting(web) as chief, connect(web.env["TICKER_REDIS_URL"]) as redis:
        await redis.delete(*Where())
        await chief.sign_in("chief", "not it at all")
        await chief.sign_in("correct horse battery", "")
        await chief.sign_in("chief")
        said = await entries(redis)
        assert [(one["action"], one["id"], one["reason"]) for one in said] == [
            ("refused", "chief", "wrong password"), ("refused", "", "nobody of that name"),
            ("sign_in", "chief", "password"),
        ]  # fmt: skip
        assert "correct horse" not in str(said)
        page = (await chief.get("/desk/people")).text
        for deed in ("refused", "sign_in"):
            assert WORDS["en"]["people_deeds"][deed] in page
        assert "wrong password" in page
