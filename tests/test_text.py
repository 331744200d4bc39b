import time
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from ticker.text import clean, fingerprint, first_graphemes, graphemes

ANY = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("given_", "cleaned"),
    [
        ("  two\tlines\r\nand \u2028 more ", "two lines and more"),
        ("nul\x00 bell\x07 esc\x1b[31m", "nul bell esc[31m"),
        ("abc\u202egnp.exe\u202c", "abcgnp.exe"),
        ("in\u2066visible\u2069", "invisible"),
        ("zero\u200bwidth\ufeff\u2060 soft\u00adhyphen", "zerowidth softhyphen"),
        ("pass\u200dword", "password"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👨\u200d👩\u200d👧 family", "👨\u200d👩\u200d👧 family"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("a\ufe0f\ufe0f b", "a\ufe0f b"),
        (" \ufe0f x", "x"),
        ("\u200eLatin only\u200f", "Latin only"),
        ("القاهرة\u200f (CNN)", "القاهرة\u200f (CNN)"),
        ("e\u0301", "é"),
        ("z" + "\u0301" * 100, "ź" + "\u0301" * 3),
        ("hidden\U000e0041\U000e0042", "hidden"),
        (
            "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        ("\U0001f3f4\U000e0041\U000e0001\U000e0042", "\U0001f3f4\U000e0041"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("private \ue000 use", "private use"),
        ("<script>alert(1)</script> & co", "<script>alert(1)</script> & co"),
        ("a < b > c", "a < b > c"),
    ],
)
def test_clean(given_: str, cleaned: str) -> None:
    assert clean(given_) == cleaned


@given(ANY)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(ANY)
def test_what_is_clean_is_one_line_of_visible_text(text: str) -> None:
    result = clean(text)
    assert unicodedata.is_normalized("NFC", result)
    assert len(result.splitlines()) <= 1
    assert result == result.strip()
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Zl", "Zp"} for c in result)
    assert not set(result) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff\u2060\ufffd")
    result.encode()


@given(
    st.text(
        st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u115f\u1160\u3164\uffa0\ufffc\ufffd"),
        max_size=40,
    )
)
def test_visible_characters_all_stay(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("👨\u200d👩\u200d👧", 1), ("🇪🇸", 1), ("عاجل", 4)],
)
def test_graphemes_are_counted_as_people_do(text: str, count: int) -> None:
    assert graphemes(text) == count


LOOKING_BACK = regex.compile(r"(?<!\U0001f3f4[\U000e0020-\U000e007f]*)[\U000e0000-\U000e0fff]")


@given(st.text("\U0001f3f4\U000e0020\U000e0041\U000e007fa", max_size=12))
def test_tags_stay_behind_a_black_flag_and_nowhere_else(text: str) -> None:
    assert clean(text) == LOOKING_BACK.sub("", text)


@given(st.text("🇪🇸\u0301\u200d\u0600\u0903😀a", max_size=12))
def test_graphemes_are_those_of_the_standard(text: str) -> None:
    whole = regex.findall(r"\X", text)
    assert graphemes(text) == len(whole)
    assert first_graphemes(text, 3) == "".join(whole[:3])


LONG = 300_000


@pytest.mark.parametrize("read", [clean, graphemes])
@pytest.mark.parametrize(
    "text",
    [
        "\U000e0041" * LONG,
        "\U0001f3f4" + "\U000e0041" * LONG,
        "\U0001f3f4\U000e0041" * (LONG // 2),
        "z" + "\u0301\u0316" * (LONG // 2),
        "z" + "\u0300" * 4 + "\u0610\u200d" * (LONG // 2),
        "\u200d" * LONG,
        "🇪" * LONG,
        "👨\u200d" * (LONG // 2),
    ],
    ids=["tags", "a flag", "flags", "marks to sort", "marks and joiners", "joiners", "flag letters", "a family"],
)
def test_a_long_text_takes_seconds_and_not_minutes(read, text: str) -> None:
    begun = time.process_time()  # of ours alone, however busy the machine is

    read(text)

    assert time.process_time() - begun < 5


def test_fingerprint_is_of_the_words_alone() -> None:
    assert fingerprint("Breaking:  “PM resigns”!") == fingerprint("BREAKING PM RESIGNS")
    assert fingerprint("12 killed") != fingerprint("28 killed")
    assert fingerprint("guilty") != fingerprint("not guilty")
