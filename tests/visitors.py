"""Somebody at the desk without a browser: keeps cookies, sends forms as the desk's own pages do."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.api import Answer
from tests.servers import Web
from ticker.people.password import Passwords
from ticker.people.people import People, Person
from ticker.store import connect
from ticker.writer import Role

PASSWORD = "correct horse battery"
_HASHED: list[str] = []  # made once for all: it is meant to be slow


async def new_person(web: Web, login: str, roles: Mapping[str, Role], **more: Any) -> Person:
    if not _HASHED:
        _HASHED.append(await Passwords().hash(PASSWORD))
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        return await People(redis).add(login, login.title(), roles, **{"password": _HASHED[0], **more})


class Visitor:
    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, url

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A form when the body is a dict, JSON when it is bytes. Redirects are answers, not followed."""
        given = {"Origin": self.url, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if isinstance(body, dict):
            body = urlencode(body).encode()
            given.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif body is not None:
            given.setdefault("Content-Type", "application/json")
        given = {name: value for name, value in given.items() if value}
        async with self.http.request(
            method, self.url + path, data=body, headers=given, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.text())

    async def get(self, path: str, **headers: str) -> Answer:
        return await self("GET", path, **headers)

    async def post(self, path: str, **form: str) -> Answer:
        return await self("POST", path, form)

    async def sign_in(self, login: str, password: str = PASSWORD, **more: str) -> Answer:
        return await self.post("/desk/sign-in", login=login, password=password, **more)

    @property
    def cookies(self) -> dict[str, Any]:
        return {cookie.key: cookie for cookie in self.http.cookie_jar}


@asynccontextmanager
async def visiting(web: Web) -> AsyncIterator[Visitor]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Visitor(http, web.url)
