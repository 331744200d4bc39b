"""Who is no reader: what gives itself away as a program. Pure.

The patterns are isbot's (robots.json, made by `scripts/robots`). As one expression they take a third of a
millisecond an agent; each by its kind, a tenth of that; and verdicts are remembered.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import regex

REMEMBERED = 20_000  # agents whose verdict is kept; a large site sees a few thousand different ones an hour
LONGEST_AGENT = 1_024  # characters; no browser says more of itself

_AHEAD = frozenset((b"sec-purpose", b"purpose", b"x-moz"))  # headers in which browsers say that nobody has asked yet

_PATTERNS: list[str] = json.loads(Path(__file__).with_name("robots.json").read_text())["patterns"]
_PLAIN = regex.compile(r"[a-z0-9 /_-]+")  # says only itself: found as a part of the text
_WORDS = [pattern for pattern in _PATTERNS if _PLAIN.fullmatch(pattern)]
_STARTS = [pattern.removeprefix("^") for pattern in _PATTERNS if pattern.startswith("^")]
_OTHERS = [pattern for pattern in _PATTERNS if not pattern.startswith("^") and pattern not in _WORDS]
_FLAGS = regex.IGNORECASE | regex.VERSION0
_AT_START = regex.compile("|".join(_STARTS), _FLAGS)
_ANYWHERE = [regex.compile(pattern, _FLAGS).search for pattern in _OTHERS]  # one by one each has its short cut


def agent_of(headers: Mapping[bytes, bytes]) -> str:
    """What it says of itself. Of a page of text no more than shows that it is one: it is kept, here and there."""
    return headers.get(b"user-agent", b"")[: LONGEST_AGENT + 1].decode("latin-1")


@lru_cache(REMEMBERED)
def is_robot(agent: str) -> bool:
    """Whether this User-Agent names a program. One that says nothing, or a page of text, is none of a browser."""
    if not agent or len(agent) > LONGEST_AGENT:
        return True
    lower = agent.lower()
    return (
        any(word in lower for word in _WORDS)
        or _AT_START.match(agent) is not None
        or any(search(agent) for search in _ANYWHERE)
    )


def fetches_ahead(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser loads the page before anybody has asked for it. Names are in lower case."""
    if _AHEAD.isdisjoint(headers):  # as nearly always
        return False
    purposes = b" ".join(headers.get(name, b"") for name in _AHEAD)
    return any(ahead in purposes for ahead in (b"prefetch", b"prerender", b"preview"))
