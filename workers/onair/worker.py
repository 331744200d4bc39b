"""The onair process: brings the outputs' playlists to the systems that the settings name.

Any number may run: one pushes, and another takes its place when it ends. One that has not heard from Redis for as long
as its place was given to it cannot know whether another has it by now: what stands stays, and only what is over goes.
"""

import asyncio
import contextlib
import logging
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial

from yarl import URL

from ticker import embedded, logs
from ticker import settings as settings_of
from ticker.errors import TickerError
from ticker.fanout.hub import Hub
from ticker.onair.output import Output
from ticker.onair.page_key import key_of
from ticker.onair.playouts import Playouts
from ticker.onair.target import Target
from ticker.onair.targets import Targets
from ticker.people.seal import Seal
from ticker.settings import Settings, SettingsError
from ticker.store import connect, end, end_if_cancelled, new_clock
from ticker.stream import Stream
from workers.onair.adapter import Adapter, Message
from workers.onair.caspar import Caspar
from workers.onair.h2r import H2RTicker
from workers.onair.peer import Peer, peer
from workers.onair.push import Push
from workers.onair.singular import SingularStream
from workers.onair.vmix import VmixTitle

LEASE = 10_000  # ms that we push without saying so again
RENEW_EVERY = 3.0  # s
TELL_EVERY = 5.0  # s at most between two words on how a system is doing
AGAIN = 2.0  # s after a fault of ours with a playlist

PAGE = "caspar"  # what the page calls itself that CasparCG is told to load

logger = logging.getLogger("workers.onair")


def pushed(outputs: dict[str, Output]) -> dict[str, Output]:
    """Those that some system gets pushed."""
    return {name: output for name, output in outputs.items() if output.systems}


def adapters(output: Output, page: str, peer: Peer) -> Iterator[Adapter]:
    if output.casparcg is not None:
        yield Caspar(output.casparcg, page)
    if output.vmix is not None:
        yield VmixTitle(output.vmix, peer)
    if output.singular is not None:
        yield SingularStream(output.singular, peer)
    if output.h2r is not None:
        yield H2RTicker(output.h2r, peer)


async def page_of(output: Output, settings: Settings, seal: Seal) -> str:
    """The address of the output's page with the key that lets it report, in ASCII. Unavailable while Redis is away."""
    main = str(URL(output.addresses[0] if output.addresses else settings.url))
    return f"{main.rstrip('/')}/onair/{output.name}?page={PAGE}&key={await key_of(seal, output)}"


class OnAir:
    def __init__(self, playouts: Playouts, outputs: dict[str, Output], settings: Settings, peer: Peer) -> None:
        redis = playouts.hub.stream.redis
        self._playouts = playouts
        self._outputs = outputs
        self._settings = settings
        self._peer = peer
        self._targets = Targets(redis)
        self._seal = Seal(redis)
        self._token = secrets.token_hex(8)
        self._ours_until = 0.0  # s of the loop's clock: until then nobody else pushes
        self._known: dict[tuple[str, str], Target] = {}
        self._news = asyncio.Event()

    def is_ours(self) -> bool:
        """Surely. Also where it is not, there may be nobody else."""
        return asyncio.get_running_loop().time() < self._ours_until

    async def run(self) -> None:
        """Until it is cancelled: push whenever it is ours to push."""
        while True:
            end_if_cancelled()
            with contextlib.suppress(TickerError):
                if await self._is_given(self._targets.take):
                    try:
                        await self._while_ours()
                    finally:
                        with contextlib.suppress(TickerError):
                            await self._targets.release(self._token)
            await asyncio.sleep(RENEW_EVERY)

    async def _is_given(self, ask: Callable[[str, int], Awaitable[bool]]) -> bool:
        began = asyncio.get_running_loop().time()  # it ends no earlier than counted from here
        given = await ask(self._token, LEASE)
        if given:
            if not self.is_ours():
                self._news.set()  # nothing was told meanwhile
            self._ours_until = began + LEASE / 1000
        return given

    async def _while_ours(self) -> None:
        pushing = asyncio.create_task(self._push())
        keeping = asyncio.create_task(self._keep())
        try:
            await asyncio.wait([pushing, keeping], return_when=asyncio.FIRST_COMPLETED)
            if pushing.done():
                pushing.result()
            else:
                logger.warning("another process pushes now")
        finally:
            await end(pushing, keeping)

    async def _keep(self) -> None:
        """Returns when another process pushes."""
        while True:
            await asyncio.sleep(RENEW_EVERY)
            with contextlib.suppress(TickerError):
                if not await self._is_given(self._targets.renew) and not await self._is_given(self._targets.take):
                    return

    async def _push(self) -> None:
        names = {(output.name, system) for output in self._outputs.values() for system in output.systems}
        await self._targets.forget_all_but(names)
        pages = {name: await page_of(output, self._settings, self._seal) for name, output in self._outputs.items()}
        self._known.clear()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell())
            for name, output in self._outputs.items():
                for adapter in adapters(output, pages[name], self._peer):
                    know = partial(self._know, name, adapter.name)
                    push = Push(name, adapter, know, now=self._playouts.now, is_ours=self.is_ours)
                    tasks.create_task(push.run(playlists(self._playouts, name)))

    def _know(self, output: str, system: str, playlist: str, trouble: str) -> None:
        before, now = self._known.get((output, system)), self._playouts.now()
        same = before is not None and before.trouble == trouble
        since = before.since if before is not None and same else now
        self._known[output, system] = Target(output, system, trouble, playlist, since, now)
        if before is None or not same or before.playlist != playlist:
            self._news.set()

    async def _tell(self) -> None:
        """Of every change at once, and now and then that it is so still. Redis cannot hold up what is pushed."""
        while True:
            end_if_cancelled()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), TELL_EVERY)
            self._news.clear()
            now = self._playouts.now()
            targets = [replace(target, at=now) for target in self._known.values()]
            if targets and self.is_ours():
                with contextlib.suppress(TickerError):
                    await self._targets.tell(*targets)


async def playlists(playouts: Playouts, output: str) -> AsyncIterator[Message | None]:
    """From when there is the first, for ever."""
    while True:
        try:
            while playouts.of(output).playlist is None:
                await playouts.of(output).changed(1.0)
            async for playlist in playouts.follow(output):
                yield playlist
        except Exception:
            logger.exception("%s: a fault of ours; going on", output)
            await asyncio.sleep(AGAIN)


async def run(settings: Settings) -> None:
    """Until SIGTERM, SIGINT or SIGHUP. What is on screen stays."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    outputs = pushed(settings.outputs)
    if not outputs:
        logger.info("no output is pushed to another system: nothing to do")
        await stop.wait()
        return
    used = {name for output in outputs.values() for name in output.channels}
    channels = {name: channel for name, channel in settings.channels.items() if name in used}
    async with embedded.redis_url(settings) as url, connect(url) as redis, peer() as http:
        hub = Hub(Stream(redis, new_clock(), min_replicas=settings.min_replicas), channels)
        playouts = Playouts(hub, outputs, channels)
        logger.info("at work for %s", ", ".join(outputs))
        onair = OnAir(playouts, outputs, settings, http)
        tasks = [asyncio.create_task(one.run()) for one in (hub, playouts, onair)]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()  # none of them ends by itself: it has failed in a way we do not know
        finally:
            await end(stopping, *reversed(tasks))


def main() -> int:
    try:
        settings = settings_of.load()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  before there is a log
        return 2
    logs.begin(settings.log)
    asyncio.run(run(settings))
    return 0
