import pytest

from workers.sources.mend import mended


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AT&T", "AT&amp;T"),
        ("&", "&amp;"),
        ("&nbsp;&eacute;", "\xa0é"),
        ("&amp;&lt;&#65;", "&amp;&lt;A"),
        ("&#60;&#0;&#xD800;", "&lt;&amp;#0;&amp;#xD800;"),
        ("&#65 &foo; &eacute", "&amp;#65 &amp;foo; &amp;eacute"),
        ("a\x00b\x1f\ufffe", "ab"),
        ("<![CDATA[a & b]]> & c", "<![CDATA[a & b]]> &amp; c"),
        ("<![CDATA[never ended &", "<![CDATA[never ended &"),
    ],
)
def test_what_can_be_mended_without_guessing(text, expected):
    assert mended(text) == expected
    assert mended(expected) == expected
