"""The ingest process: polls the sources. Any number may run; each source is polled by one of them at a time.

python -m workers.ingest               until SIGTERM or SIGHUP
python -m workers.ingest --once        every source once
python -m workers.ingest --replay ID   a dead letter once more
python -m workers.ingest --try URL     what a document would become; nothing is handed in
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import random
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from ticker import embedded, logs
from ticker import settings as settings_of
from ticker.dead import Dead
from ticker.desk.desk import Desk
from ticker.desk.links import Links
from ticker.errors import TickerError
from ticker.most_read.stories import Stories
from ticker.seen import Known
from ticker.settings import Settings, SettingsError, SourceSettings
from ticker.sources import Sources
from ticker.store import Gone, connect, end, end_if_cancelled, monotonic_ms, new_clock
from ticker.stream import Stream
from workers import demo, fetch, match, parse
from workers.articles import LOOK_EVERY as LOOK_AT_ARTICLES_EVERY
from workers.articles import Articles
from workers.fetch import Fetched, Request, fetcher
from workers.identity import identify
from workers.link_check import LOOK_EVERY as LOOK_AT_LINKS_EVERY
from workers.link_check import TIME as TIME_FOR_A_LINK
from workers.link_check import LinkCheck
from workers.parse import parser
from workers.source import Source, Tools

LEASE = 10_000  # ms that a source is ours without our saying so again
RENEW_EVERY = 3.0  # s
LOOK_EVERY = 3.0  # s between two looks whether a source has become free
TIME_EVERY = 10.0  # s between two looks at Redis's clock

logger = logging.getLogger("workers.ingest")


class Lease:
    """One source, ours for as long as we say so."""

    def __init__(self, sources: Sources, name: str) -> None:
        self._sources = sources
        self._name = name
        self._token = secrets.token_hex(8)
        self._until = 0

    async def take(self) -> bool:
        asked = monotonic_ms()
        taken = await self._sources.take(self._name, self._token, LEASE)
        self._until = asked + LEASE if taken else 0
        return taken

    async def keep(self) -> None:
        """Returns when it is lost: another has it, or Redis could not be told in time."""
        while monotonic_ms() < self._until:
            await asyncio.sleep(RENEW_EVERY)
            asked = monotonic_ms()
            try:
                async with asyncio.timeout(max(0.001, (self._until - asked) / 1000)):
                    if not await self._sources.renew(self._name, self._token, LEASE):
                        return
                self._until = asked + LEASE
            except (TickerError, TimeoutError):
                continue

    async def release(self) -> None:
        with contextlib.suppress(TickerError):
            await self._sources.release(self._name, self._token)


class Ingest:
    def __init__(self, tools: Tools, sources: Mapping[str, SourceSettings]) -> None:
        self.tools = tools
        self.sources = sources
        self.holder = f"{socket.gethostname()}:{os.getpid()}"

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop. A poll under way is given up: what it has handed in is remembered."""
        tasks = [asyncio.create_task(self._keep(source), name=source.name) for source in self.sources.values()]
        tasks.append(asyncio.create_task(self._hear_the_time(), name="time"))
        tasks.append(asyncio.create_task(self._look_at_articles(), name="articles"))
        tasks.append(asyncio.create_task(self._look_at_links(), name="links"))
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()  # none of them ends by itself: it has failed in a way we do not know
        finally:
            await end(stopping, *tasks)

    async def once(self) -> int:
        """Every source, now. How many of them failed."""
        await self.tools.desk.stream.hear_the_time()
        outcomes = await asyncio.gather(*(self._source(source).poll() for source in self.sources.values()))
        for source, outcome in zip(self.sources.values(), outcomes, strict=True):
            told = outcome.error or ", ".join(f"{count} {name}" for name, count in outcome.counts.items())
            print(f"{source.name}: {told}")  # noqa: T201  the answer to the command
        return sum(bool(outcome.error) for outcome in outcomes)

    def _source(self, settings: SourceSettings) -> Source:
        return Source(settings, self.tools, holder=self.holder)

    async def _keep(self, settings: SourceSettings) -> None:
        """Poll it whenever it is ours."""
        lease = Lease(self.tools.sources, settings.name)
        while True:
            try:
                if await lease.take():
                    try:
                        await self._while_ours(settings, lease)
                    finally:
                        await lease.release()
            except TickerError as error:
                logger.debug("%s: %s", settings.name, error.detail)
            await asyncio.sleep(LOOK_EVERY * random.uniform(0.5, 1))

    async def _while_ours(self, settings: SourceSettings, lease: Lease) -> None:
        polling = asyncio.create_task(self._poll(settings))
        keeping = asyncio.create_task(lease.keep())
        try:
            await asyncio.wait([polling, keeping], return_when=asyncio.FIRST_COMPLETED)
            if polling.done():
                polling.result()
            else:
                logger.warning("%s: the lease is lost; another process polls it now", settings.name)
        finally:
            await end(polling, keeping)

    async def _poll(self, settings: SourceSettings) -> None:
        source = self._source(settings)
        next_at = (await self.tools.sources.state(settings.name)).next_at
        while True:
            await asyncio.sleep(min(max(0, next_at - self.tools.now()) / 1000, fetch.LONGEST_WAIT))
            outcome = await source.poll()
            next_at = outcome.next_at
            done = {name: count for name, count in outcome.counts.items() if name not in ("polls", "unchanged")}
            logger.log(logging.INFO if done else logging.DEBUG, "%s: %s", settings.name, done or "nothing new")

    # Pages and links have fetchers of their own: nobody's feed waits for them.

    async def _look_at_articles(self) -> None:
        desk = self.tools.desk
        async with fetcher() as fetching:
            articles = Articles(Stories(desk.stream.redis), fetching, desk.channels)
            while True:
                end_if_cancelled()
                with contextlib.suppress(*Gone, TickerError):
                    await articles.look(self.tools.now())
                await asyncio.sleep(LOOK_AT_ARTICLES_EVERY)

    async def _look_at_links(self) -> None:
        async with fetcher(total=TIME_FOR_A_LINK) as fetching, asyncio.TaskGroup() as group:
            links = LinkCheck(Links(self.tools.desk.stream.redis), fetching, group)
            while True:
                end_if_cancelled()
                with contextlib.suppress(*Gone):
                    await links.look()
                await asyncio.sleep(LOOK_AT_LINKS_EVERY)

    async def _hear_the_time(self) -> None:
        while True:
            end_if_cancelled()
            with contextlib.suppress(*Gone):
                await self.tools.desk.stream.hear_the_time()
            await asyncio.sleep(TIME_EVERY)


@asynccontextmanager
async def tools(settings: Settings) -> AsyncIterator[Tools]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(embedded.redis_url(settings))
        redis = await stack.enter_async_context(connect(url))
        stream = Stream(redis, new_clock(), min_replicas=settings.min_replicas)
        yield Tools(
            fetcher=await stack.enter_async_context(fetcher()),
            parser=stack.enter_context(parser()),
            desk=Desk(stream, settings.channels),
            sources=Sources(redis),
            dead=Dead(redis),
        )


@asynccontextmanager
async def sources_of(settings: Settings) -> AsyncIterator[Mapping[str, SourceSettings]]:
    """Those of the settings; without any, the demonstration wire."""
    if settings.sources or not settings.demo:
        yield settings.sources
        return
    async with demo.serve() as address:
        yield {source.name: source for source in demo.sources(address) if source.channel in settings.channels}


async def run(settings: Settings, *, once: bool = False) -> int:
    stop = asyncio.Event()
    for number in () if once else (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with sources_of(settings) as sources, tools(settings) as with_:
        ingest = Ingest(with_, sources)
        if once:
            return int(await ingest.once() > 0)
        logger.info("at work for %s", ", ".join(sources) or "no source: none is configured")
        await ingest.run(stop)
    return 0


async def replay(settings: Settings, letter_id: str) -> int:
    """Through the same road as when it came."""
    async with sources_of(settings) as sources, tools(settings) as with_:
        letter = await with_.dead.get(letter_id)
        if letter is None:
            return _fail(f"There is no dead letter {letter_id!r}.")
        if letter.source not in sources:
            return _fail(f"It is from {letter.source!r}, which is not configured any more.")
        now = with_.now()
        document = await with_.parser.parse(letter.body, letter.content_type, letter.url, now)
        if isinstance(document, parse.Failed):
            return _fail(document.reason)
        source = Source(sources[letter.source], with_)
        await with_.sources.overlook(letter.source, identify(document, source.settings).ids)
        counts, _ = await source.hand_in(document, letter.url)
        print(", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing to do")  # noqa: T201
        if counts["dead"]:
            return 1
        await with_.dead.drop(letter_id)
    return 0


async def try_(settings: Settings, url: str) -> int:
    """What would be handed in, a line each. Asks nothing of Redis."""
    if not url.startswith(("http://", "https://")):
        return _fail(f"{url} is not a web address: it begins with neither http:// nor https://.")
    channel = next(iter(settings.channels))
    configured = next((source for source in settings.sources.values() if source.url == url), None)
    source = configured or SourceSettings(name="try", url=url, channel=channel, allow_private=True)
    now = new_clock().now(monotonic_ms())
    async with fetcher() as fetching:
        answer = await fetching.fetch(Request(url, allow_private=source.allow_private))
    if not isinstance(answer, Fetched):
        return _fail(answer.reason if isinstance(answer, fetch.Failed) else "It says that nothing has changed.")
    with parser() as parsing:
        document = await parsing.parse(answer.body, answer.content_type, answer.url, now)
    if isinstance(document, parse.Failed):
        return _fail(document.reason)
    plan = match.decide(identify(document, source), Known(), source, now)
    for action in plan.actions:
        print(json.dumps(match.described(action), ensure_ascii=False))  # noqa: T201  the answer to the command
    print(f"{len(plan.actions)} of {len(document.entries)} entries", file=sys.stderr)  # noqa: T201
    return 0


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201  the answer to the command
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m workers.ingest", description="Poll the sources.")
    one = options.add_mutually_exclusive_group()
    one.add_argument("--once", action="store_true", help="every source once, then end")
    one.add_argument("--replay", metavar="ID", help="hand a dead letter in once more")
    one.add_argument("--try", metavar="URL", dest="url", help="show what a document would become")
    asked = options.parse_args(arguments)
    try:
        settings = settings_of.load()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  before there is a log
        return 2
    logs.begin(settings.log)
    try:
        if asked.replay:
            return asyncio.run(replay(settings, asked.replay))
        if asked.url:
            return asyncio.run(try_(settings, asked.url))
        return asyncio.run(run(settings, once=asked.once))
    except TickerError as error:
        return _fail(error.detail)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
