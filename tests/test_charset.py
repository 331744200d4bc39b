import pytest

from tests.feeds import RSS
from workers.sources import parse
from workers.sources.charset import decode

NOW = 1_795_435_200_000


def read(body: bytes, content_type: str = ""):
    return parse(body, content_type, "https://news.test/", NOW)


@pytest.mark.parametrize(
    ("encoding", "content_type", "declared"),
    [
        ("utf-8", "", ""),
        ("utf-8-sig", "", ""),
        ("utf-16", "", ""),
        ("utf-16-le", "", ""),
        ("cp1256", "text/xml; charset=windows-1256", ""),
        ("cp1256", "", "windows-1256"),
        ("cp1256", "text/xml; charset='windows-1256'", "utf-8"),
        ("utf-8", "text/xml; charset=iso-8859-1", "utf-8"),
    ],
)
def test_letters_come_as_they_were_meant(encoding, content_type, declared):
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    document = (declaration + RSS.format("<item><title>عاجل: خبر</title></item>")).encode(encoding)

    assert read(document, content_type).entries[0].title == "عاجل: خبر"


def test_a_wrong_declaration_does_not_break_letters():
    document = ('<?xml version="1.0" encoding="utf-8"?>' + RSS.format("<item><title>Café</title></item>")).encode(
        "cp1252"
    )

    assert read(document).entries[0].title == "Café"


@pytest.mark.parametrize("label", ["utf-7", "unicode_escape", "idna", "rot13", "base64", "no-such", "\x00"])
def test_a_label_that_is_no_encoding_of_letters_is_passed_over(label):
    assert decode(b"<rss/>", f"text/xml; charset={label}") == "<rss/>"


def test_what_nobody_has_said_the_truth_about_takes_a_guess():
    assert decode(b"Caf\xe9", "") is None
    assert decode(b"\xff\xfe<", "") is None
