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
