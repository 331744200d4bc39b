import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.errors import Invalid
from ticker.fanout.subscription import Subscription, parse
from ticker.filter import EVERYTHING, Filter
from ticker.urgency import Urgency


@pytest.mark.parametrize(
    ("query", "last_event_id", "wanted"),
    [
        ("", None, Subscription("en", EVERYTHING, None)),
        ("", "", Subscription("en", EVERYTHING, None)),
        ("", "abc-1-2", Subscription("en", EVERYTHING, "abc-1-2")),
        ("after=abc-1-2", None, Subscription("en", EVERYTHING, "abc-1-2")),
        ("after=abc-1-2", "abc-3-4", Subscription("en", EVERYTHING, "abc-3-4")),
        ("after=", None, Subscription("en", EVERYTHING, None)),
        ("urgency=urgent&section=sp%C3%B3rt&x=y", None, Subscription("en", Filter(Urgency.URGENT, "spórt"), None)),
    ],
)
def test_a_request_in_its_parts(query: str, last_event_id: str | None, wanted: Subscription) -> None:
    assert parse("en", query, last_event_id) == wanted


def test_of_whom_a_filter_is_asked_its_network_is_known() -> None:
    assert parse("en", "section=sport", None, "203.0.113.7").network == "203.0.113"
    assert parse("en", "section=sport", None, "2001:db8:1:2::1").network == "20010db80001/48"
    assert parse("en", "after=abc-1-2", None, "203.0.113.7").network == ""
    assert parse("en", "section=sport").network == ""


def test_an_output_has_a_name_of_one_line() -> None:
    assert parse("en", "output=Gallery%201%0A%E2%80%AE").output == "Gallery 1"
    assert parse("en", "at_desk=1&output=").output == ""
    assert not parse("en", "at_desk=1").at_desk
    with pytest.raises(Invalid):
        parse("en", "output=" + "x" * 61)
    with pytest.raises(Invalid):  # not all of it is read to find that nothing can be seen of it
        parse("en", "output=" + "%F3%A0%81%81" * 2_700)


@pytest.mark.parametrize("name", ["program (main)", "program%20(main)", "program+(main)%0A%E2%80%AE ", "Wall (2)"])
def test_nobody_is_called_as_a_page_on_air_is(name: str) -> None:
    with pytest.raises(Invalid, match="not right"):
        parse("en", f"output={name}")
    assert parse("en", "output=Wall (2) left").output == "Wall (2) left"


def test_an_urgency_that_there_is_not() -> None:
    with pytest.raises(Invalid):
        parse("en", "urgency=loud")


@given(st.text(max_size=200), st.none() | st.text(max_size=50))
def test_any_query_is_taken_or_refused(query: str, last_event_id: str | None) -> None:
    with contextlib.suppress(Invalid):
        assert parse("en", query, last_event_id).channel == "en"
