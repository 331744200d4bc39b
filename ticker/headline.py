"""A headline, and what a writer hands in for one: drafts and patches."""

import base64
import hashlib
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ticker import text
from ticker.channel import DAY
from ticker.instant import Instant
from ticker.urgency import Urgency

# Most graphemes (what a reader would count as characters) of each field.
TEXT_LIMIT = 280
KICKER_LIMIT = 40
NAME_LIMIT = 60  # section, region, source name, a tag
NOTE_LIMIT = 280
LINK_LIMIT = 2048  # characters
TAGS_LIMIT = 10
CODE_POINTS_PER_GRAPHEME = 10  # a single grapheme can be a kilobyte; the sum is bounded as well

_ID_BYTES = 10

REHEARSAL = "rehearsal-"  # what ids begin with that are of no live headline


class State(StrEnum):
    DRAFT = "draft"
    AWAITING = "awaiting_approval"
    SCHEDULED = "scheduled"
    LIVE = "live"
    HELD = "held"
    RETRACTED = "retracted"
    EXPIRED = "expired"


def _line(limit: int, *, required: bool = False) -> AfterValidator:
    def check(value: str) -> str:
        if "\ufffd" in value:
            raise ValueError("has a replacement character (U+FFFD): its encoding was broken on the way here")
        line = text.clean(value)
        if required and not line:
            raise ValueError("is empty once invisible characters are taken out")
        if len(line) > limit * CODE_POINTS_PER_GRAPHEME or (count := text.graphemes(line)) > limit:
            count = text.graphemes(line[: limit * CODE_POINTS_PER_GRAPHEME])
            raise ValueError(f"is longer than {limit} characters ({max(count, limit + 1)})")
        return line

    return AfterValidator(check)


def _web_address(value: str) -> str:
    cleaned = text.clean(value)
    if any(c.isspace() for c in cleaned) or len(cleaned) > LINK_LIMIT:
        raise ValueError(f"must be an address without spaces of at most {LINK_LIMIT} characters")
    try:
        parts = urlsplit(cleaned)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a full http or https address")
    if "@" in parts.netloc:
        raise ValueError("must not carry a user name: it misleads about where it goes")
    return cleaned


Text = Annotated[str, Field(max_length=20_000), _line(TEXT_LIMIT, required=True)]
Kicker = Annotated[str, Field(max_length=2_000), _line(KICKER_LIMIT)]
Name = Annotated[str, Field(max_length=2_000), _line(NAME_LIMIT, required=True)]
Note = Annotated[str, Field(max_length=20_000), _line(NOTE_LIMIT, required=True)]
Link = Annotated[str, Field(max_length=LINK_LIMIT), AfterValidator(_web_address)]
Tags = Annotated[list[Name], Field(max_length=TAGS_LIMIT)]
Group = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,60}$")]
Seconds = Annotated[int, Field(ge=1, le=400 * DAY, strict=True)]
HeadlineId = Annotated[str, Field(pattern=rf"^({REHEARSAL})?[a-z2-7]{{16}}$")]


class _Closed(BaseModel):
    """A misspelt field is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class Source(_Closed):
    """Where a headline came from: the feed or wire, and the id it has there."""

    name: Name
    id: str | None = Field(default=None, min_length=1, max_length=500)


class _Editable(_Closed):
    kicker: Kicker | None = None
    link: Link | None = None
    section: Name | None = None
    region: Name | None = None
    image: Link | None = None
    expires_at: Instant | None = None
    expires_in: Seconds | None = None
    publish_at: Instant | None = None
    group: Group | None = None

    @model_validator(mode="after")
    def _one_expiry(self) -> Self:
        if self.expires_at is not None and self.expires_in is not None:
            raise ValueError("expires_at and expires_in say the same thing; give one of them")
        return self

    @model_validator(mode="after")
    def _nothing_is_null(self) -> Self:
        if self.kicker == "":
            self.kicker = None
        return self


class Draft(_Editable):
    """What a writer hands in."""

    text: Text
    urgency: Urgency = Urgency.ROUTINE
    tags: Tags = []
    source: Source | None = None
    state: Literal["draft"] | None = None
    rehearsal: Literal[True] | None = None


class Patch(_Editable):
    """A change to a headline (RFC 7396: what is absent stays, null clears). `correction` is the note readers get."""

    text: Text | None = None
    urgency: Urgency | None = None
    tags: Tags | None = None
    correction: Note | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("names no field to change")
        for name in ("text", "urgency", "correction"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be cleared")
        return self

    @property
    def is_correction(self) -> bool:
        return self.correction is not None

    def changes(self) -> dict[str, Any]:
        """Field by field what to set; expiry and the correction's note are set by the desk."""
        names = self.model_fields_set - {"expires_in", "expires_at", "correction"}
        values = {name: getattr(self, name) for name in names}
        if "tags" in values:
            values["tags"] = values["tags"] or []
        return values


class Headline(BaseModel):
    """What readers get."""

    model_config = ConfigDict(frozen=True)

    id: HeadlineId
    channel: str
    version: int = Field(ge=1)
    state: State
    lang: str
    dir: Literal["ltr", "rtl"]
    text: str
    urgency: Urgency
    kicker: str | None = None
    link: str | None = None
    section: str | None = None
    region: str | None = None
    tags: list[str] = []
    image: str | None = None
    source: Source | None = None
    group: str | None = None
    published_at: Instant | None = None
    updated_at: Instant | None = None
    raised_at: Instant | None = None
    expires_at: Instant | None = None
    pinned: bool = False
    order: str = ""
    correction: str | None = None
    rehearsal: Literal[True] | None = None

    def to_json(self) -> str:
        """One line, without the fields that are empty. A record's private fields are never in it."""
        return self.model_dump_json(include=_PUBLIC, exclude_none=True)


_PUBLIC = set(Headline.model_fields)


class Stale(BaseModel):
    """Why an edition may no longer hold: what was done to another of its group."""

    model_config = ConfigDict(frozen=True)

    action: Literal["correct", "hold", "retract"]
    channel: str
    id: HeadlineId
    by: str
    at: Instant
    note: str | None = None  # the correction, or what readers were told


class Record(Headline):
    """A headline as the desk keeps it: with what readers never see."""

    author: str = ""
    first_text: str = ""  # what readers saw first
    publish_at: Instant | None = None
    expires_in: int | None = None
    undo: Literal[True] | None = None  # `publish_at` is the end of an undo window
    handed_in_by: str | None = None  # who asks for approval
    unseconded: Literal[True] | None = None  # it went out without a second person, where one was asked for
    stale: Stale | None = None  # another edition of it has changed, and nobody has looked at this one since

    def to_record(self) -> str:
        return self.model_dump_json(exclude_none=True)

    def replaced(self, **changes: Any) -> "Record":
        return self.model_copy(update=changes)


def new_id(randomness: bytes) -> str:
    """A headline id from ten random bytes."""
    return base64.b32encode(randomness[:_ID_BYTES]).decode().lower()


def source_headline_id(source_name: str, source_id: str) -> str:
    """The id that a sourced headline always has: the same entry seen twice is the same headline."""
    digest = hashlib.blake2b(f"{source_name}\0{source_id}".encode(), digest_size=_ID_BYTES).digest()
    return new_id(digest)
