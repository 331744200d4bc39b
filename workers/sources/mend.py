"""The faults that most malformed feeds have, and that can be mended without guessing. Pure."""

import html
import re
from html.entities import html5

_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_AMPERSAND = re.compile(r"&(?:(#\d{1,7}|#[xX][0-9a-fA-F]{1,6})(;)?|(\w{1,32});)?")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}


def mended(text: str) -> str:
    """With bare ampersands and the named references of HTML made into XML, and without control characters."""
    text = _NOT_XML.sub("", text)
    parts = _CDATA.split(text)
    return "".join(part if part.startswith("<![CDATA[") else _AMPERSAND.sub(_reference, part) for part in parts)


def _reference(match: re.Match[str]) -> str:
    number, ended, name = match.groups()
    if number:
        char = html.unescape(f"&{number};") if ended else ""
        return "&amp;" + match[0][1:] if not char or _NOT_XML.search(char) or char == "\ufffd" else html.escape(char)
    if name in _XML_NAMES:
        return match[0]
    known = html5.get(f"{name};") if name else None
    return html.escape(known) if known else "&amp;" + match[0][1:]
