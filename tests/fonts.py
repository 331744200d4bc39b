"""Fonts of this machine, for tests."""

import functools
import shutil
import subprocess
from pathlib import Path


@functools.cache
def bold_path() -> Path:
    """A font of this machine with Latin, Greek, Cyrillic, Hebrew and Arabic letters."""
    asked = ["fc-match", "--format=%{file}", "DejaVu Sans:bold"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True) if shutil.which("fc-match") else None
    assert told and "DejaVuSans-Bold" in told.stdout, "Install fontconfig and the DejaVu fonts (fonts-dejavu-core)."
    return Path(told.stdout)
