"""Text, cleaned once on the way in. After this it is one line of plain text on every path.

What goes: control characters, line breaks (they become a space), bidirectional embeddings, overrides and
isolates (U+202A-202E, U+2066-2069), zero-width and other invisible characters, more than four combining marks
in a row, lone surrogates, private-use characters, U+FFFD.
What stays: the joiners (U+200C, U+200D) where a script or an emoji needs them, direction marks (U+200E,
U+200F, U+061C) in text that has right-to-left letters, variation selectors behind a visible character.
"""

import unicodedata

import regex

_SPACES = regex.compile(r"[\s\u0085\u2028\u2029]+")
_INVISIBLE = regex.compile(
    r"[\p{Cc}\p{Cs}\p{Co}\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufeff\uffa0\ufff0-\ufffd]"
)
# Tag characters spell the flags of England, Scotland and Wales behind a black flag; elsewhere they hide text.
# Read forwards: one that looks back for the flag walks over all the tags at each of them.
_TAGS = regex.compile(r"(\U0001f3f4[\U000e0020-\U000e007f]*)|[\U000e0000-\U000e0fff]")
_LOOSE_SELECTOR = regex.compile(r"(?<![\p{L}\p{N}\p{S}\p{P}])[\ufe00-\ufe0f]")
_DIRECTION_MARK = regex.compile(r"[\u200e\u200f\u061c]")
_RIGHT_TO_LEFT = regex.compile(r"[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}\p{Nko}]")
_JOINS = regex.compile(
    r"[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}"
    r"\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Nko}\p{Thaana}\p{Mandaic}]"
)
_PICTURE = regex.compile(r"[\p{Extended_Pictographic}\u2640\u2642\ufe0f\U0001f3fb-\U0001f3ff]")
# No script stacks more than four, and a pile covers its neighbours. Joiners end no pile: each pass would free the next.
_PILE = regex.compile(r"(\p{M}{4})(?:[\u200c\u200d]*\p{M})+")
_HEAP = regex.compile(r"(\p{M}{30})\p{M}+")  # Stream-Safe Text of UAX #15: sorting n marks takes n² steps
# As \X, but flags are counted from their first letter on, and not anew at each of them.
_GRAPHEME = regex.compile(r"\p{RI}{2}(?![\p{GCB=EX}\p{GCB=SM}\p{GCB=ZWJ}])|\X")
_NOT_A_WORD = regex.compile(r"[^\p{L}\p{N}]+")


def clean(text: str) -> str:
    """One line of visible text in NFC. Cleaning what is clean changes nothing."""
    previous = None
    while text != previous:  # taking one character out can lay another loose
        previous, text = text, _clean_once(text)
    return text


def _clean_once(text: str) -> str:
    text = _INVISIBLE.sub("", _SPACES.sub(" ", text))
    text = _LOOSE_SELECTOR.sub("", _TAGS.sub(_flag, text))
    text = _without_loose_joiners(text)
    if not _RIGHT_TO_LEFT.search(text):
        text = _DIRECTION_MARK.sub("", text)
    text = _PILE.sub(r"\1", unicodedata.normalize("NFD", _HEAP.sub(r"\1", text)))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _flag(found: regex.Match[str]) -> str:
    return found[1] or ""


def _without_loose_joiners(text: str) -> str:
    """A joiner that joins nothing is invisible, and makes two equal texts differ."""
    if "\u200c" not in text and "\u200d" not in text:
        return text
    kept: list[str] = []
    for i, char in enumerate(text):
        before, after = (kept[-1] if kept else ""), text[i + 1 : i + 2]
        if char == "\u200c" and not (_JOINS.match(before) and _JOINS.match(after)):
            continue
        if char == "\u200d" and not (_JOINS.match(before) or (_PICTURE.match(before) and _PICTURE.match(after))):
            continue
        kept.append(char)
    return "".join(kept)


def graphemes(text: str) -> int:
    """Length as people count it: user-perceived characters (UAX #29)."""
    return len(_GRAPHEME.findall(text))


def first_graphemes(text: str, most: int) -> str:
    return "".join(_GRAPHEME.findall(text)[:most])


def fingerprint(text: str) -> str:
    """What two headlines share when they say the same words: letters and digits only, case and width folded."""
    return str(_NOT_A_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold())).strip()
