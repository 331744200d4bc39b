from hypothesis import given
from hypothesis import strategies as st

from ticker.fanout.memo import Memo


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 5))
def test_it_gives_what_would_be_made_and_keeps_no_more_than_it_may(keys: list[int], most: int) -> None:
    memo, made = Memo(most), []

    def make(key: int) -> bytes:
        made.append(key)
        return b"%d" % key

    for key in keys:
        assert memo.get(key, lambda: make(key)) == b"%d" % key  # noqa: B023  called at once
        assert len(memo) <= most
    assert len(made) >= len(set(keys))
    memo.clear()
    assert len(memo) == 0


def test_what_is_asked_for_again_is_not_made_again() -> None:
    memo, made = Memo(2), []
    for key in "aabbab":
        memo.get(key, lambda: made.append(key) or b"")  # type: ignore[func-returns-value]  # noqa: B023
    assert made == ["a", "b"]
    memo.get("c", lambda: b"")
    memo.get("a", lambda: made.append("a again") or b"")  # type: ignore[func-returns-value]
    assert made == ["a", "b", "a again"]
