"""Somebody who talks to a web process over HTTP, and the web process to talk to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin

import aiohttp
from yarl import URL

from tests.servers import RedisServer, Web, eventually, eventually_now
from ticker.keys import Keys
from ticker.serve import KEEP_ALIVE
from ticker.store import connect

CHANNELS = """
[channels.en]
[channels.ar]
[channels.two]
approval = ["flash"]
[channels.closed]
origins = ["https://news.example"]
"""
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
FEEDS = ("rss", "atom", "json", "csv", "xml", "txt")
READABLE = ("", "/events", *(f"/feed.{shape}" for shape in FEEDS))


class Answer(NamedTuple):
    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def fault(self) -> tuple[int, str]:
        """Status and the last part of `type`, of what must be a problem document."""
        problem = self.json
        assert self.headers["content-type"] == "application/problem+json"
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["detail"]
        return self.status, problem["type"].removeprefix("/problems/")


def connector() -> aiohttp.TCPConnector:
    """One that lets go of an idle connection before the service does: a POST that crosses its end is lost."""
    return aiohttp.TCPConnector(keepalive_timeout=KEEP_ALIVE / 2)


class Api:
    """Somebody who talks to a web process, with a key or without."""

    def __init__(self, http: aiohttp.ClientSession, url: str, key: str | None = None, channel: str = "en") -> None:
        self.http, self.url, self.key, self.base = http, url, key, f"/v1/channels/{channel}/"

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            given.setdefault("Authorization", f"Bearer {self.key}")
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if data is not None:
            given.setdefault("Content-Type", "application/json")
        url = self.url + urljoin(self.base, path)
        async with self.http.request(method, url, data=data, headers=given) as response:
            return Answer(response.status, response.headers, await response.text())

    async def get(self, path: str = ".", **headers: str) -> Answer:
        return await self("GET", path.removeprefix(".") or self.base.rstrip("/"), **headers)

    async def publish(self, text: str, **fields: Any) -> Any:
        answer = await self("POST", "headlines", {"text": text, **fields})
        assert answer.status == 201, answer.text
        return answer.json

    async def act(self, headline: Any, action: str, body: Any = None, **headers: str) -> Answer:
        return await self("POST", f"headlines/{headline['id']}/{action}", body, **headers)

    async def edit(self, headline: Any, version: int | None = None, **fields: Any) -> Answer:
        return await self("PATCH", f"headlines/{headline['id']}", fields,
                          If_Match=f'"{version or headline["version"]}"')  # fmt: skip

    async def read(self, link: str, reader: int) -> None:
        """One reader's read of a story, as a page of the story's site says it."""
        site = f"{URL(link).origin()}"
        headers = {"User-Agent": f"{BROWSER} v{reader}", "Origin": site, "Content-Type": "text/plain"}
        said = urlencode({"s": link, "d": "12"})
        async with self.http.post(f"{self.url}{self.base}reads", data=said, headers=headers) as answer:
            assert answer.status == 204
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in answer.headers

    async def board(self) -> dict[str, Any]:
        return {headline["id"]: headline for headline in (await self.get()).json["headlines"]}


@contextmanager
def serving(redis_server: RedisServer, folder: Path, channels: str = CHANNELS, **env: str) -> Iterator[Web]:
    """A web process on an empty Redis. It must not have failed at anything in the end."""
    with redis_server.client as client:
        client.flushall()
    config = folder / "ticker.toml"
    config.write_text(channels)
    web = Web(redis_server.url, folder, **{"TICKER_CONFIG": str(config), **env})
    web.start()
    try:
        eventually_now(web.answers, "the web process is ready")
        yield web
        assert web.process is not None
        assert web.process.poll() is None, web.said()
    finally:
        web.kill()
    assert "Traceback" not in web.said()
    assert " error " not in web.said()


async def new_key(redis_url: str, name: str, *scopes: str, channels: tuple[str, ...] = ()) -> str:
    async with connect(redis_url) as redis:
        return await Keys(redis).create(name, scopes, channels)


async def fresh_key(web: Web, name: str, *scopes: str, channels: tuple[str, ...] = ()) -> str:
    return await new_key(web.env["TICKER_REDIS_URL"], name, *scopes, channels=channels)


async def eventually_shown(reader: Api, headline: Any) -> Any:
    async def shown() -> Any:
        found = (await reader.board()).get(headline["id"])
        return found if found and found["version"] == headline["version"] else None

    return await eventually(shown, f"{headline} is shown")


async def eventually_gone(reader: Api, headline: Any) -> None:
    async def gone() -> bool:
        return headline["id"] not in await reader.board()

    await eventually(gone, f"{headline} is gone")
