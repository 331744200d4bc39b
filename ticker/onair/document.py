"""The page of an output: one document that needs nothing else, be it served or opened from disk."""

import base64
import contextlib
import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ticker import bundle
from ticker.onair.output import Output

WEB = Path(__file__).resolve().parent.parent.parent / "web" / "onair"
FONT = "On Air"  # what bar.css calls the output's font
MOST_KEPT = 50  # files, or styles with a font in them
TYPES = {
    ".otf": "font/otf",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


class Renderer(NamedTuple):
    """Which page of the output this is: what its address says."""

    page: str = "main"
    key: str = ""  # with it the page reports; without one it only shows
    preview: bool = False


@dataclass(frozen=True)
class Document:
    """Two with the same `etag` are the same."""

    parts: tuple[bytes, ...] = field(compare=False)  # a font can have megabytes: they are joined when they are sent
    policy: str = field(compare=False)  # for `content-security-policy`; the document has it in itself, too
    etag: str

    @property
    def content(self) -> bytes:
        return b"".join(self.parts)


class _Source(NamedTuple):
    """A script or a style, and how a policy names it."""

    content: bytes
    hash: str

    @classmethod
    def of(cls, text: str) -> "_Source":
        return cls(text.encode(), _hash(text))


def document(output: Output, starter: Mapping[str, Any], addresses: Sequence[str], renderer: Renderer) -> Document:
    """`starter` is the playlist that the page has before any other; `addresses` are those of services."""
    places = [f"{address.rstrip('/')}/onair/{output.name}" for address in addresses]
    told = {
        "output": output.name,
        "addresses": places,
        "playlist": starter,
        "logo": data_url(output.look.logo),
        **renderer._asdict(),
    }
    definition = f"window.SPXGCTemplateDefinition = {as_script(spx_definition(output))};"
    style, script = _style(data_url(output.look.font)), _script()
    policy = _policy([_hash(definition), script.hash], style.hash, places)
    head = f"""<!doctype html>
<html lang="{escape(starter["lang"])}" dir="{starter["dir"]}">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="{escape(policy)}">
<script>{definition}</script>
<title>{escape(output.title)}</title>
<style>""".encode()
    body = f"""</style>
</head>
<body>
<div id="bar"></div>
<script type="application/json" id="told">{as_script(told)}</script>
<script>""".encode()
    tail = b"""</script>
</body>
</html>
"""
    digest = hashlib.sha256(head + body + tail).hexdigest()  # the policy in it says which script and style they are
    return Document((head, style.content, body, script.content, tail), policy, f'"{digest[:16]}"')


def as_script(value: object) -> str:
    """JSON that no text in it can end, where it stands in a document: HTML, 4.12.1.3."""
    text = json.dumps(value, separators=(",", ":"))  # ASCII: what separates lines in a script is escaped as well
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def spx_definition(output: Output) -> dict[str, Any]:
    """What SPX reads when it imports the page: its fields, its layer, how it leaves."""
    return {
        "description": f"{output.title}: ticker",
        "playserver": "OVERLAY",
        "playchannel": "1",
        "playlayer": "5",
        "webplayout": "5",
        "steps": "1",
        "out": "manual",
        "uicolor": "3",
        "dataformat": "xml",  # the JSON that SPX sends to CasparCG breaks at a quotation mark
        "DataFields": [
            {"ftype": "instruction", "value": "Headlines come from the newsroom. Lines written here replace them."},
            {"field": "f0", "ftype": "textarea", "title": "Own headlines, one a line", "value": ""},
            {"ftype": "button", "title": "End the take-over", "descr": "", "fcall": "clearTakeover()", "value": ""},
        ],
    }


@functools.cache
def _script() -> _Source:
    return _Source.of(bundle.classic(WEB / "main.js"))


@functools.lru_cache(maxsize=MOST_KEPT)
def _style(font: str | None) -> _Source:
    face = f'@font-face{{font-family:"{FONT}";src:url({font})}}\n' if font else ""
    return _Source.of(face + "".join((WEB / name).read_text(encoding="utf-8") for name in ("page.css", "bar.css")))


def data_url(name: str | None) -> str | None:
    """A file as an address; None when there is none. On air a plain look is better than no page."""
    with contextlib.suppress(OSError, KeyError):
        if name:
            path = Path(name)
            known = path.stat()
            return _data_url(path, known.st_mtime_ns, known.st_size)
    return None


@functools.lru_cache(maxsize=MOST_KEPT)
def _data_url(path: Path, _mtime_ns: int, _size: int) -> str:
    """Of a file as it is since it was written last."""
    return f"data:{TYPES[path.suffix.lower()]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _policy(scripts: Sequence[str], style: str, places: Sequence[str]) -> str:
    """Only what stands in the document runs, by its hash, and it speaks with the output's services only."""
    connect = " ".join(sorted({_origin(place) for place in places})) or "'none'"
    return (
        f"default-src 'none'; script-src {' '.join(scripts)}; style-src {style}; "
        f"font-src data:; img-src data:; connect-src {connect}; base-uri 'none'; form-action 'none'"
    )


def _origin(place: str) -> str:
    """As a policy may name it: an IPv6 address it cannot, and there its scheme must do."""
    parts = urlsplit(place)
    return f"{parts.scheme}:" if "[" in parts.netloc else f"{parts.scheme}://{parts.netloc}"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def cleaned(page: str) -> str:
    """A page's name as reports may have it."""
    return re.sub(r"[^A-Za-z0-9._-]", "", page)[:40] or "main"
