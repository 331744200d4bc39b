"""Passwords: which are good enough, and argon2 in threads, so many at once and no more."""

import asyncio
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ticker.errors import Overloaded

SHORTEST = 12  # characters (NIST SP 800-63B asks for 8, and for 15 where nothing else is asked)
LONGEST = 200
AT_ONCE = 2  # each takes 64 MB and a core
MOST_WAITING = 40  # as many as are served in about two seconds


Result = TypeVar("Result")


def fault_of(password: str, *names: str) -> str | None:
    """The word for what is wrong with a new password; None when nothing is. `names` are the person's own."""
    if len(password) < SHORTEST:
        return "password_short"
    if len(password) > LONGEST:
        return "password_long"
    told = password.casefold()
    left = told
    for name in names:
        left = left.replace(name.casefold(), "")
    if len(left) < SHORTEST // 2 or len(set(told)) < 4:
        return "password_easy"
    return None


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = self._hasher.hash("nobody has this one")

    async def hash(self, password: str) -> str:
        return await self._in_turn(self._hash, password)

    async def match(self, stored: str | None, password: str) -> bool:
        """Whether it is this one. It takes as long when there is none, so that nobody learns who has one."""
        right = await self._in_turn(self._verify, stored or self._nobodys, password)
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Hashed with less work than we ask for now: to be hashed again while the password is known."""
        return self._hasher.check_needs_rehash(stored)

    async def _in_turn(self, work: Callable[..., Result], *words: str) -> Result:
        if self._waiting >= MOST_WAITING:
            raise Overloaded("Too many people sign in at this moment; try again.", retry_after=5)
        self._waiting += 1
        try:
            async with self._room:
                return await asyncio.to_thread(work, *words)
        finally:
            self._waiting -= 1

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_same(password))

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _same(password))
        except (VerificationError, InvalidHashError):
            return False


def _same(password: str) -> str:
    """One keyboard sends é as one character, another as two (NIST SP 800-63B: normalise)."""
    return unicodedata.normalize("NFKC", password[:LONGEST])
