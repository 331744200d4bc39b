from hypothesis import given
from hypothesis import strategies as st

from ticker.histogram import BOUNDS, Histogram

seconds = st.one_of(st.sampled_from(BOUNDS), st.floats(0, 100))


@given(st.lists(seconds))
def test_each_bucket_has_all_that_were_at_most_so_large(observed: list[float]) -> None:
    histogram = Histogram()
    for one in observed:
        histogram.observe(one)
    buckets = dict(histogram.buckets())
    for bound in BOUNDS:
        assert buckets[str(bound)] == sum(one <= bound for one in observed)
    assert buckets["+Inf"] == histogram.count == len(observed)
    assert histogram.sum == sum(observed)


def test_less_than_nothing_is_nothing() -> None:
    histogram = Histogram()
    histogram.observe(-0.002)
    assert histogram.buckets()[0] == (str(BOUNDS[0]), 1)
    assert histogram.sum == 0
