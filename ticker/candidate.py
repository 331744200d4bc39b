"""A candidate: a draft that a source has handed in, for somebody to take. Pure."""

from ticker.channel import DAY, Channel
from ticker.headline import Record, State


def is_untouched(record: Record) -> bool:
    """Nobody but its source has changed it."""
    return record.state is State.DRAFT and record.author.startswith("source:")


def waits_until(record: Record, channel: Channel, now: int) -> int:
    """When it goes by itself: a source hands in more than a newsroom looks at."""
    return max(now, record.publish_at or 0) + channel.candidate_days * DAY * 1000
