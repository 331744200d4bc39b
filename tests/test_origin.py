import pytest

from ticker.origin import allowed

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
