"""Documents of sources, whatever their format, told apart by what is in them. Pure."""

from workers.sources.charset import decode
from workers.sources.entry import MOST, Document, Entry, Tombstone, Unreadable
from workers.sources.feed import parse_feed
from workers.sources.jsonfeed import parse_jsonfeed

__all__ = ["Document", "Entry", "Tombstone", "Unreadable", "parse"]


def parse(body: bytes, content_type: str, base_url: str, now: int, most: int = MOST) -> Document:
    """The newest `most` entries of a document. Unreadable, with a sentence, when it is none of ours."""
    text = decode(body, content_type)
    if text is not None and text.lstrip().startswith(("{", "[")):
        document = parse_jsonfeed(text, base_url, now)
    else:
        document = parse_feed(body, text, content_type, base_url, now)
    return document.newest(most)
