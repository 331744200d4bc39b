"""The strip of a channel in words: what a terminal shows for each message. Pure."""

from datetime import datetime
from typing import Any, NamedTuple

import click

from ticker import instant

Message = dict[str, Any]

_STYLES: dict[str, dict[str, Any]] = {
    "flash": {"fg": "white", "bg": "red", "bold": True},
    "urgent": {"fg": "red", "bold": True},
    "bulletin": {"fg": "yellow"},
    "routine": {},
}


class Line(NamedTuple):
    version: int
    text: str


class Strip:
    """What was shown, so that a removal can say what it removed and a repeat is not shown twice."""

    def __init__(self) -> None:
        self._shown: dict[str, Line] = {}
        self._stale = False

    def lines(self, message: Message) -> list[str]:
        match message:
            case {"type": "snapshot", "headlines": headlines}:
                return self._snapshot(headlines, message.get("reason"))
            case {"type": kind, "headline": headline}:
                return self._change(kind, headline)
            case {"type": "retracted" | "held" | "expired" as kind, "id": id_}:
                return self._removal(kind, id_, message.get("note"))
            case {"type": "heartbeat"}:
                return self._heartbeat(stale=bool(message.get("stale")))
        return []  # a type that did not exist yet when this was written

    def _snapshot(self, headlines: list[Message], reason: str | None) -> list[str]:
        lines = [] if reason is None else [click.style(f"-- the strip anew: {_REASONS.get(reason, reason)}", dim=True)]
        here = {headline["id"] for headline in headlines}
        for gone in [id_ for id_ in self._shown if id_ not in here]:
            lines += self._removal("gone", gone, None)
        for headline in reversed(headlines):  # what stands first on the strip comes last, next to the prompt
            lines += self._change("published", headline)
        return lines

    def _change(self, kind: str, headline: Message) -> list[str]:
        before = self._shown.get(headline["id"])
        text = ": ".join(part for part in (headline.get("kicker"), headline["text"]) if part)
        self._shown[headline["id"]] = Line(headline["version"], text)
        if before is not None and (before.version >= headline["version"] or kind == "moved"):
            return []
        urgency = headline["urgency"]
        words = [_time(headline), click.style(f"{urgency.upper():<8}", **_STYLES.get(urgency, {}))]
        if kind != "published" and (kind != "updated" or before is not None):
            words.append(click.style(f"{kind.upper()}:", bold=True))
        words.append(click.style(text, **(_STYLES.get(urgency, {}))))
        if kind == "corrected" and headline.get("correction"):
            words.append(f"({headline['correction']})")
        return [" ".join([*words, click.style(headline["id"], dim=True)])]

    def _removal(self, kind: str, id_: str, note: str | None) -> list[str]:
        before = self._shown.pop(id_, None)
        if before is None:
            return []
        word = click.style(f"{_REMOVALS[kind]}:", bold=kind != "expired", dim=kind == "expired")
        why = f" ({note})" if note else ""
        return [f"{' ' * 8} {' ' * 8} {word} {click.style(before.text, strikethrough=True)}{why}"]

    def _heartbeat(self, *, stale: bool) -> list[str]:
        if stale == self._stale:
            return []
        self._stale = stale
        word = "the service has lost its Redis: nothing new can come" if stale else "the service has its Redis again"
        return [click.style(f"-- {word}", dim=True)]


_REMOVALS = {"retracted": "KILLED", "held": "HELD", "expired": "expired", "gone": "GONE"}

_REASONS = {
    "epoch": "its history has begun anew",
    "too_old": "we were away for too long to catch up",
    "unknown": "the position was not known",
}


def _time(headline: Message) -> str:
    """On the wall clock of whoever sits at this terminal."""
    ms = instant.parse(headline.get("updated_at") or headline["published_at"])
    return click.style(datetime.fromtimestamp(ms / 1000).astimezone().strftime("%H:%M:%S"), dim=True)
