"""What an output says of a headline before it is on air there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fonts import bold_path
from tests.samples import headline
from ticker import text
from ticker.desk.preflight import Finding, Level
from ticker.onair.fitness import Shown, faults, measure
from ticker.onair.font import font_of
from ticker.onair.output import Output


def output(**settings: Any) -> Output:
    return Output.model_validate({"name": "program", "channels": ["en"], **settings})


def found(said: str, on: Output | None = None, **fields: Any) -> list[Finding]:
    return faults(headline(text=said, **fields), on or output())


def codes(said: str, on: Output | None = None, **fields: Any) -> list[str]:
    return [fault.code for fault in found(said, on, **fields)]


def test_a_good_headline_has_none() -> None:
    for said in ("Storm reaches the coast", "عاجل: الرئيس Trump يقول 45%", "日本の首相が辞任", "Gold $5bn! 🏅"):
        assert codes(said, kicker="Weather") == []


def test_it_is_told_by_how_much_it_is_too_long() -> None:
    [fault] = found("e\u0301" * 171)
    assert (fault.code, fault.level) == ("air_long", Level.STOP)
    assert fault.sentence == "On Program: 171 characters; 11 too many."
    assert fault.more == {"output": "program", "title": "Program", "count": 171, "over": 11}


def test_it_is_told_by_how_much_it_is_too_wide_and_how_long_it_takes() -> None:
    on = output(widest=2000, look={"text": 40}, speed=4, fps="50")  # 22 px a letter, 200 px a second
    assert codes("a" * 90, on) == []
    [fault] = found("a" * 100, on)
    assert fault.sentence == "On Program: about 2,200 px, 11.0 s; 200 px too wide."
    assert (fault.more["px"], fault.more["seconds"], fault.more["over"]) == (2200, 11.0, 200)
    assert codes("a" * 80, on, kicker="k" * 20) == ["air_wide"]
    assert codes("a" * 80, output(widest=2000, look={"text": 40, "kicker": False}), kicker="k" * 20) == []


def test_it_stands_for_as_long_as_any_where_headlines_flip() -> None:
    on = output(mode="flip", flip_seconds=7.5)
    assert measure(Shown("a" * 100, None, "en"), on).seconds == 7.5


def test_forbidden_characters_are_named_also_those_of_a_kicker() -> None:
    on = output(forbidden=["|", "e\u0301", "\U0001f4a9"])
    [fault] = found("Caf\u00e9 | closed", on)
    assert fault.sentence == "On Program: \u2068|\u2069 (U+007C), \u2068e\u0301\u2069 (U+0065 U+0301) may not be shown."
    assert codes("Cafe closed", on) == []
    assert codes("Closed", on, kicker="\U0001f4a9") == ["air_forbidden"]


def test_what_the_font_lacks_is_named() -> None:
    [fault] = found("Storm \ue000 reaches")
    assert fault.sentence == "On Program: its font has no \u2068\ue000\u2069 (U+E000)."
    look = {"font": str(bold_path())}
    assert codes("عاجل: Storm, Шторм", output(look=look)) == []
    [fault] = found("日本", output(look=look), kicker="本")
    assert fault.more["characters"] == "\u2068本\u2069 (U+672C), \u2068日\u2069 (U+65E5)"
    [fault] = found("日本の首相が辞任", output(look=look))
    assert fault.more["characters"].endswith("(U+76F8), …")
    assert fault.more["characters"].count("U+") == 5
    assert codes("Storm", output(look={**look, "kicker": False}), kicker="本") == []


def test_with_the_outputs_font_a_width_is_exact() -> None:
    on = output(widest=1000, look={"font": str(bold_path())})
    said = "Storm reaches the coast, thousands leave home"
    px = round(font_of(on.look).width(said, on.look.text))
    [fault] = found(said, on)
    assert fault.sentence == f"On Program: {px:,} px, {px / 200:.1f} s; {px - 1000} px too wide."


@pytest.mark.parametrize("said", [
    "[No title]", "[Removed]", "undefined", "null", "Undefined: null", "NaN", "Lorem ipsum dolor sit amet",
    "test test", "TEST", "Test 123", "testing, testing 1 2", "…", "Storm in {{ city }}", "Hello ${name}",
    "[object Object]", "Sin título", "prueba", "تجربة", "اختبار 1",
])  # fmt: skip
def test_a_placeholder_is_never_on_program(said: str) -> None:
    assert codes(said) == codes(said, output(type="preview")) == ["air_placeholder"]
    assert codes(said, output(type="training")) == []


@pytest.mark.parametrize("said", [
    "Test: England 200 all out", "Nuclear test off Korea", "Null and void, says court", "Removed from office: minister",
    "The text of the treaty", "No title for Arsenal", "1,000 dead", "Prueba nuclear en Corea", "Untitled painting sold",
])  # fmt: skip
def test_a_headline_with_such_a_word_is_a_headline(said: str) -> None:
    assert codes(said) == []


def test_a_kicker_that_a_program_left_empty_is_a_placeholder_and_a_sport_is_not() -> None:
    assert codes("Storm reaches the coast", kicker="undefined") == ["air_placeholder"]
    assert codes("England 200 all out", kicker="Test") == []


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert codes("\ue000|" * 300, output(widest=100, forbidden=["|"])) == [
        "air_placeholder", "air_long", "air_wide", "air_forbidden", "air_glyphs",
    ]  # fmt: skip


@given(st.text(min_size=1, max_size=400), st.integers(10, 280), st.integers(100, 5000))
def test_whatever_it_says_it_is_a_stop_and_length_and_width_are_as_counted(said: str, most: int, widest: int) -> None:
    on = output(longest=most, widest=widest)
    told = found(said, on)
    assert all(fault.level is Level.STOP and fault.sentence.startswith("On Program: ") for fault in told)
    assert ("air_long" in {fault.code for fault in told}) == (text.graphemes(said) > most)
    assert ("air_wide" in {fault.code for fault in told}) == (measure(Shown(said, None, "en"), on).px > widest)
