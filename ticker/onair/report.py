"""What a page reports: that it lives, what is on its screen, and what has been. Pure."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ticker.urgency import Urgency

Frame = Annotated[int, Field(ge=0, le=10**13)]
PageName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
ItemId = Annotated[str, Field(pattern=r"^[A-Za-z0-9:_.-]{1,60}$")]
MOST_RAN = 200  # of one report; a page that was cut off for long sends several
AHEAD = 60  # s that a page's frames may lie ahead of ours: it goes by a service's clock, perhaps another one's


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore")  # pages may be newer than we are


class Shown(_Told):
    """One run of one headline across the screen."""

    id: ItemId
    version: int = Field(default=0, ge=0, le=10**9)
    kicker: str | None = Field(default=None, max_length=500)
    text: str = Field(max_length=3000)
    first: Frame
    last: Frame
    takeover: bool = False
    covered: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("the last frame lies before the first")
        return self


class Covered(_Told):
    """A headline that was covered while it was on screen, and when by the page's clock."""

    id: ItemId
    at: int = Field(default=0, ge=0, le=4 * 10**12)


class Placed(_Told):
    """A headline on the track at the anchor's frame: where it begins and how wide it is, in whole pixels."""

    id: ItemId
    version: int = Field(default=0, ge=0, le=10**9)
    x: int = Field(ge=-(10**7), le=10**7)
    width: int = Field(ge=0, le=10**6)
    speed: int | None = Field(default=None, ge=1, le=40)
    # Only where the playlist has other words by now, or none.
    text: str | None = Field(default=None, max_length=3000)
    kicker: str | None = Field(default=None, max_length=500)
    lang: str | None = Field(default=None, max_length=40)
    dir: Literal["ltr", "rtl"] | None = None
    urgency: Urgency | None = None


class Anchor(_Told):
    """Where the track stood at a frame: from here any page can go on by itself."""

    frame: Frame
    run: list[Placed] = Field(max_length=200)
    next: int = Field(ge=0, le=10**6)
    queue: list[ItemId] = Field(default=[], max_length=500)
    since: Frame | None = None  # when the bar came, where that is still to be seen

    def told(self) -> dict[str, Any]:
        """As pages have it: without what is not given."""
        return self.model_dump(mode="json", exclude_none=True)


class Sampled(_Told):
    """What was on screen in the first frame that was drawn of a second, so that pages can be compared."""

    second: int = Field(ge=0, le=4 * 10**9)  # since 1970, by the number of the frame
    on_screen: list[ItemId] = Field(max_length=100)


class Report(_Told):
    key: str = Field(max_length=1000)
    page: PageName = "main"
    boot: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    seq: int = Field(ge=0, le=10**12)
    frame: Frame
    playlist: str = Field(default="", max_length=60)
    fps: float = Field(default=0, ge=0, le=1000, allow_inf_nan=False)
    dropped: int = Field(default=0, ge=0, le=10**12)
    state: Annotated[str, Field(pattern=r"^(on|off|fallback|blank)$")] = "on"
    on_screen: list[ItemId] = Field(default=[], max_length=100)
    sampled: Sampled | None = None
    ran: list[Shown] = Field(default=[], max_length=MOST_RAN)
    covered: list[Covered] = Field(default=[], max_length=100)
    anchor: Anchor | None = None

    def beyond(self, frame: int) -> list[str]:
        """Where it names a frame that comes after this one."""
        named = {"/frame": self.frame, **{f"/ran/{place}/last": shown.last for place, shown in enumerate(self.ran)}}
        if self.anchor is not None:
            named |= {"/anchor/frame": self.anchor.frame, "/anchor/since": self.anchor.since or 0}
        return [pointer for pointer, one in named.items() if one > frame]
