"""The scheduler: does what the clock must do. Any number may run; everything it does is harmless to do twice.

What is due stands in Redis, so that a restart forgets nothing and arms nothing.
"""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from ticker import embedded, logs
from ticker import settings as settings_of
from ticker.desk.desk import Desk
from ticker.errors import TickerError, Unavailable
from ticker.most_read.lists import Lists
from ticker.most_read.stories import Stories
from ticker.settings import Settings, SettingsError
from ticker.store import Gone, connect, new_clock
from ticker.stream import Stream

LOOK_EVERY = 0.25  # s; what is due happens within a second of its time
TRIM_EVERY = 60  # s
RANK_EVERY = 2  # s
AT_ONCE = 500  # timers done before the clock is asked again

HOUR = 3_600_000  # ms

logger = logging.getLogger("workers.scheduler")


class Jobs:
    """What is done, channel by channel. A channel that fails does not keep the others from their turn."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self.desk = desk
        self.stream = desk.stream
        self.settings = settings
        self.lists = Lists(Stories(desk.stream.redis))
        self._away = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def finished(self) -> None:
        """Until no job is under way; one that was just handed to the loop gets its turn first."""
        await asyncio.sleep(0)
        await self._idle.wait()

    async def lapse(self) -> None:
        """Expire, release and forget what is due."""
        with self._telling_once():
            await self.stream.hear_the_time()
            for channel in self.settings.channels:
                await self._lapse(channel)

    async def _lapse(self, channel: str) -> None:
        due = await self.stream.due(channel, self.stream.now(), AT_ONCE)
        for timer in due:
            try:
                receipt = await self.desk.lapse(channel, timer)
            except TickerError as error:
                logger.warning("%s: %s could not be done: %s", channel, timer, error.detail)
                continue
            if receipt is not None and receipt.changed:
                logger.info("%s: %s", channel, timer)

    async def trim(self) -> None:
        """Let go of what is older than is kept."""
        with self._telling_once():
            await self.stream.hear_the_time()
            now = self.stream.now()
            for channel in self.settings.channels:
                gone = await self.stream.trim(
                    channel,
                    log_before=now - self.settings.log_hours * HOUR,
                    audit_before=now - self.settings.audit_days * 24 * HOUR,
                )
                if gone:
                    logger.info("%s: %d old events trimmed", channel, gone)
                await self.lists.prune(self.settings.channels[channel], now)

    async def rank(self) -> None:
        """Make the most-read lists anew."""
        with self._telling_once():
            await self.stream.hear_the_time()
            for channel in self.settings.channels.values():
                try:
                    await self.lists.make(channel, self.stream.now())
                except Unavailable:
                    raise
                except TickerError as error:
                    logger.warning("%s: the most-read lists could not be made: %s", channel.name, error.detail)

    @contextlib.contextmanager
    def _telling_once(self) -> Iterator[None]:
        """Redis may be away for long: it is told when that begins and when it ends, and not four times a second."""
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        except (*Gone, Unavailable) as error:
            if not self._away:
                logger.warning("Redis is away (%s); what is due waits", error)
            self._away = True
        else:
            if self._away:
                logger.info("Redis is back")
            self._away = False
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()


async def run(settings: Settings) -> None:
    """Until SIGTERM, SIGINT or SIGHUP; the job under way is finished first."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with embedded.redis_url(settings) as url, connect(url) as redis:
        jobs = Jobs(Desk(Stream(redis, new_clock(), min_replicas=settings.min_replicas), settings.channels), settings)
        scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
        scheduler.add_job(jobs.lapse, "interval", seconds=LOOK_EVERY)
        scheduler.add_job(jobs.rank, "interval", seconds=RANK_EVERY)
        scheduler.add_job(jobs.trim, "interval", seconds=TRIM_EVERY, next_run_time=datetime.now(UTC))
        scheduler.start()
        logger.info("at work for %s", ", ".join(settings.channels))
        await stop.wait()
        scheduler.pause()
        await jobs.finished()
        scheduler.shutdown(wait=False)


def main() -> int:
    try:
        settings = settings_of.load()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  before there is a log
        return 2
    logs.begin(settings.log)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    asyncio.run(run(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
