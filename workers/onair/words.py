"""What a playlist says in plain words, for systems that know nothing of playlists. Pure."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Literal

from ticker.onair.output import frame_at
from ticker.onair.shapes import marked
from workers.onair.adapter import Message

Item = Any  # a headline or a take-over, as it stands in a playlist


def line(item: Item, playlist: Message) -> str:
    """With its kicker before it, where the output's look has one."""
    kicker = item.get("kicker") if playlist["look"].get("kicker", True) else None
    return marked(f"{kicker}: {item['text']}" if kicker else item["text"], playlist)


def own(which: Literal["lead_in", "lead_out", "fallback"], playlist: Message) -> list[str]:
    """Lines of the output's own."""
    return [marked(text, playlist) for text in playlist[which]]


def lines(playlist: Message, now: int) -> list[str]:
    """All headlines, in the order of the loop and each once; the fallback when there is none."""
    found = [line(item, playlist) for item in standing(playlist, now)]
    return found or own("fallback", playlist)


def standing(playlist: Message, now: int) -> list[Item]:
    """The headlines that may still be shown, in the order of the loop and each once."""
    by_id = {item["id"]: item for item in playlist["items"]}
    ordered = [by_id[one] for one in dict.fromkeys(playlist["order"]) if one in by_id]
    return [item for item in ordered if not is_over(item, now)]


def is_over(item: Item, now: int) -> bool:
    expires_at = item.get("expires_at")
    return expires_at is not None and expires_at <= now


def takeover(playlist: Message, now: int) -> Item | None:
    """The flash that has the bar now."""
    frame = frame_at(now, rate(playlist))
    for one in playlist["takeovers"] if playlist["on"] else ():
        if one["from"] <= frame and (one["until"] is None or frame < one["until"]):
            return one
    return None


def next_change(playlist: Message, now: int) -> float | None:
    """Seconds until a take-over begins or ends, or a headline expires; None when nothing is to come."""
    moments = [*_frames(playlist), *(item["expires_at"] for item in playlist["items"] if item.get("expires_at"))]
    ahead = [moment for moment in moments if moment > now]
    return (min(ahead) - now) / 1000 if ahead else None


def _frames(playlist: Message) -> Iterator[int]:
    """When each take-over begins and ends, ms; rounded up, so that it has begun by then."""
    for one in playlist["takeovers"]:
        for frame in (one["from"], one["until"]):
            if frame is not None:
                yield -int(-frame * 1000 // rate(playlist))


def rate(playlist: Message) -> Fraction:
    return Fraction(*playlist["fps"])


Known = Mapping[str, int | None]


def known(playlist: Message) -> Known:
    """What may be on screen: what runs, what takes over, and what has left quietly and finishes its run. By id, and
    where its words were wrong before, the version in which alone it may.
    """
    others = (*playlist["leaving"], *(one["id"] for one in playlist["takeovers"]))
    return dict.fromkeys(others) | {
        item["id"]: item["version"] if item.get("corrected") else None for item in playlist["items"]
    }


def may_stand(headline_id: str, version: int, known: Known) -> bool:
    return headline_id in known and known[headline_id] in (None, version)


def taken_off(before: Message, after: Message) -> set[str]:
    """The ids of what must not stand a moment longer, or not in the words that it had."""
    left = dict.fromkeys(before["leaving"], 0)  # in which words nobody knows
    had = left | {one["id"]: one["version"] for one in (*before["takeovers"], *before["items"])}
    now = known(after)
    return {one for one, version in had.items() if not may_stand(one, version, now)}


def has_ended(had: Message, then: int, playlist: Message, now: int) -> bool:
    """Whether something that stood there then is over or corrected now, or in the playlist no more. Moments in ms."""
    if not had["on"]:
        return False
    flash, stands = takeover(had, then), takeover(playlist, now)
    if not playlist["on"] or (flash and (stands is None or stands["id"] != flash["id"])):
        return True
    stand, may = {item["id"] for item in standing(playlist, now)}, known(playlist)
    return any(
        item["id"] not in stand or not may_stand(item["id"], item["version"], may) for item in standing(had, then)
    )


def bare(playlist: Message) -> Message:
    """Without a headline: what is left are the output's own lines."""
    nothing: Message = dict.fromkeys(("items", "order", "leaving", "takeovers"), ())
    stop = None if playlist["on"] else "now"
    return {**playlist, **nothing, "first": None, "stop": stop, "id": f"{playlist['id']}-bare"}
