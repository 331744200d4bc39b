"""Asking a system that is configured by its owner, over HTTP. The only place of the onair process that does.

Such a system stands where its owner has put it, most often at a private address; so the address is not doubted, as
that of a source is. Everything else is: it has a time and a size, it is not followed elsewhere, and what goes wrong is
told without the address, for that may hold a token.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from ticker import __version__
from workers.onair.adapter import Trouble, why

TIME = 3.0  # s for everything
LARGEST = 64 * 1024  # bytes of an answer that are taken; nobody reads them
LONGEST_WAIT = 30.0  # s that a Retry-After may ask for


class Peer:
    """One for the whole process."""

    def __init__(self, session: aiohttp.ClientSession, *, time: float = TIME) -> None:
        self._session = session
        self._time = time

    async def ask(
        self, system: str, method: str, url: str, *, query: Mapping[str, str] | None = None, json: Any = None
    ) -> None:
        """Trouble unless it says yes. `system` is what it is called in that sentence."""
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in (query or {}).items())
        address = f"{url}?{asked}" if asked else url
        try:
            async with (
                asyncio.timeout(self._time),
                self._session.request(method, URL(address, encoded=True), json=json, allow_redirects=False) as response,
            ):
                await response.content.read(LARGEST)
                if not 200 <= response.status < 300:
                    raise Trouble(f"{system} answered {response.status}.", _wait(response))
        except TimeoutError:
            raise Trouble(f"{system} did not answer within {self._time:g} s.") from None
        except aiohttp.ClientConnectorError as error:
            raise Trouble(f"{system} cannot be connected to: {why(error.os_error)}.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Trouble(f"{system} does not speak HTTP as it should ({type(error).__name__}).") from None


def _wait(response: aiohttp.ClientResponse) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked[:6]), LONGEST_WAIT) if asked.isascii() and asked.isdigit() else 0


@asynccontextmanager
async def peer(*, time: float = TIME) -> AsyncIterator[Peer]:
    """`time` s for each request."""
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"ticker/{__version__}"},
        timeout=aiohttp.ClientTimeout(total=None),  # ours counts
        trust_env=False,
    ) as session:
        yield Peer(session, time=time)
