"""Talk to a running ticker over HTTP: what the command line uses. Standard library only."""

import ipaddress
import json
import time
import uuid
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

TRIES = 3  # every request may be sent again: writes carry an Idempotency-Key
LONGEST_WAIT = 5.0  # seconds; the most that a Retry-After is followed between two tries
TIMEOUT = 15.0  # seconds

Document = dict[str, Any]


class NotReachable(Exception):
    """Nobody answers there, or only to say: not now."""


class Rejected(Exception):
    """The service said no; the message is its own sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Client:
    def __init__(self, url: str, key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.key = key
        self._open = opener(self.url).open

    def publish(self, channel: str, draft: Document, once: str | None = None) -> Document:
        return self._send("POST", _headlines(channel), draft, {"Idempotency-Key": once or str(uuid.uuid4())})

    def read(self, channel: str, headline: str) -> Document:
        return self._send("GET", f"{_headlines(channel)}/{quote(headline, safe='')}")

    def update(self, channel: str, headline: str, patch: Document, version: int) -> Document:
        path = f"{_headlines(channel)}/{quote(headline, safe='')}"
        return self._send("PATCH", path, patch, {"If-Match": f'"{version}"', "Idempotency-Key": str(uuid.uuid4())})

    def act(self, channel: str, headline: str, action: str, body: Document) -> Document:
        """`action` is the last part of the address: retract, hold, release, approve, move."""
        path = f"{_headlines(channel)}/{quote(headline, safe='')}/{action}"
        return self._send("POST", path, body, {"Idempotency-Key": str(uuid.uuid4())})

    def say(self, output: str, cue: str, order: Document) -> Document:
        """The state of an output after a cue."""
        return self._send("POST", f"/onair/{quote(output, safe='')}/{cue}", order)

    def is_ready(self) -> bool:
        try:
            with self._open(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _send(
        self, method: str, path: str, body: Document | None = None, headers: dict[str, str] | None = None
    ) -> Document:
        request = Request(  # noqa: S310  `opener` lets http and https pass only
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Accept": "application/json", **(headers or {})},
        )
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        for left in reversed(range(TRIES)):
            try:
                with self._open(request, timeout=TIMEOUT) as answer:
                    return _document(answer.read())
            except HTTPError as error:
                with error:
                    detail = _sentence(error)
                if error.code not in (502, 503, 504):
                    raise Rejected(error.code, detail) from None
                if not left:
                    raise NotReachable(detail) from None
                time.sleep(_retry_after(error))
            except OSError as error:
                if not left:
                    raise NotReachable(f"No ticker answers at {self.url} ({_reason(error)}): is it running?") from None
                time.sleep(0.2)
        raise AssertionError("the last try returns or raises")


def opener(url: str) -> OpenerDirector:
    """Opens http and https; a proxy of the environment is never asked for what is on this machine."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotReachable(f"{url!r} is not an address such as http://127.0.0.1:8000.")
    return build_opener(ProxyHandler({})) if is_loopback(parts.hostname) else build_opener()


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _headlines(channel: str) -> str:
    return f"/v1/channels/{quote(channel, safe='')}/headlines"


def _document(raw: bytes) -> Document:
    try:
        document = json.loads(raw or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise NotReachable("What answers there is not a ticker.")
    return document


def _sentence(error: HTTPError) -> str:
    """The detail of a problem document, with the fields at fault; something fit to print in any case."""
    try:
        problem = json.loads(error.read())
        detail = str(problem["detail"])
        faults = [f"{fault['pointer'].strip('/')}: {fault['detail']}" for fault in problem.get("errors", [])]
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return f"The service answered {error.code} {error.reason}."
    return "\n  ".join([detail, *faults])


def _retry_after(error: HTTPError) -> float:
    text = error.headers.get("Retry-After", "")
    return min(LONGEST_WAIT, float(text) if text.isdigit() else 1.0)


def _reason(error: OSError) -> str:
    inner = error.reason if isinstance(error, URLError) else error
    return getattr(inner, "strerror", None) or str(inner)
