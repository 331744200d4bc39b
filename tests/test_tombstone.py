"""Tombstones: what is kept of a killed headline."""

from hypothesis import given
from hypothesis import strategies as st

from ticker.tombstone import Tombstone, words_of


@given(st.text(), st.integers(0, 2**53), st.none() | st.text(min_size=1))
def test_what_was_kept_is_read_again(id_: str, at: int, group: str | None) -> None:
    stone = Tombstone(id_, at, group)
    assert Tombstone.decode(stone.encode()) == stone


def test_one_of_an_older_version_has_no_group() -> None:
    assert Tombstone.decode('{"id":"a","at":1}') == Tombstone("a", 1)


def test_words_are_the_same_however_they_are_written() -> None:
    assert words_of("A false report") == words_of("A FALSE  report!") == words_of("ａ false report")
    assert words_of("A false report") != words_of("No false report")
    assert words_of("!?") != words_of("…")
    assert "false" not in words_of("A false report")
