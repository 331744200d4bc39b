"""Compression that costs nothing per reader: pieces that do not depend on what was sent before, made once for all."""

import re
import zlib

RAW = -15  # window bits of a deflate stream without a header
LEVEL = 6
TAIL = b"\x00\x00\xff\xff"  # what an empty stored block at a byte boundary ends with
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # RFC 1952: deflate, no name, no time
GZIP_END = b"\x03\x00"  # the last block, empty. Length and checksum would be each reader's own; none of them asks
LARGEST_STORED = 65_535  # bytes of a stored block

_GZIP = re.compile(rb"(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?:,|$)", re.IGNORECASE)


def takes_gzip(accept_encoding: bytes) -> bool:
    """Whether a reader with this `Accept-Encoding` names gzip, and not to refuse it (RFC 9110 section 12.5.3)."""
    return _GZIP.search(accept_encoding) is not None


def _flushed(data: bytes, mode: int) -> bytes:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, RAW)
    return compressor.compress(data) + compressor.flush(mode)


def block(data: bytes) -> bytes:
    """Deflate blocks (RFC 1951) that end at a byte boundary and refer to nothing before them.

    So they may follow any others in one stream. Stored as they are where that makes fewer bytes.
    """
    if not data:
        return b""
    small = _flushed(data, zlib.Z_FULL_FLUSH)
    return small if len(small) < len(data) + 5 or len(data) > LARGEST_STORED else stored(data)


def stored(data: bytes) -> bytes:
    """At most 65,535 bytes as one stored block: five bytes more than they are."""
    size = len(data)
    return b"\x00%b%b%b" % (size.to_bytes(2, "little"), (size ^ 0xFFFF).to_bytes(2, "little"), data)


def message(payload: bytes) -> bytes | None:
    """The payload of a compressed WebSocket message (RFC 7692, no context takeover); None when it is no smaller."""
    small = _flushed(payload, zlib.Z_SYNC_FLUSH).removesuffix(TAIL)
    return small if len(small) < len(payload) else None


def payload(compressed: bytes, most: int) -> bytes | None:
    """The inverse of `message`; None when it is none, or larger than that many bytes."""
    inflater = zlib.decompressobj(RAW)
    try:
        whole = inflater.decompress(compressed + TAIL, most)
    except zlib.error:
        return None
    return None if inflater.unconsumed_tail or inflater.unused_data else whole
