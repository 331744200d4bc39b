"""Failed sign-ins, counted for all processes."""

import asyncio

import pytest

from ticker.errors import TooManyTries
from ticker.people.guesses import Guess, Guesses
from ticker.people.lockout import NETWORK, PERSON
from ticker.store import Client

NOW = 1_700_000_000_000
ANA = Guess("ana", "192.0.2")


async def heard(guesses: Guesses, guess: Guess, times: int) -> int:
    """How many of them at the same moment."""
    said = await asyncio.gather(*(guesses.begin(guess) for _ in range(times)), return_exceptions=True)
    assert all(isinstance(one, int | TooManyTries) for one in said), said
    return sum(isinstance(one, int) for one in said)


async def test_of_many_at_once_only_the_free_ones_are_heard(redis: Client) -> None:
    assert await heard(Guesses(redis, lambda: NOW), ANA, 12) == PERSON.free
    with pytest.raises(TooManyTries) as refused:
        await Guesses(redis, lambda: NOW).begin(ANA)
    assert refused.value.retry_after == 1
    assert await heard(Guesses(redis, lambda: NOW + 1000), ANA, 3) == 1


async def test_neither_another_network_nor_a_known_device_nor_another_person_waits(redis: Client) -> None:
    guesses = Guesses(redis, lambda: NOW)
    await heard(guesses, ANA, 12)
    for other in (ANA._replace(network="198.51.100"), ANA._replace(device="d"), ANA._replace(login="bob")):
        await guesses.begin(other)
    assert await heard(guesses, ANA._replace(device="d"), 12) == PERSON.free - 1


async def test_a_network_that_tries_everybody_is_slowed_and_known_devices_in_it_are_not(redis: Client) -> None:
    guesses = Guesses(redis, lambda: NOW)
    said = [await heard(guesses, ANA._replace(login=f"person{n}"), 1) for n in range(NETWORK.free + 5)]
    assert said == [1] * NETWORK.free + [0] * 5
    assert await heard(guesses, ANA._replace(device="d"), 1) == 1


async def test_whoever_is_right_begins_anew_and_a_newsroom_never_locks_itself_out(redis: Client) -> None:
    guesses = Guesses(redis, lambda: NOW)
    for n in range(3 * NETWORK.free):
        guess = ANA._replace(login=f"person{n % 7}")
        await guesses.was_right(guess, await guesses.begin(guess))


async def test_who_has_a_password_gets_no_more_guesses_at_others(redis: Client) -> None:
    guesses = Guesses(redis, lambda: NOW)
    mine, heard_of_others = ANA._replace(login="mine"), 0
    for n in range(3 * NETWORK.free):
        try:
            await guesses.begin(ANA._replace(login=f"person{n}"))
            heard_of_others += 1
            await guesses.was_right(mine, await guesses.begin(mine))
        except TooManyTries:
            break
    assert heard_of_others <= NETWORK.free


async def test_who_is_right_does_not_keep_a_network_slowed(redis: Client) -> None:
    now = NOW
    guesses = Guesses(redis, lambda: now)
    for n in range(NETWORK.free + 9):
        while await heard(guesses, ANA._replace(login=f"person{n}"), 1) == 0:
            now += 1000
    now += NETWORK.longest
    mine = ANA._replace(login="mine")
    for _ in range(3):
        await guesses.was_right(mine, await guesses.begin(mine))


async def test_a_network_forgets_a_failure_every_few_minutes(redis: Client) -> None:
    now = NOW
    guesses = Guesses(redis, lambda: now)
    for n in range(NETWORK.free):
        await guesses.begin(ANA._replace(login=f"person{n}"))
    now += 10 * NETWORK.lose
    said = [await heard(guesses, ANA._replace(login=f"other{n}"), 1) for n in range(12)]
    assert said == [1] * 10 + [0] * 2
