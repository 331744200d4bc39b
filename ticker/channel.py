"""A channel: one strip, with a language, a direction and its own rules."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ticker.urgency import Urgency

RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"}

DAY = 86_400  # seconds

ChannelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


Host = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=253)]


class MostRead(BaseModel):
    """How a channel's most-read lists are made: `[channels.NAME.most_read]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hosts: tuple[Host, ...] = Field(default=(), description="hosts whose stories are ranked; `*.` for all below")
    dwell_seconds: int = Field(default=5, ge=0, le=600, description="seconds on the page that make a read")
    network_reads: int = Field(default=30, ge=1, le=10**6, description="reads an hour of one network that count whole")
    least_reads: float = Field(default=30, ge=1, le=10**6, description="decayed reads without which none is listed")
    steady_ratio: float = Field(default=1.05, ge=1, le=10, description="how clearly one must be ahead to pass another")
    settle_seconds: int = Field(default=30, ge=0, le=3600, description="seconds until it passes all the same")
    oldest_days: int = Field(default=30, ge=1, le=400, description="days after which a story is no longer listed")
    revived_days: int = Field(default=3, ge=1, le=400, description="days after which a sudden return is looked into")
    hide_minutes: int = Field(default=35, ge=1, le=DAY, description="minutes after which a list hides itself")
    expired_leave: bool = Field(default=True, description="a story whose headline has expired leaves the lists")


class Lengths(BaseModel):
    """How long a headline should be, in characters as people count them: `[channels.NAME.lengths]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    advice: int = Field(default=90, ge=10, le=280, description="characters read at a glance; more is advised against")
    editorial: int = Field(default=120, ge=10, le=280, description="characters beyond which an editor is warned")


class Undo(BaseModel):
    """Seconds for which a person's publication can be taken back before it leaves: `[channels.NAME.undo]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flash: int = Field(default=5, ge=0, le=600, description="seconds for a flash")
    urgent: int = Field(default=0, ge=0, le=600, description="seconds for what is urgent")
    bulletin: int = Field(default=0, ge=0, le=600, description="seconds for a bulletin")
    routine: int = Field(default=0, ge=0, le=600, description="seconds for what is routine")

    def seconds(self, urgency: Urgency) -> int:
        found: int = getattr(self, urgency.value)
        return found


class Channel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ChannelName
    title: str = Field(default="", max_length=60)
    lang: str = Field(default="en", pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$")
    dir: Literal["ltr", "rtl"] = "ltr"
    expires_in: int = Field(default=DAY, ge=10, le=400 * DAY, description="seconds a headline stays by default")
    limit: int = Field(default=200, ge=1, le=2000, description="most headlines on the strip; the oldest makes way")
    candidate_days: int = Field(default=14, ge=1, le=400, description="days that an untouched candidate waits")
    approval: frozenset[Urgency] = Field(default=frozenset(), description="urgencies that need a second person")
    rehearsal: bool = Field(default=False, description="a world of its own: nothing of it can go to a live channel")
    undo: Undo = Field(default=Undo(), description="how long a person's publication can be taken back")
    origins: list[str] = Field(default=["*"], description="sites whose pages may read this channel")
    lengths: Lengths = Field(default=Lengths(), description="how long a headline should be")
    forbidden: tuple[Annotated[str, Field(min_length=1, max_length=60)], ...] = Field(
        default=(), max_length=1000, description="words that an editor is warned of"
    )
    most_read: MostRead = Field(default=MostRead(), description="which stories are ranked, and how")

    @model_validator(mode="before")
    @classmethod
    def _from_the_language(cls, values: object) -> object:
        if isinstance(values, dict):
            values = dict(values)
            name = str(values.get("name", ""))
            values.setdefault("lang", name if len(name) == 2 and name.isalpha() else "en")
            primary = str(values["lang"]).split("-")[0].lower()
            values.setdefault("dir", "rtl" if primary in RIGHT_TO_LEFT else "ltr")
            values.setdefault("title", name.title())
        return values
