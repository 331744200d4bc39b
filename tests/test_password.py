"""Passwords: which will do, and that checking them costs the same for everybody and no more than it may."""

import asyncio
import threading
import time

import pytest
from argon2 import PasswordHasher

from tests.servers import eventually
from ticker.errors import Overloaded
from ticker.people import password
from ticker.people.password import AT_ONCE, LONGEST, MOST_WAITING, SHORTEST, Passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.mark.parametrize(
    ("chosen", "fault"),
    [
        ("a few words in a row", None),
        ("é" * 3 + "abcdefghi", None),
        ("x" * (SHORTEST - 1), "password_short"),
        ("ab c" * LONGEST, "password_long"),
        ("aaaaaaaaaaaaa", "password_easy"),
        ("anaruizanaruiz1", "password_easy"),
        ("RuizRuizRuiz-ana", "password_easy"),
    ],
)
def test_what_is_good_enough(chosen: str, fault: str | None) -> None:
    assert password.fault_of(chosen, "ana", "Ruiz") == fault


async def test_only_the_right_one_matches_however_it_is_typed() -> None:
    passwords = Passwords()
    stored = await passwords.hash("Café au lait, bitte")
    assert stored.startswith("$argon2id$")
    assert await passwords.match(stored, "Café au lait, bitte")
    assert await passwords.match(stored, "Cafe\u0301 au lait, bitte")
    assert not await passwords.match(stored, "Cafe au lait, bitte")
    assert not await passwords.match(None, "nobody has this one")
    assert not await passwords.match("damaged", "Café au lait, bitte")
    assert not passwords.is_outdated(stored)
    assert passwords.is_outdated(await Passwords(CHEAP).hash("Café au lait, bitte"))


async def test_it_takes_as_long_for_who_is_not_here() -> None:
    passwords = Passwords()
    stored = await passwords.hash("a few words in a row")

    async def shortest(hashed: str | None) -> float:
        took = []
        for _ in range(5):
            before = time.perf_counter()
            await passwords.match(hashed, "wrong")
            took.append(time.perf_counter() - before)
        return min(took)

    somebody, nobody = await shortest(stored), await shortest(None)
    assert nobody > somebody / 3  # and not a hundredth, as it would be without the work


class Counting(PasswordHasher):
    """Says how many were at work at the same time."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.lock, self.now, self.most, self.go = threading.Lock(), 0, 0, threading.Event()

    def verify(self, *_: object) -> bool:  # type: ignore[override]
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.go.wait(30)
        with self.lock:
            self.now -= 1
        return True


async def test_so_many_at_once_so_many_wait_and_the_rest_are_told() -> None:
    hasher = Counting()
    passwords = Passwords(hasher)
    waiting = [asyncio.create_task(passwords.match("stored", "any")) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await passwords.match("stored", "any")
    await eventually(lambda: hasher.now == AT_ONCE, "so many are at work")
    hasher.go.set()
    assert await asyncio.gather(*waiting) == [True] * MOST_WAITING
    assert hasher.most == AT_ONCE
    assert await passwords.match("stored", "any")
