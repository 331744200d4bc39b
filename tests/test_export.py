"""The audit as a file: nothing in it is a formula, and JSON Lines are to the letter."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.desk import export
from ticker.desk.chain import Entry

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("https://evil.example","Click")',
            "=cmd|' /C calc'!A0"]  # fmt: skip


def entry(**fields: object) -> Entry:
    return Entry("1-0", json.dumps(fields, ensure_ascii=False, separators=(",", ":")), "c" * 40)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text(text: str) -> None:
    made = export.lines([entry(before=text, after=text, by=text, reason=text, extra=text)], "csv")
    [row] = csv.reader(io.StringIO(made))
    assert row.count(f"'{text}") == 4
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@given(st.dictionaries(st.sampled_from(export.COLUMNS), st.text() | st.integers() | st.none()))
def test_no_cell_is_a_formula_and_nothing_is_lost(fields: dict[str, object]) -> None:
    made = export.head("csv") + export.lines([entry(**fields)], "csv")
    names, row = csv.reader(io.StringIO(made, newline=""))
    found = dict(zip(names, row, strict=True))
    assert len(names) == len(set(names))
    for name, value in fields.items():
        shown = "" if value is None else str(value)
        assert found[name] in (shown, f"'{shown}")
        assert not found[name].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_what_has_no_column_of_its_own_is_in_one() -> None:
    [row] = csv.reader(io.StringIO(export.lines([entry(action="reached", reached=3, had={"sse": 3})], "csv")))
    assert row[-3:] == ["3", '{"had": {"sse": 3}}', "c" * 40]


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False) | st.none()), st.booleans())
def test_a_line_is_read_as_it_was_written(fields: dict[str, object], escaped: bool) -> None:
    text = json.dumps(fields, ensure_ascii=escaped)
    kept = Entry("12-3", text, "a" * 40)
    assert export.read(export.lines([kept], "jsonl")) == kept


@pytest.mark.parametrize("line", ["", "{}", "[1]", '{"text":{},"entry":"1-0","chain":""}', "nothing"])
def test_a_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        export.read(line)
