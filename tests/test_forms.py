"""Forms: as a browser sends them, within limits."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from ticker.errors import Malformed, TooLarge, UnsupportedMedia
from ticker.people.forms import KIND, MOST_FIELDS, Form, read_form
from ticker.requests import BODY_LIMIT

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=50)


def read(body: bytes, kind: str = KIND) -> Form:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    request = Request({"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}, receive)
    return asyncio.run(read_form(request))


@settings(deadline=None)
@given(st.dictionaries(TEXT.filter(bool), TEXT, max_size=10))
def test_every_field_comes_as_it_was_typed(fields: dict[str, str]) -> None:
    form = read(urlencode(fields).encode())
    assert form == {name: value if "password" in name else value.strip() for name, value in fields.items()}
    assert form["never there"] == ""


def test_a_password_keeps_its_white_space() -> None:
    assert read(b"login=+ana+&password=+a+b+") == {"login": "ana", "password": " a b "}


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_whatever_comes_is_a_form_or_refused(body: bytes) -> None:
    try:
        form = read(body)
    except Malformed:
        return
    assert all(isinstance(value, str) for value in form.values())


def test_what_is_refused() -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain", ""):
        with pytest.raises(UnsupportedMedia):
            read(b"a=1", kind)
    for body in (b"a=1&a=2", b"a=%ff", b"\xff=1", urlencode({str(n): 1 for n in range(MOST_FIELDS + 1)}).encode()):
        with pytest.raises(Malformed):
            read(body)
    with pytest.raises(TooLarge):
        read(b"a=" + b"x" * BODY_LIMIT)
