"""Cross-origin reading, channel by channel."""

from collections.abc import Mapping

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ticker.channel import Channel

LIST = "/v1/channels"
PREFIX = LIST + "/"
METHODS = ("GET", "HEAD", "POST", "PATCH")
HEADERS = ("authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "last-event-id")
EXPOSED = ("etag", "location", "retry-after", "ticker-position")


class ChannelCors:
    """Starlette's CORS rules, with the origins of the channel that is asked for. Keys travel in a header, never in
    a cookie, so that no page can act in a visitor's name.
    """

    def __init__(self, app: ASGIApp, channels: Mapping[str, Channel]) -> None:
        self.app = app
        self._list = _rules(app, ["*"])
        self._of = {name: _rules(app, channel.origins) for name, channel in channels.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if path == LIST:
            await self._list(scope, receive, send)
            return
        name = path.removeprefix(PREFIX).partition("/")[0] if path.startswith(PREFIX) else ""
        await self._of.get(name, self.app)(scope, receive, send)


def _rules(app: ASGIApp, origins: list[str]) -> CORSMiddleware:
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=METHODS,
        allow_headers=HEADERS,
        expose_headers=EXPOSED,
        max_age=86_400,
    )
