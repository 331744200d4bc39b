"""Whoever writes, found from a request: every address that changes or shows what is not public asks here."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection

from ticker.channel import Channel
from ticker.keys import Keys
from ticker.writer import Writer


class Writers:
    def __init__(self, keys: Keys, channels: Mapping[str, Channel]) -> None:
        self.keys, self.channels = keys, channels

    async def of(self, request: HTTPConnection) -> Writer:
        """Unauthorized when the request brings no key that we know."""
        key = await self.keys.check(request.headers.get("authorization"))
        return key.writer.within(self.channels)


async def of(request: HTTPConnection) -> Writer:
    """Who this request comes from. Unauthorized when nobody vouches for it."""
    all_: Writers = request.app.state.writers
    return await all_.of(request)


async def if_any(request: HTTPConnection) -> Writer | None:
    """The same for addresses that are public: None when the request claims to come from nobody."""
    return await of(request) if "authorization" in request.headers else None
