"""`ticker mos` with a newsroom that others wrote, @mos-connection/connector; the desk is read over the web's HTTP."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.api import Api, serving
from tests.mos import MOS, NCS
from tests.servers import ROOT, Process, RedisServer, Web, binaries, eventually, free_port, running
from ticker.onair.page_key import PURPOSE
from ticker.people.seal import Seal
from ticker.store import Client, connect
from workers.mos.store import MosStore

PORTS = ("lower", "upper", "query")
DEVICE, MAIN, BACKUP = ({name: free_port() for name in PORTS} for _ in range(3))
SETTINGS = f"""
[channels.en]
[outputs.program]
channels = ["en"]
[mos]
id = "{MOS}"
channel = "en"
output = "program"
lower = {DEVICE["lower"]}
upper = {DEVICE["upper"]}
query = {DEVICE["query"]}
[[mos.newsrooms]]
id = "{NCS}"
host = "127.0.0.1"
upper = {MAIN["upper"]}
[[mos.newsrooms]]
id = "ncs.backup"
host = "127.0.0.1"
upper = {BACKUP["upper"]}
"""


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("web"), SETTINGS) as web:
        yield web


@pytest.fixture
async def device(web: Web, tmp_path: Path) -> AsyncIterator[Process]:
    process = Process("ticker", "mos", env=web.env, log=tmp_path / "mos.log").start()
    await eventually(lambda: "listens on" in process.said(), process.said)
    yield process
    assert process.stop() == 0
    assert "Traceback" not in process.said()


class Newsroom:
    """The connector in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.connected: list[bool] = [False, False]
        self.statuses: list[str] = []
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            if not line.startswith(b"{"):
                continue
            told = json.loads(line)
            if "connected" in told:
                self.connected = told["connected"]
            elif "status" in told:
                self.statuses.append(" ".join(told["status"].values()))
            elif "answer" in told or "error" in told:
                self._answers.put_nowait(told)

    async def ask(self, method: str, *args: Any) -> Any:
        """The answer. On a busy machine the connector misses a heartbeat, and says nothing before it hears the next."""
        told = {"error": "failover"}
        while "failover" in told.get("error", ""):
            await eventually(lambda: self.connected[0], "the connector is connected")
            told = await self._ask(method, args)
        assert "answer" in told, told
        return told["answer"]

    async def _ask(self, method: str, args: Any) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"do": method, "with": args}).encode() + b"\n")
        async with asyncio.timeout(60):
            return await self._answers.get()

    async def ok(self, method: str, *args: Any) -> None:
        answer = await self.ask(method, *args)
        assert answer["Status"] == {"_mosString128": "OK"}, answer


@contextlib.asynccontextmanager
async def newsroom(**given: Any) -> AsyncIterator[Newsroom]:
    main = {"id": NCS, "ports": DEVICE}
    options = json.dumps({"mos": MOS, "main": main, "ports": MAIN, **given})
    process = await asyncio.create_subprocess_exec(
        "node", str(ROOT / "tests" / "newsroom.mjs"), options,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24,
    )  # fmt: skip
    made = Newsroom(process)
    try:
        await eventually(lambda: made.connected[0], "the connector says PrimaryConnected")
        yield made
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        made._reading.cancel()
        process._transport.close()  # type: ignore[attr-defined]


def item(name: str, words: str, **fields: str) -> dict[str, Any]:
    metadata = [{"MosScope": "PLAYLIST", "MosSchema": "urn:ticker:headline", "MosPayload": fields}]
    return {"ID": name, "Slug": words, "ObjectID": f"o{name}", "MOSID": MOS,
            **({"MosExternalMetaData": metadata} if fields else {})}  # fmt: skip


def story(name: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"ID": name, "Slug": name, "Items": list(items)}


EVENING = {"ID": "RO1", "Slug": "Evening", "Stories": [
    story("A", item("1", "One"), item("2", "Two")), story("B", item("3", "Three")),
]}  # fmt: skip
AT = {"RunningOrderID": "RO1"}


async def has(reader: Api, *words: str) -> None:
    """The channel's board. Web processes follow the desk within milliseconds."""
    found: set[str] = set()

    async def does() -> bool:
        found.clear()
        found.update(one["text"] for one in (await reader.board()).values())
        return found == set(words)

    await eventually(does, lambda: f"the board has {found}, not {set(words)}")


async def on_air(reader: Api) -> list[str]:
    """The words of one loop of the output, in their order."""
    told = (await reader.get("/onair/program/playlist.json")).json
    words = {one["id"]: one["text"] for one in told["items"]}
    return [words[one] for one in told["order"]]


async def shows(reader: Api, *words: str) -> None:
    found: list[str] = []

    async def does() -> bool:
        found[:] = await on_air(reader)
        return found == list(words)

    await eventually(does, lambda: f"the output shows {found}, not {list(words)}")


async def test_an_evening(device: Process, reader: Api) -> None:
    """Every operation that the connector can say; each is on the board and on the output."""
    async with newsroom() as news:
        machine = await news.ask("requestMachineInfo")
        assert machine["ID"] == {"_mosString128": MOS}
        assert machine["supportedProfiles"]["profile2"] is True
        await news.ok("sendCreateRunningOrder", EVENING)
        await has(reader)
        await news.ok("sendReadyToAir", {"ID": "RO1", "Status": "READY"})
        await has(reader, "One", "Two", "Three")
        await shows(reader, "One", "Two", "Three")
        await news.ok("sendROInsertStories", {**AT, "StoryID": "B"}, [story("C", item("4", "Four", kicker="LIVE"))])
        await news.ok("sendROInsertItems", {**AT, "StoryID": "A", "ItemID": "2"}, [item("5", "Five")])
        await shows(reader, "One", "Five", "Two", "Four", "Three")
        await news.ok("sendROMoveStories", {**AT, "StoryID": "A"}, ["B"])
        await news.ok("sendROMoveItems", {**AT, "StoryID": "A", "ItemID": "1"}, ["2"])
        await shows(reader, "Three", "Two", "One", "Five", "Four")
        await news.ok("sendROSwapStories", AT, "B", "C")
        await news.ok("sendROSwapItems", {**AT, "StoryID": "A"}, "1", "5")
        await shows(reader, "Four", "Two", "Five", "One", "Three")
        await news.ok("sendROReplaceStories", {**AT, "StoryID": "B"}, [story("D", item("6", "Six"))])
        await news.ok("sendROReplaceItems", {**AT, "StoryID": "A", "ItemID": "2"}, [item("2", "Two, corrected")])
        await shows(reader, "Four", "Two, corrected", "Five", "One", "Six")
        await news.ok("sendRODeleteStories", AT, ["C"])
        await news.ok("sendRODeleteItems", {**AT, "StoryID": "A"}, ["5"])
        await shows(reader, "Two, corrected", "One", "Six")
        kept = await news.ask("sendRequestRunningOrder", "RO1")
        assert [(one["ID"]["_mosString128"], len(one["Items"])) for one in kept["Stories"]] == [("A", 2), ("D", 1)]
        (listed,) = await news.ask("sendRequestAllRunningOrders")
        assert listed["ID"] == {"_mosString128": "RO1"}
        await news.ok("sendMetadataReplace", {"ID": "RO1", "Slug": "Late evening"})
        await news.ok("sendRunningOrderStory", {"ID": "D", "RunningOrderId": "RO1", "Slug": "D", "Body": []})
        await news.ok("sendReplaceRunningOrder", EVENING)
        await shows(reader, "One", "Two", "Three")
        await news.ok("sendReadyToAir", {"ID": "RO1", "Status": "NOT READY"})
        await shows(reader)
        await has(reader, "One", "Two", "Three")
        await news.ok("sendReadyToAir", {"ID": "RO1", "Status": "READY"})
        await shows(reader, "One", "Two", "Three")
        await news.ok("sendDeleteRunningOrder", "RO1")
        await shows(reader)
        await has(reader)


async def test_the_newsroom_hears_what_was_on_screen(device: Process, reader: Api, web: Web) -> None:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        key = await Seal(redis).close(PURPOSE, "program")
    frame = (await reader.get("/onair/program/playlist.json")).json["now"] // 20
    sent = itertools.count(1)

    async def report(*on_screen: str, **fields: Any) -> None:
        body = {"key": key, "boot": device.log.parent.name[-30:], "seq": next(sent), "frame": frame, **fields,
                "on_screen": on_screen}  # fmt: skip
        async with reader.http.post(f"{web.url}/onair/program/report", data=json.dumps(body)) as answer:
            assert answer.status == 204, await answer.text()

    async with newsroom() as news:
        await news.ok("sendCreateRunningOrder", EVENING)
        await news.ok("sendReadyToAir", {"ID": "RO1", "Status": "READY"})
        await has(reader, "One", "Two", "Three")
        ids = {one["text"]: one["id"] for one in (await reader.board()).values()}
        await eventually(lambda: "connected to the newsroom" in device.said(), device.said)

        async def hears(on_screen: list[str], **wanted: str) -> None:
            """While a page reports this; of each item, what it was told last."""

            async def does() -> bool:
                await report(*on_screen)
                return told(news.statuses) == wanted

            await eventually(does, lambda: f"{news.statuses}\n{device.said()}")

        await hears([ids["One"]], A1="PLAY")
        await hears([ids["Three"]], A1="STOP", B3="PLAY")
        ran = {"id": ids["Two"], "version": 1, "text": "Two", "first": frame, "last": frame + 10}
        await report(ids["Three"], ran=[ran])
        await hears([ids["Three"]], A1="STOP", B3="PLAY", A2="STOP")
        await hears([ids["One"], ids["Three"]], A1="PLAY", B3="PLAY", A2="STOP")
        async with connect(web.env["TICKER_REDIS_URL"]) as redis:
            await eventually(lambda: _keeps(redis, "1", "3"))
        device.kill()  # and One leaves meanwhile
        device.start()
        await hears([ids["Three"]], A1="STOP", B3="PLAY", A2="STOP")
        for item_id in ("A 1", "B 3", "A 2"):  # they take turns
            statuses = [one.rpartition(" ")[2] for one in news.statuses if f" {item_id} " in one]
            assert statuses == [("PLAY", "STOP")[turn % 2] for turn in range(len(statuses))]
        await news.ok("sendDeleteRunningOrder", "RO1")


async def _keeps(redis: Client, *items: str) -> bool:
    return {item_id for _, _, item_id in await MosStore(redis, "en").playing()} == set(items)


def told(statuses: list[str]) -> dict[str, str]:
    """The last status of each item of RO1, as `story and item`."""
    words = [one.split() for one in statuses]
    assert {one[0] for one in words} <= {"RO1"}
    return {story_id + item_id: status for _, story_id, item_id, status in words}


async def test_either_side_may_begin_anew(device: Process, reader: Api) -> None:
    async with newsroom() as news:
        await news.ok("sendCreateRunningOrder", EVENING)
        await news.ok("sendReadyToAir", {"ID": "RO1", "Status": "READY"})
        device.kill()
        await eventually(lambda: not news.connected[0], "the connector sees that it has gone")
        device.start()
        await eventually(lambda: news.connected[0], "the connector finds it again")
        await news.ok("sendROMoveStories", {**AT, "StoryID": "A"}, ["B"])
        await shows(reader, "Three", "One", "Two")
    async with newsroom() as news:  # its numbers begin anew as well
        kept = await news.ask("sendRequestRunningOrder", "RO1")
        assert [one["ID"]["_mosString128"] for one in kept["Stories"]] == ["B", "A"]
        await news.ok("sendCreateRunningOrder", EVENING)
        await shows(reader, "One", "Two", "Three")
        await news.ok("sendDeleteRunningOrder", "RO1")
        await has(reader)


async def test_what_redis_has_lost_is_on_air_when_the_newsroom_sends_it_again(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    server = RedisServer(next(iter(binaries().values())), tmp_path / "redis").start()
    try:
        with serving(server, tmp_path, SETTINGS) as web:
            reader, device = Api(http, web.url), Process("ticker", "mos", env=web.env, log=tmp_path / "mos.log")
            async with running(device), newsroom() as news:
                for _ in range(2):
                    await news.ok("sendCreateRunningOrder", EVENING)
                    await news.ok("sendReadyToAir", {"ID": "RO1", "Status": "READY"})
                    await has(reader, "One", "Two", "Three")
                    await shows(reader, "One", "Two", "Three")
                    server.kill()  # it keeps nothing
                    server.start()
                    await has(reader)
                    await shows(reader)
                assert device.stop() == 0
            assert "Traceback" not in device.said()
    finally:
        server.stop()


async def test_a_main_and_a_backup_newsroom(device: Process, reader: Api) -> None:
    async with newsroom() as main, newsroom(main={"id": "ncs.backup", "ports": DEVICE}, ports=BACKUP) as backup:
        await main.ok("sendCreateRunningOrder", EVENING)
        await backup.ok("sendReadyToAir", {"ID": "RO1", "Status": "READY"})
        await shows(reader, "One", "Two", "Three")
        main.process.kill()
        await backup.ok("sendRODeleteStories", AT, ["A"])
        await shows(reader, "Three")
        await backup.ok("sendDeleteRunningOrder", "RO1")


async def test_a_long_running_order(device: Process, reader: Api) -> None:
    stories = [story(f"S{n}", item("1", f"Words {n}"), item("2", "x", text=f"More words {n}")) for n in range(20)]
    async with newsroom() as news:
        await news.ok("sendCreateRunningOrder", {"ID": "RO1", "Slug": "Long", "Stories": stories})
        await news.ok("sendReadyToAir", {"ID": "RO1", "Status": "READY"})
        wanted = [words for n in range(20) for words in (f"Words {n}", f"More words {n}")]
        await shows(reader, *wanted)
        await news.ok("sendDeleteRunningOrder", "RO1")


async def test_without_settings_it_waits_quietly(web: Web, tmp_path: Path) -> None:
    config = tmp_path / "ticker.toml"
    config.write_text("[channels.en]\n")
    process = Process("ticker", "mos", env={**web.env, "TICKER_CONFIG": str(config)}, log=tmp_path / "mos.log").start()
    await eventually(lambda: "[mos] is not configured" in process.said(), process.said)
    assert process.stop() == 0


async def test_a_port_that_is_taken_is_one_sentence(device: Process, web: Web, tmp_path: Path) -> None:
    second = Process("ticker", "mos", env=web.env, log=tmp_path / "second.log").start()
    assert second.process
    assert await asyncio.to_thread(second.process.wait, 40) == 1
    assert "MOS cannot be spoken here" in second.said()
    assert "Traceback" not in second.said()
