"""What is wrong with an output, told from what its pages last said."""

from typing import Any

import pytest

from tests.samples import NOW
from tests.test_control import output
from ticker.onair.output import frame_at
from ticker.onair.report import Report
from ticker.onair.target import STALE_AFTER, Target
from ticker.onair.watch import FAULTS, FORGOTTEN_AFTER, SILENT_AFTER, Alarm, Code, alarms, is_faulty, seen

OUTPUT = output(within_minutes=10)
FRAME = frame_at(NOW, OUTPUT.rate)


def page(name: str = "main", **said: Any) -> dict[str, Any]:
    at = said.pop("at", NOW)
    moved_at = said.pop("moved_at", at)
    given = {"key": "k", "boot": "b", "seq": 1, "frame": frame_at(at, OUTPUT.rate), "playlist": "p", "fps": 50.0,
             "on_screen": ["a"], "page": name, **said}  # fmt: skip
    return {**seen(Report.model_validate(given), at, None), "moved_at": moved_at}


def at(second: int, *on_screen: str) -> dict[str, Any]:
    return {"second": second, "on_screen": on_screen}


def told(*pages: dict[str, Any], **said: Any) -> list[Alarm]:
    given = {"empty": False, "crowded": False, "on": True, "targets": [], "now": NOW, **said}
    changed_at = given.pop("changed_at", NOW - 60_000)
    return alarms(given.pop("output", OUTPUT), "p", changed_at, pages=pages, **given)


def test_all_is_well() -> None:
    assert told(page(), page("backup")) == []


@pytest.mark.parametrize(
    ("pages", "code"),
    [
        ([], Code.NO_PAGE),
        ([page(at=NOW - FORGOTTEN_AFTER)], Code.NO_PAGE),
        ([page(at=NOW - SILENT_AFTER)], Code.SILENT),
        ([page(state="blank")], Code.BLANK),
        ([page(moved_at=NOW - SILENT_AFTER)], Code.FROZEN),
        ([page(frame=FRAME - 260)], Code.FROZEN),
        ([page(fps=48.0)], Code.SLOW),
        ([page(playlist="old")], Code.BEHIND),
        ([page(state="off"), page("backup", state="off")], Code.OFF),
        ([page(sampled=at(7, "a")), page("backup", sampled=at(7, "b"))], Code.DIFFERS),
    ],
)
def test_each_fault_has_its_alarm(pages: list[dict[str, Any]], code: Code) -> None:
    [alarm] = told(*pages)
    assert alarm.code is code
    assert bool(is_faulty([alarm])) is (code in FAULTS)
    assert alarm.to_dict()["sentence"].endswith(".")


PUSHED = output(vmix={"url": "http://vmix:8088", "input": "Ticker"})


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        ([], "Nobody pushes to vmix; is the onair process running?"),
        ([Target("program", "vmix", at=NOW - STALE_AFTER)], "Nobody pushes to vmix; is the onair process running?"),
        ([Target("program", "vmix", "vMix cannot be reached.", at=NOW)], "vMix cannot be reached."),
    ],
)
def test_what_is_pushed_and_does_not_arrive_is_a_fault(targets: list[Target], sentence: str) -> None:
    [alarm] = told(output=PUSHED, targets=targets)
    assert (alarm.code, alarm.sentence) == (Code.UNREACHED, sentence)
    assert is_faulty([alarm])
    assert alarm.to_dict()["system"] == "vmix"


def test_who_draws_for_themselves_need_no_page() -> None:
    well = [Target("program", "vmix", at=NOW)]
    assert told(output=PUSHED, targets=well) == []
    assert told(output=PUSHED, targets=None) == [], "while Redis is away nobody knows"
    caspar = output(casparcg={"host": "graphics"})
    assert [alarm.code for alarm in told(output=caspar, targets=None)] == [Code.NO_PAGE], "its page reports"


def test_what_is_no_fault() -> None:
    assert told(page(state="blank"), on=False) == [], "the bar is off"
    assert told(page(playlist="old"), changed_at=NOW - 1000) == [], "it has just changed"
    assert told(page(sampled=at(7, "a")), page("backup", sampled=at(7, "a", "b"))) == [], "one is just entering"
    assert told(page(sampled=at(7, "a")), page("backup", sampled=at(8, "b"))) == [], "they speak of different moments"
    kept_before = {name: value for name, value in page("backup").items() if name != "sampled"}
    assert told(page(sampled=at(7, "a")), kept_before) == [], "an earlier process has kept it"
    assert told(page(state="off"), page("backup")) == [], "one of them is not on program"
    assert told(page(state="off"), on=False) == []
    assert told(page(fps=49.9)) == []


def test_nothing_to_show_and_too_much_are_told() -> None:
    assert [alarm.code for alarm in told(page(), empty=True, crowded=True)] == [Code.FALLBACK, Code.CROWDED]
    assert is_faulty(told(page(), empty=True, crowded=True)) == []


def test_a_picture_that_stands_still_is_seen_although_its_page_reports() -> None:
    first = seen(Report(key="k", boot="b", seq=1, frame=7), NOW, None)
    second = seen(Report(key="k", boot="b", seq=2, frame=7), NOW + 1000, first)
    third = seen(Report(key="k", boot="b", seq=3, frame=8), NOW + 2000, second)
    assert [one["moved_at"] for one in (first, second, third)] == [NOW, NOW, NOW + 2000]
