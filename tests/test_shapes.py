"""A playlist in every shape: the loop in its order, whole, and the same bytes until something changes."""

import csv
import io
import json
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ticker.headline import Headline
from ticker.onair import shapes
from ticker.onair.output import LEAD
from ticker.onair.shapes import FSI, PDI, SHAPES, Shown
from ticker.syndication import REHEARSED

SITE = "http://ticker.example/"
NOW = 1_764_050_000_000
ODD = ['quote " and, comma', "]]>&amp;<![CDATA[", "</title>", "$5bn \\ 'x'", "=1+1", "عاجل: الخبر 12", "🚨 flash"]


def item(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    return {"id": f"id{number}", "version": number, "text": text or f"Headline {number}", "lang": "en", "dir": "ltr",
            "urgency": "routine", **more}  # fmt: skip


def frame(ms: int) -> int:
    return ms * 50 // 1000


def playlist(*items: dict[str, Any], order: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "playlist", "output": "program", "title": "Program", "kind": "program", "on": True, "now": NOW,
        "fps": [50, 1], "lang": "en", "dir": "ltr", "frame": frame(NOW - 10_000), "items": list(items),
        "order": [one["id"] for one in items] if order is None else order, "takeovers": [],
        "fallback": ["Nothing now", "More soon"], **more,
    }  # fmt: skip


def shown(given: dict[str, Any], headlines: dict[str, Headline] | None = None) -> Shown:
    return Shown(given, headlines or {}, SITE, f"{SITE}onair/program/feed.x")


def texts(shape: str, given: dict[str, Any]) -> list[str]:
    """What a reader of this shape shows, in order."""
    body = shapes.write(shape, shown(given))
    if shape in ("atom", "rss"):
        parsed = feedparser.parse(body, sanitize_html=False)
        assert not parsed.bozo, parsed.get("bozo_exception")
        path = "//item/title" if shape == "rss" else "//*[local-name()='entry']/*[local-name()='title']"
        return [str(element.text) for element in etree.fromstring(body).xpath(path)]
    if shape == "xml":
        return [str(element.text) for element in etree.fromstring(body).xpath("//headline/text")]
    if shape == "txt":
        return [line.strip(FSI + PDI) for line in body.decode().removesuffix("\n").split("\n")]
    column = "Headline.Text" if shape.startswith("vmix") else "text"
    rows = json.loads(body) if shape.endswith("json") else csv.DictReader(io.StringIO(body.decode(), newline=""))
    return [row[column] for row in rows]


IN_LOOP = ("json", "csv", "vmix.json", "vmix.csv", "txt")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_loop_in_its_order_and_a_takeover_first(shape: str) -> None:
    over = {**item(3, "Flash"), "from": frame(NOW), "until": None}
    given = playlist(item(1), item(2), item(3, "Flash"), order=["id2", "id1", "id2", "id3"], takeovers=[over])
    loop = ["Headline 2", "Headline 1", "Headline 2", "Flash"]
    assert texts(shape, given) == (["Flash", *loop] if shape in IN_LOOP else ["Flash", "Headline 2", "Headline 1"])


@pytest.mark.parametrize("shape", SHAPES)
def test_odd_text_stays_whole(shape: str) -> None:
    given = playlist(*(item(number, text, kicker=text) for number, text in enumerate(ODD)))
    assert texts(shape, given) == ODD


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_is_ever_empty(shape: str) -> None:
    assert texts(shape, playlist()) == ["Nothing now", "More soon"]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_training_says_so_in_every_line(shape: str) -> None:
    assert texts(shape, playlist(item(1), kind="training")) == [f"{REHEARSED}Headline 1"]
    assert texts(shape, playlist(kind="training"))[0] == f"{REHEARSED}Nothing now"


@pytest.mark.parametrize("shape", SHAPES)
@given(since=st.integers(0, 20_000), until=st.none() | st.integers(0, 20_000), passed=st.integers(0, 20_000))
def test_bytes_and_number_change_when_a_takeover_comes_or_goes_and_else_never(
    shape: str, since: int, until: int | None, passed: int
) -> None:
    end = None if until is None else frame(NOW + since + until)
    over = {**item(2, "Flash"), "from": frame(NOW + since), "until": end}
    before = playlist(item(1), takeovers=[over])
    after = {**before, "now": NOW + passed}
    stands = [frame(one["now"] + LEAD) >= over["from"] and (end is None or end > frame(one["now"] + LEAD))
              for one in (before, after)]  # fmt: skip
    assert [texts(shape, one)[0] == "Flash" for one in (before, after)] == stands
    same = shapes.write(shape, shown(before)) == shapes.write(shape, shown(after))
    assert same == (shown(before).seq == shown(after).seq) or shape in ("vmix.json", "vmix.csv", "txt")
    assert shown(before).seq <= shown(after).seq
    assert shown(after).changed_at <= after["now"]
    if stands[0] != stands[1]:
        assert shown(before).seq < shown(after).seq


def test_vmix_has_a_row_for_each_with_the_titles_field_names() -> None:
    given = playlist(item(1, kicker="SPORT"), item(2, urgency="urgent"))
    rows = json.loads(shapes.write("vmix.json", shown(given)))
    assert rows == [
        {"Headline.Text": "Headline 1", "Kicker.Text": "SPORT", "Urgency.Text": "routine"},
        {"Headline.Text": "Headline 2", "Kicker.Text": "", "Urgency.Text": "urgent"},
    ]
    assert list(csv.DictReader(io.StringIO(shapes.write("vmix.csv", shown(given)).decode(), newline=""))) == rows


def test_rows_say_all_that_a_page_is_told_of_a_headline() -> None:
    given = playlist(item(1, kicker="K", lang="ar", dir="rtl", expires_at=NOW))
    row = {"id": "id1", "version": 1, "urgency": "routine", "kicker": "K", "text": "Headline 1", "lang": "ar",
           "dir": "rtl", "expires_at": "2025-11-25T05:53:20.000Z", "takeover": False}  # fmt: skip
    assert json.loads(shapes.write("json", shown(given))) == [{"seq": given["frame"], **row}]
    told = {name: "" if value is False else str(value) for name, value in row.items()}
    root = etree.fromstring(shapes.write("xml", shown(given)))
    assert [{child.tag: child.text or "" for child in one} for one in root] == [told]
    assert dict(root.attrib) == {"output": "program", "title": "Program", "on": "yes", "seq": str(given["frame"]),
                                 "lang": "en", "dir": "ltr"}  # fmt: skip
    read = list(csv.DictReader(io.StringIO(shapes.write("csv", shown(given)).decode(), newline="")))
    assert read == [{"seq": str(given["frame"]), **told}]


def test_atom_leads_up_to_all_outputs_and_from_there_down() -> None:
    headline = Headline(id="a" * 16, channel="en", version=2, text="T", urgency="flash", lang="en", dir="ltr",
                        link="http://news.example/1", state="live", published_at=NOW - 5000, updated_at=NOW - 1000,
                        order="1")  # fmt: skip
    given = playlist(item(1, "T", id=headline.id, kicker="K"), order=[headline.id])
    parsed = feedparser.parse(shapes.write("atom", shown(given, {headline.id: headline})))
    assert {link["rel"]: (link["href"], link["type"]) for link in parsed.feed.links} == {
        "self": (f"{SITE}onair/program/feed.x", "application/atom+xml"),
        "up": (f"{SITE}onair/feed.atom", "application/atom+xml;type=feed"),
    }
    entry = parsed.entries[0]
    assert (entry.title, entry.content[0].value, entry.link) == ("T", "T", "http://news.example/1")
    assert [link["href"] for link in entry.links if link["rel"] == "up"] == [f"{SITE}onair/program/feed.x"]
    assert [tag.term for tag in entry.tags] == ["routine", "K"]
    assert (entry.published, entry.updated) == ("2025-11-25T05:53:15.000Z", "2025-11-25T05:53:19.000Z")

    parsed = feedparser.parse(shapes.outputs({"program": "Program", "ar": "عربي"}, SITE))
    assert not parsed.bozo
    down = [link["href"] for entry in parsed.entries for link in entry.links if link["rel"] == "down"]
    assert down == [f"{SITE}onair/program/feed.atom", f"{SITE}onair/ar/feed.atom"]
    assert [entry.title for entry in parsed.entries] == ["Program", "عربي"]


def test_lines_are_isolated_where_anything_goes_from_right_to_left() -> None:
    def lines(**more: Any) -> str:
        return shapes.write("txt", shown(playlist(item(1), item(2, "عاجل", **more)))).decode()

    assert lines() == "Headline 1\nعاجل\n"
    assert lines(dir="rtl") == f"{FSI}Headline 1{PDI}\n{FSI}عاجل{PDI}\n"
    assert shapes.write("txt", shown(playlist(dir="rtl"))).decode().startswith(FSI)


def test_an_unknown_shape_is_none() -> None:
    with pytest.raises(KeyError):
        shapes.write("pdf", shown(playlist()))
