"""What an editor should know before a headline leaves: all findings at once. Pure.

A finding is advice, a warning, or a stop: what the desk itself would refuse. Everything else the editor decides.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import regex

from ticker import text
from ticker.channel import Channel
from ticker.desk.likeness import ALIKE, differences, folded, likeness, names_a_speaker, negated, numbers
from ticker.headline import TEXT_LIMIT, Draft, State
from ticker.most_read.story import is_owned

MOST_ALIKE = 3  # headlines shown beside the new one
SHOUTS_FROM = 12  # letters; a shorter one in capitals is an abbreviation


class Level(StrEnum):
    ADVICE = "advice"
    WARNING = "warning"
    STOP = "stop"  # the desk would refuse it


class Finding(NamedTuple):
    code: str
    level: Level
    field: str
    sentence: str
    more: dict[str, Any] = {}  # noqa: RUF012  never changed

    def to_dict(self) -> dict[str, Any]:
        told = {"code": self.code, "level": self.level, "field": self.field, "sentence": self.sentence}
        return {**told, **self.more}


class Near(NamedTuple):
    """A headline of the last day, as far as it is compared."""

    id: str
    text: str
    state: State
    at: int  # ms
    folded: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a draft: the day's headlines, what its readers first saw, what is known of its link."""

    near: Sequence[Near] = field(default_factory=tuple)
    first_text: str = ""  # of version 1, where the draft is an edit
    id: str = ""  # of the headline that is edited
    link: str = ""  # "": not looked at; "ok"; else what was found, as a sentence
    killed: bool = False  # its words were killed of late


def findings(draft: Draft, channel: Channel, around: Around, raw_text: str) -> list[Finding]:
    """All of them, the worst first; `raw_text` is the text before it was cleaned."""
    found: list[Finding] = []
    for check in _CHECKS:
        found += check(draft, channel, around, raw_text)
    return worst_first(found)


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """Stops, then warnings, then advice; otherwise as they were found."""
    return sorted(found, key=lambda finding: -list(Level).index(finding.level))


def _killed(_: Draft, __: Channel, around: Around, ___: str) -> Iterator[Finding]:
    if around.killed:
        yield Finding("killed_words", Level.STOP, "text", "These words were killed; use other words.")


def _length(draft: Draft, channel: Channel, _: Around, __: str) -> Iterator[Finding]:
    count, limits = text.graphemes(draft.text), channel.lengths
    if count > limits.editorial:
        said = f"{count} characters; on this channel a headline has at most {limits.editorial}."
        yield Finding("too_long", Level.WARNING, "text", said)
    elif count > limits.advice:
        said = f"{count} characters; up to {limits.advice} are read at a glance."
        yield Finding("long", Level.ADVICE, "text", said)


def _speaker(draft: Draft, _: Channel, __: Around, ___: str) -> Iterator[Finding]:
    if draft.source is None and not names_a_speaker(draft.text):
        yield Finding("no_source", Level.ADVICE, "text", "It does not say who says so: name a speaker or a source.")


def _link(draft: Draft, channel: Channel, around: Around, _: str) -> Iterator[Finding]:
    if draft.link is None:
        return
    hosts = channel.most_read.hosts
    if hosts and not is_owned(draft.link, hosts):
        said = f"The link leads to {urlsplit(draft.link).hostname}, which is not ours."
        yield Finding("link_not_ours", Level.WARNING, "link", said)
    elif around.link not in ("", "ok"):
        yield Finding("link_dead", Level.WARNING, "link", around.link)


def _near(draft: Draft, _: Channel, around: Around, __: str) -> Iterator[Finding]:
    """Of the same words or nearly: shown side by side, with in what they differ."""
    mine = folded(draft.text)
    scored = [(likeness(mine, one.folded), one) for one in around.near if one.id != around.id]
    alike = sorted((pair for pair in scored if pair[0] >= ALIKE), key=lambda pair: (-pair[0], -pair[1].at))
    for score, one in alike[:MOST_ALIKE]:
        more = {"id": one.id, "text": one.text, "state": one.state, "at": one.at, "likeness": round(score, 2)}
        if one.folded == mine:
            yield Finding("same_words", Level.WARNING, "text", "These words are here already.", more)
        elif differences(draft.text, one.text).any:
            said = "Nearly these words are here, and differ in what matters: update that one?"
            yield Finding("update_of", Level.WARNING, "text", said, more)
        else:
            yield Finding("near_duplicate", Level.ADVICE, "text", "Nearly these words are here already.", more)


def _changed(draft: Draft, _: Channel, around: Around, __: str) -> Iterator[Finding]:
    """A number or a `not` that readers have seen otherwise is a correction, and not an update."""
    if not around.first_text:
        return
    before, after = numbers(around.first_text), numbers(draft.text)
    if before != after:
        said = f"Readers first saw {_listed(before)}; now it says {_listed(after)}. Is it a correction?"
        yield Finding("numbers_changed", Level.WARNING, "text", said)
    if negated(around.first_text) != negated(draft.text):
        said = "A word that says no has come or gone since readers first saw it. Is it a correction?"
        yield Finding("negation_changed", Level.WARNING, "text", said)


def _listed(found: frozenset[str]) -> str:
    return ", ".join(sorted(found)) or "no number"


def _script(draft: Draft, channel: Channel, _: Around, __: str) -> Iterator[Finding]:
    letters = _LETTER.findall(draft.text)
    script = _SCRIPTS.get(channel.lang.split("-")[0].lower(), "Latin")
    fitting = len(_of_script(script).findall(draft.text))
    if letters and fitting * 2 < len(letters):
        said = f"Most of it is not in the script of this channel's language ({channel.lang})."
        yield Finding("script", Level.WARNING, "text", said)


def _misleading(draft: Draft, _: Channel, __: Around, raw_text: str) -> Iterator[Finding]:
    for word in _WORD.findall(draft.text):
        if sum(bool(script.search(word)) for script in _LOOK_ALIKE) > 1:
            said = f"{word!r} mixes letters of two alphabets that look alike."
            yield Finding("mixed_scripts", Level.WARNING, "text", said)
    hidden = len(_HIDDEN.findall(raw_text)) - len(_HIDDEN.findall(draft.text))
    if hidden > 0:
        said = f"{hidden} invisible characters were taken out."
        yield Finding("hidden_characters", Level.ADVICE, "text", said)


def _shouting(draft: Draft, _: Channel, __: Around, ___: str) -> Iterator[Finding]:
    letters = [letter for letter in draft.text if letter.lower() != letter.upper()]
    if len(letters) >= SHOUTS_FROM and all(letter.isupper() for letter in letters):
        yield Finding("capitals", Level.ADVICE, "text", "It is all in capitals: harder to read, also for machines.")


def _forbidden(draft: Draft, channel: Channel, _: Around, __: str) -> Iterator[Finding]:
    words = f" {folded(draft.text)} {folded(draft.kicker or '')} "
    for word in channel.forbidden:
        if f" {folded(word)} " in words:
            yield Finding("forbidden", Level.WARNING, "text", f"{word!r} is not to be used on this channel.")


Check = Callable[[Draft, Channel, Around, str], Iterator[Finding]]
_CHECKS: tuple[Check, ...] = (
    _killed, _length, _near, _changed, _speaker, _link, _script, _misleading, _forbidden, _shouting,
)  # fmt: skip

_LETTER = regex.compile(r"\p{L}")
_WORD = regex.compile(r"[\p{L}\p{M}]+")
_HIDDEN = regex.compile(r"[\p{Cf}\p{Cc}\p{Co}\p{Cs}--\r\n\t]", regex.VERSION1)
_LOOK_ALIKE = tuple(regex.compile(rf"\p{{{name}}}") for name in ("Latin", "Cyrillic", "Greek"))
_SCRIPTS = {
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ckb", "ug", "sd"), "Arabic"),
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk"), "Cyrillic"),
    **dict.fromkeys(("hi", "mr", "ne"), "Devanagari"),
    "el": "Greek", "he": "Hebrew", "yi": "Hebrew", "zh": "Han", "ko": "Hangul", "ka": "Georgian", "hy": "Armenian",
    "th": "Thai", "bn": "Bengali", "ta": "Tamil", "te": "Telugu", "am": "Ethiopic",
    "ja": "Han}\\p{Hiragana}\\p{Katakana",
}  # fmt: skip


def _of_script(name: str) -> regex.Pattern[str]:
    return regex.compile(rf"[\p{{L}}&&[\p{{{name}}}]]", regex.VERSION1)


def limits(channel: Channel) -> dict[str, int]:
    """The three limits that a composer shows."""
    return {"advice": channel.lengths.advice, "editorial": channel.lengths.editorial, "hard": TEXT_LIMIT}
