"""Cross-origin reading, channel by channel."""

import re
from collections.abc import Mapping

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ticker.channel import Channel

LIST = "/v1/channels"
PREFIX = LIST + "/"
CONTROLLERS = "/ograf/v1/"  # these pages may come from anywhere: what they may do, their key says
REPORT = re.compile(r"/onair/[^/]+/report")  # and so may these, from a disk; also what is refused they must read
METHODS = ("GET", "HEAD", "POST", "PATCH")
HEADERS = ("authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "last-event-id")
EXPOSED = ("etag", "location", "retry-after", "ticker-position")


class ChannelCors:
    """Starlette's CORS rules, with the origins of the channel that is asked for. Never with credentials: a key travels
    in a header, and a session's cookie is for the desk's own pages, so that no other acts in a visitor's name.
    """

    def __init__(self, app: ASGIApp, channels: Mapping[str, Channel]) -> None:
        self.app = app
        self._open = _rules(app, ["*"])
        self._controllers = _rules(app, ["*"], (*METHODS, "PUT"))
        self._of = {name: _rules(app, channel.origins) for name, channel in channels.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if path == LIST or REPORT.fullmatch(path):
            await self._open(scope, receive, send)
            return
        if path.startswith(CONTROLLERS):
            await self._controllers(scope, receive, send)
            return
        name = path.removeprefix(PREFIX).partition("/")[0] if path.startswith(PREFIX) else ""
        await self._of.get(name, self.app)(scope, receive, send)


def _rules(app: ASGIApp, origins: list[str], methods: tuple[str, ...] = METHODS) -> CORSMiddleware:
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=methods,
        allow_headers=HEADERS,
        expose_headers=EXPOSED,
        max_age=86_400,
    )
