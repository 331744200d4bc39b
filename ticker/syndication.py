"""Feeds as such: RSS, Atom, XML and CSV that stay whole whatever a headline says. Nothing of whose they are."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from email.utils import formatdate
from typing import NamedTuple
from xml.etree import ElementTree as ET

from ticker import instant

ATOM = "http://www.w3.org/2005/Atom"
REHEARSED = "REHEARSAL: "  # before a title or text: a feed goes to machines that know of no mark but the words

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 section 2.2


class Link(NamedTuple):
    rel: str
    href: str
    type: str | None = None


class Entry(NamedTuple):
    """What a feed reader shows of one headline. Times in ms."""

    id: str
    text: str
    published_at: int
    updated_at: int
    content: str
    link: str | None = None
    links: Sequence[Link] = ()  # besides
    categories: Sequence[str] = ()
    lang: str | None = None  # where it is not the feed's
    note: str | None = None  # for RSS, whose description is empty else


class Feed(NamedTuple):
    """`changed_at` (ms) is when what it says last changed: a feed never says what time it is."""

    id: str
    title: str
    lang: str
    site: str
    address: str
    changed_at: int
    entries: Sequence[Entry]
    links: Sequence[Link] = ()  # besides the one to itself


def rss(feed: Feed) -> bytes:
    root = ET.Element("rss", {"version": "2.0", "xmlns:atom": ATOM})
    channel = sub(root, "channel")
    sub(channel, "title", feed.title)
    sub(channel, "link", feed.site)
    sub(channel, "description", f"{feed.title}: the latest headlines")
    sub(channel, "language", feed.lang)
    sub(channel, "lastBuildDate", formatdate(feed.changed_at / 1000, usegmt=True))
    sub(channel, "atom:link", rel="self", type="application/rss+xml", href=feed.address)
    for entry in feed.entries:
        item = sub(channel, "item")
        sub(item, "title", entry.text)
        if entry.link:
            sub(item, "link", entry.link)
        sub(item, "guid", entry.id, isPermaLink="false")
        sub(item, "pubDate", formatdate(entry.published_at / 1000, usegmt=True))
        for category in entry.categories:
            sub(item, "category", category)
        if entry.note:
            sub(item, "description", entry.note)
    return xml(root)


def atom(feed: Feed) -> bytes:
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": feed.lang})
    sub(root, "id", feed.id)
    sub(root, "title", feed.title)
    sub(root, "updated", instant.format(feed.changed_at))
    sub(sub(root, "author"), "name", feed.title)
    _links(root, [Link("self", feed.address, "application/atom+xml"), *feed.links])
    for entry in feed.entries:
        element = sub(root, "entry", **({"xml:lang": entry.lang} if entry.lang else {}))
        sub(element, "id", entry.id)
        sub(element, "title", entry.text, type="text")
        sub(element, "published", instant.format(entry.published_at))
        sub(element, "updated", instant.format(entry.updated_at))
        _links(element, [Link("alternate", entry.link or feed.site), *entry.links])
        for category in entry.categories:
            sub(element, "category", term=category)
        sub(element, "content", entry.content, type="text")
    return xml(root)


def _links(parent: ET.Element, links: Iterable[Link]) -> None:
    for link in links:
        sub(parent, "link", rel=link.rel, **({"type": link.type} if link.type else {}), href=link.href)


def table(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> bytes:
    """CSV as RFC 4180 has it, the columns' names in the first line."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()


def sub(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    """A new element at the end of another, without the characters that XML does not have."""
    element = ET.SubElement(parent, tag, {name: _NOT_XML.sub("", value) for name, value in attributes.items()})
    element.text = text and _NOT_XML.sub("", text)
    return element


def xml(root: ET.Element) -> bytes:
    """A whole document."""
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body
