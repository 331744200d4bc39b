"""Widths are those of a real Chromium with the same file, and what the file lacks is named."""

import asyncio
import base64
import functools
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from tests.chromium import browser
from tests.fonts import bold_path
from tests.samples import headline
from ticker.onair.font import ANY, FontError, FontFile, font_of, run_of, width_of
from ticker.onair.output import Look

CURLY = "\U0001f469\u200d\U0001f9b1"  # a woman, a joiner, curly hair: one character to whoever reads it
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
TEXTS = [
    "AVAVAVA Toyota To. WAVE: Yes, $5bn “never” says PM; 1,234.56 % — fi ffi office",
    "Storm reaches the coast, thousands leave their homes as rivers rise in the north of the country",
    "Cafe\u0301 déjà vu, Ñandú, naïve: İstanbul, Đặng Thị, Łódź",
    "عاجل: رئيس الوزراء يزور المدينة 12,345 شخص (قتيلا) في لإلى",
    "BBC: عاجل الرئيس Trump يقول 45% من UN",
    "يقول “لا” 2026",
    "Ελλάδα και Россия: Київ, Ђурђевдан",
    "תל אביב: 3 נפגעים",
]
TESTED_AT = (27, 42, 96)


@functools.cache
def bold() -> FontFile:
    return FontFile.read(bold_path())


async def test_widths_are_those_of_a_browser() -> None:
    data = base64.b64encode(await asyncio.to_thread(bold_path().read_bytes)).decode()
    async with browser() as chromium:
        page = await chromium.new_page()
        await page.set_content(
            f"<style>@font-face {{ font-family: F; src: url(data:font/ttf;base64,{data}) }}"
            "span { font-family: F; white-space: pre }</style>"
        )
        drawn = await page.evaluate(
            """async ([texts, sizes]) => {
              await document.fonts.load("42px F");
              return sizes.map((size) => texts.map((text) => {
                const bar = document.createElement("span");
                bar.style.fontSize = `${size}px`;
                bar.textContent = text;
                document.body.append(bar);
                return bar.getBoundingClientRect().width;
              }));
            }""",
            [TEXTS, TESTED_AT],
        )
    for size, widths in zip(TESTED_AT, drawn, strict=True):
        for text, width in zip(TEXTS, widths, strict=True):
            assert bold().width(text, size) == pytest.approx(width, abs=1), text


def test_arabic_letters_are_joined_and_latin_ones_kerned() -> None:
    assert bold().width("لا", 42) < bold().width("ل", 42) + bold().width("ا", 42)
    assert bold().width("AV", 42) < bold().width("A", 42) + bold().width("V", 42)


@given(st.text(max_size=60), st.integers(8, 500))
def test_twice_the_size_is_twice_the_width(text: str, size: int) -> None:
    assert bold().width(text, 2 * size) == pytest.approx(2 * bold().width(text, size))


def test_what_it_lacks_is_named_as_people_see_it_and_once() -> None:
    assert bold().missing("".join(TEXTS)) == []
    assert bold().missing(f"日本 and 日 {CURLY} {ENGLAND}") == ["日", "本", CURLY, ENGLAND]


def test_what_nobody_sees_is_not_lacking() -> None:
    assert bold().missing("\u2067عاجل\u2069 \u200fx\u200e می\u200cخواهم ☀\ufe0f a\u200db") == []


@given(st.text(max_size=60))
def test_every_text_has_a_width_and_lacks_only_what_is_in_it(text: str) -> None:
    for font in (ANY, bold()):
        assert font.width(text, 42) >= 0
        assert all(letter in text for letter in font.missing(text))


def test_without_a_file_only_what_no_font_should_have_is_lacking() -> None:
    assert ANY.missing(f"日本 {CURLY} عاجل x\ue000 \uffff \U000e0100 \u0378") == ["\ue000", "\uffff", "\u0378"]


def test_an_estimate_counts_what_people_see_and_squares_as_squares() -> None:
    assert ANY.width("e" * 20, 40) == ANY.width("e\u0301" * 20, 40) == pytest.approx(440)
    assert ANY.width("\u65e5\u672c", 40) == ANY.width(CURLY + ENGLAND, 40) == pytest.approx(80)


def test_an_estimate_is_near() -> None:
    for text in TEXTS:
        assert ANY.width(text, 42) == pytest.approx(bold().width(text, 42), rel=0.2)


@given(st.text(), st.text(), st.integers(8, 500))
def test_more_text_is_never_estimated_narrower(text: str, more: str, size: int) -> None:
    assert ANY.width(f"{text} {more}", size) >= ANY.width(text, size)


def test_in_the_bar_a_headline_brings_its_kicker_and_a_separator() -> None:
    told = headline(text="Storm", kicker="Weather")
    assert width_of(told, Look(text=100)) == round(len("Weather Storm") * 55)
    assert width_of(told, Look(text=100, kicker=False)) == round(len("Storm") * 55)
    assert run_of(told, Look(text=100)) == round(len("Weather Storm • ") * 55)
    assert run_of(told, Look(text=100, kicker=False, separator="")) == round(len("Storm ") * 55)


@pytest.mark.parametrize("flavour", ["woff", "woff2"])
def test_a_packed_font_is_unpacked(flavour: str, tmp_path: Path) -> None:
    with TTFont(bold_path()) as font:
        font.flavor = flavour
        font.save(tmp_path / "packed")
    assert FontFile.read(tmp_path / "packed").width(TEXTS[0], 42) == bold().width(TEXTS[0], 42)


def test_an_outputs_font_is_its_file_and_one_that_is_none_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    assert font_of(Look()) is ANY
    assert font_of(Look(font=str(bold_path()))).exact
    for name in ("logo.png", "nowhere.ttf", "."):
        with pytest.raises(FontError, match=rf"The font '.*{name}' cannot be read: "):
            font_of(Look(font=str(tmp_path / name)))
