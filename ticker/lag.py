"""The event loop's lag: how late it wakes who asked to be woken. While it is late, every reader waits."""

import asyncio
import time

from ticker.histogram import Histogram

EVERY = 0.1  # s between samples: a hold-up that is longer cannot slip through


class Lag:
    def __init__(self) -> None:
        self.last = 0.0  # s
        self.seen = Histogram()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            due = time.monotonic() + EVERY
            await asyncio.sleep(EVERY)
            self.last = max(0.0, time.monotonic() - due)
            self.seen.observe(self.last)
