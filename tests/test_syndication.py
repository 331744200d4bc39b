"""RSS, Atom and CSV of anything: read back with other people's readers."""

import csv
import io

import feedparser
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ticker import syndication
from ticker.syndication import Entry, Feed, Link

ANY = st.text(st.characters(codec="utf-8"))
NAMES = {"a": syndication.ATOM}


def a_feed(*texts: str) -> Feed:
    entries = [Entry(f"urn:x:{i}", text, 1000, 2000, text, note="A note") for i, text in enumerate(texts)]
    return Feed("urn:x", "Title", "en", "http://x.example/", "http://x.example/feed", 3000, entries)


def without_what_xml_has_not(text: str) -> str:
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))


@given(st.lists(ANY, max_size=3))
def test_xml_stays_whole_whatever_the_text_says(texts: list[str]) -> None:
    expected = [without_what_xml_has_not(text).replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    atom = etree.fromstring(syndication.atom(a_feed(*texts)))
    assert [element.text or "" for element in atom.findall("a:entry/a:title", NAMES)] == expected
    rss = etree.fromstring(syndication.rss(a_feed(*texts)))
    assert [element.text or "" for element in rss.findall(".//item/title")] == expected


@given(st.lists(st.lists(ANY, min_size=2, max_size=2), max_size=4))
def test_a_table_is_read_back_as_it_was(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(syndication.table(["a", "b"], rows).decode(), newline="")))
    assert read == [["a", "b"], *rows]


def test_a_feed_reader_finds_what_is_in_a_feed() -> None:
    feed = a_feed("One", "Two")
    feed = feed._replace(
        entries=[feed.entries[0]._replace(link="http://x.example/1", categories=["flash"], lang="ar"), feed.entries[1]],
        links=[Link("up", "http://x.example/all", "application/atom+xml")],
    )
    atom = feedparser.parse(syndication.atom(feed))
    assert not atom.bozo
    assert [link["href"] for link in atom.feed.links] == ["http://x.example/feed", "http://x.example/all"]
    assert [entry.link for entry in atom.entries] == ["http://x.example/1", "http://x.example/"]
    assert atom.entries[0].title_detail.language == "ar"
    assert (atom.entries[0].published, atom.entries[0].updated) == (
        "1970-01-01T00:00:01.000Z",
        "1970-01-01T00:00:02.000Z",
    )
    rss = feedparser.parse(syndication.rss(feed))
    assert not rss.bozo
    assert [entry.get("link") for entry in rss.entries] == ["http://x.example/1", None]
    assert [entry.id for entry in rss.entries] == ["urn:x:0", "urn:x:1"]
    assert rss.entries[0].tags[0].term == "flash"
    assert rss.entries[0].description == "A note"
