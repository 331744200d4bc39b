"""A system behind HTTP that others push to."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web


class HttpSystem:
    """Takes everything and remembers it; or refuses, hangs, and dies, as it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []  # method, path, query, body
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b"Function completed successfully."
        self.hangs = self.dies = False
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._go_on = asyncio.Event()

    async def start(self) -> "HttpSystem":
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self) -> None:
        self._go_on.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        if self.dies:
            assert request.transport is not None
            request.transport.abort()
        if self.hangs:
            await self._go_on.wait()
        query = {name: values[0] for name, values in parse_qs(request.rel_url.raw_query_string, True).items()}
        body = await request.read()
        self.asked.append((request.method, request.rel_url.raw_path, query, json.loads(body) if body else None))
        return web.Response(status=self.status, headers=self.headers, body=self.body)


@contextlib.asynccontextmanager
async def http_system() -> AsyncIterator[HttpSystem]:
    system = await HttpSystem().start()
    try:
        yield system
    finally:
        await system.stop()
