"""An output's font: how wide a text is in it, and which characters it lacks. Pure, but that a
font's file is read once.

A text is shaped as the renderer shapes it (HarfBuzz, as in every browser): joined letters, ligatures and kerning
count. Without a font file nobody knows what the renderer has: then widths are estimates, and only what no font should
have is lacking.
"""

import functools
import io
from bisect import bisect_right
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Protocol, Self

import regex
import uharfbuzz
from fontTools.ttLib import TTFont, TTLibError
from fontTools.unicodedata import script

from ticker.onair.output import Look

# Of the letters' size, per character as people count them: an average of bold sans-serif faces, and a full square.
LETTER = 0.55
SQUARE = 1.0

_GRAPHEME = regex.compile(r"\X")
_SQUARE = regex.compile(r"[\p{East_Asian_Width=Wide}\p{East_Asian_Width=Fullwidth}\p{Emoji_Presentation}\ufe0f]")
_NOBODYS = regex.compile(r"[\p{Co}\p{Cn}\p{Cs}]")  # private use, unassigned and noncharacters, halves of a pair
_script = functools.lru_cache(4096)(script)
_OF_ANY_SCRIPT = {"Zyyy", "Zinh", "Zzzz"}  # ISO 15924: common, inherited, unknown


class FontError(Exception):
    """A font file cannot be used; the message says which, and why."""


class Words(Protocol):
    """What is shown of a headline."""

    @property
    def text(self) -> str: ...
    @property
    def kicker(self) -> str | None: ...
    @property
    def lang(self) -> str: ...


class Font:
    """Whatever font the renderer may have."""

    exact = False

    def width(self, text: str, size: int, lang: str = "en") -> float:  # noqa: ARG002  it matters where letters are known
        """Pixels that a text takes in letters of a size."""
        letters = _GRAPHEME.findall(text)
        squares = sum(bool(_SQUARE.search(letter)) for letter in letters)
        return size * (LETTER * (len(letters) - squares) + SQUARE * squares)

    def missing(self, text: str) -> list[str]:
        """The characters, as people count them, that cannot be shown; each once, in order."""
        if not _NOBODYS.search(text):
            return []
        return _once(letter for letter in _GRAPHEME.findall(text) if _NOBODYS.search(letter))


class FontFile(Font):
    """A font whose file is there."""

    exact = True

    def __init__(self, data: bytes) -> None:
        self._face = uharfbuzz.Face(data)
        self._font = uharfbuzz.Font(self._face)

    @classmethod
    def read(cls, path: Path) -> Self:
        """TrueType or OpenType, also packed as WOFF or WOFF2. FontError when it is none, or cannot be read."""
        unpacked = io.BytesIO()
        try:
            with TTFont(path) as font:
                font.flavor = None
                font.save(unpacked, reorderTables=None)
        except (OSError, TTLibError, AssertionError) as error:
            raise FontError(f"The font {str(path)!r} cannot be read: {error}") from None
        return cls(unpacked.getvalue())

    def width(self, text: str, size: int, lang: str = "en") -> float:
        units = sum(position.x_advance for _, shaped in self._shaped(text, lang) for position in shaped.glyph_positions)
        return float(units * size / self._face.upem)

    def missing(self, text: str) -> list[str]:
        begins = [found.start() for found in _GRAPHEME.finditer(text)]
        letters = _GRAPHEME.findall(text)
        return _once(
            letters[bisect_right(begins, start + glyph.cluster) - 1]
            for start, shaped in self._shaped(text, "en")
            for glyph in shaped.glyph_infos
            if glyph.codepoint == 0  # the box that stands for what is not there
        )

    def _shaped(self, text: str, lang: str) -> Iterator[tuple[int, uharfbuzz.Buffer]]:
        """Where each run of one script begins, and its glyphs."""
        start = 0
        for run in _runs(text):
            buffer = uharfbuzz.Buffer()
            buffer.add_str(run)
            buffer.guess_segment_properties()
            buffer.language = lang
            uharfbuzz.shape(self._font, buffer)
            yield start, buffer
            start += len(run)


def _runs(text: str) -> Iterator[str]:
    """Stretches of one script; what is of any script, such as digits and spaces, goes with what stands before it."""
    scripts = list[str]()
    for char in text:
        found = _script(char)
        scripts.append((scripts[-1] if scripts else "") if found in _OF_ANY_SCRIPT else found)
    leading = next((found for found in scripts if found), "")
    placed = zip(text, (found or leading for found in scripts), strict=True)
    for _, run in groupby(placed, key=lambda pair: pair[1]):
        yield "".join(char for char, _ in run)


def _once(letters: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(letters))


def font_of(look: Look) -> Font:
    """An output's font; its file is read once. FontError when that cannot be used."""
    return ANY if look.font is None else _read(look.font)


def width_of(words: Words, look: Look) -> int:
    """Pixels that a headline takes in the bar, with its kicker."""
    return round(_width(font_of(look), line_of(words, look), look.text, words.lang))


def line_of(words: Words, look: Look) -> str:
    """What stands in the bar: the kicker, where it is shown, and the text."""
    return f"{words.kicker} {words.text}" if look.kicker and words.kicker else words.text


def run_of(words: Words, look: Look) -> int:
    """Pixels from the beginning of one headline to that of the next: with the separator between them."""
    between = f" {look.separator} " if look.separator else " "
    return width_of(words, look) + round(_width(font_of(look), between, look.text, words.lang))


ANY = Font()


@functools.cache
def _read(path: str) -> FontFile:
    return FontFile.read(Path(path))


@functools.lru_cache(8192)
def _width(font: Font, text: str, size: int, lang: str) -> float:
    return font.width(text, size, lang)
