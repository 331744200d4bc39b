import pytest

from ticker import instant
from workers.sources.entry import Entry, embargo, first_sentence, newest, plain, web_address, when

NOW = instant.parse("2026-11-23T12:00:00Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 23 Nov 2026 10:00:00 GMT", "2026-11-23T10:00:00Z"),
        ("Mon, 23 Nov 2026 10:00:00 +0300", "2026-11-23T07:00:00Z"),
        ("23 Nov 26 05:00 EST", "2026-11-23T10:00:00Z"),
        ("lun, 23 nov 2026 10:00:00 GMT", "2026-11-23T10:00:00Z"),
        ("الاثنين، 23 نوفمبر 2026 10:00:00 GMT", "2026-11-23T10:00:00Z"),
        ("2026-11-23T10:00:00.250+00:00", "2026-11-23T10:00:00.250Z"),
        ("2026-11-23T10:00:00+0000", "2026-11-23T10:00:00Z"),
        ("2026-11-23T10:00Z", "2026-11-23T10:00:00Z"),
        ("2026-13-45 25:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("Thu, 31 Dec 2099 00:00:00 GMT", None),
        ("2026-11-24T12:00:01Z", None),
        ("1", None),
        ("yesterday", None),
        ("", None),
        ("9" * 90, None),
    ],
)
def test_dates(text, expected):
    assert (instant.parse(expected) if expected else None) == when(text, NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T06:00:00Z", (instant.parse("2026-11-24T06:00:00Z"), False)),
        ("Tue, 24 Nov 2026 06:00:00 GMT", (instant.parse("2026-11-24T06:00:00Z"), False)),
        ("2026-11-24T06:00:00", (None, True)),
        ("2026-11-24", (None, True)),
        ("2026-11-01", (None, False)),
        ("Next Monday", (None, True)),
        ("", (None, True)),
        (None, (None, False)),
    ],
)
def test_an_embargo_opens_by_itself_only_where_its_time_is_certain(text, expected):
    assert expected == embargo(text, NOW)


def test_text_without_markup_is_kept_as_it_is():
    assert plain("a <b> &amp; c", markup=False) == "a <b> &amp; c"
    assert plain("a <b>b</b> &amp; c") == "a b & c"


def test_the_first_sentence_of_the_first_line():
    assert first_sentence("<p>\n</p>One? Two.") == "One?"
    assert first_sentence("") == ""


@pytest.mark.parametrize("link", [None, " ", "mailto:a@b.test", "http://[x", "data:,x"])
def test_what_leads_nowhere_is_no_link(link):
    assert web_address(link, "https://news.test/") is None


def test_without_all_dates_the_order_of_the_document_counts():
    entries = [Entry("a", published=1), Entry("b", published=3), Entry("c")]

    assert [entry.id for entry in newest(entries, 2)] == ["a", "b"]
    assert [entry.id for entry in newest(entries[:2], 2)] == ["b", "a"]
