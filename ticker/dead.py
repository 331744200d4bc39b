"""Dead letters: what came from a source and could not become a headline, kept with the reason until somebody looks.

ticker:dead                stream, the newest 10,000
ticker:dead:once:<digest>  the same bytes from the same source for the same reason are recorded once a day
"""

import base64
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ticker.store import Client, Gone, refusal

STREAM = "ticker:dead"
MOST = 10_000  # letters
LARGEST = 1_000_000  # bytes kept of each
ONCE_EVERY = 24 * 3600  # seconds

Kind = Literal["document", "entry"]


@dataclass(frozen=True, slots=True)
class Letter:
    """A document that could not be read, or an entry that the desk did not take. `at` is ms."""

    source: str
    channel: str
    at: int
    reason: str
    url: str
    content_type: str
    body: bytes
    kind: Kind
    id: str = ""


class Dead:
    def __init__(self, redis: Client) -> None:
        self.redis = redis

    async def add(self, letter: Letter) -> str | None:
        """The id it has been given; None when the same was recorded within the last day."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (letter.source.encode(), letter.reason.encode(), letter.body):
            digest.update(len(part).to_bytes(8, "big") + part)
        try:
            if not await self.redis.set(f"{STREAM}:once:{digest.hexdigest()}", "1", nx=True, ex=ONCE_EVERY):
                return None
            added: str = await self.redis.xadd(STREAM, _fields(letter), maxlen=MOST, approximate=False)
        except Gone as error:
            raise refusal(error) from error
        return added

    async def list(self, count: int = 100) -> list[Letter]:
        """Newest first."""
        try:
            entries = await self.redis.xrevrange(STREAM, count=count)
        except Gone as error:
            raise refusal(error) from error
        return [_letter(entry_id, fields) for entry_id, fields in entries]

    async def get(self, letter_id: str) -> Letter | None:
        if not _is_id(letter_id):
            return None
        try:
            entries = await self.redis.xrange(STREAM, letter_id, letter_id)
        except Gone as error:
            raise refusal(error) from error
        return _letter(*entries[0]) if entries else None

    async def drop(self, letter_id: str) -> bool:
        if not _is_id(letter_id):
            return False
        try:
            return bool(await self.redis.xdel(STREAM, letter_id))
        except Gone as error:
            raise refusal(error) from error

    async def size(self) -> int:
        try:
            return int(await self.redis.xlen(STREAM))
        except Gone as error:
            raise refusal(error) from error


def _is_id(text: str) -> bool:
    first, dash, last = text.partition("-")
    return first.isascii() and first.isdigit() and (not dash or (last.isascii() and last.isdigit()))


def _fields(letter: Letter) -> dict[str, str]:
    # Text, because our clients decode every answer.
    body = base64.b64encode(zlib.compress(letter.body[:LARGEST])).decode()
    return {
        "source": letter.source,
        "channel": letter.channel,
        "at": str(letter.at),
        "reason": letter.reason,
        "url": letter.url,
        "content_type": letter.content_type,
        "kind": letter.kind,
        "bytes": body,
    }


def _letter(letter_id: str, fields: Mapping[str, str]) -> Letter:
    return Letter(
        source=fields["source"],
        channel=fields["channel"],
        at=int(fields["at"]),
        reason=fields["reason"],
        url=fields["url"],
        content_type=fields["content_type"],
        body=zlib.decompress(base64.b64decode(fields["bytes"])),
        kind="entry" if fields["kind"] == "entry" else "document",
        id=letter_id,
    )
