"""An output: one on-air destination, with its channels, its look and its rules."""

import zoneinfo
from fractions import Fraction
from typing import Annotated, Literal, Protocol, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from ticker.channel import DAY, Channel, ChannelName
from ticker.headline import Headline
from ticker.urgency import Urgency


def _is_a_host(host: str) -> str:
    """Python raises more than an OSError when it is asked for another."""
    try:
        host.encode("idna")
    except UnicodeError:
        raise ValueError(f"no host can be called {host!r}: each part of its name has 1 to 63 characters") from None
    return host


def _has_a_host(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = _is_a_host(parts.hostname or "") if parts.port != 0 else ""
    except ValueError:
        host = ""
    if not host:
        raise ValueError(f"nothing can be at {address!r}: look at its host and its port")
    return address


OutputName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=280, pattern=r"^[^\x00-\x1f\x7f]+$")]
Address = Annotated[str, Field(pattern=r"^https?://[^\s?#]+$", max_length=2048), AfterValidator(_has_a_host)]
Colour = Annotated[str, Field(pattern=r"^#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})$")]
Character = Annotated[str, Field(min_length=1, max_length=20)]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9:._-]{1,253}$"), AfterValidator(_is_a_host)]
Place = tuple[object, ...]  # where something is pushed to: what two outputs cannot share

RATES: dict[str, Fraction] = {
    "25": Fraction(25),
    "29.97": Fraction(30_000, 1001),
    "30": Fraction(30),
    "50": Fraction(50),
    "59.94": Fraction(60_000, 1001),
    "60": Fraction(60),
}
LEAD = 400  # ms after a change from which it holds, so that every page has it before its frame comes


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CasparCG(_Table):
    """A CasparCG server that gets the template and its data pushed: `[outputs.NAME.casparcg]`."""

    host: Host
    port: int = Field(default=5250, ge=1, le=65_535, description="where it listens for AMCP")
    channel: int = Field(default=1, ge=1, le=99, description="its video channel")
    layer: int = Field(default=20, ge=0, le=9999, description="the video layer")
    flash_layer: int = Field(default=1, ge=0, le=9999, description="the layer of the template on it")
    template: str = Field(
        default="", max_length=2048, description="the template's name there, or its address; unset: the output's page"
    )

    @field_validator("template")
    @classmethod
    def _can_be_said(cls, template: str) -> str:
        if not (template.isascii() and template.isprintable()):
            raise ValueError("CasparCG takes it in plain ASCII only: rename the template, or encode its address")
        return template

    @property
    def place(self) -> Place:
        """Without the flash layer: there is one page of HTML on a video layer."""
        return self.host.lower(), self.port, self.channel, self.layer


class Vmix(_Table):
    """A vMix whose title gets the headline that is next: `[outputs.NAME.vmix]`."""

    url: Address
    input: str = Field(min_length=1, max_length=100, description="number, name or GUID of the title")
    field: str = Field(default="Headline.Text", min_length=1, max_length=100, description="the title's text field")

    @property
    def place(self) -> Place:
        return self.url.rstrip("/").lower(), self.input, self.field


class Singular(_Table):
    """A data stream of Singular.live: `[outputs.NAME.singular]`."""

    url: Address = "https://datastream.singular.live/datastreams"
    token: SecretStr = Field(description="the stream's private token")

    @property
    def place(self) -> Place:
        return (self.token,)


class H2R(_Table):
    """A ticker graphic of H2R Graphics: `[outputs.NAME.h2r]`."""

    url: Address
    project: str = Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")
    graphic: str = Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")

    @property
    def place(self) -> Place:
        return self.url.rstrip("/").lower(), self.project, self.graphic


class Look(_Table):
    """How it looks, in pixels of its frame: `[outputs.NAME.look]`."""

    width: int = Field(default=1920, ge=320, le=7680, description="of the frame")
    height: int = Field(default=1080, ge=64, le=4320, description="of the frame")
    bar: int = Field(default=84, ge=20, le=1000, description="height of the bar")
    bottom: int = Field(default=54, ge=0, le=4000, description="room below the bar; 5 % is safe for graphics")
    text: int = Field(default=42, ge=8, le=500, description="size of the letters")
    font: str | None = Field(default=None, max_length=1024, description="a font file, which goes into the page")
    background: Colour = "#12151cf2"
    ink: Colour = "#ffffff"
    accent: Colour = "#c4122f"
    separator: str = Field(default="•", max_length=20, description="between two headlines")
    logo: str | None = Field(default=None, max_length=1024, description="a PNG or SVG file, at the bar's start")
    kicker: bool = Field(default=True, description="a headline's kicker stands before it")
    clock: bool = Field(default=False, description="the time of day at the bar's end")
    timezone: str = Field(default="UTC", max_length=60, description="of the clock, such as Europe/Madrid")
    safe_area: float = Field(default=5, ge=0, le=20, description="% that the guide in a preview keeps free")

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, timezone: str) -> str:
        """Where this machine knows no time zones at all, the page's browser does."""
        known = zoneinfo.available_timezones()
        if known and timezone not in known:
            raise ValueError(f"there is no time zone {timezone!r}: say one as in Europe/Madrid")
        return timezone


class Sorted(Protocol):
    """A headline, or what may become one, by what an output chooses."""

    @property
    def section(self) -> str | None: ...
    @property
    def urgency(self) -> Urgency: ...


class Output(_Table):
    """`[outputs.NAME]` in ticker.toml."""

    name: OutputName
    title: str = Field(default="", max_length=60)
    type: Literal["program", "preview", "training"] = Field(
        default="program", description="training shows rehearsals, and nothing else does"
    )
    channels: tuple[ChannelName, ...] = Field(min_length=1, max_length=20, description="whose headlines it shows")
    mode: Literal["crawl", "flip"] = "crawl"
    fps: Literal["25", "29.97", "30", "50", "59.94", "60"] = Field(default="50", description="frames a second")
    speed: int = Field(default=4, ge=1, le=40, description="whole pixels a frame that the crawl moves")
    flip_seconds: float = Field(default=6, ge=1, le=120, description="that a headline stands when they flip")
    takeover: Urgency | None = Field(default=Urgency.FLASH, description="this and above take the bar over")
    takeover_seconds: float = Field(default=12, ge=2, le=600, description="that a take-over stands")
    clearance: Literal["required", "automatic"] = Field(
        default="required", description="required: nothing is shown that nobody has cleared for this output"
    )
    two_people: bool = Field(default=False, description="who wrote a headline cannot clear it")
    urgency: Urgency = Field(default=Urgency.ROUTINE, description="this and above are shown")
    sections: tuple[str, ...] = Field(default=(), max_length=50, description="only these are shown; unset: all")
    limit: int = Field(default=50, ge=1, le=500, description="most headlines in its loop")
    order: Literal["board", "urgency"] = Field(default="board", description="urgency: the most urgent first")
    repeat_every: int = Field(
        default=0, ge=0, le=100, description="headlines after which the most urgent one comes again; 0: never"
    )
    within_minutes: float | None = Field(
        default=None, gt=0, le=1440, description="in which every headline must come; repeats give way, then it is told"
    )
    plays: int | None = Field(default=None, ge=1, le=10_000, description="times after which a headline leaves")
    longest: int = Field(default=160, ge=10, le=280, description="characters that a headline may have here")
    widest: int | None = Field(default=None, ge=100, le=100_000, description="pixels that it may have in the font")
    forbidden: tuple[Character, ...] = Field(
        default=(), max_length=1000, description="characters that may not be shown"
    )
    lead_in: tuple[Line, ...] = Field(default=(), max_length=5, description="what goes before the first headline")
    lead_out: tuple[Line, ...] = Field(default=(), max_length=5, description="what goes after the last when it stops")
    fallback: tuple[Line, ...] = Field(default=(), max_length=20, description="shown when there is nothing else")
    addresses: tuple[Address, ...] = Field(
        default=(), max_length=5, description="where the page finds this service, the main one first"
    )
    as_run_days: int = Field(default=90, ge=1, le=3650, description="days that the as-run log is kept")
    look: Look = Look()
    casparcg: CasparCG | None = None
    vmix: Vmix | None = None
    singular: Singular | None = None
    h2r: H2R | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: object) -> object:
        if isinstance(values, dict):
            values = dict(values)
            values.setdefault("title", str(values.get("name", "")).replace("-", " ").title())
            values.setdefault("fallback", (values["title"] or "Ticker",))
        return values

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.look.bar + self.look.bottom > self.look.height:
            raise ValueError("the bar and the room below it are higher than the frame")
        if self.two_people and self.clearance == "automatic":
            raise ValueError('two_people asks for somebody who clears, and clearance = "automatic" for nobody')
        return self

    @classmethod
    def of_channel(cls, channel: Channel) -> Self:
        """What a channel has when nobody has said how it goes on air: the newest of it, as they come."""
        kind = "training" if channel.rehearsal else "program"
        return cls(
            name=channel.name,
            title=channel.title,
            type=kind,
            channels=(channel.name,),
            clearance="automatic",
            longest=280,
        )

    @property
    def systems(self) -> tuple[str, ...]:
        """Those that its playlist is pushed to, by the names of their tables."""
        return tuple(self.places)

    @property
    def places(self) -> dict[str, Place]:
        """By system, where on it the playlist is pushed to."""
        tables = {"casparcg": self.casparcg, "vmix": self.vmix, "singular": self.singular, "h2r": self.h2r}
        return {name: table.place for name, table in tables.items() if table is not None}

    @property
    def needs_a_page(self) -> bool:
        """Unless all who show it draw the words by themselves."""
        return not self.systems or (self.casparcg is not None and not self.casparcg.template)

    def shows(self, headline: Sorted) -> bool:
        """Whether it is one for this output at all, by section and urgency."""
        in_section = not self.sections or headline.section in self.sections
        return in_section and headline.urgency.at_least(self.urgency)

    def may_show(self, headline: Headline) -> bool:
        """The same of one that is live; and a rehearsal's only in training, whatever its channel has become since."""
        return self.shows(headline) and bool(headline.rehearsal) is (self.type == "training")

    @property
    def rate(self) -> Fraction:
        """Frames a second, exactly."""
        return RATES[self.fps]

    @property
    def as_run_ms(self) -> int:
        return self.as_run_days * DAY * 1000


def frame_at(ms: int, rate: Fraction) -> int:
    """The number of the frame that is on screen at a moment: frames are counted from 1970, at every output alike."""
    return int(ms * rate / 1000)


def frame_from(ms: int, rate: Fraction) -> int:
    """The first frame that begins at or after a moment."""
    return -int(-ms * rate // 1000)
