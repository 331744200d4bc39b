"""The page at `/`, and the files in web/."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.staticfiles import StaticFiles

WEB = Path(__file__).resolve().parent.parent / "web"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


async def front(_: Request) -> Response:
    return FileResponse(WEB / "index.html", headers=HEADERS)


class Assets(StaticFiles):
    """Asked for anew each time, and answered with 304: a new version shows at once."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(HEADERS)
        response.headers["access-control-allow-origin"] = "*"
        return response


def assets() -> Assets:
    return Assets(directory=WEB)


routes: list[BaseRoute] = [Route("/", front)]
