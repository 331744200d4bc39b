"""The as-run log of an output: what was really on screen, word for word, and who said what to it. Pure.

Its entries are chained like those of an audit, and have the same names for the same things.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ticker import instant
from ticker.desk.chain import Entry
from ticker.desk.export import cell
from ticker.headline import Headline
from ticker.onair.control import Clearance, Cue, Order
from ticker.onair.output import Output
from ticker.onair.report import Shown
from ticker.writer import Writer

COLUMNS = (
    "at", "output", "action", "by", "id", "version", "kicker", "text", "from", "until", "first", "last", "takeover",
    "covered", "cleared_by", "cleared_at", "entry", "chain",
)  # fmt: skip


LEAST = 1  # s that a headline must have been on screen for it to have run once more: nobody reads one in less


class Ran(NamedTuple):
    """An entry to be added; with the headline and its first and last frame where it has run once more."""

    entry: Mapping[str, Any]
    id: str = ""
    first: int | str = ""
    last: int | str = ""


def ran(output: Output, clearance: Clearance | None, page: str, shown: Shown, now: int) -> Ran:
    """What was on screen: exact words, frames and times, and who had cleared that version of it."""
    told: dict[str, Any] = {
        "at": instant.format(now),
        "action": "ran",
        "by": f"page:{page}",
        "id": shown.id,
        "version": shown.version,
        **({"kicker": shown.kicker} if shown.kicker else {}),
        "after": shown.text,
        "first": shown.first,
        "last": shown.last,
        "from": instant.format(_ms(shown.first, output)),
        "until": instant.format(_ms(shown.last + 1, output)),
        "takeover": shown.takeover,
        "covered": shown.covered,
    }
    if clearance is not None:
        told |= {"cleared_by": clearance.by, "cleared_at": instant.format(clearance.at)}
    elif output.clearance == "automatic":
        told |= {"cleared_by": "automatic"}
    is_read = shown.last + 1 - shown.first >= LEAST * output.rate
    return Ran(told, shown.id, shown.first, shown.last) if is_read else Ran(told)


def cue(said: Cue, order: Order, writer: Writer | str, meant: Headline | None, now: int) -> dict[str, Any]:
    """What somebody said; with the version and the words of the headline that was meant."""
    by, via = (writer, "") if isinstance(writer, str) else (writer.name, writer.via)
    given = order.model_dump(mode="json", exclude_defaults=True)
    about = {"version": meant.version, "after": meant.text} if meant else {}
    return {"at": instant.format(now), "action": str(said), "by": by, "via": via, **given, **about}


def _ms(frame: int, output: Output) -> int:
    return min(round(frame * 1000 / output.rate), instant.LATEST)


def table(output: str, entries: Iterable[Entry], *, head: bool) -> str:
    """Rows of a CSV file, as a spreadsheet can open them without doing what they say."""
    out = io.StringIO()
    writer = csv.writer(out)
    if head:
        writer.writerow(COLUMNS)
    for entry in entries:
        fields = {**entry.fields, "output": output, "text": entry.fields.get("after"), "entry": entry.id}
        fields["chain"] = entry.chain
        writer.writerow([cell(fields.get(name)) for name in COLUMNS])
    return out.getvalue()
