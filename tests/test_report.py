"""A report has limits on every side, and a newer page may say more than we know."""

from typing import Any

import pytest
from pydantic import ValidationError

from ticker.onair.report import MOST_RAN, Report

GOOD = {"key": "k", "boot": "b", "seq": 1, "frame": 5}
RUN = {"id": "a", "text": "t", "first": 1, "last": 2}


def test_what_a_page_must_say() -> None:
    report = Report.model_validate({**GOOD, "ran": [RUN], "weather": "fine"})
    assert (report.page, report.state, report.ran[0].text) == ("main", "on", "t")


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "k" * 1001},
        {"boot": ""},
        {"boot": "has blanks"},
        {"page": "main\n"},
        {"page": "p" * 41},
        {"seq": -1},
        {"frame": 1.5},
        {"frame": 10**14},
        {"state": "perfect"},
        {"fps": float("nan")},
        {"on_screen": ["a"] * 101},
        {"ran": [RUN] * (MOST_RAN + 1)},
        {"ran": [{**RUN, "text": "t" * 3001}]},
        {"ran": [{**RUN, "last": -1}]},
        {"ran": [{**RUN, "first": 3}]},
        {"covered": [{"id": "a", "at": 10**14}]},
        {"anchor": {"frame": 1, "run": [{"id": "a"}] * 1000, "next": 0}},
        {"anchor": {"frame": "soon", "run": [], "next": 0}},
    ],
)
def test_what_is_out_of_bounds_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Report.model_validate({**GOOD, **wrong})


def test_what_has_not_been_yet_is_named() -> None:
    anchor = {"frame": 100, "run": [], "next": 0, "since": 90}
    report = Report.model_validate({**GOOD, "frame": 100, "ran": [RUN, {**RUN, "last": 101}], "anchor": anchor})
    assert report.beyond(101) == []
    assert report.beyond(100) == ["/ran/1/last"]
    assert report.beyond(99) == ["/frame", "/ran/1/last", "/anchor/frame"]
    assert Report.model_validate(GOOD).beyond(5) == []
