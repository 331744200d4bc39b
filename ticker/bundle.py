"""Modules joined to one script: what other sites embed, and what an output's page carries in itself.

What runs is what is read, said shorter: comments and white space go, and names that nobody outside may use get short.
Our own code is all that is ever joined, and it keeps to what this needs: imports and exports begin a line, top-level
names differ between modules, and a name that begins with `_` is private to its module's class and those that extend it.
"""

import base64
import hashlib
import itertools
import re
import string
from collections import Counter
from pathlib import Path

import minify

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]*)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:class|const|function) (\w+))", re.MULTILINE)
_NAME = re.compile(r"^(?:export )?(?:async )?(?:class|const|let|function\*?) (\w+)", re.MULTILINE)
_CLASS = re.compile(r"\bclass (\w+)(?: extends (\w+))?")
_PRIVATE = re.compile(r"\b_[a-zA-Z]\w+\b")


def joined(entry: Path) -> bytes:
    """The module and all that it imports, each once, what is imported first; it exports what `entry` does."""
    parts = _parts(entry)
    exports = ",".join(_EXPORT.findall(parts[-1]))
    body = "".join(shortened([_EXPORT.sub("", part) for part in parts]))
    # In a function no name is seen from outside, so that all of them may become short.
    whole = f"export const{{{exports}}}=(()=>{{{body}return{{{exports}}}}})()" if exports else f"(()=>{{{body}}})()"
    return str(minify.string("text/javascript", whole)).encode()


def classic(entry: Path) -> str:
    """A script, as every browser since 2019 runs it, of the module and all that it imports; as it is read, but for the
    imports: nothing in it is shorter or newer than what was written.
    """
    return "(() => {\n" + "".join(_EXPORT.sub("", part) for part in _parts(entry)) + "})();\n"


def _parts(entry: Path) -> list[str]:
    """What is imported first. ValueError when two modules have a thing of one name: the later would win, unheard."""
    parts: list[str] = []
    _collect(entry.resolve(), parts, set())
    names = Counter(itertools.chain.from_iterable(map(_NAME.findall, parts)))
    if twice := [name for name, times in names.items() if times > 1]:
        raise ValueError(f"Two modules that are joined both have a {', '.join(twice)}; give one another name.")
    return parts


def _collect(path: Path, parts: list[str], seen: set[Path]) -> None:
    if path in seen:
        return
    seen.add(path)
    source = path.read_text(encoding="utf-8")
    for name in _IMPORT.findall(source):
        _collect((path.parent / name).resolve(), parts, seen)
    parts.append(_IMPORT.sub("", source))


def shortened(parts: list[str]) -> list[str]:
    """With a letter, or two signs, for each private name: the commonest first, and each family of classes by itself."""
    families: dict[str, int] = {}  # class → number of its family
    numbers = []
    for place, part in enumerate(parts):
        classes = _CLASS.findall(part)
        numbers.append(next((families[parent] for _, parent in classes if parent in families), place))
        families.update((name, numbers[-1]) for name, _ in classes)
    names = {
        number: _short("".join(part for part, own in zip(parts, numbers, strict=True) if own == number))
        for number in set(numbers)
    }
    return [_said(part, names[number]) for part, number in zip(parts, numbers, strict=True)]


def _said(part: str, names: dict[str, str]) -> str:
    return _PRIVATE.sub(lambda found: names[found[0]], part)


def _short(source: str) -> dict[str, str]:
    """Short ones for those that are private, none that the source has already."""
    taken = set(re.findall(r"\b\w{1,2}\b", source))
    pairs = map("".join, itertools.product(string.ascii_letters, "_" + string.digits))
    free = (name for name in itertools.chain(string.ascii_letters, pairs) if name not in taken)
    return {name: next(free) for name, _ in Counter(_PRIVATE.findall(source)).most_common()}


def integrity(content: bytes) -> str:
    """For `integrity="…"`: subresource integrity, W3C."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
