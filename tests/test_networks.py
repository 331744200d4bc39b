"""The soft cap: a carrier still counts, one address moves nothing, and nobody can have a story held out."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from ticker.most_read import networks
from ticker.most_read.networks import HOUR, Networks, total


def home(number: int) -> int:
    """A network of one household."""
    return number


CARRIER = -1


@given(st.integers(1, 5_000), st.integers(1, 100))
def test_the_sum_of_weights(number: int, whole: int) -> None:
    net = Networks(whole)
    weights = [net.weigh("s", CARRIER, NOW) for _ in range(number)]
    assert sum(weights) == pytest.approx(total(number, whole), abs=1.5)
    assert weights == sorted(weights, reverse=True)
    assert weights[: min(number, whole)] == [1.0] * min(number, whole)


def test_forty_thousand_behind_one_address_count_like_two_thousand() -> None:
    net = Networks(30)
    assert sum(net.weigh("s", CARRIER, NOW) for _ in range(40_000)) == pytest.approx(2_161, abs=2)


def test_the_count_begins_anew_each_hour_and_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Networks(2)
    assert [net.weigh("s", CARRIER, NOW) for _ in range(3)] == [1, 1, math.sqrt(2 / 3)]
    assert net.weigh("s", CARRIER, NOW + HOUR) == 1
    monkeypatch.setattr(networks, "MOST_PAIRS", 3)
    for number in range(10):
        net.weigh("s", home(number), NOW + HOUR)
        assert net._pairs <= 3


def test_a_carrier_is_no_cause_for_suspicion() -> None:
    net = Networks(30)
    for story in ("lead", "second", "third"):
        for _ in range(5_000):
            net.weigh(story, CARRIER, NOW)
        for reader in range(500):
            net.weigh(story, home(reader), NOW)
    assert not any(net.is_of_one(story) for story in ("lead", "second", "third"))


def test_one_network_that_reads_one_story_only_is() -> None:
    net = Networks(30)
    for reader in range(3_000):
        net.weigh("lead", home(reader), NOW)
    for _ in range(2_000):
        net.weigh("pushed", CARRIER, NOW)
    for reader in range(100):
        net.weigh("pushed", home(reader), NOW)
    assert net.is_of_one("pushed")
    assert not net.is_of_one("lead")
    assert not net.is_of_one("unread")


def test_nobody_can_have_a_story_held_out_by_hammering_it() -> None:
    net = Networks(30)
    for reader in range(10_000):
        net.weigh("lead", home(reader), NOW)
        net.weigh("second", home(reader), NOW)
    for _ in range(100_000):
        net.weigh("lead", CARRIER, NOW)
    assert not net.is_of_one("lead")


def test_a_small_office_is_no_attack() -> None:
    net = Networks(30)
    for _ in range(30):
        net.weigh("lead", CARRIER, NOW)
    assert not net.is_of_one("lead")
