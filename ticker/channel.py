"""A channel: one strip, with a language, a direction and its own rules."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ticker.urgency import Urgency

RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"}

DAY = 86_400  # seconds

ChannelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class Channel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ChannelName
    title: str = Field(default="", max_length=60)
    lang: str = Field(default="en", pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$")
    dir: Literal["ltr", "rtl"] = "ltr"
    expires_in: int = Field(default=DAY, ge=10, le=400 * DAY, description="seconds a headline stays by default")
    limit: int = Field(default=200, ge=1, le=2000, description="most headlines on the strip; the oldest makes way")
    approval: frozenset[Urgency] = Field(default=frozenset(), description="urgencies that need a second person")
    origins: list[str] = Field(default=["*"], description="sites whose pages may read this channel")

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
