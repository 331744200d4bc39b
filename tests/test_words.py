"""What a playlist says in plain words."""

from tests.pushed import A, B, C, flash, item, playlist
from tests.samples import NOW
from workers.onair import words


def test_each_headline_once_in_the_order_of_the_loop() -> None:
    told = playlist(item(A, kicker="Sport"), item(B), item(C, expires_at=NOW), order=[B, A, B, C])
    assert words.lines(told, NOW) == ["Headline b", "Sport: Headline a"]
    assert words.lines(told, NOW - 1) == ["Headline b", "Sport: Headline a", "Headline c"]
    look = {**told["look"], "kicker": False}
    assert words.lines({**told, "look": look}, NOW) == ["Headline b", "Headline a"]
    assert words.lines(playlist(), NOW) == ["Stay with us"]


def test_a_take_over_stands_from_its_frame_to_its_last() -> None:
    told = playlist(item(A), takeovers=[flash(B, NOW, NOW + 1000)])
    found = [words.takeover(told, NOW + ms) for ms in (-1, 0, 999, 1000)]
    assert [one and one["id"] for one in found] == [None, B, B, None]
    assert words.takeover({**told, "on": False}, NOW) is None
    assert words.takeover(playlist(takeovers=[flash(B, NOW)]), NOW + 10**9) is not None


def test_the_next_change_is_a_take_over_or_what_expires() -> None:
    told = playlist(item(A, expires_at=NOW + 5000), takeovers=[flash(B, NOW + 1000, NOW + 2000)])
    assert [words.next_change(told, NOW + ms) for ms in (0, 1000, 2000, 5000)] == [1.0, 1.0, 3.0, None]
    begins = NOW + round(1000 * words.next_change(told, NOW))  # type: ignore[operator]
    assert words.takeover(told, begins) is not None


def test_what_is_taken_off_is_not_what_leaves() -> None:
    before = playlist(item(A), item(B), takeovers=[flash(C, NOW)])
    assert words.taken_off(before, playlist(item(A), leaving=[B])) == {C}
    assert words.taken_off(before, playlist()) == {A, B, C}


def test_what_was_leaving_can_still_be_taken_off() -> None:
    before = playlist(item(B), leaving=[A])
    assert words.taken_off(before, playlist(item(B))) == {A}
    assert words.taken_off(before, playlist(item(A), item(B))) == set()


def test_what_is_corrected_is_taken_off_in_all_other_words() -> None:
    wrong, right = playlist(item(A), item(B)), playlist(item(A, version=2, corrected=True), item(B))
    assert words.taken_off(wrong, right) == {A}
    assert words.taken_off(right, right) == set()
    assert words.taken_off(wrong, playlist(item(A, version=2), item(B))) == set(), "an edit may finish"
    assert words.taken_off(playlist(leaving=[A]), right) == {A}, "nobody knows in which words it leaves"


def test_in_a_rehearsal_every_line_says_so() -> None:
    told = playlist(item(A, kicker="Sport"), kind="training", lead_in=["Welcome"])
    assert words.lines(told, NOW) == ["REHEARSAL: Sport: Headline a"]
    assert words.own("lead_in", told) == ["REHEARSAL: Welcome"]
    assert words.lines(playlist(kind="training"), NOW) == ["REHEARSAL: Stay with us"]


def test_whether_something_has_ended() -> None:
    breaking = playlist(item(A, expires_at=NOW + 5000), item(B), takeovers=[flash(B, NOW, NOW + 1000)])
    assert [words.has_ended(breaking, NOW, breaking, NOW + ms) for ms in (999, 1000)] == [False, True]
    assert [words.has_ended(breaking, NOW + 1000, breaking, NOW + ms) for ms in (4999, 5000)] == [False, True]
    both, one = playlist(item(A), item(B)), playlist(item(A))
    assert words.has_ended(both, NOW, one, NOW)
    assert not words.has_ended(one, NOW, both, NOW)
    assert not words.has_ended(one, NOW, playlist(item(A, version=2)), NOW)
    assert words.has_ended(one, NOW, playlist(item(A, version=2, corrected=True)), NOW)
    off = {**both, "on": False}
    assert words.has_ended(both, NOW, off, NOW)
    assert not words.has_ended(off, NOW, one, NOW)


def test_without_headlines_the_outputs_own_lines_are_left() -> None:
    told = words.bare(playlist(item(A), leaving=[B], takeovers=[flash(C, NOW)]))
    assert words.known(told) == {}
    assert (words.lines(told, NOW), words.takeover(told, NOW)) == (["Stay with us"], None)
