"""What the desk does beyond one headline: room on the strip, places, the clock's turn, the right to repeat."""

import json

import pytest

from ticker import errors
from ticker.board import Board
from ticker.channel import Channel, Undo
from ticker.desk.desk import Desk
from ticker.desk.once import Once
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


async def test_the_clock_does_what_is_due_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    due = desk.stream.now() + 3_600_000
    later = (await desk.publish("en", Draft(text="later", publish_at=due, expires_in=1), by="ann")).record
    assert later
    timer = f"release:{later.id}"
    await desk.lapse("en", timer)
    assert await strip(desk) == []
    monkeypatch.setattr(desk.stream, "now", lambda: due)
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


async def test_words_that_are_killed_in_an_undo_window_do_not_leave_it(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(desk.stream, {"en": Channel(name="en", undo=Undo(flash=1))})
    window = (await desk.publish("en", FLASH, by=ANA)).record
    draft = (await desk.publish("en", Draft(text="FLASH!", state="draft"), by=ANA)).record
    (copy,) = await publish(desk, "Flash.")
    assert window
    assert draft
    await desk.retract("en", copy.id, "A false alarm", by="ben")
    with pytest.raises(errors.Killed):
        await desk.release("en", draft.id, by=ANA)
    with pytest.raises(errors.Killed):
        await desk.release("en", window.id, by=ANA)
    timer = f"release:{window.id}"
    due = window.publish_at or 0
    monkeypatch.setattr(desk.stream, "now", lambda: due)
    held = await desk.lapse("en", timer)
    assert held
    assert held.record
    assert (held.record.state, held.position) == (State.HELD, None)
    assert f"{window.id} is held" in caplog.text
    assert await strip(desk) == []
    assert await desk.stream.due("en", desk.stream.now()) == []
    reworded = (await desk.edit("en", window.id, Patch(text="Other words"), 1, by=ANA)).record
    assert reworded
    assert (reworded.stale, (await desk.release("en", window.id, by=ANA)).changed) == (None, True)


async def test_a_candidate_that_nobody_touches_goes_by_itself(desk: Desk) -> None:
    drafts = [Draft(text=f"Tip {n}", source={"name": "tips", "id": str(n)}, state="draft") for n in range(3)]
    left, edited, taken = [r.record for d in drafts if (r := await desk.publish("en", d, by="source:tips")).record]
    due, days = desk.stream.now() + 14 * 24 * 3_600_000, 24 * 3_600_000
    timers = {f"spike:{one.id}" for one in (left, edited, taken)}
    assert timers.isdisjoint(await desk.stream.due("en", due - days))
    await desk.edit("en", left.id, Patch(text="Tip"), 1, by="source:tips")
    await desk.edit("en", edited.id, Patch(text="A good tip"), 1, by=ANA)
    await desk.release("en", taken.id, by=ANA)
    for timer in timers & set(await desk.stream.due("en", due)):
        await desk.lapse("en", timer)
        await desk.lapse("en", timer)
    assert timers.isdisjoint(await desk.stream.due("en", due))
    with pytest.raises(errors.Killed):
        await desk.find("en", left.id)
    kept = [await desk.find("en", one.id) for one in (edited, taken)]
    assert [one and one.state for one in kept] == [State.DRAFT, State.LIVE]
    ((_, entry),) = await desk.stream.redis.xrevrange(Keys.of("en").audit, count=1)
    said = json.loads(entry["entry"])
    assert (said["by"], said["action"], said["reason"]) == ("clock", "spike", "Nobody has looked at it.")


async def test_repeating_what_was_done_gets_its_answer_whatever_has_changed_since(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = await publish(desk, "a", "b")
    once = Once("k", "d")
    moved = await desk.move("en", b.id, by=ANA, below=a.id, once=once)
    await desk.retract("en", a.id, "wrong", by="ann")
    assert await desk.move("en", b.id, by=ANA, below=a.id, once=once) == moved
    with pytest.raises(errors.KeyReused):
        await desk.move("en", b.id, by=ANA, to="top", once=Once("k", "other"))
    over = desk.stream.now() + 3_600_000
    brief = Draft(text="brief", expires_at=over)
    first = await desk.publish("en", brief, by=ANA, once=Once("k2", "d"))
    monkeypatch.setattr(desk.stream, "now", lambda: over + 1)
    assert await desk.publish("en", brief, by=ANA, once=Once("k2", "d")) == first
    with pytest.raises(errors.Invalid):
        await desk.publish("en", brief, by=ANA, once=Once("k3", "d"))


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
