"""The soft cap: a carrier still counts, one address moves nothing, and nobody can have a story held out."""

import math
from collections import Counter

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
        assert net._hour.pairs <= 3


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


def test_who_comes_first_in_an_hour_does_not_outweigh_those_of_the_hour_before() -> None:
    net, hour = Networks(30), NOW // HOUR * HOUR
    for reader in range(1_000):
        net.weigh("lead", home(reader), hour - 1)
    for _ in range(200):
        net.weigh("lead", CARRIER, hour)
    assert not net.is_of_one("lead")
    for _ in range(200):
        net.weigh("lead", CARRIER, hour + 2 * HOUR)
    assert net.is_of_one("lead"), "of its readers none is left"
    assert not net.is_of_one("lead", older=1_000), "which this process may not know"


def test_a_carrier_that_read_everything_in_the_hour_before_is_no_cause() -> None:
    net, hour = Networks(30), NOW // HOUR * HOUR
    for _ in range(5_000):
        for story in ("lead", "second", "third"):
            net.weigh(story, CARRIER, hour - 1)
    for _ in range(31):
        net.weigh("lead", CARRIER, hour)
    assert not net.is_of_one("lead")


def test_a_small_office_is_no_attack() -> None:
    net = Networks(30)
    for _ in range(30):
        net.weigh("lead", CARRIER, NOW)
    assert not net.is_of_one("lead")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=200), st.integers(1, 5))
def test_the_running_sums_say_what_all_reads_together_say(reads: list[tuple[str, int]], whole: int) -> None:
    net = Networks(whole)
    for story, network in reads:
        net.weigh(story, network, NOW)
    for story in "abc":
        mine = Counter(network for one, network in reads if one == story)
        others = Counter(network for one, network in reads if one != story)
        if not mine or max(mine.values()) <= whole:
            assert not net.is_of_one(story)
            continue
        most = max(mine.values())
        share = total(most, whole) / sum(total_by_one(count, whole) for count in mine.values())
        told = {
            share >= networks.SHARE and (not others or others[one] * networks.TIMES_USUAL < share * others.total())
            for one, count in mine.items()
            if count == most
        }
        assert net.is_of_one(story) in told


def total_by_one(count: int, whole: int) -> float:
    return sum(1.0 if number <= whole else math.sqrt(whole / number) for number in range(1, count + 1))
