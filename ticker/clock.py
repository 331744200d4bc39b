"""What time it is: Redis's, the same on every machine, made safe against jumps.

A headline must not vanish, nor an embargo open, because somebody set a clock. So the time of Redis is carried
on by the machine's monotonic clock, and a jump is believed only once it has lasted.
"""

import logging

SMALL = 2_000  # ms of disagreement that is network delay and drift, followed at once
BELIEVED_AFTER = 60_000  # ms that a jump must last before it is the time

logger = logging.getLogger(__name__)


class Clock:
    """Pure: both times come in as arguments, in ms."""

    def __init__(self, wall: int, monotonic: int) -> None:
        """Starts with this machine's own time, until Redis has said its."""
        self._offset = wall - monotonic
        self._heard = False
        self._jump: int | None = None
        self._jump_since = 0

    def observe(self, redis_ms: int, monotonic: int) -> None:
        """Redis has just said what time it is."""
        offset = redis_ms - monotonic
        if not self._heard or abs(offset - self._offset) <= SMALL:
            self._heard, self._offset, self._jump = True, offset, None
        elif self._jump is None or abs(offset - self._jump) > SMALL:
            self._jump, self._jump_since = offset, monotonic
            logger.warning(
                "Redis's clock has jumped by %.1f s; it is believed if that lasts for %d s",
                (offset - self._offset) / 1000,
                BELIEVED_AFTER // 1000,
            )
        elif monotonic - self._jump_since >= BELIEVED_AFTER:
            self._offset, self._jump = offset, None

    def now(self, monotonic: int) -> int:
        return self._offset + monotonic
