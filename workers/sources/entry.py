"""An entry of a document, and how its words and dates are read. Pure."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from itertools import islice
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from ticker import text as cleaning

MOST = 1_000  # newest entries of a document that are looked at
LONGEST = 20_000  # characters of a text that are looked at
MOST_TAGS = 100  # of an entry that are looked at
LONGEST_TAG = 1_000  # characters, with what is invisible
EARLIEST = 631_152_000_000  # 1990: nothing older is news, it is a clock that was never set
AHEAD = 24 * 3600 * 1000  # ms: a source's clock may be wrong by that much
HALF_A_DAY = timedelta(hours=12)


class Unreadable(Exception):
    """The document is not one that we can read; the message says what it is."""


class Tombstone(NamedTuple):
    """What its source has taken back. `when` is ms; None when it is not said."""

    ref: str
    when: int | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a source says about one headline. Times are ms."""

    id: str | None = None
    title: str = ""
    link: str | None = None
    updated: int | None = None
    published: int | None = None
    categories: tuple[str, ...] = ()
    image: str | None = None
    urgency: str | None = None
    embargo: int | None = None
    embargo_unreadable: bool = False
    expires: int | None = None
    correction: str | None = None
    draft: bool = False
    raw: str = ""  # the entry as it came: a document of its own, for the dead letter

    @property
    def at(self) -> int | None:
        return self.updated or self.published


@dataclass(frozen=True, slots=True)
class Document:
    entries: tuple[Entry, ...] = ()
    tombstones: tuple[Tombstone, ...] = field(default=())

    def newest(self, most: int) -> "Document":
        return replace(self, entries=newest(self.entries, most), tombstones=self.tombstones[:MOST])


def newest(entries: Sequence[Entry], most: int) -> tuple[Entry, ...]:
    """Newest first: by their dates if all have one, else the order of the document, which is newest first."""
    if all(entry.at is not None for entry in entries):
        entries = sorted(entries, key=lambda entry: entry.at or 0, reverse=True)
    return tuple(entries[:most])


# --- words --------------------------------------------------------------------------------------------------------

_TAGS = (
    "a abbr acronym address area article aside audio b base bdi bdo big blink blockquote body br button canvas caption"
    " center cite code col colgroup data dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure"
    " font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li"
    " link main map mark marquee menu meta meter nav nobr noscript object ol optgroup option output p param picture"
    " pre progress q rp rt ruby s samp script section select small source span strike strong style sub summary sup svg"
    " table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr"
)
_TAG = re.compile(rf"</?({_TAGS.replace(' ', '|')})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_UNSEEN = re.compile(r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_WITHIN_A_WORD = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark q s samp small span strike strong"
    " sub sup time tt u var wbr"
)
_INLINE = frozenset(_WITHIN_A_WORD.split())
_SENTENCE = re.compile(r"(.+?[.!?؟。])(?:\s|$)")


def plain(text: str, *, markup: bool = True) -> str:
    """One clean line. Where markup is allowed, known tags go, and references are resolved once: `a < b` stays."""
    text = text[:LONGEST]
    if markup:
        text = _UNSEEN.sub(" ", text)
        text = _TAG.sub(lambda tag: "" if tag[1].lower() in _INLINE else " ", text)
        text = html.unescape(text)
    return cleaning.clean(text)


def tags(found: Iterable[str]) -> tuple[str, ...]:
    """The first of those that can be any."""
    return tuple(islice((tag for tag in found if len(tag) <= LONGEST_TAG), MOST_TAGS))


def first_sentence(text: str) -> str:
    """What stands for the title of an entry that has none."""
    lines = [line for line in re.split(r"[\r\n]+|<br\s*/?>|</p>", text[:LONGEST]) if plain(line)]
    if not lines:
        return ""
    line = plain(lines[0])
    sentence = _SENTENCE.match(line)
    return sentence[1] if sentence else line


def web_address(link: str | None, base: str) -> str | None:
    """The full address; None when it leads nowhere that a reader can go."""
    if not link or not link.strip():
        return None
    try:
        full = urljoin(base, "".join(link.split()))
        parts = urlsplit(full)
    except ValueError:
        return None
    return full if parts.scheme in ("http", "https") and parts.hostname else None


# --- dates --------------------------------------------------------------------------------------------------------

_W3C = re.compile(
    r"(\d{4})-(\d\d?)(?:-(\d\d?)(?:[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?)?"
    r"\s*(?:(Z|UTC|GMT)|([+-])(\d\d):?(\d\d))?",
    re.IGNORECASE,
)
_MAIL_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {
    name: month
    for months in (
        "ene jan,feb,mar,abr apr,may,jun,jul,ago aug,sep set sept,oct,nov,dic dec",
        "enero,febrero,marzo,abril,mayo,junio,julio,agosto,septiembre,octubre,noviembre,diciembre",
        "يناير,فبراير,مارس,أبريل ابريل,مايو,يونيو,يوليو,أغسطس اغسطس,سبتمبر,أكتوبر اكتوبر,نوفمبر,ديسمبر",
        "january,february,march,april,may,june,july,august,september,october,november,december",
    )
    for names, month in zip(
        months.split(","),
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        strict=True,
    )
    for name in names.split()
}
_WEEKDAY = re.compile(r"^\s*[^\W\d]+\.?,\s*|^\s*[^\W\d]+،\s*")
_WORD = re.compile(r"[^\W\d_]+")


class _Moment(NamedTuple):
    at: datetime  # in UTC, or in a zone that was not said
    zoned: bool


def when(text: str | None, now: int) -> int | None:
    """RFC 3339, RFC 822 and their relatives, in ms. None for what is no date, or cannot be one of a news item."""
    moment = _read(text)
    if moment is None:
        return None
    ms = _ms(moment.at)
    return ms if EARLIEST <= ms <= now + AHEAD else None


def later(text: str | None) -> int | None:
    """The same for a time that may lie ahead."""
    moment = _read(text)
    return _ms(moment.at) if moment is not None and _ms(moment.at) >= EARLIEST else None


def embargo(text: str | None, now: int) -> tuple[int | None, bool]:
    """(until when, unreadable). Only a time whose zone is known opens by itself; in doubt a person decides."""
    if text is None:
        return None, False
    moment = _read(text)
    if moment is None:
        return None, True
    if moment.zoned:
        return _ms(moment.at), False
    everywhere = moment.at + HALF_A_DAY + timedelta(days=1)  # over even if a whole day, and in the last time zone
    return (None, False) if _ms(everywhere) <= now else (None, True)


def _read(text: str | None) -> _Moment | None:
    if not text or len(text) > 100:
        return None
    text = text.strip()
    try:
        w3c = _W3C.fullmatch(text)
        return _from_w3c(w3c) if w3c else _from_mail(text)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _from_w3c(match: re.Match[str]) -> _Moment:
    year, month, day, hour, minute, second, fraction, utc, sign, east_h, east_m = match.groups()
    at = datetime(
        int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), min(int(second or 0), 59),
        int((fraction or "0").ljust(6, "0")[:6]), tzinfo=UTC,
    )  # fmt: skip
    east = timedelta(hours=int(east_h or 0), minutes=int(east_m or 0))
    return _Moment(at + east if sign == "-" else at - east, zoned=bool(hour and (utc or sign)))


def _from_mail(text: str) -> _Moment | None:
    text = _WORD.sub(lambda word: _MONTHS.get(word[0].lower(), word[0]), _WEEKDAY.sub("", text))
    fields = parsedate_tz(text)
    if fields is None or fields[0] < 1970 or not text[:1].isdigit():
        return None
    at = datetime(*fields[:5], min(fields[5], 59), tzinfo=UTC)
    return _Moment(at - timedelta(seconds=fields[9] or 0), zoned=fields[9] is not None)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
