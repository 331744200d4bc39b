"""Times that make sense, and when an edited headline ends."""

import pytest

from tests.samples import NOW
from ticker.channel import DAY, Channel
from ticker.errors import Invalid
from ticker.headline import Patch, Record, State
from ticker.times import FARTHEST, check_times, new_expiry
from ticker.urgency import Urgency

HOUR = 3_600_000
DRAFT = Record(
    id="a" * 16, channel="en", version=1, state=State.DRAFT, lang="en", dir="ltr", text="One", urgency=Urgency.ROUTINE
)


@pytest.mark.parametrize(
    ("times", "pointers"),
    [
        ({}, []),
        ({"expires_at": NOW + 1}, []),
        ({"publish_at": NOW - HOUR, "expires_at": NOW + 1}, []),
        ({"expires_at": NOW}, ["/expires_at"]),
        ({"publish_at": NOW + HOUR, "expires_at": NOW + HOUR}, ["/expires_at"]),
        ({"publish_at": NOW + FARTHEST + 1}, ["/publish_at"]),
    ],
)
def test_every_time_that_makes_no_sense_is_named(times: dict[str, int], pointers: list[str]) -> None:
    found: list[str] = []
    try:
        check_times(DRAFT.replaced(**times), NOW)
    except Invalid as refused:
        found = [fault["pointer"] for fault in refused.extra["errors"]]
    assert found == pointers


def test_an_expiry_is_counted_from_publication_and_then_from_now() -> None:
    en, seen = Channel(name="en"), DRAFT.replaced(published_at=NOW - HOUR)
    assert new_expiry(DRAFT, Patch(text="Two"), en, NOW) == {}
    assert new_expiry(DRAFT, Patch(expires_in=60), en, NOW) == {"expires_at": None, "expires_in": 60}
    assert new_expiry(seen, Patch(expires_in=60), en, NOW) == {"expires_at": NOW + 60_000}
    assert new_expiry(seen, Patch(expires_in=None), en, NOW) == {"expires_at": NOW + DAY * 1000}
