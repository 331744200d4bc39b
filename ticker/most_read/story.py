"""A story: an article that readers open, and what "most read" ranks. Pure."""

import hashlib
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field

from ticker.headline import Group, HeadlineId, Link, Name, Tags, Text, new_id
from ticker.instant import Instant

# What is added to an address to see where a reader came from; the article is the same without it.
_TRACKING = {
    "fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "mc_cid",
    "mc_eid", "cmpid", "ref_src", "at_medium", "at_campaign", "_ga", "_gl", "s_cid",
}  # fmt: skip
_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_")
_PORTS = {"http": 80, "https": 443}
_UNESCAPED = "/:@!$&'()*+,;=~-._"

Lang = Annotated[str, Field(pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$")]
StoryId = HeadlineId


class StoryDraft(BaseModel):
    """What registers a story. `headline` is the headline about it, if there is one: they leave together."""

    model_config = ConfigDict(extra="forbid")

    title: Text
    link: Link
    section: Name | None = None
    region: Name | None = None
    image: Link | None = None
    published_at: Instant | None = None
    lang: Lang | None = None
    tags: Tags = []
    group: Group | None = None
    headline: HeadlineId | None = None


class Story(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: StoryId
    title: str
    link: str
    section: str | None = None
    region: str | None = None
    image: str | None = None
    published_at: Instant
    lang: str | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None
    headline: str | None = None

    def to_json(self) -> str:
        return self.model_dump_json(exclude_none=True)


def of_draft(draft: StoryDraft, now: int, before: Story | None = None) -> Story:
    """The story as it is kept. What has no date was published when it was first seen."""
    first = before.published_at if before else now
    given = draft.model_dump()
    link = canonical(draft.link)
    given |= {"id": story_id(link), "link": link, "published_at": draft.published_at or first}
    return Story(**given)


def canonical(link: str) -> str:
    """The address of the article itself: no fragment, no tracking, no default port, host in lower case.

    ValueError when it is not a web address. What is canonical already stays as it is.
    """
    parts = urlsplit(link.strip())
    host = parts.hostname
    if parts.scheme.lower() not in _PORTS or not host:
        raise ValueError("is not a full http or https address")
    if ":" in host:
        host = f"[{host}]"
    if parts.port not in (None, _PORTS[parts.scheme.lower()]):
        host = f"{host}:{parts.port}"
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query, True) if not _tracks(name)])
    return urlunsplit((parts.scheme.lower(), host, quote(unquote(parts.path), _UNESCAPED) or "/", query, ""))


def _tracks(name: str) -> bool:
    lower = name.lower()
    return lower in _TRACKING or lower.startswith(_TRACKING_PREFIXES)


def story_id(link: str) -> StoryId:
    """The id that a canonical link always has, over http or https, with a slash at its end or without."""
    _, _, address = link.partition("://")
    return new_id(hashlib.blake2b(b"story\0" + address.rstrip("/").encode(), digest_size=10).digest())


def is_owned(link: str, hosts: Sequence[str]) -> bool:
    """Whether a link is on one of these hosts; `*.example.org` means all below it, and not itself."""
    host = (urlsplit(link).hostname or "").lower()
    return any(host.endswith(one[1:]) if one.startswith("*.") else host == one for one in hosts)
