"""What a page says of itself, whatever it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.most_read.story import canonical
from workers.open_graph import _Head, story_of

URL = "https://news.example.org/storm?ref=x"
PAGE = """<!doctype html><html lang="en-GB"><head><title>Storm | News</title>
<link rel="canonical" href="/storm"><meta property="og:title" content="Storm &amp; flood">
<meta property="og:image" content="/storm.jpg"><meta property="article:section" content="World">
<meta property="article:published_time" content="2026-11-23T09:58:00+02:00">
<meta property="article:tag" content="storm"><meta property="article:tag" content="coast"></head>"""


def test_an_article_is_what_it_says() -> None:
    draft = story_of(PAGE, URL)
    assert draft is not None
    assert draft.model_dump(mode="json", exclude_none=True) == {
        "title": "Storm & flood", "link": "https://news.example.org/storm", "section": "World", "lang": "en-GB",
        "image": "https://news.example.org/storm.jpg", "published_at": "2026-11-23T07:58:00.000Z",
        "tags": ["storm", "coast"],
    }  # fmt: skip


OWN = "<link rel=canonical href=/storm>"


@pytest.mark.parametrize(("page", "title"), [
    ("<title>Only this</title>", "Only this"),
    ("<title> </title>", None),
    ("", None),
    ("<title>x</title><meta property=og:image content='javascript:1'><html lang='??'>", "x"),
    ("<svg><title>icon</title></svg><title>later</title>", "icon"),
    ("<title>x</title><![foo bar[", "x"),
    ("<![ z]><title>x</title>", None),
])  # fmt: skip
def test_what_is_missing_or_wrong(page: str, title: str | None) -> None:
    draft = story_of(OWN + page, URL)
    assert (draft.title if draft else None) == title
    assert draft is None or draft.image is None


@pytest.mark.parametrize(("says", "link"), [
    (OWN, "https://news.example.org/storm"),
    ("<meta property=og:url content=/storm>", "https://news.example.org/storm"),
    (OWN + "<meta property=og:url content=/other>", "https://news.example.org/storm"),
    ("<link rel=canonical href=''><meta property=og:url content='https://news.example.org/storm'>",
     "https://news.example.org/storm"),
    ("", None),
    ("<link rel=canonical href='  '>", None),
    ("<link rel=canonical href='javascript:alert(1)'>", None),
    ("<link rel=canonical href='http://['>", None),
])  # fmt: skip
def test_a_page_is_a_story_at_the_address_that_it_says_and_at_no_other(says: str, link: str | None) -> None:
    """Else anybody could have a page registered under as many addresses as there are numbers."""
    draft = story_of(f"<title>x</title>{says}", URL)
    assert (draft.link if draft else None) == link


@pytest.mark.parametrize("end", ["</head>", "<body>", "</HEAD >", "<body class=x>"])
def test_what_stands_below_a_pages_head_is_not_what_the_page_says(end: str) -> None:
    """It may be a reader's comment."""
    below = f"{OWN}<title>Below</title><meta property=article:tag content=below>"
    assert story_of(f"<title>x</title>{end}{below}", URL) is None
    draft = story_of(f"<title>x</title>{OWN}{end}{below}", URL)
    assert draft is not None
    assert (draft.title, draft.tags) == ("x", [])


def test_a_title_in_many_pieces_takes_no_longer_than_one_in_few() -> None:
    """Added up piece by piece it took the square of their number."""
    head = _Head()
    head.feed("<title>" + "x<!---->" * 1_000)
    assert head.title == "x" * 1_000
    assert len(head._title) == 1_000, "nothing is joined before all is there"


@given(st.text(), st.text())
def test_whatever_a_page_says_it_is_a_story_or_none(words: str, link: str) -> None:
    for page in (words, f"<title>{words}", f"<title>x</title>{OWN}<meta property=og:image content={link!r}>"):
        draft = story_of(page, URL)
        assert draft is None or canonical(draft.link)
