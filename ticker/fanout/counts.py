"""What operators ask about one channel's fan-out; read by the metrics. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from ticker.histogram import Histogram


@dataclass
class Counts:
    connections: Counter[str] = field(default_factory=Counter)  # by transport
    events: int = 0
    delay: Histogram = field(default_factory=Histogram)  # from the log to the last write
    turned_at: float = 0.0  # s, monotonic: when the follower last got round
    delivered: int = 0
    bytes: int = 0
    catchups: int = 0
    snapshots: dict[str, int] = field(default_factory=dict)
    slow: int = 0
