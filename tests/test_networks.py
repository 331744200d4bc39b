"""The soft cap: a carrier still counts, one address moves nothing, and nobody can have a story held out."""

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from ticker.most_read import networks
from ticker.most_read.networks import HOUR, TIMES_USUAL, Networks, total


def home(number: int) -> int:
    """A network of one household."""
    return number


CARRIER = -1
STORIES = ("lead", "second", "third")


@given(st.integers(1, 5_000), st.integers(1, 100))
def test_the_sum_of_weights(number: int, whole: int) -> None:
    net = Networks(whole)
    weights = [net.weigh("s", CARRIER, NOW) for _ in range(number)]
    assert sum(weights) == pytest.approx(total(number, whole))
    assert weights == sorted(weights, reverse=True)
    assert weights[: min(number, whole)] == [1.0] * min(number, whole)


def test_forty_thousand_behind_one_address_count_like_two_thousand() -> None:
    net = Networks(30)
    assert sum(net.weigh("s", CARRIER, NOW) for _ in range(40_000)) == pytest.approx(2_161, abs=2)


def test_also_where_they_alone_read_a_story_and_read_the_others_like_everybody() -> None:
    net = Networks(30)
    come = [(story, home(reader)) for reader in range(2_000) for story in ("second", "third")]
    come += [("lead", CARRIER)] * 40_000 + [("second", CARRIER)] * 4_000 + [("third", CARRIER)] * 4_000
    random.Random(1).shuffle(come)
    weight = sum(net.weigh(story, network, NOW) for story, network in come)
    assert net._hour.stories["lead"].weight == pytest.approx(2_161, abs=2)
    assert weight == pytest.approx(4_000 + total(40_000, 30) + 2 * total(4_000, 30))


def test_an_office_that_has_a_site_to_itself_reads_it_like_a_carrier() -> None:
    net = Networks(30)
    for story, times in zip(STORIES, (900, 300, 100), strict=True):
        for _ in range(times):
            net.weigh(story, CARRIER, NOW)
        assert net._hour.stories[story].weight == pytest.approx(total(times, 30))


def test_the_count_begins_anew_each_hour_and_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Networks(2)
    assert [net.weigh("s", CARRIER, NOW) for _ in range(3)] == [1, 1, total(3, 2) - 2]
    assert net.weigh("s", CARRIER, NOW + HOUR) == 1
    assert [net.weigh("s", CARRIER, NOW) for _ in range(2)] == [1, total(3, 2) - 2], "one that has waited is of now"
    monkeypatch.setattr(networks, "MOST_PAIRS", 3)
    for number in range(10):
        net.weigh("s", home(number), NOW + HOUR)
        assert net._hour.pairs <= 3


def test_a_carrier_counts_in_every_story_as_if_there_were_no_bound() -> None:
    net = Networks(30)
    for story in STORIES:
        for _ in range(5_000):
            net.weigh(story, CARRIER, NOW)
        for reader in range(500):
            net.weigh(story, home(reader), NOW)
    for story in STORIES:
        assert net._hour.stories[story].weight == pytest.approx(total(5_000, 30) + 500)


def test_one_network_that_reads_one_story_only_weighs_as_much_as_all_others_there() -> None:
    net = Networks(30)
    for reader in range(3_000):
        net.weigh("lead", home(reader), NOW)
    assert sum(net.weigh("pushed", CARRIER, NOW) for _ in range(100_000)) == 30
    for reader in range(100):
        net.weigh("pushed", home(reader), NOW)
    assert sum(net.weigh("pushed", CARRIER, NOW) for _ in range(100_000)) <= 70
    assert net._hour.stories["pushed"].weight <= 200


def test_what_a_carrier_was_not_given_it_gets_as_soon_as_it_is_known_for_one() -> None:
    net = Networks(30)
    net.weigh("second", home(0), NOW)
    assert sum(net.weigh("lead", CARRIER, NOW) for _ in range(1_000)) == 30
    net.weigh("second", CARRIER, NOW)
    later = [net.weigh("lead", CARRIER, NOW) for _ in range(1_000)]
    assert max(later) == networks.BEYOND
    assert 30 + sum(later) == pytest.approx(total(2_000, 30))


def test_who_comes_first_in_an_hour_need_not_wait_for_the_others() -> None:
    net, hour = Networks(30), NOW // HOUR * HOUR
    for reader in range(1_000):
        net.weigh("lead", home(reader), hour - 1)
    net.weigh("second", home(0), hour)
    assert sum(net.weigh("lead", CARRIER, hour) for _ in range(200)) == pytest.approx(total(200, 30))
    net.weigh("second", home(0), hour + 2 * HOUR)
    assert sum(net.weigh("lead", CARRIER, hour + 2 * HOUR) for _ in range(200)) == 30, "of its readers none is left"


def test_a_carrier_that_read_everything_in_the_hour_before_is_one_still() -> None:
    net, hour = Networks(30), NOW // HOUR * HOUR
    for _ in range(5_000):
        for story in STORIES:
            net.weigh(story, CARRIER, hour - 1)
    net.weigh("second", home(0), hour)
    assert sum(net.weigh("lead", CARRIER, hour) for _ in range(200)) == pytest.approx(total(200, 30))


ATTACKER = -2
OTHERS = st.lists(st.tuples(st.sampled_from(STORIES), st.integers(0, 40)), max_size=150)
HAMMERED = st.lists(st.tuples(st.integers(0, 150), st.sampled_from(STORIES), st.integers(1, 300)), max_size=5)
HOURS = st.lists(st.integers(0, 150), max_size=3)


@given(OTHERS, HAMMERED, st.integers(1, 5), HOURS)
def test_no_network_weighs_more_than_its_square_root_nor_than_the_others_unless_it_reads_like_a_carrier(
    others: list[tuple[str, int]], hammered: list[tuple[int, str, int]], whole: int, hours: list[int]
) -> None:
    """Whatever one network sends and when, among whatever others send, over hours."""
    come = [(at, story, home(number)) for at, (story, number) in enumerate(others)]
    come += [(at, story, ATTACKER) for at, story, times in hammered for _ in range(times)]
    net, now = Networks(whole), NOW // HOUR * HOUR
    weights, number, told = Counter[tuple[int, str, int]](), Counter[tuple[int, str, int]](), sorted(come)
    for (before, _, _), (at, story, network) in itertools.pairwise([(0, "", 0), *told]):
        now += HOUR * sum(before < hour <= at for hour in hours)
        hour_ = now // HOUR
        lately = (hour_, hour_ - 1)
        of_story = sum(weights[h, story, n] for h in lately for n in {n for _, _, n in come})
        of_network = {s: sum(weights[h, s, network] for h in lately) for s in STORIES}
        everybody = sum(weight for (h, s, _), weight in weights.items() if h in lately and s != story)
        elsewhere = sum(of_network.values()) - of_network[story]
        weight = net.weigh(story, network, now)
        number[hour_, story, network] += 1
        weights[hour_, story, network] += weight  # type: ignore[assignment]
        assert weight >= 0
        assert weights[hour_, story, network] <= total(number[hour_, story, network], whole) + 1e-9
        if number[hour_, story, network] <= whole:
            assert weight == 1
            continue
        assert weight <= networks.BEYOND, "who reads again and again is looked for among those that count whole"
        own, all_ = of_network[story] + weight, of_story + weight
        carries = elsewhere * TIMES_USUAL * of_story >= of_network[story] * everybody * 0.999
        assert carries or weight == 0 or own <= all_ - own + 1e-9


@given(OTHERS, HAMMERED, st.integers(1, 5))
def test_what_others_read_weighs_no_less_for_what_one_network_sends(
    others: list[tuple[str, int]], hammered: list[tuple[int, str, int]], whole: int
) -> None:
    """But for one that was taken for a carrier, which weighs as much as all others then."""
    alone, together = Networks(whole), Networks(whole)
    for at, (story, number) in enumerate(others):
        for when, aim, times in hammered:
            for _ in range(times if when == at else 0):
                together.weigh(aim, ATTACKER, NOW)
        fewer, now = alone.weigh(story, home(number), NOW), together.weigh(story, home(number), NOW)
        of = together._hour.stories[story]
        own = min(of.reads[home(number)], whole) + of.beyond.get(home(number), 0)
        assert now >= fewer - 1e-9 or own >= of.weight - own - 1
