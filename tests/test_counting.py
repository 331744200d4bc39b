"""Counting in the process: what is a read, and that it is counted once."""

import itertools
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api import BROWSER
from tests.samples import NOW
from ticker.channel import MostRead
from ticker.most_read import counting
from ticker.most_read.counting import BATCH, WAIT, Counting, Outcome
from ticker.most_read.networks import Networks, total
from ticker.most_read.reader import DAY, HALF_HOUR, Salts
from ticker.most_read.story import story_id

POLICY = MostRead(hosts=("news.example.org",))
LINK = "https://news.example.org/storm"
STORY = story_id(LINK)
ADDRESS = "203.0.113.7"


def counting_of(policy: MostRead = POLICY) -> Counting:
    salts = Salts()
    salts.keep({day: bytes([day % 256]) * 32 for day in range(NOW // DAY - 1, NOW // DAY + 3)})
    return Counting(policy, salts)


@pytest.fixture
def one() -> Counting:
    return counting_of()


@pytest.mark.parametrize(("said", "agent", "outcome"), [
    (f"s={STORY}&d=9", BROWSER, Outcome.COUNTED),
    (f"s={quote(LINK, safe='')}&d=9", BROWSER, Outcome.COUNTED),
    (f"d=9&s={STORY}&later=1", BROWSER, Outcome.COUNTED),
    (f"s={STORY}&d=4", BROWSER, Outcome.SHORT),
    (f"s={STORY}&d=9&w=1", BROWSER, Outcome.ROBOT),
    (f"s={STORY}&d=9", "Googlebot/2.1", Outcome.ROBOT),
    (f"s={STORY}&d=9", "", Outcome.ROBOT),
    ("s=https%3A%2F%2Felsewhere.example%2F&d=9", BROWSER, Outcome.FOREIGN),
    (f"s={STORY}", BROWSER, Outcome.UNREADABLE),
    (f"s={STORY}&d=-1", BROWSER, Outcome.UNREADABLE),
    (f"s={STORY}&d=86401", BROWSER, Outcome.UNREADABLE),
    (f"s={STORY}&d=٩", BROWSER, Outcome.UNREADABLE),
    ("s=&d=9", BROWSER, Outcome.UNREADABLE),
    ("s=%ff&d=9", BROWSER, Outcome.UNREADABLE),
    ("", BROWSER, Outcome.UNREADABLE),
])  # fmt: skip
def test_what_is_a_read(one: Counting, said: str, agent: str, outcome: Outcome) -> None:
    assert one.take(said, ADDRESS, agent, NOW) is outcome
    assert one.size == (outcome is Outcome.COUNTED)
    assert one.outcomes == {outcome: 1}


@given(st.text(max_size=200), st.text(max_size=50), st.text(max_size=50))
def test_whatever_is_said_is_an_outcome(said: str, address: str, agent: str) -> None:
    assert counting_of().take(said, address, agent, NOW) in Outcome


def test_without_a_salt_nothing_is_counted() -> None:
    assert Counting(POLICY, Salts()).take(f"s={STORY}&d=9", ADDRESS, BROWSER, NOW) is Outcome.NOT_YET


@given(st.lists(st.integers(0, 3 * HALF_HOUR // 60_000), min_size=1, max_size=100))
def test_one_reader_is_counted_once_in_half_an_hour(minutes: list[int]) -> None:
    one, start = counting_of(), NOW // DAY * DAY + DAY - HALF_HOUR  # over midnight
    counted = [
        at
        for at in (start + minute * 60_000 for minute in sorted(minutes))
        if one.take(f"s={STORY}&d=9", ADDRESS, BROWSER, at) is Outcome.COUNTED
    ]
    assert counted
    assert all(later - earlier > HALF_HOUR for earlier, later in itertools.pairwise(counted))


def test_another_story_agent_or_address_is_another_read(one: Counting) -> None:
    for said, address, agent in (
        (STORY, ADDRESS, BROWSER),
        ("a" * 16, ADDRESS, BROWSER),
        (STORY, "203.0.113.8", BROWSER),
        (STORY, ADDRESS, BROWSER + " x"),
    ):
        assert one.take(f"s={said}&d=9", address, agent, NOW) is Outcome.COUNTED


def test_one_address_with_a_hundred_thousand_hits_is_one_read(one: Counting) -> None:
    for hit in range(100_000):
        one.take(f"s={STORY}&d=9", ADDRESS, BROWSER, NOW + hit)
    assert sum(read.weight for batch in one.due(NOW, all_=True) for read in batch) == 1
    assert one.outcomes == {Outcome.COUNTED: 1, Outcome.REPEAT: 99_999}


def test_and_with_as_many_agents_it_is_thirty(one: Counting) -> None:
    for reader in range(5_000):
        one.take(f"s={'b' * 16}&d=9", f"198.51.{reader // 250}.{reader % 250}", BROWSER, NOW)
    for hit in range(100_000):  # as if each agent were new
        one._tokens.clear()
        one.take(f"s={STORY}&d=9", ADDRESS, f"{BROWSER} {hit % 100}", NOW)
    networks, weights = Networks(POLICY.network_reads), dict.fromkeys((STORY, "b" * 16), 0.0)
    for read in itertools.chain.from_iterable(one.due(NOW, all_=True)):
        weights[read.story] += networks.weigh(read.story, read.network, read.at)
    assert weights == {STORY: 30, "b" * 16: pytest.approx(20 * total(250, 30), rel=0.01)}


def test_a_channel_without_hosts_has_no_stories_and_keeps_nothing() -> None:
    one = counting_of(MostRead())
    for said in (STORY, quote(LINK, safe="")):
        assert one.take(f"s={said}&d=9&f={STORY}", ADDRESS, BROWSER, NOW) is Outcome.FOREIGN
    assert (one.size, one.unknown_links, one._tokens) == (0, {}, set())


def test_no_more_pages_are_remembered_than_may_be_nor_longer_than_tokens(
    one: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_PAGES", 10)
    ids = [story_id(f"{LINK}/{number}") for number in range(50)]
    for number in range(50):
        one.take(f"s={LINK}/{number}&d=9", ADDRESS, BROWSER, NOW)
        assert len(one._pages) <= 10
    one.take(f"s={LINK}/49&d=9", "198.51.100.1", BROWSER, NOW)
    assert [one.is_of_one(id_) for id_ in ids[-2:]] == [True, False]
    one.take(f"s={LINK}&d=9", ADDRESS, BROWSER, NOW + HALF_HOUR)
    assert list(one._pages) == [STORY]


def test_reads_leave_in_batches_the_busy_first(one: Counting) -> None:
    for reader in range(120):
        one.take(f"s={STORY}&d=9", f"198.51.{reader}.1", BROWSER, NOW)
    one.take(f"s={'b' * 16}&d=9", ADDRESS, BROWSER, NOW)
    batches = list(one.due(NOW + 1_000))
    assert [len(batch) for batch in batches] == [BATCH] * 6
    assert one.size == 1
    assert list(one.due(NOW + 1_000)) == []
    assert [[read.story for read in batch] for batch in one.due(NOW + WAIT)] == [["b" * 16]]
    assert one.size == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3 * BATCH)), max_size=12))
def test_every_read_leaves_once_in_full_batches_and_in_its_storys_order(come: list[tuple[str, int]]) -> None:
    one, readers = counting_of(), itertools.count()
    for letter, number in come:
        for reader in itertools.islice(readers, number):
            said = f"s={letter * 16}&d=9"
            assert one.take(said, f"198.{reader >> 8}.{reader & 255}.1", BROWSER, NOW + reader) is Outcome.COUNTED
    batches = list(one.due(NOW, all_=True))
    assert all(len(batch) == BATCH for batch in batches[:-1])
    assert all(0 < len(batch) <= BATCH for batch in batches[-1:])
    for letter in "abc":
        left = [read.at for batch in batches for read in batch if read.story == letter * 16]
        assert left == sorted(set(left))
        assert len(left) == sum(number for other, number in come if other == letter)
    assert one.size == 0
    assert list(one.due(NOW, all_=True)) == []


def test_while_redis_is_away_no_more_is_kept_than_may_be(one: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_PENDING", 2)
    monkeypatch.setattr(counting, "MOST_TOKENS", 1)
    outcomes = [one.take(f"s={STORY}&d=9", f"198.51.100.{n}", BROWSER, NOW) for n in range(3)]
    assert outcomes == [Outcome.COUNTED, Outcome.COUNTED, Outcome.FULL]
    assert len(one._tokens) == 1


def test_where_a_reader_came_from_is_kept_when_the_page_says_so(one: Counting) -> None:
    one.take(f"s={STORY}&d=9&f={'b' * 16}", ADDRESS, BROWSER, NOW)
    one.take(f"s={'c' * 16}&d=9&f={'c' * 16}", ADDRESS, BROWSER, NOW)
    one.take(f"s={'d' * 16}&d=9&f=https%3A%2F%2Felsewhere.example", ADDRESS, BROWSER, NOW)
    came_from = {read.story: read.came_from for batch in one.due(NOW, all_=True) for read in batch}
    assert came_from == {STORY: "b" * 16, "c" * 16: "", "d" * 16: ""}


def test_long_links_are_understood_and_not_remembered(one: Counting) -> None:
    counting._remembered.cache_clear()
    for number in range(3):
        long = quote(f"{LINK}/{number}/" + "x" * counting.MEMORABLE, safe="")
        assert one.take(f"s={long}&d=9&f={long}", ADDRESS, BROWSER, NOW) is Outcome.COUNTED
    assert counting._remembered.cache_info().currsize == 0
