"""An RSS or Atom document as an lxml tree: its entries, the extras that other parsers drop, its tombstones. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from workers.sources.entry import (
    MOST,
    Entry,
    Tombstone,
    embargo,
    first_sentence,
    later,
    plain,
    tags,
    web_address,
    when,
)

Element = Any  # lxml has no types

ROOTS = {"rss", "feed", "rdf", "channel", "item", "entry"}
_HOLDERS = {"channel", "rss", "rdf", "feed", "items"}
_ATOM = {"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"}
_RSS = {"", "http://purl.org/rss/1.0/", "http://purl.org/net/rss1.1#", "http://my.netscape.com/rdf/simple/0.9/",
        "http://channel.netscape.com/rdf/simple/0.9/", "http://backend.userland.com/rss2",
        "http://blogs.law.harvard.edu/tech/rss", "http://purl.org/rss/2.0/"}  # fmt: skip
_OWN = _ATOM | _RSS
_DC = {"http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.0/", "http://purl.org/dc/terms/"}
_TERMS = "http://purl.org/dc/terms/"
_APP = {"http://www.w3.org/2007/app", "http://purl.org/atom/app#"}
_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_OURS = "urn:ticker"
_URGENCY = "urn:ticker:urgency"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_EMBARGOES = {"embargodate", "embargo", "embargoed"}
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_LONGEST_RAW = 64 * 1024  # characters of an entry that are kept for its dead letter

# What keeps an entry back, as it looks in a text that is no tree.
WARNING = re.compile(r"<(?:[\w.-]+:)?(?:embargo\w*|available|draft)[\s>/]", re.IGNORECASE)


def strict(data: bytes, base: str) -> Element | None:
    """The tree of well-formed XML in which nothing is left to expand; else None."""
    try:
        root = etree.fromstring(data, _parser(recover=False), base_url=base)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if next(root.iter(etree.Entity), None) is not None else root


def recovered(data: bytes, base: str) -> Element | None:
    """What is left of a tree when the broken parts are passed over."""
    try:
        return etree.fromstring(data, _parser(recover=True), base_url=base)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _parser(*, recover: bool) -> Any:
    return etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def items(root: Element) -> list[Element]:
    """The entries' elements in the order of the document."""
    if local(root) in ("item", "entry"):
        return [root]
    return [
        element
        for element in root.iter("{*}item", "{*}entry")
        if element.getparent() is not None and local(element.getparent()) in _HOLDERS and namespace(element) in _OWN
    ]


def newest(items: list[Element], now: int) -> list[int]:
    """Which ones to read: all but the oldest of too many. Their places, in the order of the document."""
    if len(items) <= MOST:
        return list(range(len(items)))
    dates = [_updated(item, now) or _published(item, now) for item in items]
    places: Sequence[int] = range(len(items))
    if None not in dates:
        places = sorted(places, key=lambda i: -(dates[i] or 0))
    return sorted(places[:MOST])


def tombstones(root: Element, now: int) -> Iterator[Tombstone]:
    """RFC 6721, wherever they stand."""
    for element in root.iter(f"{{{_TOMBSTONES}}}deleted-entry"):
        ref = (element.get("ref") or "").strip()
        if ref:
            note = element.find(f"{{{_TOMBSTONES}}}comment")
            yield Tombstone(ref, when(element.get("when"), now), plain(_text(note)) or None)


def entry(item: Element, base: str, now: int) -> Entry:
    """Everything that the tree says about one entry."""
    base = item.base or base
    until, unreadable = _embargo(item, now)
    return Entry(
        id=_id(item),
        title=title(item),
        link=_link(item, base),
        updated=_updated(item, now),
        published=_published(item, now),
        categories=tags(_categories(item)),
        image=_image(item, base),
        urgency=_urgency(item),
        embargo=until,
        embargo_unreadable=unreadable,
        expires=_expires(item),
        correction=plain(_first(item, {_OURS}, "correction") or "") or None,
        draft=_is_draft(item),
        raw=etree.tostring(item, encoding="unicode", with_tail=False)[:_LONGEST_RAW],
    )


# --- parts --------------------------------------------------------------------------------------------------------


def local(element: Element) -> str:
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def namespace(element: Element) -> str:
    return (etree.QName(element).namespace or "") if isinstance(element.tag, str) else ""


def _children(item: Element, spaces: set[str], *names: str) -> Iterator[Element]:
    wanted = {name.lower() for name in names}
    for child in item:
        if local(child) in wanted and namespace(child) in spaces:
            yield child


def _text(element: Element | None) -> str:
    return "".join(element.itertext()) if element is not None else ""


def _first(item: Element, spaces: set[str], *names: str) -> str | None:
    """The first that says something, in the order of the names."""
    for name in names:
        for child in _children(item, spaces, name):
            if text := _text(child).strip():
                return text
    return None


def title(item: Element) -> str:
    for child in [*_children(item, _OWN, "title"), *_children(item, _DC, "title")]:
        text = plain(_text(child), markup=has_markup(child))
        if text:
            return text
    own = _first(item, _OWN, "description", "summary", "content") or _first(item, {_CONTENT}, "encoded")
    return first_sentence(own or "")


def has_markup(element: Element) -> bool:
    """Atom says which titles are HTML; in RSS every title may be."""
    if namespace(element) not in _ATOM:
        return True
    kind, mode = (element.get("type") or "text").lower(), element.get("mode")
    return "xhtml" not in kind and ("html" in kind or mode == "escaped")


def _id(item: Element) -> str | None:
    return _first(item, _OWN, "guid", "id") or (item.get(f"{_RDF}about") or "").strip() or None


def _updated(item: Element, now: int) -> int | None:
    return when(_first(item, _OWN, "updated", "modified") or _first(item, {_TERMS}, "modified"), now)


def _published(item: Element, now: int) -> int | None:
    own = _first(item, _OWN, "pubDate", "published", "issued", "created")
    return when(own or _first(item, _DC, "date", "issued", "created"), now)


def _link(item: Element, base: str) -> str | None:
    links = list(_children(item, _OWN, "link"))
    ranked = sorted((rank, i) for i, link in enumerate(links) if (rank := _rank(link)) is not None)
    for _, i in ranked:
        link = links[i]
        found = web_address(link.get("href") or link.get(f"{_RDF}resource") or _text(link), link.base or base)
        if found:
            return found
    for guid in _children(item, _OWN, "guid"):
        if (guid.get("isPermaLink") or "true").strip().lower() == "true":
            found = _text(guid).strip()
            return found if found.startswith(("http://", "https://")) else None
    return None


def _rank(link: Element) -> int | None:
    rel = (link.get("rel") or "alternate").strip().lower().removeprefix("http://www.iana.org/assignments/relation/")
    if rel == "alternate":
        return 0 if "html" in (link.get("type") or "html") else 1
    return 2 if rel == "related" else None


def _categories(item: Element) -> Iterator[str]:
    for element in _children(item, _OWN, "category"):
        if _URGENCY in (element.get("scheme"), element.get("domain")):
            continue
        if text := plain(element.get("label") or element.get("term") or _text(element)):
            yield text
    for element in _children(item, _DC, "subject"):
        if text := plain(_text(element)):
            yield text


def _urgency(item: Element) -> str | None:
    for element in _children(item, _OWN, "category"):
        if _URGENCY in (element.get("scheme"), element.get("domain")):
            return (element.get("term") or _text(element)).strip().lower()
    return None


def _image(item: Element, base: str) -> str | None:
    for element in item.iter("{*}content", "{*}thumbnail", "{*}enclosure"):
        kind, address = element.get("type") or "", element.get("url")
        if address and (local(element) == "thumbnail" or "image" in (kind.split("/")[0], element.get("medium"))):
            return web_address(address, base)
    return None


def _embargo(item: Element, now: int) -> tuple[int | None, bool]:
    """The latest of all that are said; one that cannot be read spoils them all."""
    latest: int | None = None
    for child in item.iter():
        name, space = local(child), namespace(child)
        if (name in _EMBARGOES and space) or (name == "available" and space == _TERMS):
            until, unreadable = embargo(_text(child), now)
            if unreadable:
                return None, True
            latest = max(latest or 0, until or 0) or None
    return latest, False


def _expires(item: Element) -> int | None:
    for child in item:
        if local(child) in ("expirationdate", "expires") and namespace(child) not in _RSS:
            return later(_text(child))
    return None


def _is_draft(item: Element) -> bool:
    """In doubt it is one: only a plain `no` sets it free."""
    drafts = [draft for space in _APP for draft in item.iter(f"{{{space}}}draft")]
    return any(_text(draft).strip().lower() != "no" for draft in drafts)
