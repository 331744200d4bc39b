"""A tombstone: what may never come back. Of a killed headline nothing else is kept. Pure."""

import hashlib
import json
from typing import NamedTuple

from ticker import instant, text

SAME_TEXT_KEPT = 7 * 24 * 3600 * 1000  # ms for which the words of a killed headline are refused from anybody


class Tombstone(NamedTuple):
    """Of which headline, since when (ms), and of which group of editions it was."""

    id: str
    at: int
    group: str | None = None

    @property
    def sentence(self) -> str:
        return f"It was killed at {instant.format(self.at)} and may not come back; use other words."

    def encode(self) -> str:
        group = {"group": self.group} if self.group else {}
        return json.dumps({"id": self.id, "at": self.at, **group}, separators=(",", ":"))

    @classmethod
    def decode(cls, encoded: str) -> "Tombstone":
        fields = json.loads(encoded)
        return cls(fields["id"], fields["at"], fields.get("group"))


def words_of(headline_text: str) -> str:
    """What a tombstone for words is kept under: the same for the same letters and digits, however written."""
    folded = text.fingerprint(headline_text) or headline_text
    return "text:" + hashlib.blake2b(folded.encode(), digest_size=12).hexdigest()
