"""Times: milliseconds since the epoch inside, RFC 3339 in UTC with milliseconds on the wire."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo, WithJsonSchema

EARLIEST = 0
LATEST = 4_102_444_800_000  # 2100-01-01: far enough, and safe in every number type

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def parse(text: str) -> int:
    """Milliseconds of an RFC 3339 time. ValueError when it is not one, or is not between 1970 and 2100."""
    if not _RFC3339.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not an RFC 3339 time such as 2026-11-23T10:00:00Z")
    ms = round(datetime.fromisoformat(text.upper()).timestamp() * 1000)
    if not EARLIEST <= ms <= LATEST:
        raise ValueError(f"{text[:40]!r} is not between 1970 and 2100")
    return ms


def format(ms: int) -> str:  # noqa: A001  instant.format(…) reads as what it is
    """`2026-11-23T10:00:00.000Z`."""
    when = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def _validate(value: Any, info: ValidationInfo) -> int:
    """From writers only text; our own code may pass ms."""
    if isinstance(value, str):
        return parse(value)
    if info.mode == "python" and isinstance(value, int) and EARLIEST <= value <= LATEST:
        return value
    raise ValueError("must be an RFC 3339 time such as 2026-11-23T10:00:00Z")


Instant = Annotated[
    int,
    BeforeValidator(_validate),
    PlainSerializer(format, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
