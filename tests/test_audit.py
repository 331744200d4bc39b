"""The audit in Redis: read, searched, trimmed, and verified after somebody has been at it."""

import json

import pytest

from ticker.desk import audit as audits
from ticker.desk.audit import Audit, Wanted
from ticker.desk.desk import Desk
from ticker.errors import Unavailable
from ticker.headline import Draft, Patch, Record
from ticker.store import Client, connect
from ticker.stream import Keys
from ticker.writer import Role, Writer, rights_of

ANA = Writer("Ana Ruiz (ana)", "session:1", rights_of({"*": Role.EDITOR}), login="ana")
KEYS = Keys.of("en")


@pytest.fixture
def audit(redis: Client, monkeypatch: pytest.MonkeyPatch) -> Audit:
    monkeypatch.setattr(audits, "AT_ONCE", 3)  # so that a handful of entries come in several steps
    return Audit(redis)


@pytest.fixture
async def seven(desk: Desk) -> Record:
    """Seven entries: five published, one corrected, one retracted."""
    records = [(await desk.publish("en", Draft(text=f"Headline {n}"), by="ann")).record for n in range(5)]
    first = records[0]
    assert first
    assert records[1]
    await desk.edit("en", first.id, Patch(text="A storm", correction="Not a headline"), 1, by=ANA)
    await desk.retract("en", records[1].id, "Never happened", by=ANA)
    return first


async def found(audit: Audit, **wanted: object) -> list[tuple[str, str]]:
    page = await audit.search("en", Wanted(**wanted))  # type: ignore[arg-type]
    assert page.next is None
    return [(entry.fields["action"], entry.fields["by"]) for entry in page.entries]


async def test_searched_newest_first(audit: Audit, seven: Record) -> None:
    everything = await found(audit)
    assert everything == [("retract", ANA.name), ("correct", ANA.name), *[("publish", "ann")] * 5]
    assert await found(audit, by="RUIZ") == everything[:2]
    assert await found(audit, action="correct") == everything[1:2]
    assert await found(audit, id=seven.id) == [everything[1], everything[-1]]
    assert await found(audit, q="storm!") == everything[1:2]  # the new text
    assert await found(audit, q="HEADLINE 0") == [everything[1], everything[-1]]  # the old one too
    assert await found(audit, q="never happened", by="ruiz") == everything[:1]
    assert await found(audit, q="never happened", by="ann") == []


async def test_searched_by_time(audit: Audit, seven: Record, redis: Client) -> None:
    ids = [entry_id for entry_id, _ in await redis.xrange(KEYS.audit)]
    ms = [int(entry_id.partition("-")[0]) for entry_id in ids]
    since = await audit.search("en", Wanted(since=ms[-1]))
    assert {entry.id for entry in since.entries} == {i for i, at in zip(ids, ms, strict=True) if at >= ms[-1]}
    until = await audit.search("en", Wanted(until=ms[0]))
    assert {entry.id for entry in until.entries} == {i for i, at in zip(ids, ms, strict=True) if at <= ms[0]}


async def test_page_by_page_nothing_is_missed_and_nothing_twice(audit: Audit, seven: Record) -> None:
    whole = (await audit.search("en", Wanted())).entries
    pages, after = [], None
    while True:
        page = await audit.search("en", Wanted(), after=after, limit=2)
        pages += page.entries
        if page.next is None:
            break
        after = page.next
    assert pages == whole
    assert [entry async for some in audit.read("en") for entry in some] == whole[::-1]


async def test_a_search_looks_at_so_many_and_says_where_to_go_on(
    audit: Audit, seven: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "LOOKED_AT", 3)
    page = await audit.search("en", Wanted(id=seven.id, action="publish"))
    assert page.entries == []
    steps = 1
    while not page.entries:
        page = await audit.search("en", Wanted(id=seven.id, action="publish"), after=page.next)
        steps += 1
    assert steps == 3


async def fault(audit: Audit, known: str | None = None) -> str | None:
    return (await audit.verify("en", known)).fault


async def test_whole(audit: Audit, seven: Record) -> None:
    verdict = await audit.verify("en")
    assert (verdict.entries, verdict.fault) == (7, None)
    assert verdict.hash == await audit.redis.hget(KEYS.meta, "chain")
    assert await fault(audit, known=verdict.hash) is None
    assert (await audit.verify("es")).entries == 0


async def rewritten(redis: Client, order: list[int], change: int | None = None) -> None:
    """The same entries in another order, or without some, one of them changed: as somebody at Redis could."""
    entries = await redis.xrange(KEYS.audit)
    await redis.delete(KEYS.audit)
    for number, at in enumerate(order):
        fields = dict(entries[at][1])
        if at == change:
            fields["entry"] = fields["entry"].replace("Headline", "Heading")
        await redis.xadd(KEYS.audit, fields, id=entries[number][0])


async def test_removed_changed_reordered_and_cut_off(audit: Audit, seven: Record, redis: Client) -> None:
    ids = [entry_id for entry_id, _ in await redis.xrange(KEYS.audit)]
    saved = await redis.dump(KEYS.audit)

    async def after(what: str, *args: object) -> str:
        await redis.restore(KEYS.audit, 0, saved, replace=True)
        assert await fault(audit) is None
        await (getattr(redis, what)(KEYS.audit, *args) if what != "rewritten" else rewritten(redis, *args))  # type: ignore[arg-type]
        told = await fault(audit)
        assert told
        return told

    assert f"Entry {ids[3]}, number 3 " in await after("xdel", ids[2])
    assert f"Entry {ids[1]}, number 1 " in await after("xdel", ids[0])
    assert f"Entry {ids[4]}, number 5 " in await after("rewritten", [0, 1, 2, 3, 4, 5, 6], 4)
    assert f"Entry {ids[2]}, number 3 " in await after("rewritten", [0, 1, 3, 2, 4, 5, 6])
    assert f"after entry {ids[5]}" in await after("xdel", ids[6])
    assert "all of them" in await after("xtrim", 0, False)


async def test_a_history_that_was_written_anew_does_not_know_the_hash_noted_down(
    audit: Audit, seven: Record, desk: Desk, redis: Client
) -> None:
    noted = (await audit.verify("en")).hash
    await redis.delete(KEYS.audit)
    await redis.hdel(KEYS.meta, "chain")
    await desk.publish("en", Draft(text="As if nothing had been"), by="ann")
    assert await fault(audit) is None
    assert noted in (await fault(audit, known=noted) or "")


async def test_what_is_trimmed_does_not_break_the_chain(audit: Audit, seven: Record, desk: Desk, redis: Client) -> None:
    ids = [entry_id for entry_id, _ in await redis.xrange(KEYS.audit)]
    await redis.xtrim(KEYS.audit, minid=ids[2], approximate=False)
    assert await fault(audit), "cut off by hand"
    await redis.hdel(KEYS.meta, "chain")
    await redis.delete(KEYS.audit)
    for n in range(3):
        await desk.publish("en", Draft(text=f"Anew {n}"), by="ann")
        while desk.stream.now() <= int((await redis.xrevrange(KEYS.audit, count=1))[0][0].partition("-")[0]):
            pass
    last = int((await redis.xrevrange(KEYS.audit, count=1))[0][0].partition("-")[0])
    await desk.stream.trim("en", log_before=0, audit_before=last)
    verdict = await audit.verify("en")
    assert (verdict.entries, verdict.fault) == (1, None)
    await desk.stream.trim("en", log_before=0, audit_before=last - 1)  # by a scheduler that is a moment behind
    await desk.publish("en", Draft(text="Later"), by="ann")
    assert ((await audit.verify("en")).entries, await fault(audit)) == (2, None)
    await desk.stream.trim("en", log_before=0, audit_before=desk.stream.now() + 60_000)
    assert ((await audit.verify("en")).entries, await fault(audit)) == (0, None)
    await redis.xadd(KEYS.audit, {"entry": json.dumps({"by": "nobody"}), "chain": "0" * 40})
    assert await fault(audit)


async def test_redis_is_away() -> None:
    async with connect("redis://127.0.0.1:1") as nowhere:
        for attempt in (Audit(nowhere).search("en", Wanted()), Audit(nowhere).verify("en")):
            with pytest.raises(Unavailable):
                await attempt
