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


@given(TIMES, st.integers(1, 10**6))
def test_above_what_was_moved_is_above_it(time: int, apart: int) -> None:
    moved = between(first(time + apart), first(time))
    assert moved is not None
    top, bottom = between(None, moved), between(moved, None)
    assert top is not None
    assert bottom is not None
    assert bottom < moved < top


def test_above_what_stands_at_a_round_time() -> None:
    moved = between(first(1_795_435_200_001), first(1_795_435_199_999))
    assert moved == "17954352"
    assert between(None, moved) == first(1_795_435_200_001)


@given(TIMES)
def test_the_ends_of_the_strip(time: int) -> None:
    top, bottom = between(None, first(time)), between(first(time), None)
    assert top is not None
    assert top > first(time)
    assert bottom is not None
    assert bottom < first(time)
    assert between(None, None) is None
