"""Modules joined to the one file that other sites embed: one request, and one hash that covers all of it.

The file that is read is the file that runs: only comments and white space go, and private names and those of
constants, which nobody outside may use, get short. Our own code is all that is ever joined, and it keeps to what this
needs: imports and exports begin a line, top-level names differ between modules, a name that begins with `_` is
private, and one in capitals with `_` in it is a constant of ours.
"""

import base64
import hashlib
import itertools
import re
import string
from collections import Counter
from pathlib import Path

from rjsmin import jsmin

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]*)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_PRIVATE = re.compile(r"\b(?:_[a-zA-Z]\w+|[A-Z]+_[A-Z_]+)\b")


def joined(entry: Path) -> bytes:
    """The module and all that it imports, each once, what is imported first."""
    parts: list[str] = []
    _collect(entry.resolve(), parts, set())
    inner = (_EXPORT.sub("", part) for part in parts[:-1])
    return shortened(str(jsmin("".join([*inner, parts[-1]])))).encode()


def _collect(path: Path, parts: list[str], seen: set[Path]) -> None:
    if path in seen:
        return
    seen.add(path)
    source = path.read_text(encoding="utf-8")
    for name in _IMPORT.findall(source):
        _collect((path.parent / name).resolve(), parts, seen)
    parts.append(_IMPORT.sub("", source))


def shortened(source: str) -> str:
    """With a short name for each private one, the commonest first."""
    short = (f"_{''.join(letters)}" for n in (1, 2) for letters in itertools.product(string.ascii_letters, repeat=n))
    names = {name: next(short) for name, _ in Counter(_PRIVATE.findall(source)).most_common()}
    return _PRIVATE.sub(lambda found: names[found[0]], source)


def integrity(content: bytes) -> str:
    """For `integrity="…"`: subresource integrity, W3C."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
