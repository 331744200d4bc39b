"""What is remembered of the entries of a source. Pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry as we last handed it in."""

    version: int = 0  # of the headline we wrote; 0: the desk has not taken it
    content: str = ""  # hash of what is shown of it
    updates: int = 0  # how often it changed on `day`
    day: int = 0  # since the epoch
    last: int = 0  # ms: when it was last in the document
    updated: int = 0  # ms: the entry's own time

    def encode(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def decode(cls, text: str) -> "Seen":
        fields = json.loads(text)
        return cls(**{name: fields[name] for name in cls.__slots__ if name in fields})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the entries of one document: by headline id, and by alias."""

    entries: Mapping[str, Seen] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
