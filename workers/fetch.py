"""Bringing a document from somewhere else. The only place from which we ask others anything.

Whatever is at the other end, the answer is a value: `Fetched`, `NotModified` or `Failed`. The bytes are ours
before any parser sees them: bounded in number, in time, and in where they may come from.
"""

import asyncio
import ipaddress
import socket
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit
from weakref import WeakValueDictionary

import aiohttp
from aiohttp.abc import AbstractResolver

from ticker import __version__

LARGEST = 10_000_000  # bytes, after decompression
TIME = 20.0  # s for everything: redirects, headers, body
REDIRECTS = 5
LONGEST_WAIT = 24 * 3600  # s that a Retry-After may ask for
PIECE = 64 * 1024  # bytes decompressed at a time

_PERMANENT = {301, 308}
_REDIRECT = {301, 302, 303, 307, 308}
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_GZIP = 16 + zlib.MAX_WBITS
_MEMBER = b"\x1f\x8b"  # what each begins with

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Permitted = Callable[[Address], bool]


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for, with the validators of the last answer."""

    url: str
    etag: str = ""
    last_modified: str = ""
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    body: bytes
    content_type: str
    url: str  # where it came from in the end
    etag: str = ""
    last_modified: str = ""
    moved_to: str | None = None  # where to ask from now on


@dataclass(frozen=True, slots=True)
class NotModified:
    etag: str = ""
    last_modified: str = ""
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no document; `retry_after` in s when the other end has said when to come again."""

    reason: str
    retry_after: int | None = None
    gone: bool = False


Answer = Fetched | NotModified | Failed


class _Refused(Exception):
    """Stops a fetch; the message is the reason."""


class _Inside(OSError):
    """An address where nothing of the public lives."""


class Fetcher:
    """It asks each host one thing at a time; who must not wait for others has one of its own."""

    def __init__(self, public: aiohttp.ClientSession, private: aiohttp.ClientSession, *, total: float) -> None:
        self._public = public
        self._private = private
        self._total = total
        self._hosts: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def fetch(self, request: Request) -> Answer:
        left = self._total
        url, permanent = request.url, True
        try:
            for _ in range(REDIRECTS + 1):
                host = _host(url)
                lock = self._hosts.setdefault(host, asyncio.Lock())
                async with lock:  # the time of waiting for one's turn is nobody's fault
                    started = time.monotonic()
                    async with asyncio.timeout(left):
                        answer = await self._hop(replace(request, url=url))
                    left = max(0.001, left - (time.monotonic() - started))
                if isinstance(answer, _Moved):
                    permanent = permanent and answer.permanent
                    url = answer.to
                    continue
                if permanent and url != request.url and not isinstance(answer, Failed):
                    return replace(answer, moved_to=url)
                return answer
        except _Refused as refused:
            return Failed(str(refused))
        except TimeoutError:
            return Failed(f"It took longer than {self._total:g} s.")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Failed(_sentence(error))
        return Failed(f"It redirects more than {REDIRECTS} times.")

    async def _hop(self, request: Request) -> "Answer | _Moved":
        session = self._private if request.allow_private else self._public
        headers = {"If-None-Match": request.etag, "If-Modified-Since": request.last_modified}
        async with session.get(
            request.url, allow_redirects=False, headers={name: value for name, value in headers.items() if value}
        ) as response:
            if response.status in _REDIRECT and "Location" in response.headers:
                return _Moved(urljoin(request.url, response.headers["Location"]), response.status in _PERMANENT)
            etag, last_modified = _validator(response, "ETag", 1024), _validator(response, "Last-Modified", 128)
            if response.status == 304:
                return NotModified(etag or request.etag, last_modified or request.last_modified)
            if response.status != 200:
                return Failed(f"It answered {response.status}.", _retry_after(response), gone=response.status == 410)
            body = await _body(response)
            kind = response.headers.get("Content-Type", "").encode("ascii", "replace").decode()
            return Fetched(body, kind, request.url, etag, last_modified)


@dataclass(frozen=True, slots=True)
class _Moved:
    to: str
    permanent: bool


@asynccontextmanager
async def fetcher(
    *, total: float = TIME, resolver: AbstractResolver | None = None, permitted: Permitted | None = None
) -> AsyncIterator[Fetcher]:
    """`total` s for each fetch; `permitted` says which addresses a source that is not `allow_private` may be at."""
    guarded = partial(_guarded_socket, permitted or is_public)
    async with _session(guarded, resolver) as public, _session(_socket, resolver) as private:
        yield Fetcher(public, private, total=total)


def _session(factory: Any, resolver: AbstractResolver | None) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(socket_factory=factory, resolver=resolver)
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,  # a bomb would burst before we see it
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={
            "Accept": "application/atom+xml, application/rss+xml, application/feed+json, */*;q=0.5",
            "Accept-Encoding": "gzip",
            "User-Agent": f"ticker/{__version__}",
        },
        timeout=aiohttp.ClientTimeout(total=None),  # ours counts over all redirects
        trust_env=False,
    )


# --- where -----------------------------------------------------------------------------------------------------------


def _host(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _Refused("It leads to something that is not http or https.")
    return parts.hostname.lower()


def _socket(info: tuple[Any, ...]) -> socket.socket:
    return socket.socket(info[0], info[1], info[2])


def _guarded_socket(permitted: Permitted, info: tuple[Any, ...]) -> socket.socket:
    """For every single connection, after the name was looked up: a name that changes its mind gains nothing."""
    address = ipaddress.ip_address(info[4][0].partition("%")[0])
    if not permitted(address):
        raise _Inside(f"{address} is not a public address.")
    return _socket(info)


def is_public(address: Address) -> bool:
    """Neither private nor loopback, link-local, multicast or reserved; also not as an IPv4 address within IPv6."""
    return all(part.is_global and not part.is_multicast and not part.is_reserved for part in _meant(address))


def _meant(address: Address) -> Iterator[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    within = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _NAT64) or int(address) >> 32 == 0:
        within.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    inner = [part for part in within if part is not None]
    yield from inner
    if not address.ipv4_mapped and address not in _NAT64[0]:
        yield address


# --- what ------------------------------------------------------------------------------------------------------------


def _validator(response: aiohttp.ClientResponse, name: str, longest: int) -> str:
    """Empty where it could not be sent back as it came."""
    said = response.headers.get(name, "")
    return said if said.isascii() and len(said) <= longest else ""


async def _body(response: aiohttp.ClientResponse) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise _Refused(f"It is compressed in a way that was not asked for: {encoding[:40]}.")
    unpack = Gunzip() if "gzip" in encoding else None
    body = bytearray()
    arrived = 0
    async for chunk in response.content.iter_chunked(PIECE):
        arrived += len(chunk)
        for piece in unpack.pieces(chunk) if unpack else (chunk,):
            body += piece
            if max(len(body), arrived) > LARGEST:
                raise _Refused(f"It is larger than {LARGEST:,} bytes.")
    if unpack and not unpack.ended:
        raise _Refused("Its compressed body ends too early.")
    return bytes(body)


class Gunzip:
    """Never more than PIECE bytes at a time, however much the input would give. Members may follow one another; what
    comes after the last of them is passed over.
    """

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)
        self._after = b""  # the last member, as far as it has been seen; two bytes tell whether it is another

    @property
    def ended(self) -> bool:
        return self._inner.eof

    def pieces(self, data: bytes) -> Iterator[bytes]:
        data = self._after + data
        with _zlib_refuses():
            while data:
                if self._inner.eof:
                    if not data.startswith(_MEMBER):
                        break
                    self._inner = zlib.decompressobj(_GZIP)
                yield self._inner.decompress(data, PIECE)
                data = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail
        self._after = data[:2]


@contextmanager
def _zlib_refuses() -> Iterator[None]:
    try:
        yield
    except zlib.error:
        raise _Refused("Its compressed body is broken.") from None


def _retry_after(response: aiohttp.ClientResponse) -> int | None:
    if response.status not in (429, 503):
        return None
    return retry_after(response.headers.get("Retry-After", ""), response.headers.get("Date", ""), time.time())


def retry_after(asked: str, date: str, now: float) -> int | None:
    """Seconds to wait, from either form of the header; a date counts from the other end's own clock."""
    asked = asked.strip()
    if asked.isascii() and asked.isdigit():
        return min(int(asked[:12]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(asked).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    with suppress(ValueError, TypeError, OverflowError):
        now = parsedate_to_datetime(date).timestamp()
    return int(min(max(0.0, until - now), LONGEST_WAIT))


def _sentence(error: BaseException) -> str:
    """Without the address: it may carry a password, and what is inside is nobody's business."""
    causes = [error, getattr(error, "os_error", None), error.__cause__]
    if any(isinstance(cause, _Inside) for cause in causes):
        return "It leads to an address that is not public."
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"It cannot be connected to: {error.os_error.strerror or type(error.os_error).__name__}."
    if isinstance(error, aiohttp.ClientPayloadError):
        return "Its body ends too early."
    if isinstance(error, aiohttp.InvalidURL):
        return "Its address is not one."
    return f"It does not speak HTTP as it should ({type(error).__name__})."
