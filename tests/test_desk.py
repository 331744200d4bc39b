"""What the desk does beyond one headline: room on the strip, places, the clock's turn, the right to repeat."""

import json

import pytest

from ticker import errors
from ticker.board import Board
from ticker.channel import Channel
from ticker.desk.desk import Desk, Once
from ticker.headline import Draft, Patch, Record, State
from ticker.stream import Keys
from ticker.urgency import Urgency
from ticker.writer import Role, Writer, rights_of

ANA = Writer("Ana Ruiz (ana)", "session:1", rights_of({"*": Role.EDITOR}), login="ana")
FLASH = Draft(text="Flash", urgency=Urgency.FLASH)


async def publish(desk: Desk, *texts: str) -> list[Record]:
    return [r.record for t in texts if (r := await desk.publish("en", Draft(text=t), by="ann")).record]


async def strip(desk: Desk) -> list[str]:
    return [h.text for h in Board(await desk.stream.records("en"))]


async def test_moving(desk: Desk) -> None:
    a, b, c, d = await publish(desk, "a", "b", "c", "d")
    assert await strip(desk) == ["d", "c", "b", "a"]
    await desk.move("en", a.id, by="ann", above=c.id)
    assert await strip(desk) == ["d", "a", "c", "b"]
    await desk.move("en", d.id, by="ann", below=b.id)
    assert await strip(desk) == ["a", "c", "b", "d"]
    await desk.move("en", b.id, by="ann", to="top")
    assert await strip(desk) == ["b", "a", "c", "d"]
    await desk.move("en", b.id, by="ann", to="bottom")
    assert await strip(desk) == ["a", "c", "d", "b"]
    await desk.move("en", d.id, by="ann", pinned=True)
    assert await strip(desk) == ["d", "a", "c", "b"]
    await desk.move("en", d.id, by="ann", pinned=False)
    assert await strip(desk) == ["a", "c", "d", "b"]
    with pytest.raises(errors.NoHeadline):
        await desk.move("en", a.id, by="ann", above="z" * 16)
    with pytest.raises(errors.NoHeadline):
        await desk.move("en", "z" * 16, by="ann", to="top")


async def test_unknown_channels_and_headlines(desk: Desk) -> None:
    with pytest.raises(errors.NoChannel):
        await desk.publish("xx", Draft(text="t"), by="ann")
    with pytest.raises(errors.NoHeadline):
        await desk.hold("en", "z" * 16, by="ann")
    assert await desk.find("en", "z" * 16) is None


async def test_the_same_entry_of_a_source_is_the_same_headline(desk: Desk) -> None:
    draft = Draft(text="One", source={"name": "wire", "id": "1"})
    await desk.publish("en", draft, by="source wire")
    with pytest.raises(errors.Refused):
        await desk.publish("en", draft, by="source wire")
    assert await strip(desk) == ["One"]


async def test_a_repeat_after_a_change_still_gets_the_first_answer(desk: Desk) -> None:
    once = Once("k", "d")
    first = await desk.publish("en", Draft(text="One"), by="ann", once=once)
    assert first.record
    await desk.retract("en", first.record.id, "wrong", by="ann")
    assert await desk.publish("en", Draft(text="One"), by="ann", once=once) == first
    assert await strip(desk) == []


async def test_a_timer_that_means_nothing_any_more_is_taken_away(desk: Desk) -> None:
    (record,) = await publish(desk, "a")
    await desk.stream.redis.zadd("ticker:{en}:due", {"release:" + record.id: 1, "expire:nobody": 1, "odd": 1})
    for timer in await desk.stream.due("en", desk.stream.now()):
        await desk.lapse("en", timer)
    assert await desk.stream.due("en", desk.stream.now()) == []
    assert await strip(desk) == ["a"]


async def test_the_clock_does_what_is_due_once(desk: Desk) -> None:
    now = desk.stream.now()
    later = (await desk.publish("en", Draft(text="later", publish_at=now + 500, expires_in=1), by="ann")).record
    assert later
    timer = f"release:{later.id}"
    await desk.lapse("en", timer)
    assert await strip(desk) == []
    while desk.stream.now() < now + 500:
        pass
    assert (await desk.lapse("en", timer)).changed  # type: ignore[union-attr]
    assert not (await desk.lapse("en", timer)).changed  # type: ignore[union-attr]
    found = await desk.find("en", later.id)
    assert found
    assert found.state is State.LIVE
    assert len((await desk.stream.load("en")).recent) == 1


async def test_what_comes_in_the_same_moment_keeps_its_order(desk: Desk) -> None:
    texts = [f"h{i}" for i in range(30)]
    await publish(desk, *texts)
    assert await strip(desk) == texts[::-1]


# --- taking back ------------------------------------------------------------------------------------------------------


async def everything_readers_reach(desk: Desk) -> str:
    redis, keys = desk.stream.redis, Keys.of("en")
    return str([await redis.xrange(keys.log), await redis.hgetall(keys.board), await redis.zrange(keys.places, 0, -1)])


async def test_a_window_that_is_recalled_leaves_no_trace(desk: Desk) -> None:
    await desk.publish("en", Draft(text="Before"), by="ann")
    before = await everything_readers_reach(desk)
    window = (await desk.publish("en", FLASH, by=ANA)).record
    assert window
    assert (window.state, window.undo) == (State.SCHEDULED, True)
    back = await desk.recall("en", window.id, by=ANA)
    assert back.record
    assert (back.record.state, back.position) == (State.DRAFT, None)
    await desk.lapse("en", f"release:{window.id}")
    assert await everything_readers_reach(desk) == before
    assert await desk.stream.due("en", desk.stream.now() + 60_000) == []
    assert not (await desk.recall("en", window.id, by=ANA)).changed


async def test_what_readers_have_is_not_recalled(desk: Desk) -> None:
    window = (await desk.publish("en", FLASH, by=ANA)).record
    assert window
    await desk.release("en", window.id, by=ANA)
    before = await everything_readers_reach(desk)
    with pytest.raises(errors.Refused):
        await desk.recall("en", window.id, by=ANA)
    assert await everything_readers_reach(desk) == before


async def test_a_spiked_candidate_stays_away_and_its_words_may_come_from_others(desk: Desk) -> None:
    draft = Draft(text="A tip", source={"name": "tips", "id": "1"}, state="draft")
    candidate = (await desk.publish("en", draft, by="source:tips")).record
    assert candidate
    await desk.spike("en", candidate.id, by=ANA)
    with pytest.raises(errors.Killed):
        await desk.publish("en", draft, by="source:tips")
    assert not (await desk.spike("en", candidate.id, by=ANA)).changed
    await desk.publish("en", Draft(text="A tip"), by="ann")
    assert await strip(desk) == ["A tip"]


async def test_expiring_by_hand(desk: Desk) -> None:
    (record,) = await publish(desk, "a")
    assert (await desk.expire("en", record.id, by=ANA, at_once=True)).changed
    assert await strip(desk) == []
    assert not (await desk.expire("en", record.id, by=ANA, at_once=True)).changed
    with pytest.raises(errors.NoHeadline):
        await desk.expire("en", "z" * 16, by=ANA, at_once=True)
    assert (await desk.expire("en", "z" * 16)).record is None


async def test_breaking_the_glass_is_told(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    four_eyes = Desk(desk.stream, {"en": Channel(name="en", approval=frozenset({Urgency.FLASH}))})
    waiting = (await four_eyes.publish("en", FLASH, by=ANA)).record
    assert waiting
    with pytest.raises(errors.Forbidden):
        await four_eyes.approve("en", waiting.id, by=ANA)
    alone = await four_eyes.approve("en", waiting.id, by=ANA, reason="Night, nobody here")
    assert alone.record
    assert alone.record.unseconded
    assert f"{waiting.id} goes out without a second person" in caplog.text
    assert "Flash" not in caplog.text
    entries = await desk.stream.redis.xrange(Keys.of("en").audit)
    told = json.loads(entries[-1][1]["entry"])
    assert (told["action"], told["by"], told["via"], told["reason"]) == (
        "break_glass", "Ana Ruiz (ana)", "session:1", "Night, nobody here",
    )  # fmt: skip


async def test_every_edit_is_in_the_audit_with_both_texts(desk: Desk) -> None:
    (record,) = await publish(desk, "a")
    await desk.edit("en", record.id, Patch(kicker="NOW"), 1, by="ann")
    told = json.loads((await desk.stream.redis.xrange(Keys.of("en").audit))[-1][1]["entry"])
    assert (told["before"], told["after"]) == ("a", "a")
