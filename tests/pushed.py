"""Playlists as they are pushed, and a system that takes them as a test says."""

from typing import Any

from tests.samples import NOW
from ticker.onair.output import Look, frame_from
from workers.onair.adapter import Message

A, B, C = (letter * 16 for letter in "abc")


def item(id_: str, text: str = "", **more: Any) -> dict[str, Any]:
    words = {"text": text or f"Headline {id_[0]}", "lang": "en", "dir": "ltr", "urgency": "routine"}
    return {"id": id_, "version": 1, **words, **more}


def flash(id_: str, begins: int, ends: int | None = None) -> dict[str, Any]:
    """A take-over between two moments (ms)."""
    return item(id_, f"Flash {id_[0]}", urgency="flash") | {
        "from": _frame(begins),
        "until": None if ends is None else _frame(ends),
    }


def _frame(ms: int) -> int:
    return frame_from(ms, 50)  # type: ignore[arg-type]


def playlist(*items: dict[str, Any], **given: Any) -> Message:
    """Of an output at 50 frames a second in which a line stands for two seconds."""
    ids = [one["id"] for one in items]
    fields: dict[str, Any] = {
        "type": "playlist", "id": f"{abs(hash(repr((items, sorted(given.items()))))):x}-1", "frame": 1, "now": NOW,
        "output": "program", "title": "Program", "kind": "program", "on": True, "stop": None, "mode": "crawl",
        "fps": [50, 1], "speed": 4, "flip": 100, "lang": "en", "dir": "ltr", "items": list(items), "order": ids,
        "first": None, "leaving": [], "takeovers": [], "lead_in": [], "lead_out": [], "fallback": ["Stay with us"],
        "look": Look().model_dump(exclude={"font", "logo"}), "anchor": None,
    }  # fmt: skip
    return fields | given


class System:
    """Remembers what it was shown; has the troubles that it is given, one for each time it is asked."""

    name = "system"
    by_itself = False

    def __init__(self, *troubles: Exception | None, again: float = 60) -> None:
        self.troubles = list(troubles)
        self.again = again
        self.shown: list[str] = []
        self.asked = 0
        self.closed = False

    async def show(self, playlist: Message, now: int) -> float:
        self.asked += 1
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None:
            raise trouble
        self.shown.append(playlist["id"])
        return self.again

    async def close(self) -> None:
        self.closed = True
