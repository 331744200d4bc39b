"""What has come on screen, and what has left, by what pages report."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workers.mos.screen import LIVES_FOR, Change, Screen


def page(*on_screen: str, seen_at: int = 0, state: str = "on") -> dict[str, Any]:
    return {"seen_at": seen_at, "state": state, "on_screen": list(on_screen)}


def test_it_plays_while_any_page_shows_it() -> None:
    screen = Screen()
    assert screen.see([page("a"), page("a", "b")], 1) == [Change("a", "PLAY"), Change("b", "PLAY")]
    assert screen.see([page("a"), page()], 2) == [Change("b", "STOP")]
    assert screen.see([page("a")], 3) == []
    assert screen.see([], 4) == [Change("a", "STOP")]


def test_after_a_restart_only_what_has_changed_meanwhile_is_told() -> None:
    screen = Screen(["a", "b"])
    assert screen.see([page("b", "c")], 1) == [Change("c", "PLAY"), Change("a", "STOP")]


def test_a_page_that_is_silent_or_off_shows_nothing() -> None:
    screen = Screen()
    assert screen.see([page("a", state="fallback")], 1) == []
    assert screen.see([page("a")], 2) == [Change("a", "PLAY")]
    assert screen.see([page("a")], LIVES_FOR + 1) == [Change("a", "STOP")]


def test_what_was_too_short_for_a_report_is_told_once_by_the_log() -> None:
    screen = Screen()
    assert screen.ran("a", 10_000, 20_000) == [Change("a", "PLAY"), Change("a", "STOP")]
    assert screen.ran("a", 10_500, 20_100) == []  # the backup says the same


def test_what_was_seen_is_not_told_again_by_the_log() -> None:
    screen = Screen()
    screen.see([page("a", seen_at=10_000)], 10_000)
    assert screen.ran("a", 9_000, 11_000) == []
    screen.see([], 12_000)
    assert screen.ran("a", 9_000, 12_500) == []
    assert screen.ran("a", 30_000, 31_000) == [Change("a", "PLAY"), Change("a", "STOP")]


@given(st.lists(st.sets(st.sampled_from("abc")), max_size=20))
def test_play_and_stop_take_turns(seen: list[set[str]]) -> None:
    screen, playing = Screen(), set[str]()
    for number, on in enumerate(seen):
        for change in screen.see([page(*on, seen_at=number)], number):
            assert (change.id in playing) == (change.status == "STOP")
            playing ^= {change.id}
        assert playing == on
