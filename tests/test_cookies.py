"""Our cookies, over http and https."""

from http.cookies import SimpleCookie
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response

from ticker.people import cookies


def connection(scheme: str, cookie: str = "") -> HTTPConnection:
    scope: dict[str, Any] = {"type": "http", "scheme": scheme, "path": "/", "query_string": b"", "server": ("x", 80)}
    return HTTPConnection({**scope, "headers": [(b"cookie", cookie.encode())]})


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_is_given_is_read_again_until_it_is_taken(scheme: str) -> None:
    answer = Response()
    cookies.give(connection(scheme), answer, cookies.SESSION, "value", 60)
    given = SimpleCookie(answer.headers["set-cookie"])
    [(name, morsel)] = given.items()
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (True, "lax", "/", "")
    assert bool(morsel["secure"]) == name.startswith("__Host-") == (scheme == "https")
    assert cookies.read(connection(scheme, f"{name}=value"), cookies.SESSION) == "value"
    assert cookies.read(connection(scheme, f"{name}=value"), cookies.DEVICE) is None
    gone = Response()
    cookies.take(connection(scheme), gone, cookies.SESSION)
    assert SimpleCookie(gone.headers["set-cookie"])[name]["max-age"] == "0"


def test_a_cookie_that_http_could_have_set_is_not_read_over_https() -> None:
    assert cookies.read(connection("https", "ticker-session=planted"), cookies.SESSION) is None
