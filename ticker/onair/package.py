"""Files in a folder, as one file to unpack where a renderer keeps its graphics. Pure."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import NamedTuple

DAY_ONE = (1980, 1, 1, 0, 0, 0)  # of every file in a package, so that the same files make the same package
READABLE = 0o644  # also for a renderer that runs as somebody else than who unpacks it


class File(NamedTuple):
    """As it is sent; its `etag` is made once."""

    content: bytes
    etag: str

    @classmethod
    def of(cls, content: bytes) -> "File":
        return cls(content, f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"')


def package(folder: str, files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{folder}/{name}", DAY_ONE)
            entry.external_attr = READABLE << 16
            written.writestr(entry, content)  # as it is: anybody may ask, and a large font takes a second to deflate
    return out.getvalue()
