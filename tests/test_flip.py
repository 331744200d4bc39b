"""A title that holds one line: every headline comes, none that was killed stands, and the rhythm is the output's."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.pushed import A, B, C, flash, item, playlist
from tests.samples import NOW
from workers.onair.adapter import Message
from workers.onair.flip import Flip

STANDS = 2000  # ms


def begun(told: Message) -> Flip:
    flip = Flip()
    flip.change(told)
    return flip


def lines(flip: Flip, times: int, now: int = NOW) -> list[str]:
    """What stands there, in order, asked each time that it wants to be."""
    found: list[str] = []
    while len(found) < times:
        text, seconds = flip.line(now)
        found.append(text)
        now += max(1, round(seconds * 1000))
    return found


def test_before_there_is_a_playlist_nothing_stands_there() -> None:
    assert Flip().line(NOW)[0] == ""


def test_headlines_come_round_in_their_rhythm() -> None:
    flip = begun(playlist(item(A), item(B), lead_in=["Welcome"]))
    assert lines(flip, 4) == ["Welcome", "Headline a", "Headline b", "Headline a"]
    flip = begun(playlist(item(A), item(B)))
    at = [flip.line(NOW + ms)[0][-1] for ms in (0, STANDS - 1, STANDS, 2 * STANDS)]
    assert at == ["a", "a", "b", "a"]


def test_in_a_rehearsal_no_line_is_without_its_mark() -> None:
    flip = begun(playlist(item(A), kind="training", lead_in=["Welcome"], lead_out=["Goodbye"]))
    assert lines(flip, 2) == ["REHEARSAL: Welcome", "REHEARSAL: Headline a"]
    flip.change(playlist(item(A), kind="training", on=False, stop="item", lead_out=["Goodbye"]))
    assert flip.line(NOW + 3 * STANDS)[0] == "REHEARSAL: Goodbye"
    assert lines(begun(playlist(kind="training")), 1) == ["REHEARSAL: Stay with us"]


def test_without_headlines_the_fallback_comes_round() -> None:
    assert lines(begun(playlist(fallback=["One", "Two"])), 3) == ["One", "Two", "One"]
    assert lines(begun(playlist(fallback=[])), 1) == [""]


def test_a_kill_is_off_at_once_and_what_leaves_finishes() -> None:
    flip = begun(playlist(item(A), item(B)))
    assert flip.line(NOW)[0] == "Headline a"
    flip.change(playlist(item(B), leaving=[A]))
    assert flip.line(NOW + 100)[0] == "Headline a"
    flip.change(playlist(item(B)))
    assert flip.line(NOW + 200)[0] == "Headline b"


def test_words_that_were_wrong_are_off_at_once_and_those_of_an_edit_finish() -> None:
    flip = begun(playlist(item(A, "Wrong"), item(B)))
    flip.line(NOW)
    right = item(A, "Right", version=2)
    flip.change(playlist(right, item(B)))
    assert flip.line(NOW + 100)[0] == "Wrong", "it was only edited"
    flip.change(playlist(right | {"corrected": True}, item(B)))
    assert lines(flip, 3, NOW + 200) == ["Headline b", "Right", "Headline b"]


def test_words_that_are_corrected_under_a_take_over_do_not_come_back() -> None:
    told = playlist(item(A, "Wrong"), takeovers=[flash(C, NOW + 500, NOW + 1000)])
    flip = begun(told)
    assert [flip.line(NOW + ms)[0] for ms in (0, 500)] == ["Wrong", "Flash c"]
    flip.change({**told, "items": [item(A, "Right", version=2, corrected=True)]})
    assert [flip.line(NOW + ms)[0] for ms in (600, 1000)] == ["Flash c", "Right"]


def test_new_headlines_come_next_and_the_gallerys_choice_before_them() -> None:
    flip = begun(playlist(item(A), item(B)))
    flip.line(NOW)
    flip.change(playlist(item(A), item(B), item(C)))
    assert lines(flip, 4) == ["Headline a", "Headline c", "Headline b", "Headline c"]
    asked = {"first": B, "first_at": NOW}
    flip.change(playlist(item(A), item(B), item(C), **asked))
    assert flip.line(NOW + 10 * STANDS)[0] == "Headline b"
    flip.change(playlist(item(A), item(B), item(C), **asked, speed=5))
    assert lines(flip, 2, NOW + 11 * STANDS) == ["Headline a", "Headline b"], "once"
    flip.change(playlist(item(A), item(B), item(C), **{**asked, "first_at": NOW + 12 * STANDS}))
    assert flip.line(NOW + 13 * STANDS)[0] == "Headline b", "and anew when it is asked for anew"


def test_a_take_over_gives_the_line_back_for_the_rest_of_its_time() -> None:
    flip = begun(playlist(item(A), item(B), takeovers=[flash(C, NOW + 500, NOW + 10_500)]))
    assert [flip.line(NOW + ms)[0] for ms in (0, 500, 10_499, 10_500, 11_999, 12_000)] == [
        "Headline a", "Flash c", "Flash c", "Headline a", "Headline a", "Headline b",
    ]  # fmt: skip


def test_it_stops_as_it_is_told() -> None:
    def stopped(stop: str) -> list[str]:
        flip = begun(playlist(item(A), item(B), item(C)))
        flip.line(NOW)
        flip.change(playlist(item(A), item(B), item(C), on=False, stop=stop, lead_out=["Goodbye"]))
        return lines(flip, 5, NOW + 100)

    assert stopped("now") == [""] * 5
    assert stopped("item") == ["Headline a", "Goodbye", "", "", ""]
    assert stopped("loop") == ["Headline a", "Headline b", "Headline c", "Goodbye", ""]
    assert lines(begun(playlist(item(A), on=False)), 1) == [""]


def test_it_comes_again_from_the_start() -> None:
    flip = begun(playlist(item(A), item(B)))
    flip.line(NOW)
    flip.change(playlist(item(A), item(B), on=False, stop="now"))
    assert flip.line(NOW + 1)[0] == ""
    flip.change(playlist(item(A), item(B)))
    assert flip.line(NOW + 2)[0] == "Headline a"


def test_it_comes_with_the_gallerys_choice() -> None:
    off, on = playlist(item(A), item(B), on=False), playlist(item(A), item(B), first=B, lead_in=["Welcome"])
    flip = begun(off)
    assert flip.line(NOW)[0] == ""
    flip.change(on)
    assert lines(flip, 4, NOW + 1) == ["Welcome", "Headline b", "Headline a", "Headline b"]


def test_what_was_to_come_next_still_comes_in_the_last_loop() -> None:
    told = [item(A), item(B)]
    flip = begun(playlist(*told))
    assert lines(flip, 2) == ["Headline a", "Headline b"]
    flip.change(playlist(*told, first=A))
    flip.change(playlist(*told, on=False, stop="loop", first=A, lead_out=["Goodbye"]))
    assert lines(flip, 4, NOW + STANDS) == ["Headline b", "Headline a", "Goodbye", ""]


def test_a_bar_that_stays_after_all_says_no_more_farewells() -> None:
    told, farewells = [item(A), item(B)], {"lead_out": ["Goodbye", "See you"]}
    flip = begun(playlist(*told, **farewells))
    flip.line(NOW)
    flip.change(playlist(*told, on=False, stop="item", **farewells))
    assert flip.line(NOW + STANDS)[0] == "Goodbye"
    flip.change(playlist(*told, **farewells))
    assert lines(flip, 2, NOW + STANDS) == ["Goodbye", "Headline b"]


sets = st.lists(st.sampled_from([A, B, C, "d" * 16, "e" * 16]), unique=True)


@given(st.lists(st.tuples(sets, sets, sets, st.integers(0, 5000)), min_size=1))
def test_whatever_changes_nothing_stands_that_may_not_and_it_is_never_empty(changes: list[Any]) -> None:
    """`right` are corrected with each change, and their old words stand no more."""
    flip, now = Flip(), NOW
    versions, corrected = dict[str, int](), set[str]()
    for ids, leaving, right, later in changes:
        now += later
        for one in right:
            versions[one] = versions.get(one, 1) + 1
            corrected.add(one)
        items = [
            item(one, f"{one} {versions.get(one, 1)}", version=versions.get(one, 1), corrected=one in corrected)
            for one in ids
        ]
        leaves = set(leaving).difference(ids)
        flip.change(playlist(*items, leaving=sorted(leaves)))
        text, seconds = flip.line(now)
        id_, _, version = text.partition(" ")
        is_right = id_ not in corrected or int(version) == versions[id_]
        assert text == "Stay with us" or id_ in leaves or (id_ in ids and is_right)
        assert seconds >= 0


@given(sets.filter(bool))
def test_in_one_loop_every_headline_comes(ids: list[str]) -> None:
    flip = begun(playlist(*(item(one, one) for one in ids)))
    assert lines(flip, len(ids)) == ids
