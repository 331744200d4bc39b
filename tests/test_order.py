from hypothesis import given
from hypothesis import strategies as st

from ticker.order import LONGEST, between, first

TIMES = st.integers(min_value=10**12, max_value=9 * 10**12)


@given(TIMES, TIMES)
def test_newer_stands_earlier(one: int, other: int) -> None:
    assert (first(one) > first(other)) == (one > other)


@given(st.lists(TIMES, min_size=2, max_size=8, unique=True), st.lists(st.integers(0, 100), max_size=60))
def test_there_is_always_a_place_between_two(times: list[int], moves: list[int]) -> None:
    strip = sorted((first(time) for time in times), reverse=True)
    for move in moves:
        upper = move % (len(strip) - 1)
        place = between(strip[upper], strip[upper + 1])
        if place is None:  # used up: only after very many moves into one gap
            assert max(map(len, strip)) >= LONGEST - 1 or strip[upper] == strip[upper + 1]
            continue
        assert strip[upper] > place > strip[upper + 1]
        strip.insert(upper + 1, place)
    assert strip == sorted(strip, reverse=True)


@given(TIMES)
def test_the_ends_of_the_strip(time: int) -> None:
    top, bottom = between(None, first(time)), between(first(time), None)
    assert top is not None
    assert top > first(time)
    assert bottom is not None
    assert bottom < first(time)
    assert between(None, None) is None
