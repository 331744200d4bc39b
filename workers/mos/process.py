"""The MOS process: takes running orders in, and tells the newsroom what was on screen. One of it.

Without `[mos]` in ticker.toml it waits, and does nothing.
"""

import asyncio
import logging
import signal
from collections.abc import Mapping
from typing import Any

import ticker
from ticker import embedded, instant
from ticker.desk.desk import Desk
from ticker.errors import TickerError
from ticker.onair.cues import Cues
from ticker.onair.log import OnAirLog, Told
from ticker.onair.mos import Mos
from ticker.settings import Settings
from ticker.store import Client, Gone, connect, end, end_if_cancelled, new_clock
from ticker.stream import Stream
from workers.mos.answer import Machine
from workers.mos.carry import Carrier
from workers.mos.device import Device
from workers.mos.newsroom import Newsrooms, Place
from workers.mos.orders import Orders
from workers.mos.screen import Change, Screen
from workers.mos.store import MosStore

AGAIN = 2.0  # s until Redis is asked once more

logger = logging.getLogger("workers.mos")


class Process:
    def __init__(self, mos: Mos, settings: Settings, redis: Client) -> None:
        self.stream = Stream(redis, new_clock(), min_replicas=settings.min_replicas)
        desk, self.log, self.store = Desk(self.stream, settings.channels), OnAirLog(redis), MosStore(redis, mos.channel)
        self.mos, self.output = mos, settings.outputs[mos.output]
        carrier = Carrier(mos, self.output, desk, Cues(self.log, desk), self.store)
        self.orders = Orders(carrier, self.store, self.stream.now)
        self.newsrooms = Newsrooms(mos.id, mos.newsrooms, self.time, self._heard)
        self.device = Device(mos, self.orders, Machine(mos.id, ticker.__version__, self.time()), self.time)
        self.screen = Screen()
        self.playing: set[Place] = set()  # what a newsroom was told to be on screen

    def time(self) -> str:
        """Now, as the protocol has it."""
        return instant.format(self.stream.now()).partition(".")[0] + "Z"

    async def run(self) -> None:
        """Until it is cancelled. OSError when a port cannot be had."""
        await self._load()
        async with self.device.listening(), asyncio.TaskGroup() as tasks:
            where = ", ".join(f"{name} {port}" for name, port in self.mos.ports.items())
            logger.info("%s listens on %s: %s", self.mos.id, self.mos.host, where)
            tasks.create_task(self.orders.tend())
            tasks.create_task(self.newsrooms.run())
            tasks.create_task(self._watch())

    async def _load(self) -> None:
        """Nobody is answered before what was kept is there."""
        told = False
        while True:
            end_if_cancelled()
            try:
                await self.stream.hear_the_time()
                await self.orders.load()
                self.playing = await self.store.playing()
            except (TickerError, *Gone) as error:
                if not told:
                    logger.warning("Redis is away (%s); no newsroom is let in before it is back", error)
                told = True
                await asyncio.sleep(AGAIN)
            else:
                self.screen = Screen(one for one, place in self.orders.places.items() if place in self.playing)
                return

    # --- what is on screen ------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            end_if_cancelled()
            try:
                known = await self.log.load([self.output.name])
                async for batch in self.log.follow(known.after):
                    end_if_cancelled()
                    for told in batch:
                        self._hear(told)
                    pages = await self.log.pages()
                    self._tell(self.screen.see(pages.get(self.output.name, {}).values(), self.stream.now()))
            except Gone as error:
                logger.debug("what is on screen cannot be read: %s", error)
            except Exception:
                logger.exception("a fault of ours with what is on screen; going on")
            await asyncio.sleep(AGAIN)

    def _hear(self, told: Told) -> None:
        if told.kind != "ran" or told.output != self.output.name:
            return
        for entry in told.body["ran"]:
            self._tell(self._ran(entry))

    def _ran(self, entry: Mapping[str, Any]) -> list[Change]:
        return self.screen.ran(entry["id"], instant.parse(entry["from"]), self.stream.now())

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            place = self.orders.places.get(change.id)
            if place is not None:
                self.newsrooms.tell(place, change.status)

    async def _heard(self, place: Place, status: str) -> None:
        """Kept, so that after a restart the newsroom is told what has left meanwhile, and nothing twice."""
        playing = self.playing | {place} if status == "PLAY" else self.playing - {place}
        self.playing = playing.intersection(self.orders.places.values())
        try:
            await self.store.say_playing(self.playing)
        except TickerError as error:
            logger.debug("what the newsroom was told cannot be kept: %s", error.detail)  # the next time all of it is


async def run(settings: Settings) -> None:
    """Until SIGTERM, SIGINT or SIGHUP."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if settings.mos is None:
        logger.info("nothing to do: [mos] is not configured")
        await stop.wait()
        return
    async with embedded.redis_url(settings) as url, connect(url) as redis:
        running = asyncio.create_task(Process(settings.mos, settings, redis).run())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        finally:
            await end(running, stopping)
