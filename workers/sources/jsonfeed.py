"""JSON Feed 1.x, read leniently, with our extension `_ticker`. Pure."""

import json
import re
from typing import Any

from workers.sources.entry import (
    Document,
    Entry,
    Tombstone,
    Unreadable,
    embargo,
    first_sentence,
    later,
    plain,
    tags,
    web_address,
    when,
)

_BAD_ESCAPE = re.compile(r"\\(?![\"\\/bfnrtu])")


def parse_jsonfeed(text: str, base_url: str, now: int) -> Document:
    """Raw tabs and stray backslashes are forgiven. Unreadable when it is no JSON Feed."""
    feed = _loads(text)
    if not isinstance(feed, dict):
        raise Unreadable("It is JSON, but not a JSON Feed: there are no items.")
    items = feed.get("items")
    if not isinstance(items, list):
        raise Unreadable("It is JSON, but not a JSON Feed: there are no items.")
    base = web_address(_string(feed.get("home_page_url")), base_url) or base_url
    read = [_item(item, base, now) for item in items if isinstance(item, dict)]
    return Document(
        tuple(entry for entry in read if isinstance(entry, Entry)),
        tuple(stone for stone in read if isinstance(stone, Tombstone)),
    )


def _loads(text: str) -> Any:
    fault = ""
    for attempt in (text, _BAD_ESCAPE.sub(r"\\\\", text)):
        try:
            return json.loads(attempt, strict=False)
        except ValueError as error:
            fault = fault or str(error)
        except RecursionError:
            raise Unreadable("It is JSON nested deeper than any feed.") from None
    raise Unreadable(f"It is not JSON: {fault[:200]}.")


def _item(item: dict[str, Any], base: str, now: int) -> Entry | Tombstone:
    extra = item.get("_ticker")
    extra = extra if isinstance(extra, dict) else {}
    item_id = _string(item.get("id"))
    updated = when(_string(item.get("date_modified")), now)
    correction = _string(extra.get("correction"))
    if extra.get("deleted") and item_id:
        note = extra["deleted"] if isinstance(extra["deleted"], str) else correction
        return Tombstone(item_id, updated, plain(note or "") or None)
    until, unreadable = embargo(_present(extra, "embargo"), now)
    return Entry(
        id=item_id,
        title=_title(item),
        link=web_address(_string(item.get("url")) or _string(item.get("external_url")), base),
        updated=updated,
        published=when(_string(item.get("date_published")), now),
        categories=_tags(item),
        image=web_address(_string(item.get("image")) or _string(item.get("banner_image")), base),
        urgency=_string(extra.get("urgency")),
        embargo=until,
        embargo_unreadable=unreadable,
        expires=later(_string(extra.get("expires"))),
        correction=plain(correction or "") or None,
        draft=bool(extra.get("draft")),
        raw=json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}, ensure_ascii=False),
    )


def _title(item: dict[str, Any]) -> str:
    title = plain(_string(item.get("title")) or "")
    if title:
        return title
    for name in ("content_text", "summary", "content_html"):
        sentence = first_sentence(_string(item.get(name)) or "")
        if sentence:
            return sentence
    return ""


def _tags(item: dict[str, Any]) -> tuple[str, ...]:
    found = item.get("tags")
    return tags(tag for tag in found if isinstance(tag, str)) if isinstance(found, list) else ()


def _present(fields: dict[str, Any], name: str) -> str | None:
    """A value that is there but no text is unreadable, not absent."""
    value = fields.get(name)
    if value is None:
        return None
    return value if isinstance(value, str) else repr(value)


def _string(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return str(value)  # ids are numbers in many a feed
    return value if isinstance(value, str) and value.strip() else None
