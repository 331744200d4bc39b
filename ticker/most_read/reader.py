"""A reader, as far as we want to know: a token that tells two reads of one story by one reader apart. Pure.

The token is made from the day's salt, the address, the agent and the story, so that the same reader has another
token on every story and every day: nobody can be followed from page to page. When the salt is gone, nobody can
tell any more which address a token came from, not even by trying all of them.
"""

import ipaddress
from functools import lru_cache
from hashlib import blake2b
from struct import Struct

DAY = 86_400_000  # ms
HALF_HOUR = 1_800_000  # ms
SALT_BYTES = 32

_NUMBER = Struct(">q").unpack


def token(salt: bytes, address: str, agent: str, story: str) -> int:
    """A whole number of 64 bits: Redis keeps small sets of such numbers in eight bytes each."""
    told = _keyed(salt).copy()
    told.update(f"{address}\0{agent}\0{story}".encode("utf-8", "surrogatepass"))
    number: int = _NUMBER(told.digest())[0]
    return number


@lru_cache(2)  # today's and yesterday's
def _keyed(salt: bytes) -> blake2b:
    """The beginning of every token of a day: a copy of it is less work than the key."""
    return blake2b(digest_size=8, key=salt)


def network(salt: bytes, address: str) -> int:
    """The reader's network, /24 or /48, as a keyed hash: enough to see that many reads come from one.

    It never leaves the process, so that Python's own hash will do (SipHash, PEP 456, by a key that each process
    draws): a microsecond less than BLAKE2b. The salt is part of what is hashed, for where that key was set by hand.
    """
    return hash(salt + prefix(address).encode("utf-8", "surrogatepass"))


def prefix(address: str) -> str:
    """What names the network of an address: three numbers of an IPv4 address, 48 bits of an IPv6 one."""
    if ":" not in address:
        return address.rpartition(".")[0] or address
    return _prefix_of_ipv6(address)


def _prefix_of_ipv6(address: str) -> str:
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped).rpartition(".")[0]
    return f"{int(parsed) >> 80:x}/48"


class Salts:
    """The day's secret and the one before: over midnight, a reader of yesterday's last half hour is still known."""

    def __init__(self) -> None:
        self._of: dict[int, bytes] = {}
        self._half_hour, self._found = -1, self._find(0)

    def keep(self, salts: dict[int, bytes]) -> None:
        """These, by day since 1970, and no others."""
        self._of = dict(salts)
        _keyed.cache_clear()
        self._half_hour = -1

    @property
    def days(self) -> set[int]:
        return set(self._of)

    def at(self, now: int) -> tuple[bytes, bytes | None] | None:
        """The salt of the day, and yesterday's while tokens of yesterday still bar. None before any is known.

        A day whose salt has not come yet goes on with the last one.
        """
        half_hour = now // HALF_HOUR
        if half_hour != self._half_hour:  # the answer is the same for all of it
            self._half_hour, self._found = half_hour, self._find(now)
        return self._found

    def _find(self, now: int) -> tuple[bytes, bytes | None] | None:
        day = now // DAY
        today = self._of.get(day)
        if today is None:
            known = max((one for one in self._of if one < day), default=None)
            return (self._of[known], None) if known is not None else None
        return today, self._of.get(day - 1) if now % DAY < HALF_HOUR else None
