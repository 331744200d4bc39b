import json

import pytest

from ticker import instant
from workers.sources import Tombstone, Unreadable, parse

NOW = instant.parse("2026-11-23T12:00:00Z")


def read(*items, text: str = ""):
    document = text or json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items})
    return parse(document.encode(), "application/feed+json", "https://news.test/feed.json", NOW)


def one(**fields):
    (entry,) = read(fields).entries
    return entry


def test_an_item_is_read():
    entry = one(
        id=7, title="a &amp; b", url="/a", image="/i.png", tags=["World", 3], date_published="2026-11-23T10:00:00Z",
        date_modified="2026-11-23T11:00:00Z",
    )  # fmt: skip

    assert (entry.id, entry.title, entry.link) == ("7", "a & b", "https://news.test/a")
    assert (entry.categories, entry.image) == (("World",), "https://news.test/i.png")
    assert instant.parse("2026-11-23T11:00:00Z") == entry.at


def test_of_a_flood_of_tags_a_few_are_looked_at():
    entry = one(id="1", title="t", tags=["\U000e0041" * 250_000, *(f"Tag {n}" for n in range(250_000))])

    assert entry.categories == tuple(f"Tag {n}" for n in range(100))


def test_the_extension_is_read():
    entry = one(
        id="1", title="t",
        _ticker={"urgency": "flash", "embargo": "2026-11-24T00:00:00Z", "expires": "2026-11-25T00:00:00Z",
                 "correction": "It was six."},
    )  # fmt: skip

    assert (entry.urgency, entry.correction, entry.embargo_unreadable) == ("flash", "It was six.", False)
    assert instant.parse("2026-11-24T00:00:00Z") == entry.embargo
    assert instant.parse("2026-11-25T00:00:00Z") == entry.expires


@pytest.mark.parametrize("embargo", ["Next Monday", 5, {}, ""])
def test_an_embargo_that_cannot_be_read_is_told(embargo):
    assert one(id="1", title="t", _ticker={"embargo": embargo}).embargo_unreadable


@pytest.mark.parametrize(("deleted", "note"), [(True, None), ("It is wrong.", "It is wrong.")])
def test_deleted_is_a_tombstone(deleted, note):
    document = read({"id": "1", "date_modified": "2026-11-23T11:00:00Z", "_ticker": {"deleted": deleted}})

    assert (Tombstone("1", instant.parse("2026-11-23T11:00:00Z"), note),) == document.tombstones
    assert document.entries == ()


def test_without_a_title_the_first_sentence_stands_in():
    assert one(id="1", content_text="One. Two.\nThree").title == "One."
    assert one(id="1", content_html="<p>One</p><p>Two.</p>").title == "One"


def test_raw_tabs_and_stray_backslashes_are_forgiven():
    document = read(text='{"items": [{"id": "1", "title": "a\tb \\“quoted\\”"}]}')

    assert document.entries[0].title == "a b \\“quoted\\”"


@pytest.mark.parametrize("text", ['{"items": ', "{}", '{"items": 3}', "[" * 100_000, '{"a":' * 100_000])
def test_what_is_no_json_feed_says_so(text):
    with pytest.raises(Unreadable):
        read(text=text)


def test_items_that_are_none_are_passed_over():
    assert len(read("x", None, 3, {"id": "1", "title": "t"}).entries) == 1
