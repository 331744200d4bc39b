import asyncio
import base64
import json
import os
import signal
import sys
import zlib
from contextlib import asynccontextmanager
from functools import partial

import pytest

from tests.feeds import feed_server, item
from tests.servers import PATIENCE, eventually, readers_of
from ticker.channel import Channel, MostRead
from ticker.dead import Dead
from ticker.desk.links import Links
from ticker.most_read.stories import Stories
from ticker.settings import SourceSettings
from ticker.sources import Sources
from workers import fetch, ingest
from workers.ingest import Lease


@pytest.fixture
async def server():
    async with feed_server() as server:
        yield server


@pytest.fixture
def environment(tmp_path, redis_url, server):
    """The settings of a process that polls `/feed` every second."""
    (tmp_path / "ticker.toml").write_text(
        f'[sources.wire]\nurl = "{server.url}/feed"\nchannel = "en"\nevery = 1\nallow_private = true\n'
    )
    return {
        **os.environ,
        "TICKER_CONFIG": str(tmp_path / "ticker.toml"),
        "TICKER_DATA": str(tmp_path),
        "TICKER_REDIS_URL": redis_url,
    }


async def begin(environment, *arguments, **options):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.ingest", *arguments, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, **options,
    )  # fmt: skip


async def run(environment, *arguments) -> tuple[int, str, str]:
    process = await begin(environment, *arguments)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def running(environment, count=1):
    processes = [await begin(environment) for _ in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def texts(stream) -> set[str]:
    return {record.text for record in await stream.records("en")}


async def test_it_polls_until_it_is_told_to_stop(environment, server, stream, redis):
    server.feed("/feed", item("One", "1"))
    async with running(environment) as (process,):
        await eventually(lambda: texts(stream))
        server.feed("/feed", item("Two", "2"), item("One", "1"))

        async def both():
            return await texts(stream) == {"One", "Two"}

        await eventually(both)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()

    assert (process.returncode, out) == (0, b"")
    assert b"Traceback" not in err
    assert await Sources(redis).holder("wire") is None


async def test_a_source_has_one_process_and_another_when_that_is_killed(environment, server, stream, redis):
    server.feed("/feed", item("One", "1"))
    sources = Sources(redis)
    async with running(environment, 2) as processes:

        async def held_by() -> str:
            return (await sources.state("wire")).holder

        first = await eventually(held_by)
        holder = next(process for process in processes if first.endswith(f":{process.pid}"))
        holder.kill()
        server.feed("/feed", item("Two", "2"), item("One", "1"))

        async def both():
            return await texts(stream) == {"One", "Two"}

        await eventually(both)

        async def another() -> bool:
            return await held_by() != first

        await eventually(another)
    assert server.most_at_once == 1
    assert await redis.xlen("ticker:{en}:log") == 2


async def test_a_lost_lease_ends_the_keeping(redis):
    sources = Sources(redis)
    lease = Lease(sources, "wire")
    assert await lease.take()
    await redis.set("ticker:source:{wire}:lease", "another")

    async with asyncio.timeout(PATIENCE):
        await lease.keep()

    await lease.release()
    assert await sources.holder("wire") == "another"


async def test_once(environment, server, stream):
    server.feed("/feed", item("One", "1"))
    assert (await run(environment, "--once"))[:2] == (0, "wire: 1 published, 1 polls\n")

    server.say("/feed", status=500)
    assert (await run(environment, "--once"))[:2] == (1, "wire: It answered 500.\n")


async def test_without_sources_the_demonstration_plays(environment, redis):
    code, out, _ = await run({**environment, "TICKER_CONFIG": "/nowhere"}, "--once")

    assert (code, len(out.splitlines())) == (0, 3)
    for channel in ("en", "ar", "es"):
        assert await redis.hlen(f"ticker:{{{channel}}}:board") >= 24


async def test_try_shows_what_would_be_handed_in(environment, server, stream):
    server.feed("/new", item("One", "1"), item("Two", "2"))
    server.say("/feed", status=404)

    code, out, err = await run(environment, "--try", server.url + "/new")

    assert (code, sorted(json.loads(line)["text"] for line in out.splitlines())) == (0, ["One", "Two"])
    assert err == "2 of 2 entries\n"
    assert set() == await texts(stream)
    assert (await run(environment, "--try", server.url + "/feed"))[0] == 1
    code, _, err = await run(environment, "--try", "file:///etc/passwd")
    assert (code, err.strip().count("\n")) == (1, 0)


@pytest.mark.parametrize("argument", ["--once", "--try"])
async def test_ctrl_c_ends_it_without_a_word(environment, server, stream, argument):
    """While a document is read, which takes long; Ctrl-C goes to all that the terminal has started."""
    server.say("/feed", "<rss>" + "<a>" * 300_000)
    arguments = [argument, *([server.url + "/feed"] if argument == "--try" else [])]
    process = await begin(environment, *arguments, start_new_session=True)
    await eventually(lambda: readers_of(process.pid))
    os.killpg(process.pid, signal.SIGINT)
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (128 + signal.SIGINT, b"", b"")


async def test_a_dead_letter_is_replayed_and_dropped(environment, server, stream, redis):
    server.say("/feed", "{}", Content_Type="application/json")
    await run(environment, "--once")
    server.feed("/feed", item("", "1"))
    await run(environment, "--once")
    dead = Dead(redis)
    entry, document = await dead.list()

    assert (await run(environment, "--replay", document.id))[0] == 1
    assert (await run(environment, "--replay", entry.id))[0] == 1
    assert (await run(environment, "--replay", "1-1"))[0] == 1
    await redis.xadd(
        "ticker:dead", {**await fields(redis, entry.id), "bytes": packed(b"<item><title>One</title></item>")}
    )
    mended = (await dead.list())[0]
    assert (await run(environment, "--replay", mended.id))[:2] == (0, "1 published\n")
    assert await dead.get(mended.id) is None
    assert {"One"} == await texts(stream)


def packed(body: bytes) -> str:
    return base64.b64encode(zlib.compress(body)).decode()


async def fields(redis, letter_id: str) -> dict[str, str]:
    ((_, found),) = await redis.xrange("ticker:dead", letter_id, letter_id)
    return found


async def test_settings_that_are_not_right_are_one_sentence(environment):
    code, _, err = await run({**environment, "TICKER_BIND": "nonsense"})

    assert (code, len(err.splitlines())) == (2, 1)


async def test_it_looks_at_the_links_that_editors_ask_about(environment, server, redis):
    """On a link that may not be asked: the refusal shows that it has looked."""
    server.feed("/feed")
    links = Links(redis)
    await links.verdict("http://127.0.0.1:9/", 1)
    async with running(environment):
        assert (await eventually(lambda: links.verdict("http://127.0.0.1:9/", 2))).startswith("The link does not open")


async def test_no_feed_waits_for_a_page_or_a_link(settings, redis, server, monkeypatch):
    """All on one host, which answers neither of them."""
    released = asyncio.Event()

    async def hang(_):
        await released.wait()

    for path in ("/page", "/link"):
        server.script(path, hang)
    server.feed("/feed", item("One", "1"))
    channel = Channel(name="en", most_read=MostRead(hosts=("127.0.0.1",)))
    wire = SourceSettings(name="wire", url=server.url + "/feed", channel="en", every=1, allow_private=True)
    monkeypatch.setattr(ingest, "fetcher", partial(fetch.fetcher, permitted=lambda _: True, total=600))
    async with ingest.tools(settings.model_copy(update={"channels": {"en": channel}})) as tools:
        stop = asyncio.Event()
        await Stories(redis).note_links("en", {"a" * 16: server.url + "/page"})
        await Links(redis).verdict(server.url + "/link", 1)
        running = asyncio.create_task(ingest.Ingest(tools, {"wire": wire}).run(stop))
        await eventually(lambda: {"/page", "/link"} <= paths(server))
        before = len(server.asked)
        await eventually(lambda: len(server.asked) > before)
        assert server.asked[-1].path == "/feed"
        stop.set()
        released.set()
        await running


def paths(server) -> set[str]:
    return {asked.path for asked in server.asked}
