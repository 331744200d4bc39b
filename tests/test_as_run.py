"""What the as-run log says of a run and of a cue, and how it looks in a spreadsheet."""

import csv
import io
import json
from typing import Any

from tests.samples import NOW, headline
from tests.test_control import clearance, output
from ticker import instant
from ticker.desk.chain import Entry
from ticker.onair.as_run import COLUMNS, cue, ran, table
from ticker.onair.control import Clearance, Cue, Order
from ticker.onair.report import Shown
from ticker.writer import Writer

SHOWN = Shown(id="a" * 16, version=2, kicker="LIVE", text='PM: "never"', first=NOW // 20, last=NOW // 20 + 499)


def entry(by: Clearance | None = None, **rules: Any) -> dict[str, Any]:
    return dict(ran(output(**rules), by, "main", SHOWN, NOW).entry)


def test_a_run_has_its_words_its_frames_and_their_times() -> None:
    found = entry()
    assert (found["kicker"], found["after"]) == ("LIVE", SHOWN.text)
    assert (found["first"], found["last"]) == (SHOWN.first, SHOWN.last)
    assert (found["from"], found["until"]) == (instant.format(NOW), instant.format(NOW + 10_000))
    assert found["by"] == "page:main"


def test_only_what_could_be_read_has_run_once_more() -> None:
    def counted(frames: int) -> str:
        return ran(output(), None, "main", SHOWN.model_copy(update={"last": SHOWN.first + frames - 1}), NOW).id

    assert counted(50) == SHOWN.id
    assert counted(49) == counted(1) == ""


def test_it_says_who_had_cleared_these_words() -> None:
    assert entry(clearance(2, "Ben (ben)"))["cleared_by"] == "Ben (ben)"
    assert "cleared_by" not in entry()
    assert entry(None, clearance="automatic")["cleared_by"] == "automatic"


def test_a_cue_has_who_said_it_and_the_words_that_were_meant() -> None:
    writer, meant = Writer("Ben (ben)", "session:1", {}), headline("a" * 16, version=3)
    found = cue(Cue.CLEAR, Order(id=meant.id), writer, meant, NOW)
    assert found == {
        "at": instant.format(NOW), "action": "clear", "by": "Ben (ben)", "via": "session:1",
        "id": meant.id, "version": 3, "after": meant.text,
    }  # fmt: skip
    assert cue(Cue.SPEED, Order(speed=3), "mos", None, NOW)["speed"] == 3


def test_a_spreadsheet_gets_every_field_and_no_formula() -> None:
    fields = {**entry(), "after": "=1+1", "covered": True}
    text = table("program", [], head=True) + table("program", [Entry("1-0", json.dumps(fields), "abc")], head=False)
    [row] = csv.DictReader(io.StringIO(text))
    assert [*row] == [*COLUMNS]
    assert (row["text"], row["output"], row["covered"], row["chain"]) == ("'=1+1", "program", "true", "abc")
