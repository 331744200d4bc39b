"""Failed sign-ins, counted in Redis for all processes by the rules of lockout.py."""

import hashlib
import math
import time
from collections.abc import Callable
from typing import NamedTuple

from ticker.errors import TooManyTries, Unavailable
from ticker.people import lockout
from ticker.people.lockout import NETWORK, PERSON, Rule, Tries
from ticker.store import Client, ask

TRIES = "ticker:tries:"  # and a digest of who is counted: string, failures and the time of the last
ATTEMPTS = 20

_REPLACE = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""


class Guess(NamedTuple):
    """Somebody who says to be `login`, from a network, on a device that this person has used before or on none."""

    login: str
    network: str
    device: str | None = None

    @property
    def counts(self) -> list[tuple[str, Rule]]:
        if self.device is not None:
            return [(_key("device", self.login, self.device), PERSON)]
        return [(_key("network", self.network), NETWORK), (_key("person", self.login, self.network), PERSON)]


class Guesses:
    def __init__(self, redis: Client, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self.redis = redis
        self._now = now

    async def begin(self, guess: Guess) -> int:
        """Count it as wrong before the password is looked at: of many at the same moment, none is free.

        Its time, by which it is known when it `was_right`. TooManyTries when it is not heard at all.
        """
        at = self._now()
        for key, rule in guess.counts:
            self._let(lockout.parse(await ask(self.redis, "get", key)).wait(rule, at))
        for key, rule in guess.counts:
            await self._count(key, rule, at)
        return at

    async def was_right(self, guess: Guess, at: int) -> None:
        """A person's count begins anew. A network has one failure less: whoever has a password of their own does not
        get it more guesses at those of others.
        """
        for key, rule in guess.counts:
            if rule is PERSON:
                await ask(self.redis, "delete", key)
            else:
                await self._change(key, lambda tries: tries.one_less(at))

    async def _count(self, key: str, rule: Rule, at: int) -> None:
        def again(tries: Tries) -> Tries:
            self._let(tries.wait(rule, at))
            return tries.again(rule, at)

        await self._change(key, again)

    async def _change(self, key: str, new: Callable[[Tries], Tries]) -> None:
        for _ in range(ATTEMPTS):
            stored = await ask(self.redis, "get", key)
            tries = new(lockout.parse(stored))
            if await ask(self.redis, "eval", _REPLACE, 1, key, stored or "", tries.to_json(), lockout.FORGET_AFTER):
                return
        raise Unavailable("Too many sign in at the same moment; try again.")

    @staticmethod
    def _let(wait: int) -> None:
        if wait > 0:
            raise TooManyTries(math.ceil(wait / 1000))


def _key(*names: str) -> str:
    return TRIES + hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:32]
