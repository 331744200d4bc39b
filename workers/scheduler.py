"""The scheduler: does what the clock must do. Any number may run; everything it does is harmless to do twice.

What is due stands in Redis, so that a restart forgets nothing and arms nothing.
"""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from pydantic import ValidationError

from ticker import embedded, logs
from ticker import settings as settings_of
from ticker.channel import Channel
from ticker.desk.desk import Desk
from ticker.errors import TickerError, Unavailable
from ticker.most_read.lists import Lists
from ticker.most_read.stories import Stories
from ticker.onair.log import OnAirLog
from ticker.onair.output import Output, frame_at
from ticker.onair.watch import FORGOTTEN_AFTER
from ticker.settings import Settings, SettingsError
from ticker.store import Gone, connect, new_clock
from ticker.stream import Keys, Stream

LOOK_EVERY = 0.25  # s; what is due happens within a second of its time
TRIM_EVERY = 60  # s
RANK_EVERY = 2  # s
AT_ONCE = 500  # timers done before the clock is asked again
PUT_OFF = 60_000  # ms until one that could not be done is tried again

HOUR = 3_600_000  # ms
PLAYS_KEPT = 14 * 24 * HOUR  # since a headline last ran; then it is counted anew

Of = TypeVar("Of", Channel, Output)

logger = logging.getLogger("workers.scheduler")


class Jobs:
    """What is done, channel by channel. A channel that fails does not keep the others from their turn, nor a timer the
    others of its channel.
    """

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self.desk = desk
        self.stream = desk.stream
        self.settings = settings
        self.lists = Lists(Stories(desk.stream.redis))
        self.on_air = OnAirLog(desk.stream.redis)
        self._away: set[str] = set()  # the jobs that Redis does not let us do
        self._faults: dict[tuple[str, str], str] = {}  # by job and name; what was told last
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def finished(self) -> None:
        """Until no job is under way; one that was just handed to the loop gets its turn first."""
        await asyncio.sleep(0)
        await self._idle.wait()

    async def lapse(self) -> None:
        """Expire, release and forget what is due."""
        with self._telling_once("what is due"):
            await self.stream.hear_the_time()
            await self._each("what is due", self.settings.channels.values(), self._lapse)

    async def _lapse(self, channel: Channel) -> None:
        for timer in await self.stream.due(channel.name, self.stream.now(), AT_ONCE):
            try:
                receipt = await self.desk.lapse(channel.name, timer)
            except (*Gone, Unavailable):
                raise
            except TickerError as error:
                logger.warning("%s: %s could not be done: %s", channel.name, timer, error.detail)
            except ValidationError:  # it would tell what it cannot read, which may be under embargo
                logger.warning("%s: %s could not be done: its headline cannot be read", channel.name, timer)
            except Exception:
                logger.exception("%s: %s could not be done", channel.name, timer)
            else:
                if receipt is not None and receipt.changed:
                    logger.info("%s: %s", channel.name, timer)
                continue
            await self._put_off(channel.name, timer)

    async def _put_off(self, channel: str, timer: str) -> None:
        """It stays, and makes way for what can be done; unless it was set anew meanwhile, or is gone."""
        later = {timer: self.stream.now() + PUT_OFF}
        await self.stream.redis.zadd(Keys.of(channel).due, later, xx=True, gt=True)

    async def trim(self) -> None:
        """Let go of what is older than is kept."""
        with self._telling_once("trimming"):
            await self.stream.hear_the_time()
            await self._each("trimming", self.settings.channels.values(), self._trim)
            await self._each("trimming what was on air", self.settings.outputs.values(), self._trim_on_air)

    async def _trim(self, channel: Channel) -> None:
        now = self.stream.now()
        gone = await self.stream.trim(
            channel.name,
            log_before=now - self.settings.log_hours * HOUR,
            audit_before=now - self.settings.audit_days * 24 * HOUR,
        )
        if gone:
            logger.info("%s: %d old events trimmed", channel.name, gone)
        await self.lists.prune(channel, now)

    async def _trim_on_air(self, output: Output) -> None:
        now = self.stream.now()
        frame, unseen = frame_at(now - PLAYS_KEPT, output.rate), now - FORGOTTEN_AFTER
        await self.on_air.trim(output.name, before=now - output.as_run_ms, frame=frame, unseen=unseen)

    async def rank(self) -> None:
        """Make the most-read lists anew."""
        with self._telling_once("most read"):
            await self.stream.hear_the_time()
            await self._each("most read", self.settings.channels.values(), self._rank)

    async def _rank(self, channel: Channel) -> None:
        await self.lists.make(channel, self.stream.now())

    # --- what goes wrong --------------------------------------------------------------------------------------------

    async def _each(self, job: str, many: Iterable[Of], do: Callable[[Of], Awaitable[None]]) -> None:
        """That Redis does not let us is raised when each has had its turn; any other fault is told here, once: the job
        comes again within seconds.
        """
        refused: Exception | None = None
        for one in many:
            fault = ""
            try:
                await do(one)
            except (*Gone, Unavailable) as error:
                refused = refused or error
            except Exception as error:
                fault = f"{type(error).__name__} {error}"
                if fault != self._faults.get((job, one.name)):
                    logger.exception("%s: %s could not be done", one.name, job)
            self._faults[job, one.name] = fault
        if refused is not None:
            raise refused

    @contextlib.contextmanager
    def _telling_once(self, job: str) -> Iterator[None]:
        """Redis may be away for long: it is told when that begins and when it ends, and not four times a second."""
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        except (*Gone, Unavailable) as error:
            if job not in self._away:
                logger.warning("Redis is away (%s); %s waits", error, job)
            self._away.add(job)
        else:
            if job in self._away:
                logger.info("Redis is back; %s goes on", job)
            self._away.discard(job)
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
