"""Tokens: the same reader on one story, unlinkable from one story to the next."""

from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from ticker.most_read import reader
from ticker.most_read.reader import DAY, HALF_HOUR, Salts, network, prefix, token

SALT, OTHER = b"a" * 32, b"b" * 32
ADDRESS = st.ip_addresses().map(str)


@given(ADDRESS, st.text(), st.text(), st.text())
def test_a_token_is_one_readers_on_one_story_of_one_day(address: str, agent: str, story: str, other: str) -> None:
    mine = token(SALT, address, agent, story)
    assert mine == token(SALT, address, agent, story)
    assert -(2**63) <= mine < 2**63
    assert (mine == token(SALT, address, agent, other)) == (story == other)
    assert (mine == token(SALT, address, other, story)) == (agent == other)
    assert mine != token(OTHER, address, agent, story)


@given(st.binary(min_size=1, max_size=64), ADDRESS, st.text(), st.text())
def test_a_token_is_blake2b_of_all_three_keyed_with_the_salt(salt: bytes, address: str, agent: str, story: str) -> None:
    """As every process of every release makes it: in one half hour both may be at work."""
    told = f"{address}\0{agent}\0{story}".encode("utf-8", "surrogatepass")
    digest = blake2b(told, digest_size=8, key=salt).digest()
    assert token(salt, address, agent, story) == int.from_bytes(digest, "big", signed=True)


def test_networks_are_24_and_48() -> None:
    assert prefix("203.0.113.7") == prefix("203.0.113.200") != prefix("203.0.114.7")
    assert prefix("2001:db8:1:2::1") == prefix("2001:db8:1:ffff::9") != prefix("2001:db8:2::1")
    assert prefix("::ffff:203.0.113.7") == prefix("203.0.113.9")
    assert prefix("fe80::1%eth0") == prefix("fe80::2")
    assert prefix("testclient") == "testclient"


@given(ADDRESS)
def test_a_network_is_told_by_its_hash_only(address: str) -> None:
    assert network(SALT, address) == network(SALT, address) != network(OTHER, address)
    assert -(2**63) <= network(SALT, address) < 2**63


@given(ADDRESS)
def test_and_not_by_the_process_alone(address: str) -> None:
    """Where PYTHONHASHSEED is set, what keeps the network secret is the day's salt."""
    assert network(SALT, address) not in (hash(prefix(address)), hash(prefix(address).encode()))


def test_salts_over_midnight() -> None:
    salts, midnight = Salts(), 20_000 * DAY
    assert salts.at(midnight) is None
    salts.keep({19_999: SALT})
    assert salts.at(midnight - 1) == (SALT, None)
    assert salts.at(midnight + 1) == (SALT, None)  # the new one has not come yet
    salts.keep({19_999: SALT, 20_000: OTHER})
    assert salts.at(midnight + 1) == (OTHER, SALT)
    assert salts.at(midnight + HALF_HOUR) == (OTHER, None)
    salts.keep({20_000: OTHER})
    assert salts.at(midnight - 1) is None


def test_nothing_that_a_salt_was_part_of_outlives_it() -> None:
    salts = Salts()
    for day in range(5):
        token(bytes([day]) * 32, "192.0.2.1", "", "")
    assert reader._keyed.cache_info().currsize <= 2
    salts.keep({1: SALT})
    assert reader._keyed.cache_info().currsize == 0
