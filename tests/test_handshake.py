"""The opening handshake, held against `websockets`, which knows all of RFC 6455."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol

from ticker.fanout import handshake

GOOD = {
    b"host": b"x",
    b"upgrade": b"websocket",
    b"connection": b"Upgrade",
    b"sec-websocket-version": b"13",
    b"sec-websocket-key": b"dGhlIHNhbXBsZSBub25jZQ==",
}


def websockets_accepts(headers: dict[bytes, bytes]) -> bool:
    given = Headers([(name.decode(), value.decode("latin-1")) for name, value in headers.items()])
    return ServerProtocol().accept(Request("/", given)).status_code == 101


def lines(head: bytes) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])


def test_the_example_of_the_standard() -> None:
    accepted = handshake.accept(GOOD, compress=True)
    assert accepted is not None
    assert not accepted.deflates
    assert accepted.head.startswith(b"HTTP/1.1 101 ")
    assert lines(accepted.head)["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert "sec-websocket-extensions" not in lines(accepted.head)


TOKENS = st.sampled_from([b"websocket", b"WebSocket", b"h2c", b"Upgrade", b"keep-alive", b"upgrade", b"close", b""])
LISTS = st.lists(TOKENS, min_size=1, max_size=3).map(b", ".join)
KEYS = st.binary(min_size=14, max_size=18).map(base64.b64encode) | st.sampled_from(
    [b"", b"short", b"a" * 24, b"\xe9" * 24]
)


@given(TOKENS, LISTS, KEYS, st.sampled_from([b"13", b"8", b""]))
def test_it_takes_what_websockets_takes(upgrade: bytes, connection: bytes, key: bytes, version: bytes) -> None:
    headers = GOOD | {b"upgrade": upgrade, b"connection": connection, b"sec-websocket-key": key}
    headers[b"sec-websocket-version"] = version
    assert (handshake.accept(headers, compress=False) is not None) == websockets_accepts(headers)


@pytest.mark.parametrize("missing", [name for name in GOOD if name != b"host"])
def test_nothing_may_be_missing(missing: bytes) -> None:
    assert handshake.accept({name: value for name, value in GOOD.items() if name != missing}, compress=True) is None


@pytest.mark.parametrize(
    ("offer", "taken"),
    [
        (b"permessage-deflate", True),
        (b"permessage-deflate; client_max_window_bits", True),
        (b"permessage-deflate; client_max_window_bits=10", True),
        (b"x-unknown, permessage-deflate; server_no_context_takeover; client_no_context_takeover", True),
        (b"permessage-deflate; server_max_window_bits=10", False),  # would need a frame of its own
        (b"permessage-deflate; server_max_window_bits=10, permessage-deflate", True),
        (b"permessage-deflate; nonsense", False),
        (b"x-webkit-deflate-frame", False),
        (b";;;=,", False),
        (b"\xff", False),
    ],
)
def test_compression_is_agreed_without_context_on_either_side(offer: bytes, *, taken: bool) -> None:
    headers = GOOD | {b"sec-websocket-extensions": offer}
    accepted = handshake.accept(headers, compress=True)
    assert accepted is not None
    assert accepted.deflates == taken
    if taken:
        answer = lines(accepted.head)["sec-websocket-extensions"]
        assert {"server_no_context_takeover", "client_no_context_takeover"} <= set(answer.split("; "))
    refused = handshake.accept(headers, compress=False)
    assert refused is not None
    assert not refused.deflates


def test_a_header_that_is_repeated_is_one_list() -> None:
    assert handshake.joined([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]) == {b"a": b"1, 3", b"b": b"2"}
