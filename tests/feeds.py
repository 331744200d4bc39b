"""A feed server that does what a test tells it, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.tcp import answering

RSS = '<rss version="2.0"><channel><title>Test</title>{}</channel></rss>'


class Asked(NamedTuple):
    path: str
    headers: Mapping[str, str]


Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class FeedServer:
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    _scripts: dict[str, Script] = field(default_factory=dict)
    _now: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def say(
        self, path: str, body: str | bytes = b"", status: int = 200, *, length: int | None = None, **headers: str
    ) -> None:
        """Header names with underscores for hyphens."""
        data = body.encode() if isinstance(body, str) else body

        async def script(writer: asyncio.StreamWriter) -> None:
            lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data) if length is None else length}"]
            lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + data)
            await writer.drain()

        self._scripts[path] = script

    def feed(self, path: str, *items: str, **headers: str) -> None:
        self.say(path, RSS.format("".join(items)), Content_Type="application/rss+xml", **headers)

    def script(self, path: str, script: Script) -> None:
        self._scripts[path] = script

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            path = first.split(" ")[1]
            self.asked.append(Asked(path, headers))
            await self._scripts[path](writer)
        finally:
            self._now -= 1


def item(title: str, guid: str | None = None, link: str | None = None, more: str = "") -> str:
    parts = f"<title>{title}</title>" if title else ""
    parts += f'<guid isPermaLink="false">{guid}</guid>' if guid is not None else ""
    parts += f"<link>{link}</link>" if link else ""
    return f"<item>{parts}{more}</item>"


@asynccontextmanager
async def feed_server() -> AsyncIterator[FeedServer]:
    server = FeedServer()
    async with answering(server.serve) as server.port:
        yield server
