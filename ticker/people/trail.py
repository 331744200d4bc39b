"""The audit of people and keys: who came in or was refused, and who gave whom what. Chained as a channel's is."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ticker import instant
from ticker.store import Client, ask

APPEND = Path(__file__).with_name("trail.lua").read_text()
MOST = 100_000  # entries; beyond that the oldest go


class Where(NamedTuple):
    """Its keys. No channel may be called so."""

    audit: str = "ticker:{people}:audit"
    meta: str = "ticker:{people}:meta"

    @classmethod
    def of(cls, _: str) -> "Where":
        return cls()


class By(NamedTuple):
    """Whose doing it is: a name as the audits have it, and by which session."""

    name: str
    via: str | None = None


COMMAND_LINE = By("command line")


class Trail:
    def __init__(self, redis: Client, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self.redis = redis
        self._now = now

    async def add(self, action: str, id: str, by: By = COMMAND_LINE, **more: Any) -> None:  # noqa: A002
        """An entry, right after what it tells of. `id` is a login, or a key's; `more` has no secrets."""
        said = {name: value for name, value in more.items() if value is not None}
        entry = {"at": instant.format(self._now()), "by": by.name, "via": by.via, "action": action, "id": id, **said}
        told = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        await ask(self.redis, "eval", APPEND, 2, *Where(), told, MOST)
