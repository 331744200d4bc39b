"""From bytes to letters: byte order mark, then what HTTP says, then what the XML declaration says, else UTF-8."""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it starts with the same bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SHAPES = (  # how `<?` or `<r` looks without a mark
    (rb"<\0\0\0", "utf-32-le"),
    (rb"\0\0\0<", "utf-32-be"),
    (rb"<\0[^\0]\0", "utf-16-le"),
    (rb"\0<\0[^\0]", "utf-16-be"),
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([^\s;\"']+)", re.IGNORECASE)
_DECLARATION = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][\w.:-]{0,40})[\"']")
_WIDER = {  # what a label means in practice is the larger set that contains it
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
_SINGLE_BYTE = re.compile(r"ascii|iso8859|cp12|koi8|mac")
_NOT_LETTERS = {"unicode_escape", "raw_unicode_escape", "utf-7", "idna", "punycode", "undefined"}


def decode(body: bytes, content_type: str) -> str | None:
    """The text without mark. None when nobody has said the truth about it: then it takes a guess to read it."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _strict(body[len(mark) :], encoding)
    for shape, encoding in _SHAPES:
        if re.match(shape, body, re.DOTALL):
            return _strict(body, encoding)
    http = _CHARSET.search(content_type)
    declared = _DECLARATION.match(body)
    for label in (http[1] if http else "", declared[1].decode() if declared else "", "utf-8"):
        text = _as_labelled(body, label)
        if text is not None:
            return text
    return None


def _as_labelled(body: bytes, label: str) -> str | None:
    try:
        encoding = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    if encoding in _NOT_LETTERS:
        return None
    if _SINGLE_BYTE.match(encoding):
        # Every byte has a meaning there, so that a wrong label goes unnoticed; UTF-8 is not met by chance.
        text = _strict(body, "utf-8")
        if text is not None:
            return text
    return _strict(body, _WIDER.get(encoding, encoding))


def _strict(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (LookupError, UnicodeError, AssertionError):
        return None
