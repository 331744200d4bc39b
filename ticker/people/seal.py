"""What we hand out and want back unchanged, signed. The secret is made once and kept in Redis."""

import json
import secrets
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from ticker.store import Client, ask

SECRET = "ticker:secret"  # noqa: S105  the name of a key in Redis
LONGEST = 3000  # characters of a sealed text; a browser keeps 4096 of a cookie


class Seal:
    """Deleting the secret in Redis voids everything that was sealed with it."""

    def __init__(self, redis: Client) -> None:
        self.redis = redis
        self._secret = ""

    async def close(self, purpose: str, content: Any) -> str:
        """What has one purpose cannot be used for another."""
        return self._serializer(purpose, await self._load()).dumps(content)

    async def open(self, purpose: str, sealed: str) -> Any:
        """The content; None when it was not sealed by us for this purpose."""
        if len(sealed) > LONGEST:
            return None
        known = self._secret
        found = self._read(purpose, sealed, known) if known else None
        if found is None and await self._load() != known:  # another process may have begun with a new secret
            found = self._read(purpose, sealed, self._secret)
        return found

    @staticmethod
    def _serializer(purpose: str, secret: str) -> URLSafeSerializer:
        return URLSafeSerializer(secret, salt=purpose, serializer=json)

    def _read(self, purpose: str, sealed: str, secret: str) -> Any:
        try:
            return self._serializer(purpose, secret).loads(sealed)
        except BadSignature:
            return None

    async def _load(self) -> str:
        found = await ask(self.redis, "get", SECRET)
        if found is None:
            await ask(self.redis, "set", SECRET, secrets.token_urlsafe(32), nx=True)
            found = await ask(self.redis, "get", SECRET)
        self._secret = str(found)
        return self._secret
