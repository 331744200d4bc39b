"""The audit for others: CSV for people with a spreadsheet, JSON Lines for programs and for keeping. Pure."""

import csv
import io
import json
from collections.abc import Iterable

from ticker.desk.chain import Entry

COLUMNS = (
    "at",
    "by",
    "via",
    "action",
    "id",
    "from",
    "to",
    "version",
    "reason",
    "before",
    "after",
    "with",
    "position",
    "reached",
)
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> str:
    """As text. What a spreadsheet would take for a formula gets an apostrophe in front."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text


def head(format_: str) -> str:
    return _csv([["entry", *COLUMNS, "more", "chain"]]) if format_ == "csv" else ""


def lines(entries: Iterable[Entry], format_: str) -> str:
    if format_ == "csv":
        return _csv([_row(entry) for entry in entries])
    return "".join(f'{{"entry":"{entry.id}","chain":"{entry.chain}","text":{entry.text}}}\n' for entry in entries)


def read(line: str) -> Entry:
    """An entry of a line of JSON Lines, to the letter. ValueError when it is none."""
    fields = json.loads(line)
    if not isinstance(fields, dict) or [*fields] != ["entry", "chain", "text"]:
        raise ValueError("a line has entry, chain and text")
    start = line.index(',"text":') + len(',"text":')
    return Entry(str(fields["entry"]), line.rstrip()[start:-1], str(fields["chain"]))


def _row(entry: Entry) -> list[str]:
    fields = entry.fields
    more = {name: value for name, value in fields.items() if name not in COLUMNS}
    values = [entry.id, *(fields.get(name) for name in COLUMNS), more or None, entry.chain]
    return [cell(value) for value in values]


def _csv(rows: Iterable[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
