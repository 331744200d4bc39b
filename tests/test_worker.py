"""`ticker onair`: headlines and kills of the board reach the systems; without any it asks nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.amcp_server import CasparServer, caspar_server
from tests.http_system import HttpSystem
from tests.servers import ROOT, Process, eventually, running
from tests.test_amcp import texts
from tests.test_hub import at_work as hub_at_work
from ticker.desk.desk import Desk
from ticker.errors import Unavailable
from ticker.headline import Draft
from ticker.onair.output import CasparCG, Output
from ticker.onair.playouts import Playouts
from ticker.onair.target import STALE_AFTER
from ticker.onair.targets import Targets
from ticker.people.seal import Seal
from ticker.settings import Settings
from ticker.store import Client, end
from workers.onair import caspar, h2r, peer, push, singular, vmix, worker
from workers.onair.peer import Peer
from workers.onair.worker import OnAir, page_of, playlists, pushed

PLACE = (1, 20)


def process(redis_url: str, folder: Path, config: str, name: str = "") -> Process:
    path = folder / f"ticker{name}.toml"
    path.write_text(config)
    env = {"TICKER_REDIS_URL": redis_url, "TICKER_DATA": str(folder), "TICKER_CONFIG": str(path)}
    return Process("ticker", "onair", env=env, log=folder / f"onair{name}.log")


def program(server: CasparServer, system: HttpSystem) -> str:
    return f"""
[channels.en]
[outputs.program]
channels = ["en"]
clearance = "automatic"
flip_seconds = 1
[outputs.program.casparcg]
host = "127.0.0.1"
port = {server.port}
[outputs.program.vmix]
url = "{system.url}"
input = "1"
"""


def on_caspar(server: CasparServer) -> list[str]:
    """The texts of the playlist that the template had last."""
    template = server.on.get(PLACE)
    calls = [call for call in template.calls if call.startswith("update(")] if template else []
    if not calls:
        return []
    told = texts(calls[-1].removeprefix('update("').removesuffix('")').replace('\\"', '"'))
    playlist: dict[str, Any] = json.loads(told["playlist"])
    return [item["text"] for item in playlist["items"]]


def on_vmix(system: HttpSystem) -> str:
    return system.asked[-1][2]["Value"] if system.asked else ""


@contextlib.asynccontextmanager
async def at_work(redis_url: str, folder: Path, system: HttpSystem) -> AsyncIterator[tuple[CasparServer, Process]]:
    async with caspar_server() as server:
        onair = process(redis_url, folder, program(server, system))
        async with running(onair):
            await eventually(lambda: PLACE in server.on and system.asked, onair.said)
            yield server, onair


async def test_headlines_and_kills_reach_the_systems(
    redis_url: str, redis: Client, desk: Desk, system: HttpSystem, tmp_path: Path
) -> None:
    async with at_work(redis_url, tmp_path, system) as (server, onair):
        text = 'PM: "never" \\ pays $5bn عاجل \U0001f4f0'
        receipt = await desk.publish("en", Draft(text=text), by="ben")
        await eventually(lambda: on_caspar(server) == [text] and on_vmix(system) == text, onair.said)
        assert receipt.record is not None
        id_ = receipt.record.id
        await desk.retract("en", id_, "wrong", by="ben")
        await eventually(lambda: on_caspar(server) == [] and on_vmix(system) == "Program", onair.said)

        async def told() -> bool:
            """Redis hears of it after the systems have answered."""
            return [(one.output, one.system, one.trouble) for one in await Targets(redis).all()] == [
                ("program", "casparcg", ""), ("program", "vmix", ""),
            ]  # fmt: skip

        await eventually(told, onair.said)
        assert onair.stop() == 0
        assert PLACE in server.on, "what is on screen stays"


async def test_troubles_are_told_and_over_when_they_are(
    redis_url: str, redis: Client, system: HttpSystem, tmp_path: Path
) -> None:
    async with at_work(redis_url, tmp_path, system) as (server, onair):
        await server.stop()

        async def trouble() -> str:
            return next((one.trouble for one in await Targets(redis).all() if one.system == "casparcg"), "")

        await eventually(lambda: "CasparCG cannot be connected to" in onair.said(), onair.said)
        await eventually(trouble)
        await server.start()
        await eventually(lambda: PLACE in server.on, onair.said)
        await eventually(lambda: _is_empty(trouble()))
        assert "key=" not in onair.said()


async def _is_empty(asked: Any) -> bool:
    return not await asked


async def test_of_two_processes_one_pushes_and_the_other_takes_its_place(
    redis_url: str, desk: Desk, system: HttpSystem, tmp_path: Path
) -> None:
    async with at_work(redis_url, tmp_path, system) as (server, first):
        second = process(redis_url, tmp_path, program(server, system), "-2")
        async with running(second):
            await eventually(lambda: "at work" in second.said(), second.said)
            assert first.stop() == 0
            await desk.publish("en", Draft(text="From the second"), by="ben")
            await eventually(lambda: on_caspar(server) == ["From the second"], second.said)
            assert sum(line.startswith("CG 1-20 ADD") for line in server.commands) == 1, "the page stays up"


async def test_where_nothing_is_pushed_it_asks_nothing_and_ends_when_told(tmp_path: Path) -> None:
    idle = process("redis://127.0.0.1:1/0", tmp_path, "[channels.en]\n")
    async with running(idle):
        await eventually(lambda: "nothing to do" in idle.said(), idle.said)
        assert idle.stop() == 0


# --- in this process --------------------------------------------------------------------------------------------------


def on(output: str, **systems: Any) -> Output:
    return Output(name=output, channels=("en",), clearance="automatic", flip_seconds=1, **systems)


@contextlib.asynccontextmanager
async def pushing(redis: Client, asker: Peer, *outputs: Output) -> AsyncIterator[OnAir]:
    named: Mapping[str, Output] = {output.name: output for output in outputs}
    async with hub_at_work(redis) as hub:
        playouts = Playouts(hub, named, Settings().channels)
        onair = OnAir(playouts, dict(named), Settings(), asker)
        tasks = [asyncio.create_task(one.run()) for one in (playouts, onair)]
        try:
            yield onair
            assert not tasks[1].done(), "it goes on"
        finally:
            await end(*tasks)


async def test_one_that_is_cut_off_puts_nothing_on_and_takes_off_what_was_killed(
    redis: Client, desk: Desk, system: HttpSystem, asker: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> bool:
        raise Unavailable("Redis cannot be reached.")

    monkeypatch.setattr(worker, "LEASE", 1000)
    monkeypatch.setattr(worker, "RENEW_EVERY", 0.05)
    monkeypatch.setattr(push, "LOOK_EVERY", 0.01)
    async with pushing(redis, asker, on("program", vmix={"url": system.url, "input": "1"})) as onair:
        one = (await desk.publish("en", Draft(text="One"), by="ben")).record
        assert one is not None
        await eventually(lambda: on_vmix(system) == "One")
        with monkeypatch.context() as cut:
            cut.setattr(onair._targets, "renew", away)
            await eventually(lambda: not onair.is_ours())
            said = len(system.asked)
            await desk.publish("en", Draft(text="Two"), by="ben")
            await eventually(lambda: len(onair._playouts.of("program").current().items) == 2)
            await desk.retract("en", one.id, "wrong", by="ben")
            await eventually(lambda: on_vmix(system) == "Program")
            assert "Two" not in [query["Value"] for _, _, query, _ in system.asked[said:]]
        await eventually(lambda: on_vmix(system) == "Two")


async def test_how_a_system_is_doing_is_told_also_while_it_is_not_spoken_to(
    redis: Client, system: HttpSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "TELL_EVERY", 0.05)
    told, wall = Targets(redis), on("program", singular={"url": system.url, "token": "t"})
    async with peer.peer() as patient, pushing(redis, patient, wall):  # one that gives up would be said again
        first = (await eventually(told.all))[0]
        assert len(system.asked) == 1

        async def later() -> bool:
            return (await told.all())[0].at > first.at

        await eventually(later)
        assert (len(system.asked), (await told.all())[0].since) == (1, first.since)
    assert worker.TELL_EVERY * 1000 * 2 < STALE_AFTER


async def test_an_output_that_cannot_be_pushed_ends_nothing_of_the_others(
    redis: Client, desk: Desk, system: HttpSystem, asker: Peer
) -> None:
    nowhere = CasparCG(host="graphics-1").model_copy(update={"host": "graphics..1"})  # the settings refuse it
    broken = on("broken").model_copy(update={"casparcg": nowhere})
    async with pushing(redis, asker, broken, on("program", vmix={"url": system.url, "input": "1"})):

        async def told() -> bool:
            return "broken There is a fault of ours: UnicodeError." in [
                f"{one.output} {one.trouble}" for one in await Targets(redis).all()
            ]

        await eventually(told)
        await desk.publish("en", Draft(text="One"), by="ben")
        await eventually(lambda: on_vmix(system) == "One")


async def test_when_redis_goes_before_it_has_begun_it_begins_when_it_is_back(
    redis: Client, system: HttpSystem, asker: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def away_at_first(output: Output, *_: object) -> str:
        asked.append(output.name)
        if len(asked) == 1:
            raise Unavailable("Redis cannot be reached.")
        return "http://page"

    monkeypatch.setattr(worker, "page_of", away_at_first)
    monkeypatch.setattr(worker, "RENEW_EVERY", 0.05)
    async with pushing(redis, asker, on("program", vmix={"url": system.url, "input": "1"})):
        await eventually(lambda: system.asked)


async def test_a_fault_with_a_playlist_is_told_and_the_next_one_comes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def follow(_: str) -> AsyncIterator[dict[str, str]]:
        yield {"id": str(len(caplog.records))}
        raise ZeroDivisionError

    monkeypatch.setattr(worker, "AGAIN", 0)
    playouts: Any = SimpleNamespace(of=lambda _: SimpleNamespace(playlist=True), follow=follow)
    told = playlists(playouts, "program")
    assert [await anext(told), await anext(told)] == [{"id": "0"}, {"id": "1"}]
    assert "a fault of ours" in caplog.records[0].message


async def test_the_page_is_where_the_output_says(redis: Client) -> None:
    def output(**given: Any) -> Output:
        return Output(name="program", channels=("en",), **given)

    settings, seal = Settings(bind="0.0.0.0:8123"), Seal(redis)
    found = await page_of(output(), settings, seal)
    assert found.startswith("http://127.0.0.1:8123/onair/program?page=caspar&key=")
    assert await seal.open("onair", found.partition("key=")[2]) == "program"
    other = await page_of(output(addresses=("https://a.example/", "https://b.example")), settings, seal)
    assert other.startswith("https://a.example/onair/program?page=caspar&key=")
    assert (await page_of(output(addresses=("https://münchen.example/ö",)), settings, seal)).isascii()


def test_what_is_pushed_is_what_has_a_system() -> None:
    one = Output(name="one", channels=("en",))
    two = Output(name="two", channels=("en",), h2r={"url": "http://h:4001", "project": "P", "graphic": "G"})
    assert pushed({"one": one, "two": two}) == {"two": two}
    assert two.systems == ("h2r",)


def test_the_times_are_as_documented() -> None:
    page = (ROOT / "docs" / "onair" / "push.md").read_text()
    for sentence in (
        "a quarter of a second, then longer and longer up to five seconds",
        "does not answer within three seconds has failed",
        "Every two seconds it asks what stands on the layer",
        "about 13 s when it died",
        "nobody has pushed for 15 s",
        "and every 30 s",
        "for a minute at most",
        "up to 30 s when it has asked for that",
    ):
        assert sentence in page
    assert (push.SHORTEST_WAIT, push.LONGEST_WAIT, caspar.TIME, peer.TIME, caspar.LOOK_EVERY) == (0.25, 5, 3, 3, 2)
    assert (h2r.OLD_FOR, peer.LONGEST_WAIT) == (60, 30)
    assert (worker.LEASE / 1000 + worker.RENEW_EVERY, STALE_AFTER, singular.AGAIN, vmix.AGAIN) == (13, 15_000, 30, 5)
