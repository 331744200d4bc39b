"""The times of a headline, as a writer gives them. Pure."""

from typing import Any

from ticker.channel import DAY, Channel
from ticker.errors import Invalid
from ticker.headline import Patch, Record

FARTHEST = 400 * DAY * 1000  # ms ahead that an expiry or a publication may lie


def check_times(record: Record, now: int) -> None:
    """A time that makes no sense is refused while the writer is still there to mend it."""
    faults = []
    start = max(now, record.publish_at or now)
    if record.expires_at is not None and record.expires_at <= start:
        faults.append({"pointer": "/expires_at", "detail": "lies before the headline would be shown"})
    far = [name for name in ("publish_at", "expires_at") if (getattr(record, name) or 0) > now + FARTHEST]
    faults += [{"pointer": f"/{name}", "detail": "lies more than 400 days ahead"} for name in far]
    if faults:
        raise Invalid("The times do not fit together; see `errors`.", errors=faults)


def new_expiry(current: Record, patch: Patch, channel: Channel, now: int) -> dict[str, Any]:
    """Clearing the expiry means the channel's default; before publication it is counted from publication."""
    given = patch.model_fields_set & {"expires_at", "expires_in"}
    if not given:
        return {}
    if patch.expires_at is not None:
        return {"expires_at": patch.expires_at, "expires_in": None}
    if current.published_at is None:
        return {"expires_at": None, "expires_in": patch.expires_in}
    return {"expires_at": now + (patch.expires_in or channel.expires_in) * 1000}
