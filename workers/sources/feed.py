"""RSS 0.9x, 1.0, 2.0 and Atom 0.3, 1.0: well-formed documents on the fast road, others on the tolerant one. Pure.

Well-formed, or so after the plainest mending: the lxml tree says it all, and fastfeedparser knows some dialects
where it finds no title.
Malformed beyond that: feedparser and fastfeedparser both, and of two titles the longer clean one. The fast one
loses text where a reference is broken, the tolerant one sometimes finds nothing at all, and is too slow for
documents with thousands of entries.
"""

import io
import json
import re
from dataclasses import replace
from typing import Any

import fastfeedparser
import feedparser

from workers.sources import mend, tree
from workers.sources.entry import MOST, Document, Entry, Unreadable, first_sentence, plain, web_address, when

_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_FEED = re.compile(r"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel|item|entry)[\s>/]", re.IGNORECASE)
_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)


def parse_feed(body: bytes, text: str | None, content_type: str, base: str, now: int) -> Document:
    """`text` is the body as text, None when its encoding is not known. Unreadable when it is no feed."""
    if text is not None:
        text = _DECLARATION.sub("", text, count=1).lstrip()
        body = text.encode("utf-8", "surrogatepass")
    looked_at = text if text is not None else body.decode("latin-1")
    root = None
    if text is not None and not _ENTITY.search(text):
        root = tree.strict(body, base)
        if root is None:
            mended = mend.mended(text).encode()
            root = tree.strict(mended, base)
            body = mended if root is not None else body
    if root is not None and tree.local(root) not in tree.ROOTS:
        raise Unreadable(f"It is XML, but not a feed: its root is <{tree.local(root)}>.")
    if root is not None:
        return Document(_well_formed(root, body, base, now), tuple(tree.tombstones(root, now)))
    if not _FEED.search(looked_at):
        page = _PAGE.search(looked_at)
        raise Unreadable("It is a web page, not a feed." if page else "It is not a feed: nothing in it is an entry.")
    return _malformed(body, looked_at, content_type if text is None else "", base, now)


# --- well-formed ----------------------------------------------------------------------------------------------------


def _well_formed(root: Any, body: bytes, base: str, now: int) -> tuple[Entry, ...]:
    items = tree.items(root)
    chosen = tree.newest(items, now)
    entries = [tree.entry(items[i], base, now) for i in chosen]
    if not all(entry.title for entry in entries):
        fast = _fast(body, base, now)
        if len(fast) == len(items):
            entries = [replace(e, title=e.title or fast[i].title) for i, e in zip(chosen, entries, strict=True)]
    return tuple(entries)


# --- malformed ------------------------------------------------------------------------------------------------------


def _malformed(body: bytes, text: str, content_type: str, base: str, now: int) -> Document:
    root = tree.recovered(body, base)
    items = tree.items(root) if root is not None else []
    pieces = [tree.entry(items[i], base, now) for i in tree.newest(items, now)]
    few = len(_FEED.findall(text)) <= MOST
    tolerant = _tolerant(body, content_type, base, now) if few else []
    fast = _fast(body, base, now) if few else []
    entries = max(tolerant, pieces, fast, key=len)  # the first of equals
    for others in (tolerant, fast):
        if len(others) == len(entries):
            entries = [replace(e, title=_better(e.title, o.title)) for e, o in zip(entries, others, strict=True)]
    if len(pieces) == len(entries):
        entries = [_completed(entry, piece) for entry, piece in zip(entries, pieces, strict=True)]
    if len(pieces) != len(entries) or _warnings(text) > _warnings(*(piece.raw for piece in pieces)):
        entries = [replace(entry, embargo_unreadable=_warnings(text) > 0) for entry in entries]
    return Document(tuple(entries), tuple(tree.tombstones(root, now)) if root is not None else ())


def _better(one: str, other: str) -> str:
    return max(one, other, key=lambda title: ("\ufffd" not in title, len(title)))


def _completed(entry: Entry, piece: Entry) -> Entry:
    """What the tolerant parsers found, with what only a tree can tell."""
    return replace(
        piece,
        id=piece.id or entry.id,  # as it is written: the tolerant parser makes addresses of some
        title=_better(entry.title, piece.title) if "\ufffd" in entry.title or not entry.title else entry.title,
        link=entry.link or piece.link,
        updated=entry.updated or piece.updated,
        published=entry.published or piece.published,
    )


def _warnings(*texts: str) -> int:
    """How often something keeps an entry back: where some of it was lost, all of it is doubtful."""
    return sum(len(tree.WARNING.findall(text)) for text in texts)


def _fast(body: bytes, base: str, now: int) -> list[Entry]:
    try:
        found = fastfeedparser.parse(body).entries
    except Exception:  # noqa: BLE001  whatever it stumbles over: it has found nothing
        return []
    return [_entry(fields, base, now, markup=True) for fields in found]


def _tolerant(body: bytes, content_type: str, base: str, now: int) -> list[Entry]:
    content_type = content_type or "application/xml; charset=utf-8"
    try:
        feed = feedparser.parse(
            io.BytesIO(body),  # bytes it would take for an address or the name of a file
            response_headers={"content-type": content_type, "content-location": base},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # noqa: BLE001
        return []
    atom = feed.get("version", "").startswith("atom")
    return [_entry(fields, base, now, markup=not atom or _is_html(fields)) for fields in feed.entries]


def _is_html(fields: dict[str, Any]) -> bool:
    return "html" in str((dict.get(fields, "title_detail") or {}).get("type"))


def _entry(fields: dict[str, Any], base: str, now: int, *, markup: bool) -> Entry:
    """Of either parser's dictionary. Its dates are read anew: both take things for dates that are none."""
    given = {name: str(dict.get(fields, name) or "") for name in ("id", "title", "link", "summary", "description")}
    title = plain(given["title"], markup=markup) or first_sentence(given["summary"] or given["description"])
    link = web_address(given["link"], base)
    return Entry(
        id=given["id"].strip() or None,
        title=title,
        link=link,
        updated=when(dict.get(fields, "updated"), now),
        published=when(dict.get(fields, "published"), now),
        raw=json.dumps({"items": [{"id": given["id"], "title": title, "url": link}]}, ensure_ascii=False),
    )
