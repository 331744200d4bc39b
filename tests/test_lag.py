import asyncio
import time

from tests.servers import eventually
from ticker.lag import EVERY, Lag

HELD_UP = 3 * EVERY


async def test_what_holds_the_loop_up_is_seen() -> None:
    lag = Lag()
    sampling = asyncio.create_task(lag.run())
    try:
        await eventually(lambda: lag.seen.count, "a first sample")
        before = lag.seen.sum
        time.sleep(HELD_UP)  # noqa: ASYNC251  that is the fault
        samples = lag.seen.count
        await eventually(lambda: lag.seen.count > samples)
        assert lag.seen.sum - before >= HELD_UP - EVERY
        assert lag.seen.sum >= lag.last > 0
    finally:
        sampling.cancel()
