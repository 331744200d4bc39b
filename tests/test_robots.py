"""Robots by isbot's own examples, and by what gives browsers without a person away."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.most_read import robots
from ticker.most_read.robots import agent_of, fetches_ahead, is_robot

AGENTS = json.loads((Path(__file__).parent / "vectors" / "agents.json").read_text())


def test_all_of_isbots_robots_are_found_and_none_of_its_browsers() -> None:
    assert [agent for agent in AGENTS["robots"] if not is_robot(agent)] == []
    assert [agent for agent in AGENTS["browsers"] if is_robot(agent)] == []
    assert len(AGENTS["robots"]) > 500
    assert len(AGENTS["browsers"]) > 500


@pytest.mark.parametrize("agent", ["", "x" * (robots.LONGEST_AGENT + 1), "curl/8.5.0", "HeadlessChrome/141.0"])
def test_who_says_nothing_or_too_much_is_no_reader(agent: str) -> None:
    assert is_robot(agent)


@given(st.text())
def test_every_agent_gets_a_verdict(agent: str) -> None:
    assert is_robot(agent) in (True, False)


def test_verdicts_are_remembered_and_their_number_is_bounded() -> None:
    is_robot.cache_clear()
    for _ in range(3):
        is_robot("Mozilla/5.0 (one)")
    assert is_robot.cache_info()[:2] == (2, 1)
    assert is_robot.cache_info().maxsize == robots.REMEMBERED


def test_what_is_fetched_ahead_is_told_by_the_browser() -> None:
    assert fetches_ahead({b"sec-purpose": b"prefetch;prerender"})
    assert fetches_ahead({b"x-moz": b"prefetch"})
    assert fetches_ahead({b"purpose": b"prefetch"})
    assert not fetches_ahead({b"user-agent": b"prefetch"})


SAYS = st.sampled_from([b"prefetch", b"prerender", b"preview", b"prefetch;prerender"])


@given(st.sampled_from([b"sec-purpose", b"purpose", b"x-moz"]), SAYS, st.dictionaries(st.binary(), st.binary()))
def test_whatever_else_a_browser_says(name: bytes, ahead: bytes, others: dict[bytes, bytes]) -> None:
    assert fetches_ahead({**others, name: ahead})


@given(st.dictionaries(st.sampled_from([b"sec-purpose", b"purpose", b"x-moz"]), st.just(b"read") | SAYS))
def test_one_header_that_says_so_is_enough(headers: dict[bytes, bytes]) -> None:
    assert fetches_ahead(headers) == any(value != b"read" for value in headers.values())


def test_of_a_page_of_text_no_more_is_kept_than_shows_that_it_is_one() -> None:
    assert agent_of({b"user-agent": b"Mozilla/5.0 \xe9"}) == "Mozilla/5.0 \xe9"
    assert agent_of({}) == ""
    assert len(agent_of({b"user-agent": b"x" * 31_000})) == robots.LONGEST_AGENT + 1
    assert is_robot(agent_of({b"user-agent": b"x" * 31_000}))
