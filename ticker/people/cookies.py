"""Our cookies. Out of reach of scripts and of other sites; over https bound to this very host (`__Host-`)."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

SESSION = "session"
DEVICE = "device"  # which people have signed in here before
FLOW = "flow"  # on the way to the sign-in provider and back


def _name(request: HTTPConnection, what: str) -> str:
    return f"__Host-ticker-{what}" if _is_secure(request) else f"ticker-{what}"


def _is_secure(request: HTTPConnection) -> bool:
    return request.url.scheme in ("https", "wss")


def read(request: HTTPConnection, what: str) -> str | None:
    return request.cookies.get(_name(request, what))


def give(request: HTTPConnection, answer: Response, what: str, value: str, seconds: int) -> None:
    """To this host and all its paths, as `__Host-` asks (RFC 6265bis, 4.1.3.2)."""
    answer.set_cookie(
        _name(request, what),
        value,
        max_age=seconds,
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


def take(request: HTTPConnection, answer: Response, what: str) -> None:
    answer.delete_cookie(_name(request, what), path="/", secure=_is_secure(request), httponly=True, samesite="lax")
