"""The application as a whole: what it is made of, and how it refuses."""

import asyncio
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.servers import eventually_now
from ticker.app import create_app
from ticker.settings import Settings


@pytest.fixture
def client(settings: Settings) -> TestClient:
    return TestClient(create_app(settings), raise_server_exceptions=False)


def test_it_starts_serves_and_stops(client: TestClient) -> None:
    with client:
        eventually_now(lambda: client.get("/readyz").status_code == 200, "the app is ready")
        assert [c["name"] for c in client.get("/v1/channels").json()["channels"]] == ["en", "ar", "es"]
        assert client.get("/v1/channels/en").json()["type"] == "snapshot"


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


async def _stopped(tmp_path: Path) -> bool:
    """The last one out has stopped it."""
    return not (tmp_path / "redis" / "redis.sock").exists()
