import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker import instant


@given(st.integers(instant.EARLIEST, instant.LATEST))
def test_format_and_parse_are_inverse(ms: int) -> None:
    assert instant.parse(instant.format(ms)) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-23T10:00:00.5+01:00", 1795424400500),
        ("2026-11-23t09:00:00z", 1795424400000),
    ],
)
def test_parse(text: str, ms: int) -> None:
    assert instant.parse(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-23",
        "2026-11-23T10:00:00",
        "2026-13-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z",
    ],
)
def test_what_is_not_a_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        instant.parse(text)
