"""The newest playlist only, one at a time, for ever; and what is taken off does not wait."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.pushed import A, B, System, item, playlist
from tests.samples import NOW
from tests.servers import eventually
from workers.onair.adapter import SOON, Message, Trouble
from workers.onair.push import LONGEST_WAIT, Push


class Pushing:
    def __init__(self, system: System, *, longest: bool = False) -> None:
        self.now = NOW
        self.is_ours = True
        self.system = system
        self.told: list[tuple[str, str]] = []
        self.waits: list[float] = []
        self.queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self.longest = longest
        self.push = Push(
            "program", system, self._tell, now=lambda: self.now, is_ours=self._is_ours, uniform=self._uniform
        )
        self.looks = 0

    def _uniform(self, _: float, high: float) -> float:
        self.waits.append(high)
        return 10**3 if self.longest else 0.01

    def _is_ours(self) -> bool:
        self.looks += 1
        return self.is_ours

    def _tell(self, playlist: str, trouble: str) -> None:
        self.told.append((playlist, trouble))

    async def playlists(self) -> AsyncIterator[Message | None]:
        while True:
            yield await self.queue.get()


@contextlib.asynccontextmanager
async def pushing(*troubles: Exception | None, longest: bool = False, again: float = 60) -> AsyncIterator[Pushing]:
    one = Pushing(System(*troubles, again=again), longest=longest)
    task = asyncio.create_task(one.push.run(one.playlists()))
    yield one
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert one.system.closed


ONE, TWO, THREE = playlist(item(A)), playlist(item(A), item(B)), playlist(item(B))


async def test_of_several_that_came_at_once_the_newest_is_shown() -> None:
    async with pushing() as one:
        for each in (ONE, None, TWO, THREE):
            one.queue.put_nowait(each)
        await eventually(lambda: one.system.shown == [THREE["id"]])
        one.queue.put_nowait(ONE)
        await eventually(lambda: one.system.shown == [THREE["id"], ONE["id"]])


async def test_the_same_playlist_is_shown_again_when_the_system_wants_it() -> None:
    async with pushing(again=0.01) as one:
        one.queue.put_nowait(ONE)
        await eventually(lambda: one.system.shown == [ONE["id"]] * 3 or len(one.system.shown) > 3)


async def test_it_is_tried_for_ever_and_told_in_its_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with pushing(*[Trouble("It is away.")] * 12) as one:
        one.queue.put_nowait(ONE)
        await eventually(lambda: one.system.shown)
        assert [told for _, told in one.told[:13]] == ["It is away."] * 12 + [""]
        assert [record.message for record in caplog.records] == [
            "program: It is away. It is tried again.",
            "program: system has its playlist",
        ]
    assert len(one.waits) == 12
    assert one.waits[0] == 1  # the share of the wait that is drawn


async def test_waits_become_longer_to_a_limit() -> None:
    push = Push("program", System(), Pushing(System())._tell, now=lambda: NOW, uniform=lambda _, high: high)
    waits = [push._after_a_failure() for _ in range(8)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (0.25, LONGEST_WAIT)
    assert push._after_a_failure(30) == 30


async def test_only_a_kill_does_not_wait() -> None:
    async with pushing(Trouble("It is away."), longest=True) as one:
        one.queue.put_nowait(ONE)
        await eventually(lambda: one.system.asked == 1)
        one.queue.put_nowait(TWO)
        await eventually(lambda: one.push._newest == TWO and not one.push._came.is_set())
        assert one.system.asked == 1
        one.queue.put_nowait(THREE)
        await eventually(lambda: one.system.shown == [THREE["id"]])


async def test_what_had_left_quietly_and_is_killed_does_not_wait() -> None:
    async with pushing(Trouble("It is away."), longest=True) as one:
        one.queue.put_nowait(playlist(item(B), leaving=[A]))
        await eventually(lambda: one.system.asked == 1)
        one.queue.put_nowait(THREE)
        await eventually(lambda: one.system.shown == [THREE["id"]])


async def test_words_that_are_corrected_do_not_wait() -> None:
    right = playlist(item(A, "Right", version=2, corrected=True))
    async with pushing(Trouble("It is away."), longest=True) as one:
        one.queue.put_nowait(ONE)
        await eventually(lambda: one.system.asked == 1)
        one.queue.put_nowait(right)
        await eventually(lambda: one.system.shown == [right["id"]])


async def test_a_fault_of_ours_is_told_with_where_it_was_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async with pushing(*[UnicodeError("no such word")] * 3) as one:
        one.queue.put_nowait(ONE)
        await eventually(lambda: one.system.shown == [ONE["id"]])
    assert [told for _, told in one.told] == ["There is a fault of ours: UnicodeError."] * 3 + [""]
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert record.exc_info, "its traceback"


# --- while another may push by now ------------------------------------------------------------------------------------


async def test_nothing_is_put_on_nor_said_again_until_it_is_surely_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.onair.push.LOOK_EVERY", 0.01)
    async with pushing() as one:
        one.queue.put_nowait(ONE)
        await eventually(lambda: one.system.shown == [ONE["id"]])
        one.is_ours = False
        one.queue.put_nowait(TWO)
        looked = one.looks
        await eventually(lambda: one.looks > looked + 3)
        assert one.system.shown == [ONE["id"]]
        one.is_ours = True
        await eventually(lambda: one.system.shown == [ONE["id"], TWO["id"]])


async def test_what_is_over_goes_and_all_headlines_with_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.onair.push.LOOK_EVERY", 0.01)
    told = playlist(item(A, expires_at=NOW + 1000), item(B))
    async with pushing() as one:
        one.queue.put_nowait(told)
        await eventually(lambda: one.system.shown == [told["id"]])
        one.is_ours = False
        one.now += 1000
        one.push._came.set()
        await eventually(lambda: one.system.shown[1:] == [f"{told['id']}-bare"])
        looked = one.looks
        one.push._came.set()
        await eventually(lambda: one.looks > looked + 3)
        assert len(one.system.shown) == 2


async def test_who_is_in_the_middle_of_it_may_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.onair.push.LOOK_EVERY", 0.01)
    async with pushing(again=SOON) as one:
        one.queue.put_nowait(ONE)
        await eventually(lambda: one.system.shown == [ONE["id"]])
        one.is_ours, one.system.again = False, 60
        one.queue.put_nowait(TWO)
        await eventually(lambda: one.system.shown == [ONE["id"]] * 2)


async def test_what_follows_the_service_by_itself_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.onair.push.LOOK_EVERY", 0.01)
    async with pushing() as one:
        one.system.by_itself = True
        one.queue.put_nowait(ONE)
        await eventually(lambda: one.system.shown == [ONE["id"]])
        one.is_ours = False
        one.queue.put_nowait(THREE)
        looked = one.looks
        await eventually(lambda: one.looks > looked + 3)
        assert one.system.shown == [ONE["id"]]
