"""What `test_match.py` shows poll by poll, seen in one document."""

from ticker.settings import SourceSettings
from workers.identity import headline_id, identify
from workers.sources import Document, Entry, Tombstone

SOURCE = SourceSettings(name="wire", url="https://wire.test/", channel="en")


def keys(*entries: Entry) -> list[str]:
    return [match.key for match in reversed(identify(Document(entries), SOURCE).matches)]


def test_an_id_that_is_one_entrys_own_identifies_it():
    assert keys(Entry("a", "A"), Entry("b", "B")) == ["a", "b"]


def test_where_ids_are_shared_or_missing_the_link_stands_in_then_the_title():
    first = Entry("same", "A", "http://n.test/a")
    second = Entry(None, "B", "https://n.test/b")

    assert keys(first, second, Entry("same", "C", "https://n.test/c"))[:2] == ["https://n.test/a", "https://n.test/b"]
    assert [key[:6] for key in keys(Entry("same", "A"), Entry("same", "B"), Entry(None, "C"))] == ["title:"] * 3


def test_what_cannot_be_told_from_another_is_that_other():
    assert len(keys(Entry("same", "A"), Entry("same", "A"))) == 1
    assert keys(Entry()) == []


def test_long_ids_are_kept_short():
    (match,) = identify(Document((Entry("x" * 5000, "A"),), (Tombstone("x" * 5000, None),)), SOURCE).matches

    assert match.id == headline_id(SOURCE, "x" * 5000)
    assert match.id != headline_id(SOURCE, "x" * 5001)


def test_half_a_character_in_an_id_spoils_nothing():
    half = Entry("x\ud800", "A", "https://n.test/\ud800")
    found = identify(Document((half, Entry("b", "B")), (Tombstone("x\ud800", None),)), SOURCE)

    assert [match.key for match in reversed(found.matches)] == ["x?", "b"]
    assert found.tombstones[0][0] == found.matches[1].id
    assert keys(Entry(None, "A", "https://n.test/\ud800")) == ["https://n.test/?"]
