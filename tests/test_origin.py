import pytest

from ticker.origin import allowed, is_our_own

SITES = ["https://news.example", "http://localhost:3000"]


@pytest.mark.parametrize(
    ("origin", "host", "origins", "may"),
    [
        (None, "x", SITES, True), ("https://anything", "x", ["*"], True), ("https://news.example", "x", SITES, True),
        ("http://localhost:3000", "x", SITES, True), ("https://ticker.example", "ticker.example", SITES, True),
        ("http://ticker.example:8000", "ticker.example:8000", [], True),
        ("http://news.example", "x", SITES, False), ("https://news.example:8443", "x", SITES, False),
        ("https://evil.news.example", "x", SITES, False), ("https://news.example.evil", "x", SITES, False),
        ("null", "x", SITES, False), ("null", "", SITES, False), ("", "", SITES, False), ("", "x", SITES, False),
        ("http://[", "x", SITES, False), ("https://ticker.example", None, SITES, False),
        ("https://ticker.example:1", "ticker.example:2", SITES, False), ("file://", "", SITES, False),
    ],
)  # fmt: skip
def test_who_may_read(origin, host, origins, may):
    assert allowed(origin, host, origins) is may


@pytest.mark.parametrize(
    ("site", "origin", "host", "ours"),
    [
        ("same-origin", None, "x", True), ("same-origin", "http://y", "x", True),
        ("same-site", "http://x", "x", False), ("cross-site", "http://x", "x", False), ("none", "http://x", "x", False),
        ("", "http://x", "x", False), (None, "http://x", "x", True), (None, "https://x:8443", "x:8443", True),
        (None, "http://y", "x", False), (None, "http://x.y", "x", False), (None, "null", "x", False),
        (None, "null", "", False), (None, None, "x", False), (None, "", "", False), (None, "http://x", None, False),
    ],
)  # fmt: skip
def test_which_pages_are_our_own(site, origin, host, ours):
    assert is_our_own(site, origin, host) is ours
