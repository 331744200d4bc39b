"""How alike two headlines are, and in what they differ that must never be taken for likeness. Pure.

Of the measures that need no training, shared runs of three letters agree best with what people call the same news
(English, Spanish and Arabic alike). But "12 killed" and "28 killed", "guilty" and "not guilty" are more alike by
any such measure than two true copies: so numbers, negations and speakers are compared by themselves.
"""

import unicodedata
from typing import NamedTuple

import regex

from ticker import text

ALIKE = 0.45  # of the runs of letters shared: above it an editor would want to see the other one

_ONE_SHAPE = str.maketrans("ٱىة", "ايه")  # the others fall together once marks are taken off
_MARKS = regex.compile(r"[\p{Mn}\u0640]+")  # vowel signs and the stroke that only lengthens
_NUMBER = regex.compile(r"\p{Nd}+(?:[.,\u066b\u066c]\p{Nd}+)*")
_THOUSANDS = regex.compile(r"[.,\u066b\u066c](?=\p{Nd}{3}(?!\p{Nd}))")
_NEGATIONS = {
    "not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot",
    "ni", "nunca", "nadie", "nada", "ningún", "ninguna", "ninguno", "sin", "tampoco", "jamás",
    "لا", "لم", "لن", "ليس", "ليست", "غير", "بدون", "دون", "بلا",
}  # fmt: skip
_CONTRACTED = regex.compile(r"n[’'ʼ]t\b")
_WORDS = regex.compile(r"[\p{L}\p{M}\p{N}']+")
_SPEAKER = regex.compile(r"^\s*(?P<name>[^:：]{2,40})(?::\s|：)\s*\S")  # a time has no space after its colon
_SAYING = regex.compile(
    r"\b(?:says?|said|according to|reports?|announces?d?|confirms?|confirmed|denies|denied|warns?|claims?|tells?|told"
    r"|sources?|según|dice|dijo|afirman?|afirmó|anuncia|anunció|confirma|confirmó|niega|negó|advierte|fuentes)\b"
    r"|قال|قالت|وفق|بحسب|أعلن|أعلنت|أكد|أكدت|صرح|نفى|نفت|مصادر|يقول|تقول",
    regex.IGNORECASE,
)


class Differences(NamedTuple):
    """In what two texts differ although they may look alike."""

    numbers: bool
    negation: bool
    speaker: bool

    @property
    def any(self) -> bool:
        return self.numbers or self.negation or self.speaker


def folded(line: str) -> str:
    """The words alone: case, width, vowel signs, the shapes of Arabic letters and kinds of digits made one."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", line)).translate(_ONE_SHAPE)
    return text.fingerprint("".join(_western(letter) for letter in plain))


def likeness(one: str, other: str) -> float:
    """From 0 to 1: the share of runs of three letters that both have (Jaccard), of texts already `folded`."""
    mine, theirs = _runs(one), _runs(other)
    together = len(mine | theirs)
    return len(mine & theirs) / together if together else 1.0


def differences(one: str, other: str) -> Differences:
    """Only where both begin with a speaker can these be two: "Police: …" and "…, police say" are one."""
    speakers = {folded(name) for name in (speaker(one), speaker(other)) if name}
    return Differences(
        numbers=numbers(one) != numbers(other),
        negation=negated(one) != negated(other),
        speaker=len(speakers) > 1,
    )


def numbers(line: str) -> frozenset[str]:
    """The numbers in digits, without the points that only group them."""
    plain = "".join(_western(letter) for letter in line)
    return frozenset(_THOUSANDS.sub("", found).replace(",", ".") for found in _NUMBER.findall(plain))


def negated(line: str) -> int:
    """How many words say no. An even number still differs from none."""
    lowered = line.casefold()
    words = _WORDS.findall(_MARKS.sub("", lowered) if _ARABIC_LETTER.search(lowered) else lowered)
    return sum(word in _NEGATIONS for word in words) + len(_CONTRACTED.findall(lowered))


def speaker(line: str) -> str:
    """Who speaks, where a headline begins with a name and a colon; empty otherwise."""
    found = _SPEAKER.match(line)
    return found["name"] if found else ""


def names_a_speaker(line: str) -> bool:
    """Whether a reader is told who says it."""
    return bool(speaker(line) or _SAYING.search(line))


_ARABIC_LETTER = regex.compile(r"\p{Arabic}")


def _western(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter


def _runs(line: str) -> frozenset[str]:
    padded = f" {line} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))
