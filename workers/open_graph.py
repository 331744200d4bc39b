"""What an article's page says of itself: Open Graph (ogp.me), and what HTML has for the same. Pure."""

from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import urljoin

from pydantic import ValidationError

from ticker import instant
from ticker.headline import NAME_LIMIT, TAGS_LIMIT, TEXT_LIMIT
from ticker.most_read.story import StoryDraft

LOOKED_AT = 512 * 1024  # characters; what a page says of itself is at its beginning

_NAMES = ("og:title", "og:url", "og:image", "og:locale", "article:section", "article:published_time")


def story_of(page: str, url: str) -> StoryDraft | None:
    """The story of an article's page; None for one that has no title, or that does not say its own address: it may be
    the same at any. What is not right beside that is left out.
    """
    head = _Head()
    # At `<![` that it cannot read HTMLParser ends with an AssertionError; what was said before it holds.
    with suppress(_Ended, AssertionError):
        head.feed(page[:LOOKED_AT])
    title = (head.said.get("og:title") or head.title).strip()[:TEXT_LIMIT]
    link = _absolute(head.canonical or head.said.get("og:url"), url)
    if not title or not link:
        return None
    given: dict[str, object] = {
        "image": _absolute(head.said.get("og:image"), url),
        "section": head.said.get("article:section"),
        "published_at": _time(head.said.get("article:published_time")),
        "lang": head.lang or (head.said.get("og:locale") or "").replace("_", "-"),
    }
    given["tags"] = [tag for tag in head.tags if tag and len(tag) <= NAME_LIMIT][:TAGS_LIMIT]
    return _draft(title, link, {name: value for name, value in given.items() if value})


def _draft(title: str, link: str, given: dict[str, object]) -> StoryDraft | None:
    try:
        return StoryDraft.model_validate({"title": title, "link": link, **given})
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
    if wrong & {"title", "link"}:
        return None
    return _draft(title, link, {name: value for name, value in given.items() if name not in wrong})


def _absolute(link: str | None, url: str) -> str | None:
    try:
        return urljoin(url, link.strip()) if link and link.strip() else None
    except ValueError:
        return None


def _time(text: str | None) -> str | None:
    try:
        return instant.format(instant.parse(text.strip())) if text else None
    except ValueError:
        return None


class _Ended(Exception):
    """The page's head has been read; what comes after it may be anybody's words."""


class _Head(HTMLParser):
    """The first of each thing counts; but for tags, of which there may be many."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, str] = {}
        self.tags: list[str] = []
        self.canonical = self.lang = ""
        self._title: list[str] = []
        self._in_title = False

    @property
    def title(self) -> str:
        return "".join(self._title)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "body":
            raise _Ended
        if tag == "html":
            self.lang = given.get("lang", "")
        elif tag == "title":
            self._in_title = not self._title
        elif tag == "link" and "canonical" in given.get("rel", "").lower().split():
            self.canonical = self.canonical or given.get("href", "")
        elif tag == "meta":
            name, content = given.get("property") or given.get("name", ""), given.get("content", "")
            if name == "article:tag":
                self.tags.append(content.strip())
            elif name in _NAMES:
                self.said.setdefault(name, content)

    def handle_endtag(self, tag: str) -> None:
        if tag == "head":
            raise _Ended
        if tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self._title.append(data)
