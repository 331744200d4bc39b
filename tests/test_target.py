"""How a system is doing that is pushed to."""

from tests.samples import NOW
from tests.test_targets import ILL, WELL
from ticker.onair.target import STALE_AFTER


def test_it_is_up_while_somebody_says_so() -> None:
    assert WELL.is_up(NOW)
    assert not WELL.is_up(NOW + STALE_AFTER)
    assert not ILL.is_up(NOW)
