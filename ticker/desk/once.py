"""A writer's Idempotency-Key: the same request again has the same answer, and does nothing. Pure."""

import hashlib
import json
from typing import NamedTuple

from ticker.errors import KeyReused
from ticker.headline import Record


class Once(NamedTuple):
    """The key, and a digest of the request it was used for."""

    key: str
    digest: str

    def by(self, writer: str) -> str:
        """What the answer is kept under. Each writer has keys of its own: nobody gets an answer that was another's."""
        return hashlib.blake2b(f"{writer}\0{self.key}".encode(), digest_size=16).hexdigest()


def same_answer(answer: str, once: Once | None) -> Record | None:
    """The record of an answer that was given before. KeyReused when it was to another request."""
    fields = json.loads(answer)
    if once is not None and fields["digest"] != once.digest:
        raise KeyReused("This Idempotency-Key belongs to another request; use a new key for a new request.")
    return Record.model_validate_json(fields["record"]) if fields["record"] else None
