"""What comes in over HTTP: who asks, with which body, on which version. Everything has a limit."""

import asyncio
import hashlib
import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from ticker.desk.once import Once
from ticker.errors import Invalid, Malformed, Slow, TooLarge, UnsupportedMedia, VersionMissing, VersionStale

BODY_LIMIT = 64 * 1024  # bytes
BODY_SECONDS = 10.0  # until the body must be complete

_ONCE = re.compile(r"[\x21-\x7e]{1,200}")
_VERSION = re.compile(r'"(\d{1,9})"')

Model = TypeVar("Model", bound=BaseModel)


async def read_body(request: Request) -> bytes:
    """The whole body, as often as it is asked for. TooLarge as soon as it is; Slow when it does not come in time."""
    if hasattr(request.state, "body"):
        known: bytes = request.state.body
        return known
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > BODY_LIMIT:
        raise TooLarge(f"The body may have at most {BODY_LIMIT} bytes.")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > BODY_LIMIT:
                    raise TooLarge(f"The body may have at most {BODY_LIMIT} bytes.")
    except TimeoutError:
        raise Slow(f"The body was not complete within {BODY_SECONDS:.0f} seconds.") from None
    except ClientDisconnect:
        raise Malformed("The connection ended before the body did.") from None
    request.state.body = bytes(body)
    return bytes(body)


async def read_model(request: Request, model: type[Model], *, optional: bool = False) -> tuple[Model, bytes]:
    """The body as a model, and its bytes. Invalid names every field at fault."""
    body = await read_body(request)
    if optional and not body.strip():
        body = b"{}"
    else:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise UnsupportedMedia("Send JSON, with `Content-Type: application/json`.")
    try:
        given = model.model_validate_json(body)
    except ValidationError as error:
        raise refusal_of(error) from None
    json.loads(body, object_pairs_hook=_named_once)  # no deeper now than the model is
    return given, body


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a member that is there twice, one reader takes the first and another the last."""
    names = dict(pairs)
    if len(names) < len(pairs):
        raise Malformed("The body names a member of an object twice.")
    return names


def refusal_of(error: ValidationError) -> Malformed | Invalid:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    if any(fault["type"] == "json_invalid" for fault in faults):
        return Malformed(f"The body is not JSON in UTF-8: {faults[0]['msg'].removeprefix('Invalid JSON: ')}.")
    return Invalid("Some fields are not right; `errors` names each.", errors=faults_of(error))


def faults_of(error: ValidationError) -> list[dict[str, str]]:
    """Each field at fault: where it is (RFC 6901) and what is wrong with it."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return [{"pointer": _pointer(fault["loc"]), "detail": _sentence(fault["msg"])} for fault in faults]


def _pointer(location: tuple[Any, ...]) -> str:
    """RFC 6901."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


def once_of(request: Request, body: bytes) -> Once | None:
    """The writer's Idempotency-Key, bound to this very request."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not _ONCE.fullmatch(key):
        raise Malformed("An Idempotency-Key has 1 to 200 visible ASCII characters.")
    told = "\0".join((request.method, request.url.path, request.headers.get("if-match", ""))).encode()
    return Once(key, hashlib.sha256(told + b"\0" + body).hexdigest())


def version_of(request: Request) -> int:
    """The version an edit was made on, from If-Match."""
    header = request.headers.get("if-match", "").strip()
    if not header or header == "*":
        raise VersionMissing('Send the version you edited as If-Match, for example `If-Match: "3"`.')
    match = _VERSION.fullmatch(header)
    if match is None:
        raise VersionStale(f'If-Match must be a version in quotes, for example "3", and not {header[:40]!r}.')
    return int(match[1])


def whole_number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) > most:
        fault = {"pointer": name, "detail": f"must be a whole number from 0 to {most}"}
        raise Invalid("A query parameter is not right; see `errors`.", errors=[fault])
    return int(text)
