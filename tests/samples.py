"""Headlines for tests, with only what a test says about them."""

from typing import Any

from ticker.headline import Headline, State
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
