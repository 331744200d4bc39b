"""What can happen to a headline, as readers are told it. The log is a list of these.

And what happens to no headline: a most-read list has changed; and at a desk, who is there, and what readers have
confirmed. It stands in the log to have a position like everything else that is told; no board takes notice of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ticker.headline import Headline


class EventType(StrEnum):
    PUBLISHED = "published"
    UPDATED = "updated"
    CORRECTED = "corrected"
    MOVED = "moved"
    RELEASED = "released"
    HELD = "held"
    RETRACTED = "retracted"
    EXPIRED = "expired"
    MOST_READ = "most_read"
    PRESENCE = "presence"  # this and the next at a desk only
    RECEIPT = "receipt"

    @property
    def concerns_a_headline(self) -> bool:
        return self not in (EventType.MOST_READ, EventType.PRESENCE, EventType.RECEIPT)

    @property
    def removes(self) -> bool:
        return self in (EventType.HELD, EventType.RETRACTED, EventType.EXPIRED)


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `headline` is the headline as it now stands; None when the change removes it.

    `json` is the headline as it goes to readers, made once by the desk and handed along as it is; of what concerns
    none, and whose `id` is none of a headline, it is all there is to tell.
    """

    type: EventType
    id: str
    headline: Headline | None = None
    json: str = ""
    note: str | None = None

    def to_fields(self) -> dict[str, str]:
        """The fields of its entry in the stream."""
        fields = {"type": self.type.value, "id": self.id}
        if self.headline is not None:
            fields["headline"] = self.json
        elif self.json:
            fields["list"] = self.json
        if self.note:
            fields["note"] = self.note
        return fields


def upsert(event_type: EventType, headline: Headline) -> Event:
    return Event(event_type, headline.id, headline, headline.to_json())


def removal(event_type: EventType, headline_id: str, note: str | None = None) -> Event:
    return Event(event_type, headline_id, note=note)


def from_fields(fields: Mapping[str, str], model: type[Headline] = Headline) -> Event:
    """The event of a log's entry, which tells of such headlines. ValueError when the entry is not one of ours."""
    try:
        event_type = EventType(fields["type"])
        if event_type.removes:
            return removal(event_type, fields["id"], fields.get("note"))
        if not event_type.concerns_a_headline:
            return Event(event_type, fields["id"], json=fields["list"])
        json = fields["headline"]
        return Event(event_type, fields["id"], model.model_validate_json(json), json)
    except KeyError as missing:
        raise ValueError(f"an entry without the field {missing}") from None
