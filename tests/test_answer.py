"""What is said to a question."""

import pytest

from tests.mos import MOS, item, mos, order, story
from workers.mos.answer import PROFILES, Machine, answer, refusal
from workers.mos.command import apply
from workers.mos.message import parse

NOW = "2026-11-25T10:00:00"
ORDER = apply(None, parse(mos(order("roCreate", story("A", item("1"))))), 1)
assert ORDER


def asked(body: str):
    return answer(parse(mos(body)), {"RO1": ORDER}, Machine(MOS, "1.0", NOW), NOW)


def test_a_heartbeat_is_answered_with_one() -> None:
    told = asked("<heartbeat><time>x</time></heartbeat>")
    assert (told.tag, told.findtext("time")) == ("heartbeat", NOW)


def test_what_it_is_and_can_do() -> None:
    told = asked("<reqMachInfo/>")
    assert told.findtext("ID") == MOS
    assert {one.get("number"): one.text for one in told.iter("mosProfile")} == {
        str(number): "YES" if has else "NO" for number, has in PROFILES.items()
    }


def test_a_running_order_is_given_back() -> None:
    told = asked("<roReq><roID>RO1</roID></roReq>")
    assert (told.tag, told.findtext("roID"), told.find("story").findtext("storyID")) == ("roList", "RO1", "A")
    assert "no such running order" in asked("<roReq><roID>RO2</roID></roReq>").findtext("roStatus")


def test_all_of_them_are_listed_without_their_stories() -> None:
    (one,) = asked("<roReqAll/>")
    assert (one.tag, one.findtext("roID"), one.findall("story")) == ("ro", "RO1", [])


@pytest.mark.parametrize(("body", "status"), [
    ("<mosReqAll><pause>0</pause></mosReqAll>", "ACK"),
    ("<mosReqObj><objID>7</objID></mosReqObj>", "NACK"),
    ("<mosReqObjAction operation='NEW'/>", "NACK"),
    ("<roCtrl><roID>RO1</roID></roCtrl>", "NACK"),
    ("<whatever/>", "NACK"),
])  # fmt: skip
def test_there_are_no_objects_and_nothing_unknown_is_left_unanswered(body: str, status: str) -> None:
    told = asked(body)
    assert (told.tag, told.findtext("status")) == ("mosAck", status)
    assert told.findtext("statusDescription")


def test_a_refusal_is_of_the_kind_that_is_waited_for() -> None:
    assert refusal(parse(mos(order("roCreate"))), "No.").tag == "roAck"
    assert refusal(parse(mos("<mosObj/>")), "No.").tag == "mosAck"
