"""A candidate: untouched until somebody looks."""

from tests.samples import NOW
from ticker.candidate import is_untouched, waits_until
from ticker.channel import Channel
from ticker.headline import Record, State

TIP = Record(
    id="a" * 16, channel="en", version=1, state=State.DRAFT, lang="en", dir="ltr", text="A tip", urgency="routine",
    author="source:tips",
)  # fmt: skip
DAY = 24 * 3_600_000


def test_what_its_source_alone_has_written_is_untouched() -> None:
    assert is_untouched(TIP)
    assert not is_untouched(TIP.replaced(author="Ana Ruiz (ana)"))
    assert not is_untouched(TIP.replaced(state=State.AWAITING))


def test_it_waits_from_when_it_came_or_from_its_hour() -> None:
    en = Channel(name="en", candidate_days=2)
    assert waits_until(TIP, en, NOW) == NOW + 2 * DAY
    assert waits_until(TIP.replaced(publish_at=NOW + DAY), en, NOW) == NOW + 3 * DAY
    assert waits_until(TIP.replaced(publish_at=NOW - DAY), en, NOW) == NOW + 2 * DAY
