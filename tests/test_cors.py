"""Which pages of other sites may read which channel: as a browser asks."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.api import FEEDS, Api
from tests.servers import Web


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


ENDS = ("", "/events", "/headlines/aaaaaaaaaaaaaaaa", *(f"/feed.{shape}" for shape in FEEDS))


async def test_an_open_channel_may_be_read_from_everywhere(web: Web, http: aiohttp.ClientSession) -> None:
    api = Api(http, web.url)
    for end in ENDS:
        answer = await api.get("/v1/channels/en" + end, Origin="https://any.example")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "etag" in answer.headers["access-control-expose-headers"].lower()
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_channel_with_origins_is_for_those_alone(web: Web, http: aiohttp.ClientSession) -> None:
    closed = Api(http, web.url, channel="closed")
    for end in ENDS:
        answer = await closed.get("/v1/channels/closed" + end, Origin="https://news.example")
        assert answer.headers["access-control-allow-origin"] == "https://news.example"
        assert "origin" in answer.headers["vary"].lower()
        for origin in ("https://evil.example", "null", "http://news.example", "https://news.example.evil"):
            answer = await closed.get("/v1/channels/closed" + end, Origin=origin)
            assert "access-control-allow-origin" not in answer.headers
    async with http.get(f"{web.url}/v1/channels/closed/stream", headers={"Origin": "https://evil.example"}) as stream:
        assert "access-control-allow-origin" not in stream.headers


async def test_a_preflight_is_answered_by_the_channel(web: Web, http: aiohttp.ClientSession) -> None:
    asked = {
        "Access_Control_Request_Method": "PATCH",
        "Access_Control_Request_Headers": "authorization,if-match,idempotency-key,content-type,last-event-id",
    }
    for channel, origin, allowed in (
        ("en", "https://any.example", "*"), ("closed", "https://news.example", "https://news.example"),
    ):  # fmt: skip
        answer = await Api(http, web.url)("OPTIONS", f"/v1/channels/{channel}/headlines/x", Origin=origin, **asked)
        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == allowed
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert "if-match" in answer.headers["access-control-allow-headers"].lower()
    for change in ({"Origin": "https://evil.example"}, {"Access_Control_Request_Method": "DELETE"},
                   {"Access_Control_Request_Headers": "x-evil"}):  # fmt: skip
        headers = {"Origin": "https://news.example", **asked, **change}
        assert (await Api(http, web.url)("OPTIONS", "/v1/channels/closed/headlines", **headers)).status == 400


async def test_pages_for_operators_are_not_shared(web: Web, http: aiohttp.ClientSession) -> None:
    for path in ("/metrics", "/readyz", "/", "/v1/channels/xx"):
        answer = await Api(http, web.url).get(path, Origin="https://any.example")
        assert "access-control-allow-origin" not in answer.headers
