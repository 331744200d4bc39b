"""The stream on every kind of Redis: one step a change, the same history for all."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator

import pytest

from ticker import errors
from ticker.desk.desk import Desk
from ticker.desk.once import Once
from ticker.headline import Draft, Patch, State
from ticker.settings import Settings
from ticker.store import connect, new_clock
from ticker.stream import Keys, Stream


@pytest.fixture
async def desk(any_redis_url: str) -> AsyncIterator[Desk]:
    async with connect(any_redis_url) as redis:
        stream = Stream(redis, new_clock())
        await stream.hear_the_time()
        yield Desk(stream, Settings().channels)


async def test_board_and_log_agree_after_every_kind_of_change(desk: Desk) -> None:
    first = (await desk.publish("en", Draft(text="One"), by="ann")).record
    second = (await desk.publish("en", Draft(text="Two"), by="ann")).record
    assert first and second
    await desk.edit("en", first.id, Patch(text="One more"), 1, by="ann")
    await desk.hold("en", second.id, by="bob")
    await desk.release("en", second.id, by="bob")
    await desk.move("en", first.id, by="bob", to="bottom")
    third = (await desk.publish("en", Draft(text="Three"), by="ann")).record
    assert third
    await desk.retract("en", third.id, "wrong", by="ann")

    loaded = await desk.stream.load("en")

    assert {h.id: h.version for h in loaded.headlines} == {first.id: 2, second.id: 1}
    assert [event.type for _, event in loaded.recent] == [
        "published", "published", "updated", "held", "released", "moved", "published", "retracted",
    ]  # fmt: skip
    assert loaded.position == loaded.recent[-1][0]
    assert loaded.complete


async def test_same_key_same_request_is_one_headline(desk: Desk) -> None:
    once = Once("key-1", "digest")
    receipts = await asyncio.gather(
        *(desk.publish("en", Draft(text="Just once"), by="ann", once=once) for _ in range(8))
    )
    assert len({r.record.id for r in receipts if r.record}) == 1
    assert len((await desk.stream.load("en")).headlines) == 1
    with pytest.raises(errors.KeyReused):
        await desk.publish("en", Draft(text="Another"), by="ann", once=Once("key-1", "other"))
    other = await desk.publish("en", Draft(text="Another"), by="bob", once=once)
    assert other.record and other.record.id != receipts[0].record.id


async def test_concurrent_edits_of_one_version_let_one_win(desk: Desk) -> None:
    record = (await desk.publish("en", Draft(text="Start"), by="ann")).record
    assert record
    results = await asyncio.gather(
        *(desk.edit("en", record.id, Patch(text=f"Edit {i}"), 1, by="ann") for i in range(6)),
        return_exceptions=True,
    )
    won = [r for r in results if not isinstance(r, BaseException)]
    assert len(won) == 1
    assert all(isinstance(r, errors.VersionStale) for r in results if isinstance(r, BaseException))


async def test_kill_wins_against_everything_that_comes_after(desk: Desk) -> None:
    draft = Draft(text="A false report", source={"name": "wire", "id": "77"})
    record = (await desk.publish("en", draft, by="source wire")).record
    assert record
    await desk.retract("en", record.id, "false", by="ann")
    for attempt in (
        desk.publish("en", draft, by="source wire"),
        desk.publish("en", Draft(text="A FALSE report!", source={"name": "other", "id": "1"}), by="source other"),
        desk.publish("en", Draft(text="a false report"), by="ann"),
        desk.edit("en", record.id, Patch(text="x"), 1, by="ann"),
        desk.release("en", record.id, by="ann"),
        desk.find("en", record.id),
    ):
        with pytest.raises(errors.Killed):
            await attempt
    again = await desk.retract("en", record.id, "false", by="bob")
    assert not again.changed
    other = (await desk.publish("en", Draft(text="Something else"), by="ann")).record
    assert other
    with pytest.raises(errors.Killed):
        await desk.edit("en", other.id, Patch(text="A false report"), 1, by="ann")
    assert [h.text for h in (await desk.stream.load("en")).headlines] == ["Something else"]


async def test_kill_may_come_before_its_headline(desk: Desk) -> None:
    draft = Draft(text="Not yet seen", source={"name": "wire", "id": "9"})
    from ticker.headline import source_headline_id  # noqa: PLC0415

    await desk.retract("en", source_headline_id("wire", "9"), "withdrawn", by="source wire", even_unknown=True)
    with pytest.raises(errors.Killed):
        await desk.publish("en", draft, by="source wire")


async def test_what_is_not_live_is_in_nothing_that_readers_reach(desk: Desk) -> None:
    ahead = desk.stream.now() + 3_600_000
    for draft in (Draft(text="Secret", state="draft"), Draft(text="Secret", publish_at=ahead)):
        await desk.publish("en", draft, by="ann")
    loaded = await desk.stream.load("en")
    assert not loaded.headlines
    assert not loaded.recent
    assert len(await desk.stream.records("en", on_desk=True)) == 2


async def test_timers_stand_where_they_should(desk: Desk) -> None:
    now = desk.stream.now()
    live = (await desk.publish("en", Draft(text="Live", expires_in=60), by="ann")).record
    later = (await desk.publish("en", Draft(text="Later", publish_at=now + 5_000), by="ann")).record
    assert live and later
    assert await desk.stream.due("en", now) == []
    assert await desk.stream.due("en", now + 5_000) == [f"release:{later.id}"]
    assert f"expire:{live.id}" in await desk.stream.due("en", now + 61_000)
    await desk.retract("en", live.id, "wrong", by="ann")
    await desk.hold("en", later.id, by="ann")
    assert await desk.stream.due("en", now + 10**9) == []


async def test_expired_is_remembered_and_then_forgotten(desk: Desk) -> None:
    record = (await desk.publish("en", Draft(text="Brief", source={"name": "w", "id": "1"}), by="w")).record
    assert record
    assert not (await desk.lapse("en", f"expire:{record.id}")).changed  # type: ignore[union-attr]
    await desk.expire("en", record.id, at_once=True)
    assert (await desk.find("en", record.id)).state is State.EXPIRED  # type: ignore[union-attr]
    with pytest.raises(errors.Refused):
        await desk.publish("en", Draft(text="Brief", source={"name": "w", "id": "1"}), by="w")
    await desk.lapse("en", f"forget:{record.id}")
    assert await desk.find("en", record.id) is None


async def test_audit_is_a_chain(desk: Desk) -> None:
    record = (await desk.publish("en", Draft(text="Before"), by="ann")).record
    assert record
    await desk.edit("en", record.id, Patch(text="After", correction="it was wrong"), 1, by="bob")
    entries = await desk.stream.redis.xrange(Keys.of("en").audit)
    chain = ""
    for _, fields in entries:
        chain = hashlib.sha1((chain + fields["entry"]).encode()).hexdigest()
        assert fields["chain"] == chain
    told = [json.loads(fields["entry"]) for _, fields in entries]
    assert [(e["by"], e["action"], e["from"], e["to"]) for e in told] == [
        ("ann", "publish", None, "live"),
        ("bob", "correct", "live", "live"),
    ]
    assert (told[1]["before"], told[1]["after"], told[1]["reason"]) == ("Before", "After", "it was wrong")


async def test_trimming_keeps_the_board(desk: Desk) -> None:
    for i in range(3):
        await desk.publish("en", Draft(text=f"Headline {i}"), by="ann")
    gone = await desk.stream.trim("en", log_before=desk.stream.now() + 1000, audit_before=0)
    loaded = await desk.stream.load("en")
    assert gone == 2  # the last stays: it shows where the log stands
    assert len(loaded.headlines) == 3
    assert not loaded.complete
    assert await desk.stream.holds("en", loaded.position)


async def test_a_full_strip_lets_the_oldest_go(any_redis_url: str) -> None:
    async with connect(any_redis_url) as redis:
        channel = Settings().channels["en"].model_copy(update={"limit": 3})
        desk = Desk(Stream(redis, new_clock()), {"en": channel})
        for i in range(5):
            await desk.publish("en", Draft(text=f"Headline {i}"), by="ann")
        texts = {record.text for record in await desk.stream.records("en")}
        assert texts == {"Headline 2", "Headline 3", "Headline 4"}


async def test_too_few_replicas_is_told_and_the_retry_is_the_same_headline(any_redis_url: str) -> None:
    async with connect(any_redis_url) as redis:
        strict = Desk(Stream(redis, new_clock(), min_replicas=1), Settings().channels)
        once = Once("k", "d")
        with pytest.raises(errors.NotReplicated):
            await strict.publish("en", Draft(text="Alone"), by="ann", once=once)
        with pytest.raises(errors.NotReplicated):  # the answer is kept, but must not be given yet
            await strict.publish("en", Draft(text="Alone"), by="ann", once=once)
        relaxed = Desk(Stream(redis, new_clock()), Settings().channels)
        receipt = await relaxed.publish("en", Draft(text="Alone"), by="ann", once=once)
        assert receipt.record
        assert len((await relaxed.stream.load("en")).headlines) == 1
