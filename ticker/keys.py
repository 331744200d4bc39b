"""Keys for writers: made and revoked on the command line, kept in Redis as hashes, with scopes and channels."""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ticker.errors import Unauthorized
from ticker.people.trail import COMMAND_LINE, By, Trail
from ticker.store import Client, ask
from ticker.writer import EVERYWHERE, Scope, Writer

KEYS = "ticker:keys"  # hash: id → JSON of the key without its secret

_TEXT = re.compile(r"tk_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")


class Key(NamedTuple):
    """What is known of a key: everything but its secret."""

    id: str
    name: str
    scopes: frozenset[Scope]
    channels: frozenset[str]  # empty: all
    created_at: int
    revoked_at: int | None
    digest: str
    rehearsal: bool = False  # for rehearsals, and for nothing else; without, for nothing of them

    @property
    def writer(self) -> Writer:
        rights = dict.fromkeys(self.channels or {EVERYWHERE}, self.scopes)
        return Writer(f"{self.name} ({self.id})", f"key:{self.id}", rights, source=self.name, rehearsal=self.rehearsal)


class Keys:
    def __init__(self, redis: Client, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self.redis = redis
        self._trail = Trail(redis, now)
        self._now = now

    async def create(
        self,
        name: str,
        scopes: Iterable[str],
        channels: Iterable[str] = (),
        *,
        rehearsal: bool = False,
        by: By = COMMAND_LINE,
    ) -> str:
        """A new key, as its owner must keep it: it cannot be read again."""
        key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        fields = {
            "name": name,
            "scopes": sorted({Scope(scope) for scope in scopes}),
            "channels": sorted(set(channels)),
            "created_at": self._now(),
            "revoked_at": None,
            "digest": _digest(secret),
            "rehearsal": rehearsal,
        }
        await ask(self.redis, "hset", KEYS, key_id, json.dumps(fields))
        await self._trail.add("key_create", key_id, by, after=_standing(fields))
        return f"tk_{key_id}_{secret}"

    async def list(self) -> list[Key]:
        stored = await ask(self.redis, "hgetall", KEYS)
        return sorted((_decode(key_id, raw) for key_id, raw in stored.items()), key=lambda key: key.created_at)

    async def revoke(self, key_id: str, *, by: By = COMMAND_LINE) -> bool:
        """False when there is no such key."""
        raw = await ask(self.redis, "hget", KEYS, key_id)
        if raw is None:
            return False
        fields = json.loads(raw)
        await ask(self.redis, "hset", KEYS, key_id, json.dumps(fields | {"revoked_at": self._now()}))
        await self._trail.add("key_revoke", key_id, by, before=_standing(fields))
        return True

    async def check(self, header: str | None) -> Key:
        """The key of an `Authorization` header. Unauthorized when it is none of ours or has been revoked.

        Redis is asked each time, so that a revoked key ends at once on every process.
        """
        scheme, _, credentials = (header or "").partition(" ")
        match = _TEXT.fullmatch(credentials.strip())
        if scheme.lower() != "bearer" or match is None:
            raise Unauthorized("Send a key as `Authorization: Bearer tk_…`, or sign in at /desk/sign-in.")
        raw = await ask(self.redis, "hget", KEYS, match[1])
        key = _decode(match[1], raw) if raw else None
        right = hmac.compare_digest(key.digest if key else _digest(""), _digest(match[2]))
        if key is None or not right or key.revoked_at is not None:
            raise Unauthorized("This key is not known here, or has been revoked; `ticker key create` makes a new one.")
        return key


def _standing(fields: Mapping[str, Any]) -> str:
    """What a key may do, in words."""
    where = ", ".join(fields["channels"]) or "everywhere"
    return (
        f"{fields['name']}: {', '.join(fields['scopes'])} on {where}{' (rehearsal)' * fields.get('rehearsal', False)}"
    )


def _digest(secret: str) -> str:
    """A plain hash is enough: the secret has 256 random bits, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _decode(key_id: str, raw: str) -> Key:
    fields = json.loads(raw)
    return Key(
        key_id,
        fields["name"],
        frozenset(Scope(scope) for scope in fields["scopes"]),
        frozenset(fields["channels"]),
        fields["created_at"],
        fields["revoked_at"],
        fields["digest"],
        fields.get("rehearsal", False),
    )
