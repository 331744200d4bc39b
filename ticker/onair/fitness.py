"""What speaks against a headline on one output: too long, too wide, characters that cannot be shown, no headline. Pure.

Each finding is a stop: such a headline cannot be cleared there, and is left out where everything is cleared by itself.
It stays on the desk and everywhere else as it is.
"""

import functools
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import regex

from ticker import text
from ticker.desk.preflight import Finding, Level
from ticker.onair.font import Words, font_of, line_of, width_of
from ticker.onair.output import Output

MOST_NAMED = 5  # characters


class Shown(NamedTuple):
    """Words that are no headline yet."""

    text: str
    kicker: str | None
    lang: str


class Measure(NamedTuple):
    """How much of an output a headline takes; `exact` when its font is known."""

    px: int
    seconds: float  # until it has passed one place, or that it stands when headlines flip
    exact: bool


def measure(words: Words, output: Output) -> Measure:
    px = width_of(words, output.look)
    seconds = output.flip_seconds if output.mode == "flip" else float(px / (output.speed * output.rate))
    return Measure(px, round(seconds, 1), font_of(output.look).exact)


def faults(words: Words, output: Output) -> list[Finding]:
    """Why it cannot be shown there as it is; empty when it can."""
    return list(_faults(Shown(words.text, words.kicker, words.lang), output))


@functools.lru_cache(32_768)  # asked for again whenever a playlist is made
def _faults(words: Shown, output: Output) -> tuple[Finding, ...]:
    return tuple(fault for check in _CHECKS for fault in check(words, output))


def _stop(code: str, output: Output, said: str, **more: object) -> Finding:
    sentence = f"On {output.title}: {said}"
    return Finding(code, Level.STOP, "text", sentence, {"output": output.name, "title": output.title, **more})


def _placeholder(words: Words, output: Output) -> Iterator[Finding]:
    """What a broken feed or a hurried hand puts where a headline should be. Who trains may write what they like."""
    kicker = words.kicker if output.look.kicker else None
    if output.type != "training" and (_is_no_headline(words.text) or _is_left_over(kicker or "")):
        yield _stop("air_placeholder", output, "these words are a placeholder, and no headline.")


def _length(words: Words, output: Output) -> Iterator[Finding]:
    count = text.graphemes(words.text)
    if count > output.longest:
        said = f"{count} characters; {count - output.longest} too many."
        yield _stop("air_long", output, said, count=count, over=count - output.longest)


def _width(words: Words, output: Output) -> Iterator[Finding]:
    if output.widest is None:
        return
    px, seconds, exact = measure(words, output)
    if px > output.widest:
        about = "" if exact else "about "
        said = f"{about}{px:,} px, {seconds} s; {px - output.widest:,} px too wide."
        yield _stop("air_wide", output, said, px=px, seconds=seconds, over=px - output.widest)


def _forbidden(words: Words, output: Output) -> Iterator[Finding]:
    line = line_of(words, output.look)
    found = [one for one in output.forbidden if unicodedata.normalize("NFC", one) in line]
    if found:
        named = _named(found)
        yield _stop("air_forbidden", output, f"{named} may not be shown.", characters=named)


def _glyphs(words: Words, output: Output) -> Iterator[Finding]:
    if found := font_of(output.look).missing(line_of(words, output.look)):
        named = _named(found)
        yield _stop("air_glyphs", output, f"its font has no {named}.", characters=named)


def _named(characters: Sequence[str]) -> str:
    """As they are, isolated, and by number, since some cannot be seen."""
    named = [f"\u2068{one}\u2069 ({' '.join(f'U+{ord(point):04X}' for point in one)})" for one in characters]
    return ", ".join([*named[:MOST_NAMED], *(["…"] if len(named) > MOST_NAMED else [])])


_CHECKS: tuple[Callable[[Words, Output], Iterator[Finding]], ...] = (
    _placeholder, _length, _width, _forbidden, _glyphs,
)  # fmt: skip


def _is_no_headline(line: str) -> bool:
    words = text.fingerprint(line)
    only = set(words.split())
    is_test = bool(only & _TESTS) and all(word in _TESTS or word.isdecimal() for word in only)
    return not only or words in _UNFINISHED or is_test or _is_left_over(line)


def _is_left_over(line: str) -> bool:
    """What a program put there that had nothing to put there."""
    only = set(text.fingerprint(line).split())
    return (only != set() and only <= _NOTHING) or bool(_LEFT_OVER.search(line))


_NOTHING = {"undefined", "null", "none", "nan"}
_TESTS = {"test", "tests", "testing", "prueba", "pruebas", "اختبار", "تجربة"}
_UNFINISHED = {
    "no title", "untitled", "removed", "deleted", "headline", "title", "text", "headline here", "title here",
    "text here", "insert headline here", "insert text here", "your headline here", "your text here", "placeholder",
    "tbc", "tbd", "xxx", "asdf", "sin título", "titular", "eliminado", "بدون عنوان",
}  # fmt: skip
_LEFT_OVER = regex.compile(
    r"\[(no title|removed|deleted|object object)\]|\blorem ipsum\b|\{\{.*\}\}|\$\{.*\}|<%.*%>", regex.IGNORECASE
)
