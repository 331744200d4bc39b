"""Sessions: who has signed in where. A browser holds a sealed random id; all else is in Redis, so that one can be
ended at once and everywhere.
"""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from ticker.people.people import People, Person
from ticker.people.seal import Seal
from ticker.store import Client, ask

SESSION = "ticker:session:"  # and the public part of its id: string, JSON of the session
PURPOSE = "session"
MINUTE = 60_000  # ms


class Session(NamedTuple):
    id: str  # the public part
    person: Person
    ends_at: int

    @property
    def via(self) -> str:
        return f"session:{self.id}"


class Sessions:
    def __init__(
        self,
        redis: Client,
        people: People,
        *,
        idle_minutes: int,
        longest_hours: int,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.redis, self.people, self.seal = redis, people, Seal(redis)
        self.idle = idle_minutes * MINUTE
        self.longest = longest_hours * 60 * MINUTE
        self._now = now

    async def begin(self, person: Person) -> str:
        """A new session, as the browser keeps it."""
        secret, now = secrets.token_urlsafe(32), self._now()
        digest = hashlib.sha256(secret.encode()).hexdigest()
        fields = {"login": person.login, "digest": digest, "begun_at": now, "ends_at": now + self.longest}
        await ask(self.redis, "set", SESSION + digest[:16], json.dumps(fields), px=min(self.idle, self.longest))
        await self.people.change(person.login, signed_in_at=now)
        return await self.seal.close(PURPOSE, secret)

    async def find(self, sealed: str, *, unattended: bool = False) -> Session | None:
        """None when it is none of ours, has ended, or its person is gone. Asking keeps it from being idle, unless it is
        a page that asks by itself (`unattended`).
        """
        secret = await self.seal.open(PURPOSE, sealed)
        if not isinstance(secret, str):
            return None
        digest = hashlib.sha256(secret.encode()).hexdigest()
        raw = await ask(self.redis, "getex", SESSION + digest[:16], px=None if unattended else self.idle)
        fields = json.loads(raw) if raw else None
        if fields is None or not hmac.compare_digest(fields["digest"], digest) or self._now() >= fields["ends_at"]:
            return None
        person = await self.people.get(fields["login"])
        if person is None or fields["begun_at"] < max(person.sessions_from, person.created_at):
            return None
        return Session(digest[:16], person, fields["ends_at"])

    async def end(self, session: Session) -> None:
        await ask(self.redis, "delete", SESSION + session.id)
