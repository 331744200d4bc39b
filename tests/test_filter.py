import pytest

from tests.samples import headline
from ticker.errors import Invalid
from ticker.filter import EVERYTHING, Filter, parse
from ticker.urgency import Urgency


def test_urgency_means_this_and_above() -> None:
    urgent = Filter(Urgency.URGENT)
    assert [u for u in Urgency if urgent.matches(headline(urgency=u))] == [Urgency.FLASH, Urgency.URGENT]


def test_section_is_exact() -> None:
    sport = Filter(section="sport")
    assert sport.matches(headline(section="sport"))
    assert not sport.matches(headline(section="sports"))
    assert not sport.matches(headline())


def test_parse() -> None:
    assert parse(None, None) == EVERYTHING
    assert parse("", "") == EVERYTHING
    assert parse("flash", "sport") == Filter(Urgency.FLASH, "sport")
    with pytest.raises(Invalid) as refused:
        parse("loud", "x" * 61)
    assert [fault["pointer"] for fault in refused.value.extra["errors"]] == ["urgency", "section"]
