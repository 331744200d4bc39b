import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import hypothesis
import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.api import Api, connector, serving
from tests.chromium import browser
from tests.http_system import HttpSystem, http_system
from tests.servers import RedisServer, Web, binaries, cluster
from ticker.desk.desk import Desk
from ticker.people.people import BARRED, People
from ticker.settings import Settings
from ticker.store import Client, connect, new_clock
from ticker.stream import Stream
from workers.onair.peer import Peer, peer

# A shell that runs the tests in the background has Ctrl-C ignored, also by the processes in which it is tried.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says something of the machine.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The embedded kind of Redis, for all tests that need just one."""
    server = RedisServer(next(iter(binaries().values())), tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of an empty Redis."""
    with redis_server.client as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Client]:
    async with connect(redis_url) as client:
        yield client


@pytest.fixture(scope="session", params=[*binaries(), "cluster"])
def any_redis(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RedisServer]]:
    """Each kind of Redis in turn: every server on this machine, and a cluster of three."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "cluster":
        with cluster(list(binaries().values())[-1], folder) as nodes:
            yield nodes
    else:
        server = RedisServer(binaries()[request.param], folder).start()
        yield [server]
        server.stop()


@pytest.fixture
def any_redis_url(any_redis: list[RedisServer]) -> str:
    for node in any_redis:
        with node.client as client:
            client.flushall()
    return any_redis[0].url.replace("redis://", "redis+cluster://") if len(any_redis) > 1 else any_redis[0].url


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Settings:
    return Settings(data=tmp_path, redis_url=redis_url, demo=False)


@pytest.fixture
def stream(redis: Client) -> Stream:
    return Stream(redis, new_clock())


@pytest.fixture
def desk(stream: Stream, settings: Settings) -> Desk:
    return Desk(stream, settings.channels)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is gone afterwards, however full it got."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A web process for all tests of a module."""
    with serving(redis_server, tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests of a module, which run in the module's loop."""
    async with browser() as chromium:
        yield chromium


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=connector(), timeout=aiohttp.ClientTimeout(30)) as http:
        yield http


@pytest.fixture
async def reader(http: aiohttp.ClientSession, web: Web) -> Api:
    return Api(http, web.url)


@pytest.fixture
async def people(web: Web) -> AsyncIterator[People]:
    """Nobody yet."""
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        for person in await People(redis).list():
            await People(redis).remove(person.login)
        await redis.delete(BARRED)
        yield People(redis)


@pytest.fixture
async def system() -> AsyncIterator[HttpSystem]:
    async with http_system() as system:
        yield system


@pytest.fixture
async def asker() -> AsyncIterator[Peer]:
    async with peer(time=0.5) as asker:
        yield asker
