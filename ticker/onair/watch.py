"""Whether an output really shows what it should: what its pages last said and whether what is pushed arrives. Pure."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from ticker.onair.output import Output, frame_at
from ticker.onair.report import Report
from ticker.onair.target import Target

SILENT_AFTER = 5_000  # ms without a report; pages report each second
FORGOTTEN_AFTER = 86_400_000  # ms after which a page that has ended is no longer missed; sooner when somebody says so
LATE = 5  # s that the frame on screen may lie behind the clock
SLOW = 0.97  # of the output's frames a second
OURS_SINCE = 3  # s after which a page must have a new playlist


class Code(StrEnum):
    NO_PAGE = "no_page"  # nobody shows it
    SILENT = "silent"  # a page has stopped reporting
    BLANK = "blank"  # a page shows nothing although it should
    FROZEN = "frozen"  # its picture does not move on
    UNREACHED = "unreached"  # a system has not got what is pushed to it, or nobody pushes
    SLOW = "slow"  # it loses frames
    BEHIND = "behind"  # it shows an older playlist
    OFF = "off"  # the bar is on, and no page has it on
    DIFFERS = "differs"  # main and backup show different things at the same moment
    FALLBACK = "fallback"  # there is nothing to show but the fallback lines
    CROWDED = "crowded"  # a loop takes longer than it should


# Viewers see them, or nobody would know.
FAULTS = frozenset({Code.NO_PAGE, Code.SILENT, Code.BLANK, Code.FROZEN, Code.UNREACHED})


class Alarm(NamedTuple):
    code: Code
    sentence: str
    page: str = ""
    system: str = ""

    def to_dict(self) -> dict[str, Any]:
        told = {"code": self.code.value, "sentence": self.sentence, "fault": self.code in FAULTS}
        whose = {"page": self.page, "system": self.system}
        return {**told, **{name: value for name, value in whose.items() if value}}


_KEPT = {"page", "boot", "frame", "playlist", "fps", "dropped", "state", "on_screen", "sampled"}


def seen(report: Report, now: int, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is kept of a page's report; `moved_at` is when its frame last went on."""
    kept = report.model_dump(include=_KEPT)
    moved = before is None or before["frame"] != report.frame
    return {**kept, "seen_at": now, "moved_at": now if moved or before is None else before["moved_at"]}


def alarms(
    output: Output, playlist_id: str, changed_at: int, *, empty: bool, crowded: bool, on: bool,
    pages: Iterable[Mapping[str, Any]], targets: Iterable[Target] | None, now: int,
) -> list[Alarm]:  # fmt: skip
    """What is wrong, the worst first. `changed_at` is when pages were told of the playlist; without `targets` nobody
    knows what arrives where it is pushed to, and nothing is said of it.
    """
    known = [page for page in pages if now - page["seen_at"] < FORGOTTEN_AFTER]
    found: list[Alarm] = []
    if not known and output.needs_a_page:
        found.append(Alarm(Code.NO_PAGE, "No page has reported: nobody shows this output, or its address has no key."))
    for page in known:
        found += _of_page(output, page, playlist_id, changed_at, on=on, now=now)
    live = [page for page in known if now - page["seen_at"] < SILENT_AFTER]
    if on and live and all(page["state"] == "off" for page in live) and now - changed_at > OURS_SINCE * 1000:
        found.append(Alarm(Code.OFF, "The bar is on, and no page has it on its screen."))
    found += _difference(live)
    if targets is not None:
        found += _unreached(output, {target.system: target for target in targets}, now)
    if empty:
        found.append(Alarm(Code.FALLBACK, "There is no headline to show; the fallback lines are on."))
    if crowded:
        found.append(Alarm(Code.CROWDED, f"A loop takes longer than {output.within_minutes:g} minutes."))
    order = list(Code)
    return sorted(found, key=lambda alarm: order.index(alarm.code))


def _of_page(
    output: Output, page: Mapping[str, Any], playlist_id: str, changed_at: int, *, on: bool, now: int
) -> list[Alarm]:
    name, silent = page["page"], now - page["seen_at"]
    if silent >= SILENT_AFTER:
        return [Alarm(Code.SILENT, f"{name} has said nothing for {silent // 1000} seconds.", name)]
    found = []
    if page["state"] == "blank" and on:
        found.append(Alarm(Code.BLANK, f"{name} shows nothing.", name))
    behind = frame_at(now, output.rate) - page["frame"]
    if now - page["moved_at"] >= SILENT_AFTER or behind > LATE * output.rate:
        found.append(Alarm(Code.FROZEN, f"The picture of {name} stands still.", name))
    if 0 < page["fps"] < SLOW * float(output.rate):
        found.append(Alarm(Code.SLOW, f"{name} shows {page['fps']:.1f} frames a second of {output.fps}.", name))
    if page["playlist"] != playlist_id and now - changed_at > OURS_SINCE * 1000:
        found.append(Alarm(Code.BEHIND, f"{name} shows an older playlist.", name))
    return found


def _unreached(output: Output, told: Mapping[str, Target], now: int) -> Iterator[Alarm]:
    for system in output.systems:
        target = told.get(system)
        if target is None or not target.is_told(now):
            yield Alarm(Code.UNREACHED, f"Nobody pushes to {system}; is the onair process running?", system=system)
        elif target.trouble:
            yield Alarm(Code.UNREACHED, target.trouble, system=system)


def _difference(pages: Iterable[Mapping[str, Any]]) -> list[Alarm]:
    """Of pages that have told of the same second; an item may be entering or leaving there."""
    for first, second in itertools.combinations((page for page in pages if page.get("sampled")), 2):
        one, other = first["sampled"], second["sampled"]
        together = first["playlist"] == second["playlist"] and one["second"] == other["second"]
        if together and one["on_screen"] and other["on_screen"] and not {*one["on_screen"]} & {*other["on_screen"]}:
            names = f"{first['page']} and {second['page']}"
            return [Alarm(Code.DIFFERS, f"{names} show different headlines at the same moment.")]
    return []


def is_faulty(found: Iterable[Alarm]) -> list[Alarm]:
    """Those that viewers would see."""
    return [alarm for alarm in found if alarm.code in FAULTS]
