import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.fanout import deflate

PIECES = st.lists(st.binary(max_size=2000) | st.text(max_size=500).map(str.encode), max_size=8)


@given(PIECES, st.binary(max_size=40))
def test_blocks_in_any_order_are_one_gzip_stream(pieces: list[bytes], first: bytes) -> None:
    """Read piece by piece, as a browser does: each is whole as soon as it has come."""
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert reader.decompress(deflate.GZIP_HEAD + deflate.stored(first)) == first
    for piece in pieces:
        assert reader.decompress(deflate.block(piece)) == piece
    assert reader.decompress(deflate.GZIP_END) == b""


@given(st.binary(max_size=3000))
def test_a_block_is_never_much_larger_than_what_is_in_it(data: bytes) -> None:
    assert len(deflate.block(data)) <= len(data) + 5


def test_what_is_too_large_to_be_stored_is_compressed_whatever_comes_of_it() -> None:
    data = random.Random(1).randbytes(200_000)
    assert zlib.decompressobj(deflate.RAW).decompress(deflate.block(data)) == data


@given(st.binary(max_size=3000) | st.text(max_size=2000).map(str.encode))
def test_a_message_is_compressed_only_where_that_makes_it_smaller(payload: bytes) -> None:
    small = deflate.message(payload)
    if small is not None:
        assert len(small) < len(payload)
        assert zlib.decompressobj(deflate.RAW).decompress(small + deflate.TAIL) == payload


def test_words_become_fewer_and_noise_does_not() -> None:
    assert len(deflate.message(b"headline " * 40) or b"") < 40
    assert deflate.message(random.Random(1).randbytes(300)) is None


@pytest.mark.parametrize(
    ("accept_encoding", "taken"),
    [
        (b"gzip", True), (b"gzip, deflate, br, zstd", True), (b"br,GZIP", True), (b"x-gzip", True),
        (b"br, gzip;q=0.5", True),
        (b"gzip; q=1, br", True), (b"gzip ;q=0.001", True), (b"", False), (b"br", False), (b"identity", False),
        (b"gzip;q=0", False), (b"br, gzip; q=0.000, x", False), (b"notgzip", False), (b"gzipped", False),
    ],
)  # fmt: skip
def test_gzip_is_for_those_who_name_it(accept_encoding: bytes, *, taken: bool) -> None:
    assert deflate.takes_gzip(accept_encoding) == taken


@given(st.binary(max_size=3000), st.integers(1, 4000))
def test_a_message_comes_back_unless_it_is_too_large(payload: bytes, most: int) -> None:
    small = deflate._flushed(payload, zlib.Z_SYNC_FLUSH).removesuffix(deflate.TAIL)
    assert deflate.payload(small, most) == (payload if len(payload) <= most else None)


@given(st.binary(max_size=200))
def test_anything_else_is_none_or_bounded(junk: bytes) -> None:
    found = deflate.payload(junk, 100)
    assert found is None or len(found) <= 100
