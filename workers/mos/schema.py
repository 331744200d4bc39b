"""What a headline is in an item of a running order. Pure.

The words are those of the item's slug, unless metadata of our own schema says others:

    <mosExternalMetadata>
      <mosSchema>urn:ticker:headline</mosSchema>
      <mosPayload><text>…</text><kicker>…</kicker><urgency>flash</urgency>…</mosPayload>
    </mosExternalMetadata>
"""

import hashlib
from typing import Any, NamedTuple

from pydantic import ValidationError

from ticker.headline import Draft, Patch
from ticker.urgency import Urgency
from workers.mos.message import Element, text_of
from workers.mos.running_order import Item, RunningOrder

SCHEMA = "urn:ticker:headline"
LONGEST_KEY = 400  # characters; a source's id has 500 at most
FIELDS = ("text", "kicker", "urgency", "link", "section", "region", "expires_in")


class Wanted(NamedTuple):
    """What the newsroom wants shown; without a draft when it cannot be, and why."""

    story: str
    item: str
    draft: Draft | None
    fault: str = ""

    @property
    def key(self) -> str:
        return key(self.story, self.item)

    def patch(self) -> Patch:
        """All that a newsroom can say of it: what it no longer says is cleared."""
        assert self.draft is not None
        said = {name: getattr(self.draft, name) for name in FIELDS}
        if said["expires_in"] is None:
            del said["expires_in"]  # clearing it would begin its time anew
        return Patch.model_validate(said)


def key(*names: str) -> str:
    """Names within each other as one; no two rows of names give the same."""
    joined = "/".join(name.replace("%", "%25").replace("/", "%2F") for name in names)
    if len(joined) <= LONGEST_KEY:
        return joined
    return f"{joined[:LONGEST_KEY]}~{hashlib.blake2b(joined.encode(), digest_size=12).hexdigest()}"


def headlines(order: RunningOrder, mos_id: str, urgency: Urgency) -> list[Wanted]:
    """Those of our items, in their order. `urgency` is of those that say none."""
    found = ((story.id, item) for story in order.stories for item in story.items)
    return [_wanted(story, item, urgency) for story, item in found if _is_ours(item.element, mos_id)]


def _is_ours(item: Element, mos_id: str) -> bool:
    return text_of(item, "mosID") == mos_id or _payload(item) is not None


def _wanted(story: str, item: Item, urgency: Urgency) -> Wanted:
    found = item.element
    fields: dict[str, Any] = {"text": text_of(found, "itemSlug"), "urgency": urgency, "state": "draft"}
    payload = _payload(found)
    if payload is not None:
        said = {child.tag: "".join(child.itertext()).strip() for child in payload if isinstance(child.tag, str)}
        fields |= {name: said[name] for name in FIELDS if said.get(name)}
    if "expires_in" in fields:
        fields["expires_in"] = _number(fields["expires_in"])
    if isinstance(fields["urgency"], str):
        fields["urgency"] = fields["urgency"].lower()
    try:
        return Wanted(story, item.id, Draft.model_validate(fields))
    except ValidationError as error:
        return Wanted(story, item.id, None, _sentence(error))


def _payload(item: Element) -> Element | None:
    for metadata in item.findall("mosExternalMetadata"):
        if text_of(metadata, "mosSchema") == SCHEMA:
            return metadata.find("mosPayload")
    return None


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else text


def _sentence(error: ValidationError) -> str:
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"]) or "It"
    return f"{where} {fault['msg'].removeprefix('Value error, ')}"
