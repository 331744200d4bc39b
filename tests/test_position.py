import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.position import Position


@given(st.from_regex(r"[a-z0-9]{6,16}", fullmatch=True), st.integers(0, 10**14), st.integers(0, 10**9))
def test_text_and_position_are_inverse(epoch: str, ms: int, n: int) -> None:
    position = Position(epoch, ms, n)
    assert Position.parse(str(position)) == position
    assert Position.at(epoch, position.stream_id) == position


@pytest.mark.parametrize(
    "text", ["", "0-0", "abc-1-1", "ABCDEF-1-1", "abcdef-1", "abcdef-1-1-1", "abcdef--1-0", "abcdef-x-0"]
)
def test_what_is_no_position_is_none(text: str) -> None:
    assert Position.parse(text) is None
