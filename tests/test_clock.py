from hypothesis import given
from hypothesis import strategies as st

from ticker.clock import BELIEVED_AFTER, SMALL, Clock

HOUR = 3_600_000


def test_redis_is_right_from_the_first_word() -> None:
    clock = Clock(wall=5 * HOUR, monotonic=100)
    clock.observe(10 * HOUR, 100)
    assert clock.now(1_100) == 10 * HOUR + 1_000


def test_a_jump_and_back_changes_nothing() -> None:
    clock = Clock(0, 0)
    clock.observe(HOUR, 0)
    for second in range(1, 31):
        clock.observe(2 * HOUR + second * 1000, second * 1000)
        assert clock.now(second * 1000) == HOUR + second * 1000
    clock.observe(HOUR + 31_000, 31_000)
    assert clock.now(31_000) == HOUR + 31_000


def test_a_jump_that_lasts_is_the_time() -> None:
    clock = Clock(0, 0)
    clock.observe(HOUR, 0)
    for ms in range(1_000, BELIEVED_AFTER + 2_001, 1_000):
        clock.observe(3 * HOUR + ms, ms)
    assert clock.now(BELIEVED_AFTER + 2_000) == 3 * HOUR + BELIEVED_AFTER + 2_000


@given(st.lists(st.integers(-SMALL // 4, SMALL // 4), min_size=1, max_size=30))
def test_small_disagreement_is_followed_and_never_doubted(errors: list[int]) -> None:
    clock = Clock(0, 0)
    for i, error in enumerate(errors):
        clock.observe(HOUR + i * 1000 + error, i * 1000)
        assert clock.now(i * 1000) == HOUR + i * 1000 + error
