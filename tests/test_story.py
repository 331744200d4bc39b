"""Stories: one article, one id, whatever is hung onto its address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.samples import NOW
from ticker.most_read.story import Story, StoryDraft, canonical, is_owned, of_draft, story_id

LINK = "https://news.example.org/world/storm"


@pytest.mark.parametrize("link", [
    "https://NEWS.example.org/world/storm",
    "https://news.example.org:443/world/storm",
    "https://news.example.org/world/storm?utm_source=mail&fbclid=1#top",
    "  https://news.example.org/world/st%6Frm",
])  # fmt: skip
def test_one_article_has_one_link(link: str) -> None:
    assert canonical(link) == LINK
    assert story_id(canonical(link)) == story_id(LINK)


def test_scheme_and_last_slash_make_no_other_story() -> None:
    assert story_id("http://news.example.org/world/storm/") == story_id(LINK)
    assert story_id("https://news.example.org/?id=1") != story_id("https://news.example.org/?id=2")
    assert canonical("https://news.example.org/?id=1&b=") == "https://news.example.org/?id=1&b="


@pytest.mark.parametrize("link", ["", "news.example.org", "ftp://a.org/x", "https://", "https://a.org:x/"])
def test_what_is_no_web_address_is_refused(link: str) -> None:
    with pytest.raises(ValueError):
        canonical(link)


HOST = st.from_regex(r"[a-z]{1,8}\.example\.org", fullmatch=True)
PATH = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="?#\\"), max_size=20)


@given(HOST, PATH, st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_what_is_canonical_stays_so(host: str, path: str, query: dict[str, str]) -> None:
    pairs = "&".join(f"{name}={value}" for name, value in query.items())
    try:
        once = canonical(f"https://{host}/{path}?{pairs}".encode("utf-8", "ignore").decode())
    except ValueError:
        return
    assert canonical(once) == once


def test_only_hosts_of_the_channel_are_owned() -> None:
    assert is_owned(LINK, ["news.example.org"])
    assert is_owned(LINK, ["*.example.org"])
    assert not is_owned("https://example.org/", ["*.example.org"])
    assert not is_owned("https://evilexample.org/", ["example.org", "*.example.org"])
    assert not is_owned(LINK, [])


def test_a_draft_becomes_a_story() -> None:
    draft = StoryDraft(title=" Storm  reaches the coast", link=LINK + "?utm_medium=x", tags=["storm"], section="World")
    story = of_draft(draft, NOW)
    assert (story.id, story.link, story.title) == (story_id(LINK), LINK, "Storm reaches the coast")
    assert story.published_at == NOW
    assert Story.model_validate_json(story.to_json()) == story


def test_a_story_without_a_date_keeps_the_one_it_was_first_seen_at() -> None:
    first = of_draft(StoryDraft(title="One", link=LINK, headline="a" * 16), NOW)
    again = of_draft(StoryDraft(title="Two", link=LINK), NOW + 5_000, first)
    assert (again.title, again.published_at, again.headline) == ("Two", NOW, None)


@pytest.mark.parametrize("fields", [{"link": "javascript:alert(1)"}, {"title": ""}, {"lang": "x"}, {"extra": 1}])
def test_a_draft_that_is_not_right_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        StoryDraft.model_validate({"title": "One", "link": LINK, **fields})
