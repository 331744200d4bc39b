"""Every knob: from TICKER_* variables, then from `ticker.toml`. docs/configuration.md lists them all."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from ticker import text
from ticker.channel import DAY, Channel
from ticker.onair.font import FontError, font_of
from ticker.onair.mos import Mos
from ticker.onair.output import Output
from ticker.urgency import Urgency
from ticker.writer import EVERYWHERE, Role

SourceName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class SettingsError(Exception):
    """The settings are not right; the message is one sentence a person can act on."""


class SourceSettings(BaseModel):
    """A feed that the ingest workers poll: `[sources.NAME]` in ticker.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: SourceName
    url: str = Field(pattern=r"^https?://\S+$", max_length=2048)
    channel: str
    every: int = Field(default=60, ge=1, le=DAY, description="seconds between polls")
    urgency: Urgency = Urgency.ROUTINE
    section: str | None = None
    title: str | None = Field(
        default=None, max_length=60, description="what readers see as the source; the name if unset"
    )
    trusted: bool = Field(default=True, description="false: entries are handed in as drafts")
    allow_private: bool = Field(default=False, description="may be at a private or loopback address")
    limit: int = Field(default=100, ge=1, le=1000, description="newest entries considered at each poll")
    max_age: int | None = Field(default=None, ge=60, description="seconds; older dated entries are left out")
    quiet_after: int = Field(default=6 * 3600, ge=60, description="seconds without anything new until it is told")

    @property
    def hands_in_as(self) -> tuple[str, str]:
        """The name that readers see, and how the ids of its entries begin. As `workers.identity` has it."""
        return (self.name, "") if self.title is None else (text.clean(self.title), f"{self.name}:")


class OidcSettings(BaseModel):
    """A provider with which people sign in: `[desk.oidc]` in ticker.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(pattern=r"^https?://[^\s?#]+$", max_length=2048)
    client_id: str = Field(min_length=1, max_length=200)
    title: str = Field(default="Single sign-on", max_length=60, description="what the sign-in page calls it")
    scope: str = Field(default="openid profile email", max_length=400, description="what is asked of it")
    login_claim: str = Field(default="preferred_username", description="the claim that becomes a new person's login")
    roles_claim: str = Field(default="groups", description="the claim whose values have roles")
    roles: dict[str, dict[str, Role]] = Field(
        min_length=1, max_length=200, description="`[desk.oidc.roles]`: value of the claim = roles by channel"
    )


class DeskSettings(BaseModel):
    """`[desk]` in ticker.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    idle_minutes: int = Field(default=720, ge=5, le=43_200, description="without a sign of life until a session ends")
    session_hours: int = Field(default=168, ge=1, le=8760, description="after which a session ends in any case")
    oidc: OidcSettings | None = None


# What our own pages and keys in Redis are called: no channel can have such a name.
RESERVED = frozenset({"account", "invitation", "onair", "people", "sign-in", "sign-out"})


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TICKER_", extra="ignore", frozen=True)

    bind: str = Field(default="127.0.0.1:8000", description="address and port that the web processes listen on")
    data: Path = Field(default=Path("data"), description="where the embedded Redis and the desk's key are kept")
    config: Path = Field(default=Path("ticker.toml"), description="the file with channels and sources")
    redis_url: str | None = Field(
        default=None,
        description="redis://, rediss://, unix://, redis+sentinel://host:port/name or redis+cluster://host:port;"
        " unset: an embedded Redis",
    )
    min_replicas: int = Field(
        default=0, ge=0, le=10, description="replicas that must confirm a write before it is answered"
    )
    web_processes: int = Field(default=1, ge=1, le=64, description="web processes on the same port")
    demo: bool = Field(default=True, description="with no source configured, play the demonstration wire")
    log: Literal["debug", "info", "warning", "error"] = Field(default="info", description="what is logged")
    heartbeat_seconds: int = Field(default=15, ge=1, le=300, description="seconds between heartbeats to each reader")
    drain_seconds: float = Field(
        default=5, ge=0, le=300, description="seconds over which a stopping process lets readers go"
    )
    max_connections: int = Field(
        default=20_000, ge=1, description="readers per web process; more are told to come back"
    )
    peer_timeout_seconds: int = Field(
        default=30, ge=5, le=600, description="seconds until a silent, vanished reader is dropped"
    )
    compress: bool = Field(default=True, description="streams are compressed for readers that take it")
    stall_seconds: int = Field(
        default=10, ge=3, le=600, description="seconds without progress, though Redis is there, until /readyz is red"
    )
    log_hours: int = Field(default=48, ge=1, le=24 * 90, description="hours of events kept for readers that come back")
    audit_days: int = Field(default=365, ge=1, le=3650, description="days that audit and tombstones are kept")
    channels: dict[str, Channel] = Field(default={}, description="`[channels.NAME]` in ticker.toml; default en, ar, es")
    sources: dict[str, SourceSettings] = Field(default={}, description="`[sources.NAME]` in ticker.toml")
    outputs: dict[str, Output] = Field(default={}, description="`[outputs.NAME]`; default one for each channel")
    mos: Mos | None = Field(default=None, description="`[mos]`: a newsroom system whose running orders go on air")
    desk: DeskSettings = Field(default=DeskSettings(), description="`[desk]` in ticker.toml")
    oidc_secret: SecretStr | None = Field(default=None, description="the secret that the sign-in provider gave us")

    @property
    def own_sources(self) -> frozenset[tuple[str, str]]:
        """Those whose headlines our own processes hand in: the name, and how the ids begin."""
        newsroom = {(self.mos.id, "")} if self.mos else set[tuple[str, str]]()
        return frozenset({source.hands_in_as for source in self.sources.values()} | newsroom)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  not used: one place beside the variables is enough
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, Path(os.environ.get("TICKER_CONFIG", "ticker.toml")))
        return init_settings, env_settings, toml

    @field_validator("redis_url", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return value or None

    @field_validator("bind")
    @classmethod
    def _has_a_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError("must be address:port, such as 127.0.0.1:8000")
        return value

    @model_validator(mode="before")
    @classmethod
    def _name_the_tables(cls, values: Any) -> Any:
        """`[channels.en]` names its channel by its heading."""
        if isinstance(values, dict):
            for kind in ("channels", "sources", "outputs"):
                tables = values.get(kind)
                if isinstance(tables, dict):
                    values[kind] = {
                        name: {"name": name, **table} if isinstance(table, dict) else table
                        for name, table in tables.items()
                    }
            values["channels"] = values.get("channels") or _DEFAULT_CHANNELS
        return values

    @model_validator(mode="after")
    def _one_output_each(self) -> "Settings":
        """Without any that are configured, every channel can go on air as it is."""
        if not self.outputs:
            outputs = {name: Output.of_channel(channel) for name, channel in self.channels.items()}
            object.__setattr__(self, "outputs", outputs)  # they are frozen for everybody else
        return self

    @model_validator(mode="after")
    def _outputs_keep_to_their_world(self) -> "Settings":
        for output in self.outputs.values():
            for name in output.channels:
                if name not in self.channels:
                    raise ValueError(f"output {output.name!r} shows the channel {name!r}, which is not configured")
                if self.channels[name].rehearsal is not (output.type == "training"):
                    raise ValueError(
                        f"output {output.name!r} is of the type {output.type!r} and {name!r} is "
                        f"{'for rehearsals' if self.channels[name].rehearsal else 'live'}: "
                        "training shows rehearsals, and nothing else does"
                    )
        return self

    @model_validator(mode="after")
    def _outputs_have_places_of_their_own(self) -> "Settings":
        """Or a training could be pushed to where program stands."""
        whose: dict[tuple[object, ...], str] = {}
        for output in self.outputs.values():
            for system, place in output.places.items():
                other = whose.setdefault((system, *place), output.name)
                if other != output.name:
                    raise ValueError(
                        f"outputs {other!r} and {output.name!r} are pushed to the same place of {system}:"
                        " give each of them its own"
                    )
        return self

    @model_validator(mode="after")
    def _running_orders_have_a_place(self) -> "Settings":
        if self.mos is not None:
            output = self.outputs.get(self.mos.output)
            if output is None:
                raise ValueError(f"[mos] is for the output {self.mos.output!r}, which is not configured")
            if self.mos.channel not in output.channels:
                raise ValueError(f"output {output.name!r} does not show {self.mos.channel!r}, the channel of [mos]")
        return self

    @model_validator(mode="after")
    def _fonts_can_be_read(self) -> "Settings":
        for output in self.outputs.values():
            try:
                font_of(output.look)
            except FontError as error:
                raise ValueError(f"output {output.name!r}: {error}") from None
        return self

    @model_validator(mode="after")
    def _channels_exist(self) -> "Settings":
        for source in self.sources.values():
            if source.channel not in self.channels:
                raise ValueError(
                    f"source {source.name!r} is for the channel {source.channel!r}, which is not configured"
                )
        for name in RESERVED & set(self.channels):
            raise ValueError(f"a channel cannot be called {name!r}: that is a page of ours")
        granted = self.desk.oidc.roles.values() if self.desk.oidc else ()
        for name in {name for roles in granted for name in roles} - {EVERYWHERE, *self.channels}:
            raise ValueError(f"[desk.oidc.roles] names the channel {name!r}, which is not configured")
        return self

    @property
    def host(self) -> str:
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.bind.rpartition(":")[2])

    @property
    def url(self) -> str:
        """Where a browser on this machine finds us."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.bind.rpartition(":")[0])  # noqa: S104
        return f"http://{host}:{self.port}"


_DEFAULT_CHANNELS = {
    "en": {"name": "en", "title": "English"},
    "ar": {"name": "ar", "title": "العربية"},
    "es": {"name": "es", "title": "Español"},
}


def load() -> Settings:
    """The settings of this process. SettingsError names what is wrong and where."""
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{_where(fault['loc'])}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()
        )
        raise SettingsError(f"The settings are not right: {faults}.") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"The settings cannot be read: {error}.") from None


def _where(location: tuple[int | str, ...]) -> str:
    if not location:
        return "settings"
    if len(location) == 1:
        return f"TICKER_{str(location[0]).upper()}"
    return ".".join(str(part) for part in location)
