"""Every headline comes in every loop, the most urgent more often, and nothing twice in a row."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ticker.headline import Headline, State, new_id
from ticker.onair.output import Look, Output
from ticker.onair.rotation import rotation
from ticker.urgency import Urgency

LADDER = {"f": Urgency.FLASH, "u": Urgency.URGENT, "b": Urgency.BULLETIN, "r": Urgency.ROUTINE}


def headlines(letters: str) -> list[Headline]:
    """One of each urgency named by its first letter."""
    return [
        Headline(
            id=new_id(number.to_bytes(10)), channel="en", version=1, state=State.LIVE, lang="en", dir="ltr",
            text=f"{number} " + "word " * (number % 7), urgency=LADDER[letter],
        )
        for number, letter in enumerate(letters)
    ]  # fmt: skip


def output(**settings: Any) -> Output:
    return Output.model_validate({"name": "program", "channels": ["en"], **settings})


def pattern(items: Sequence[Headline], loop: Sequence[Headline]) -> str:
    """A loop as letters: the first item is `a`."""
    return "".join("abcdefghijklmnopqrstuvwxyz"[items.index(headline)] for headline in loop)


def tried(letters: str, **settings: Any) -> tuple[str, bool]:
    items = headlines(letters)
    loop, crowded = rotation(items, output(**settings))
    return pattern(items, loop), crowded


def width(headline: Headline, _: Look) -> int:
    return 100 + len(headline.text) * 20


def seconds(loop: Sequence[Headline], on: Output) -> Fraction:
    if on.mode == "flip":
        return len(loop) * Fraction(str(on.flip_seconds))
    return sum(width(headline, on.look) for headline in loop) / (on.speed * on.rate)


boards = st.text("fubr", max_size=25)
outputs = st.builds(
    output,
    mode=st.sampled_from(["crawl", "flip"]),
    fps=st.sampled_from(["25", "59.94"]),
    speed=st.integers(1, 10),
    flip_seconds=st.sampled_from([1, 6, 7.3]),
    repeat_every=st.integers(0, 8),
    within_minutes=st.one_of(st.none(), st.floats(0.1, 5)),
)


def test_without_repeats_it_is_as_it_stands() -> None:
    assert tried("rurfr") == ("abcde", False)
    assert tried("", repeat_every=2) == ("", False)


def test_the_most_urgent_comes_again_after_so_many_others() -> None:
    assert tried("urrrrrr", repeat_every=2) == ("abcadeafg", False)
    assert tried("rrrurrr", repeat_every=2)[0] == "adbcdefdg"


def test_several_of_the_same_urgency_take_turns() -> None:
    assert tried("uurrrrrrrr", repeat_every=2)[0] == "abcdaefbghbij"


def test_the_one_that_comes_by_itself_soon_does_not_come_again_before_it() -> None:
    assert tried("urrrurrr", repeat_every=2)[0] == "abcadefgeh"


def test_without_anything_less_urgent_nothing_is_the_most_urgent() -> None:
    assert tried("uuuuuu", repeat_every=1)[0] == "abcdef"


def test_repeats_give_way_and_no_more_of_them_than_must() -> None:
    settings = {"mode": "flip", "flip_seconds": 6, "repeat_every": 1}
    assert tried("urrrrr", **settings, within_minutes=1) == ("abacadaeaf", False)
    assert tried("urrrrr", **settings, within_minutes=0.8) == ("abacdaef", False)
    assert tried("urrrrr", **settings, within_minutes=0.6) == ("abcdef", False)


def test_it_is_told_when_even_the_plain_loop_takes_longer() -> None:
    assert tried("urrrrr", mode="flip", flip_seconds=6, repeat_every=1, within_minutes=0.59) == ("abcdef", True)


def test_long_headlines_take_longer_in_a_crawl() -> None:
    items = headlines("rrr")
    on = output(within_minutes=0.1, fps="50", speed=4)  # 1,200 px
    assert rotation(items, on, lambda *_: 400)[1] is False
    assert rotation(items, on, lambda *_: 401)[1] is True


@given(boards, outputs)
@example("u" + "r" * 24, output(mode="flip", repeat_every=1, within_minutes=3))
def test_every_headline_comes_in_order_and_whatever_is_more_is_of_the_most_urgent(board: str, on: Output) -> None:
    items = headlines(board)
    loop, _ = rotation(items, on, width)
    rest = iter(loop)
    assert all(headline in rest for headline in items)
    highest = min((headline.urgency.rank for headline in items), default=0)
    assert all(loop.count(one) == 1 for one in loop if one.urgency.rank > highest)


@given(boards, outputs)
def test_nothing_comes_twice_in_a_row_when_there_is_another(board: str, on: Output) -> None:
    loop, _ = rotation(headlines(board), on, width)
    if len(loop) > 1:
        assert all(before != after for before, after in zip(loop, [*loop[1:], loop[0]], strict=True))


@given(boards, outputs)
def test_it_fits_in_its_time_whenever_it_can(board: str, on: Output) -> None:
    items = headlines(board)
    loop, crowded = rotation(items, on, width)
    if on.within_minutes is None:
        assert not crowded
    else:
        most = Fraction(str(on.within_minutes)) * 60
        assert crowded == (seconds(items, on) > most)
        assert seconds(loop, on) <= most or loop == items


@given(boards, outputs)
def test_when_there_is_time_the_most_urgent_is_never_off_for_longer(board: str, on: Output) -> None:
    items, free = headlines(board), on.model_copy(update={"within_minutes": None})
    loop, _ = rotation(items, free, width)
    highest = min((headline.urgency.rank for headline in items), default=0)
    if free.repeat_every and any(headline.urgency.rank > highest for headline in items):
        others = "".join("x" if one.urgency.rank > highest else " " for one in [*loop, *loop])
        assert max(len(gap) for gap in others.split()) <= free.repeat_every


@given(boards, outputs, st.sampled_from("fubr"))
def test_one_more_at_the_end_does_not_change_the_order_of_the_others(board: str, on: Output, letter: str) -> None:
    items = headlines(board + letter)
    before = [headline.id for headline in rotation(items[:-1], on, width)[0]]
    after = [headline.id for headline in rotation(items, on, width)[0]]
    repeated = {one for loop in (before, after) for one in loop if loop.count(one) > 1}
    assert [one for one in after if one not in {*repeated, items[-1].id}] == [
        one for one in before if one not in repeated
    ]
