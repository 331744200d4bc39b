"""Modules joined to the one file that other sites embed: one request, and one hash that covers all of it.

The file that is read is the file that runs: names and logic stay, only comments and indentation go. Our own code
is all that is ever joined, and it keeps to what this needs: imports and exports begin a line, a comment begins a line
or stands behind a space, and no text in it looks like one.
"""

import base64
import hashlib
import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]*)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_BLOCK = re.compile(r"^\s*/\*\*.*?\*/\n", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(^|\s+)// .*$", re.MULTILINE)
_INDENT = re.compile(r"^\s+", re.MULTILINE)


def joined(entry: Path) -> bytes:
    """The module and all that it imports, each once, what is imported first."""
    parts: list[str] = []
    _collect(entry.resolve(), parts, set())
    return "".join(parts).encode()


def _collect(path: Path, parts: list[str], seen: set[Path]) -> None:
    if path in seen:
        return
    seen.add(path)
    source = path.read_text(encoding="utf-8")
    for name in _IMPORT.findall(source):
        _collect((path.parent / name).resolve(), parts, seen)
    parts.append(stripped(_EXPORT.sub("", _IMPORT.sub("", source))))


def stripped(source: str) -> str:
    """Without comments and indentation."""
    for pattern in (_BLOCK, _COMMENT, _INDENT):
        source = pattern.sub("", source)
    return source


def integrity(content: bytes) -> str:
    """For `integrity="…"`: subresource integrity, W3C."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
