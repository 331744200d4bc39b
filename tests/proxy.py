"""Stands between our processes and Redis, and holds back what it is told to: a read that Redis never hears of."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Self

from tests.servers import free_port
from tests.tcp import answering, calling


class Proxy:
    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.held = b""  # reads that name this key wait
        self._open = asyncio.Event()
        self._open.set()

    @classmethod
    @contextlib.asynccontextmanager
    async def before(cls, target: int) -> AsyncIterator[Self]:
        proxy = cls(target)
        async with answering(proxy._serve, proxy.port):
            yield proxy

    def hold(self, key: str) -> None:
        self.held = key.encode()
        self._open.clear()

    def release(self) -> None:
        self.held = b""
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with calling(self.target) as (from_redis, to_redis):
            await asyncio.gather(self._pass_on(reader, to_redis), self._pass_on(from_redis, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            while data := await reader.read(2**16):
                if self.held and b"XREAD" in data and self.held in data:
                    await self._open.wait()
                writer.write(data)
                await writer.drain()
