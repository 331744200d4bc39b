"""One output's playlists on their way to one system: the newest only, one thing at a time, for ever."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable

from workers.onair import words
from workers.onair.adapter import SOON, Adapter, Message, Trouble

SHORTEST_WAIT = 0.25  # s before the second try
LONGEST_WAIT = 5.0  # s: a system that comes back has its playlist within that, unless it has asked for longer
LOOK_EVERY = 1.0  # s between looks at whether it is ours to push again

logger = logging.getLogger("workers.onair")

Tell = Callable[[str, str], None]  # the playlist that the system has, and what is wrong with it


class Push:
    """While it is not surely ours to push, for another may by now, nothing is put on or said again: the system keeps
    what it has, until something of that is over. Then the output's own lines take the place of all headlines, as nobody
    knows what else was taken off meanwhile.
    """

    def __init__(
        self,
        output: str,
        adapter: Adapter,
        tell: Tell,
        *,
        now: Callable[[], int],
        is_ours: Callable[[], bool] = lambda: True,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.output = output
        self.adapter = adapter
        self._tell = tell
        self._now = now
        self._is_ours = is_ours
        self._uniform = uniform
        self._newest: Message | None = None
        self._came = asyncio.Event()
        self._had: tuple[Message, int] | None = None  # what the system took last, and for which moment (ms)
        self._done = True  # and it is through with it
        self._failures = 0
        self._trouble: str | None = None  # as it was told last; None before the first time

    async def run(self, playlists: AsyncIterator[Message | None]) -> None:
        """Until it is cancelled. None among the playlists is no news."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take(playlists))
                tasks.create_task(self._bring())
        finally:
            await self.adapter.close()

    async def _take(self, playlists: AsyncIterator[Message | None]) -> None:
        async for playlist in playlists:
            if playlist is not None and (self._newest is None or playlist["id"] != self._newest["id"]):
                self._newest = playlist
                self._came.set()

    async def _bring(self) -> None:
        await self._came.wait()
        while True:
            self._came.clear()
            now = self._now()
            playlist = self._to_bring(now)
            if playlist is None:
                await self._sleep(LOOK_EVERY)
                continue
            try:
                again = await self.adapter.show(playlist, now)
            except Trouble as trouble:
                self._say(playlist, str(trouble))
                await self._wait(playlist, self._after_a_failure(trouble.wait))
            except Exception as fault:  # noqa: BLE001  it must not end what others get
                self._say(playlist, f"There is a fault of ours: {type(fault).__name__}.", fault)
                await self._wait(playlist, self._after_a_failure())
            else:
                self._had, self._done = (playlist, now), again > SOON
                self._failures = 0
                self._say(playlist, "")
                await self._sleep(again)

    def _to_bring(self, now: int) -> Message | None:
        """What the system should have now; None when nothing must be said to it."""
        assert self._newest is not None
        if self._is_ours():
            return self._newest
        if self._had is None or self.adapter.by_itself:
            return None
        had, then = self._had
        if not self._done:
            return had
        return words.bare(self._newest) if words.has_ended(had, then, self._newest, now) else None

    def _after_a_failure(self, asked: float = 0) -> float:
        self._failures += 1
        wait = min(LONGEST_WAIT, SHORTEST_WAIT * 2.0 ** min(self._failures - 1, 10))
        return max(asked, wait * self._uniform(0.5, 1))

    async def _wait(self, failed: Message, seconds: float) -> None:
        """After a failure. What takes something more off the screen does not wait."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            await self._sleep(left)
            assert self._newest is not None
            if words.taken_off(failed, self._newest):
                return
            self._came.clear()

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._came.wait(), seconds)
        except TimeoutError:
            return

    def _say(self, playlist: Message, trouble: str, fault: Exception | None = None) -> None:
        if trouble != self._trouble:
            if trouble:
                logger.warning("%s: %s It is tried again.", self.output, trouble, exc_info=fault)
            else:
                logger.info("%s: %s has its playlist", self.output, self.adapter.name)
        self._trouble = trouble
        self._tell(playlist["id"], trouble)
