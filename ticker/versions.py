"""The files that other sites embed, by version: what was once given out stays as it was, byte for byte.

`scripts/release-widget` freezes the newest: its files go to `web/widget/versions/<version>/`, their hashes into
`versions.json` beside it. What is frozen is served from there, whatever became of the source or of the minifier.
"""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import brotli

from ticker import bundle
from ticker.pages import WEB

NEWEST = "1.0.0"
"""Of the source as it is. Semantic versioning of attributes, parts, properties, events and methods."""

_SCRIPTS = {
    "ticker.js": "news-ticker.js",
    "most-read.js": "most-read.js",
    "read-next.js": "read-next.js",
    "read.js": "read.js",
    "check.js": "check.js",
}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}


class Asset(NamedTuple):
    """A file as it is served, in each encoding, made once."""

    media_type: str
    integrity: str
    plain: bytes
    gzip: bytes
    br: bytes


class Versions:
    """Of the widget in the folder `web`, whose source is of the version `newest`."""

    def __init__(self, web: Path, newest: str) -> None:
        self.newest = newest
        self._web = web
        self._frozen = web / "widget" / "versions"
        self._made: dict[str, Mapping[str, Asset]] = {}
        self._given_out: dict[str, dict[str, str]] = json.loads(self._record.read_text())

    @property
    def hashes(self) -> dict[str, dict[str, str]]:
        """Of every version: file → integrity."""
        newest = {name: asset.integrity for name, asset in self.files(self.newest).items()}
        return {**self._given_out, self.newest: newest}

    def named(self, name: str) -> str | None:
        """The version that is meant: by its full name, or the newest of a major."""
        known = sorted({self.newest, *self._given_out}, key=_numbers)
        return next((version for version in reversed(known) if name in (version, version.partition(".")[0])), None)

    def is_frozen(self, version: str) -> bool:
        return version in self._given_out

    def files(self, version: str) -> Mapping[str, Asset]:
        """By their names below `/widget/<version>/`; `version` is one that `named` has told."""
        if version not in self._made:
            contents = self._read(version) if self.is_frozen(version) else self._make()
            self._made[version] = {name: _asset(name, content) for name, content in contents.items()}
        return self._made[version]

    def release(self) -> str:
        """Freeze the newest, and say so. What is out already is not changed: ValueError with a sentence."""
        if self.is_frozen(self.newest):
            raise ValueError(f"{self.newest} is out. Give NEWEST in ticker/versions.py the next number.")
        files = self.files(self.newest)
        for name, asset in files.items():
            path = self._frozen / self.newest / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(asset.plain)
        self._given_out = self.hashes
        self._record.write_text(json.dumps(self._given_out, indent=2) + "\n")
        return f"{self.newest} is frozen in {self._frozen / self.newest}: {len(files)} files."

    @property
    def _record(self) -> Path:
        return self._frozen.with_suffix(".json")

    def _read(self, version: str) -> dict[str, bytes]:
        return {name: (self._frozen / version / name).read_bytes() for name in self._given_out[version]}

    def _make(self) -> dict[str, bytes]:
        widget = self._web / "widget"
        return {
            **{name: bundle.joined(widget / source) for name, source in _SCRIPTS.items()},
            "ticker.css": (widget / "ticker.css").read_bytes(),
            **{f"words/{path.name}": path.read_bytes() for path in sorted((self._web / "words").glob("*.json"))},
        }


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _asset(name: str, content: bytes) -> Asset:
    return Asset(
        media_type=_TYPES[Path(name).suffix],
        integrity=bundle.integrity(content),
        plain=content,
        gzip=gzip.compress(content, mtime=0),
        br=brotli.compress(content, mode=brotli.MODE_TEXT, quality=11),
    )


VERSIONS = Versions(WEB, NEWEST)
