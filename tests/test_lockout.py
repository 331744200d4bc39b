"""How long who guesses must wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.people import lockout
from ticker.people.lockout import FORGET_AFTER, NETWORK, PERSON, Rule, Tries

HOUR = 3_600_000
RULES = [PERSON, NETWORK]


def guess(rule: Rule, until: int) -> list[int]:
    """When somebody who never tires is heard, from 1 on."""
    heard, tries, now = [], Tries(), 1
    while now <= until:
        now += tries.wait(rule, now)
        tries = tries.again(rule, now)
        heard.append(now)
    return heard


@pytest.mark.parametrize("rule", RULES)
def test_the_first_are_free_and_then_each_wait_is_twice_the_last(rule: Rule) -> None:
    heard = guess(rule, until=24 * HOUR)
    assert heard[: rule.free] == [1] * rule.free
    waits = [after - before for before, after in zip(heard[rule.free - 1 :], heard[rule.free :], strict=False)]
    assert waits[:4] == [1000, 2000, 4000, 8000]
    if not rule.lose:
        assert set(waits[10:]) == {rule.longest}


def test_a_day_of_guessing_at_one_person_is_about_a_hundred_guesses() -> None:
    assert 90 < len(guess(PERSON, until=24 * HOUR)) < 115


def test_whoever_stays_away_for_a_day_begins_anew() -> None:
    tries = Tries(200, HOUR)
    assert tries.wait(PERSON, HOUR) == PERSON.longest
    assert tries.wait(PERSON, HOUR + FORGET_AFTER) == 0
    assert tries.again(PERSON, HOUR + FORGET_AFTER) == Tries(1, HOUR + FORGET_AFTER, 0, HOUR + FORGET_AFTER)


@given(st.sampled_from(RULES), st.integers(0, 10**6), st.integers(1, 2**45), st.integers(0, 2**40))
def test_a_wait_is_never_longer_than_the_longest_and_is_over_once_waited(
    rule: Rule, failures: int, last: int, later: int
) -> None:
    tries = Tries(failures, last, 0, last)
    wait = tries.wait(rule, last + later)
    assert 0 <= wait <= rule.longest
    assert tries.wait(rule, last + later + wait) == 0
    assert tries.again(rule, last + later).one_less(last + later).wait(rule, last + later) <= wait


def test_a_try_that_was_right_is_as_if_it_had_not_been() -> None:
    failed = Tries(49, HOUR, 0, 2 * HOUR)
    right = failed.again(NETWORK, 2 * HOUR)
    assert right.one_less(2 * HOUR).wait(NETWORK, 2 * HOUR) == failed.wait(NETWORK, 2 * HOUR)
    later = right.again(NETWORK, 2 * HOUR + 1)  # wrong, while the right one was looked at
    assert later.one_less(2 * HOUR).last == 2 * HOUR + 1


def test_a_network_that_guesses_all_day_is_heard_a_few_hundred_times() -> None:
    assert len(guess(NETWORK, until=24 * HOUR)) < 350


@given(st.integers(0, 10**6), st.integers(0, 2**45))
def test_what_is_kept_is_what_it_was(failures: int, last: int) -> None:
    assert lockout.parse(Tries(failures, last).to_json()) == Tries(failures, last)
    assert lockout.parse(None) == Tries()
