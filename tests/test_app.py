"""The application as a whole: what it is made of, and how it refuses."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from starlette.testclient import TestClient

from tests.servers import Web, eventually, eventually_now, running
from tests.test_counting import BROWSER
from ticker.app import create_app
from ticker.channel import Channel, MostRead
from ticker.most_read.counting import Outcome
from ticker.most_read.reads import Reads
from ticker.most_read.scope import Scope
from ticker.settings import Settings
from ticker.store import connect


@pytest.fixture
def client(settings: Settings) -> TestClient:
    return TestClient(create_app(settings), raise_server_exceptions=False)


def test_it_starts_serves_and_stops(client: TestClient) -> None:
    with client:
        eventually_now(lambda: client.get("/readyz").status_code == 200, "the app is ready")
        assert [c["name"] for c in client.get("/v1/channels").json()["channels"]] == ["en", "ar", "es"]
        assert client.get("/v1/channels/en").json()["type"] == "snapshot"


def test_the_first_read_is_counted_however_late_the_salts_come(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    en = Channel(name="en", most_read=MostRead(hosts=("news.example.org",)))
    client = TestClient(create_app(settings.model_copy(update={"channels": settings.channels | {"en": en}})))
    fetch = Reads._fetch_salts

    async def late(reads: Reads) -> None:
        await asyncio.sleep(0.2)
        await fetch(reads)

    monkeypatch.setattr(Reads, "_fetch_salts", late)
    with client:
        headers = {"User-Agent": BROWSER, "Origin": "https://news.example.org"}
        said = client.post("/v1/channels/en/reads", content=f"s={'a' * 16}&d=9", headers=headers)
        assert said.status_code == 204
        reads: Reads = client.app.state.reads  # type: ignore[attr-defined]
        assert reads.counting["en"].outcomes == {Outcome.COUNTED: 1}


def test_every_refusal_is_a_problem_document(client: TestClient) -> None:
    with client:
        for method, path, status in (
            ("GET", "/nowhere", 404),
            ("DELETE", "/v1/channels", 405),
            ("GET", "/v1/channels/xx", 404),
        ):
            answer = client.request(method, path)
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status


def test_a_fault_of_ours_says_nothing_of_its_inside(client: TestClient) -> None:
    with client:
        client.app.state.hub = None  # type: ignore[attr-defined]
        answer = client.get("/v1/channels")
        assert answer.status_code == 500
        assert answer.json()["type"] == "/problems/error"
        assert "NoneType" not in answer.text


def test_the_embedded_redis_is_used_when_none_is_named(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(data=tmp_path, redis_url=None, demo=False))) as client:
        eventually_now(lambda: client.get("/readyz").status_code == 200, "the app is ready")
        assert (tmp_path / "redis" / "redis.log").exists()
    assert asyncio.run(_stopped(tmp_path))


async def test_a_process_that_can_tell_readers_nothing_more_ends(redis_url: str, tmp_path: Path) -> None:
    """Else it would go on to say that it is ready, and to keep its readers."""
    config, story = tmp_path / "ticker.toml", "a" * 16
    config.write_text('[channels.en.most_read]\nhosts = ["news.example.org"]\n')
    web = Web(redis_url, tmp_path, TICKER_WEB_PROCESSES="2", TICKER_CONFIG=str(config))
    async with running(web), aiohttp.ClientSession() as http, connect(redis_url) as redis:
        before = set(web.serving())
        await redis.hset(Scope("en").key("stories"), story, "{}")  # what no version of ours has written
        said = {"data": f"s={story}&d=9", "headers": {"User-Agent": BROWSER, "Origin": "https://news.example.org"}}
        async with http.post(f"{web.url}/v1/channels/en/reads", **said) as answer:
            assert answer.status == 204
        await eventually(lambda: len(set(web.serving()) - before) == 1, "another has taken its place")
        assert "this process ends" in web.said()
        assert "ValidationError" in web.said()
        assert "ended with exit code 0" in web.said()


async def _stopped(tmp_path: Path) -> bool:
    """The last one out has stopped it."""
    return not (tmp_path / "redis" / "redis.sock").exists()
