"""The newsroom system whose running orders go on air: `[mos]` in ticker.toml. Pure."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ticker.channel import ChannelName
from ticker.onair.output import Host, OutputName
from ticker.urgency import Urgency

MosId = Annotated[str, Field(pattern=r"^[^\x00-\x20<>&\x7f][^\x00-\x1f<>&\x7f]*$", min_length=1, max_length=60)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Network = IPv4Network | IPv6Network


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Newsroom(_Table):
    """A server of the newsroom system: `[[mos.newsrooms]]`, the main one first."""

    id: MosId = Field(description="its ncsID")
    host: Host | None = Field(default=None, description="where it is told what was on screen; unset: nowhere")
    upper: Port = Field(default=10541, description="the port for that")


class Mos(_Table):
    """`[mos]` in ticker.toml."""

    id: MosId = Field(description="our mosID; what readers see as the source")
    channel: ChannelName = Field(description="where the headlines go")
    output: OutputName = Field(description="which is cleared for what is ready to air")
    newsrooms: tuple[Newsroom, ...] = Field(min_length=1, max_length=4, description="who may speak to us")
    approves: bool = Field(
        default=False, description="true: ready to air is also the approval that the channel asks for"
    )
    urgency: Urgency = Field(default=Urgency.ROUTINE, description="of items that say none")
    host: Host = Field(default="127.0.0.1", description="address that we listen on")
    lower: Port = Field(default=10540, description="port for objects")
    upper: Port = Field(default=10541, description="port for running orders")
    query: Port = Field(default=10542, description="port for queries")
    allowed: tuple[Network, ...] = Field(
        default=(IPv4Network("127.0.0.0/8"),), max_length=50, description="networks from which a newsroom may connect"
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if len({self.lower, self.upper, self.query}) < 3:
            raise ValueError("lower, upper and query must be three different ports")
        if len({newsroom.id for newsroom in self.newsrooms}) < len(self.newsrooms):
            raise ValueError("two newsrooms have the same id")
        return self

    @property
    def ports(self) -> dict[str, int]:
        return {"lower": self.lower, "upper": self.upper, "query": self.query}
