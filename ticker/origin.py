"""Which sites' pages may read a channel."""

from collections.abc import Sequence
from urllib.parse import urlsplit


def allowed(origin: str | None, host: str | None, origins: Sequence[str]) -> bool:
    """Whether a page of this origin may read. Programs that are no browsers send none; our own pages may always."""
    if origin is None or "*" in origins or origin in origins:
        return True
    try:
        return bool(host) and urlsplit(origin).netloc == host
    except ValueError:  # such as `http://[`
        return False


def sharing(origin: bytes | None, origins: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """The headers that let a page of this origin read the answer (the Fetch standard's CORS protocol)."""
    if origin is None:
        return []
    if "*" in origins:
        return [(b"access-control-allow-origin", b"*")]
    if origin.decode("latin-1") in origins:
        return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
    return []


def is_our_own(site: str | None, origin: str | None, host: str | None) -> bool:
    """Whether a browser sends this from one of our own pages: by `Sec-Fetch-Site` (Fetch Metadata), which no page can
    set, and where a browser does not send that, by `Origin`. Who sends neither cannot show it.
    """
    if site is not None:
        return site == "same-origin"
    return origin is not None and allowed(origin, host, ())
