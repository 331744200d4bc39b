"""Headlines for tests, with only what a test says about them."""

import json
from typing import Any

from ticker import protocol
from ticker.fanout.subscriber import Subscriber
from ticker.filter import EVERYTHING, Filter
from ticker.headline import Headline, State
from ticker.protocol import CloseCode, Encoding
from ticker.urgency import Urgency

NOW = 1_795_424_400_000


def headline(id: str = "a" * 16, **given: Any) -> Headline:  # noqa: A002
    fields: dict[str, Any] = {
        "id": id,
        "channel": "en",
        "version": 1,
        "state": State.LIVE,
        "lang": "en",
        "dir": "ltr",
        "text": f"Headline {id}",
        "urgency": Urgency.ROUTINE,
        "published_at": NOW,
        "expires_at": NOW + 3_600_000,
        "order": str(NOW),
    }
    return Headline(**{**fields, **given})


class Listener(Subscriber):
    """A subscriber that keeps what it is given."""

    def __init__(self, encoding: Encoding = protocol.lines, filter_: Filter = EVERYTHING) -> None:
        super().__init__(encoding, filter_)
        self.writes: list[bytes] = []
        self.closed: CloseCode | None = None

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self, code: CloseCode) -> None:
        self.closed = code

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Of all that was written one message a line."""
        return [json.loads(line) for line in b"".join(self.writes).splitlines()]
