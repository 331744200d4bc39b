"""What the desk does beyond one headline: room on the strip, places, the clock's turn, the right to repeat."""

import pytest

from ticker import errors
from ticker.board import Board
from ticker.desk import Desk, Once
from ticker.headline import Draft, Record, State


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
    later = (await desk.publish("en", Draft(text="later", publish_at=now + 50, expires_in=1), by="ann")).record
    assert later
    timer = f"release:{later.id}"
    await desk.lapse("en", timer)
    assert await strip(desk) == []
    while desk.stream.now() < now + 50:
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
