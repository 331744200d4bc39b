"""Whoever writes, found from a request."""

from types import SimpleNamespace

import pytest
from starlette.requests import HTTPConnection

from ticker import writers
from ticker.errors import Unauthorized
from ticker.keys import Keys
from ticker.store import Client
from ticker.writers import Writers


def connection(redis: Client, **headers: str) -> HTTPConnection:
    raw = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    app = SimpleNamespace(state=SimpleNamespace(writers=Writers(Keys(redis), {})))
    return HTTPConnection({"type": "http", "method": "GET", "headers": raw, "app": app})


async def test_a_key_is_a_writer(redis: Client) -> None:
    key = await Keys(redis).create("wire", ["publish"], ["en"])
    found = await writers.of(connection(redis, authorization=f"Bearer {key}"))
    assert found.name.startswith("wire (")
    assert await writers.if_any(connection(redis, authorization=f"Bearer {key}")) == found


async def test_nobody_is_a_writer_only_where_nobody_is_asked_for(redis: Client) -> None:
    with pytest.raises(Unauthorized):
        await writers.of(connection(redis))
    assert await writers.if_any(connection(redis)) is None
    with pytest.raises(Unauthorized):
        await writers.if_any(connection(redis, authorization="Bearer wrong"))
