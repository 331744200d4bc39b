import pytest

from ticker import instant
from workers.sources import Document, Unreadable, parse

NOW = instant.parse("2026-11-23T12:00:00Z")
BASE = "https://news.test/feeds/all.xml"
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">{}</feed>'
RSS = (
    '<rss version="2.0" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" xmlns:t="urn:ticker"'
    ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:app="http://www.w3.org/2007/app"><channel>{}</channel></rss>'
)


def read(document: str | bytes, content_type: str = "") -> Document:
    return parse(document.encode() if isinstance(document, str) else document, content_type, BASE, NOW)


def rss(item: str):
    (entry,) = read(RSS.format(f"<item>{item}</item>")).entries
    return entry


def atom(entry: str):
    (found,) = read(ATOM.format(f"<entry>{entry}</entry>")).entries
    return found


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("a &lt; b", "a < b"),
        ("We &lt;3 news", "We <3 news"),
        ("&lt;b&gt;Bold&lt;/b&gt; words", "Bold words"),
        ("<b>Bold</b> words", "Bold words"),
        ("<![CDATA[<i>x</i> &amp; y]]>", "x & y"),
        ("AT&amp;amp;T", "AT&T"),
        ("&amp;lt;b&amp;gt; is a tag", "<b> is a tag"),
        ("one&lt;br/&gt;two", "one two"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Fine", "Fine"),
        ("  a\n   b ", "a b"),
        ("&lt;no-tag&gt; stays", "<no-tag> stays"),
    ],
)
def test_a_title_is_one_line_of_plain_text(title, expected):
    assert expected == rss(f"<title>{title}</title>").title


def test_atom_says_what_is_markup():
    assert atom("<title>a &lt;b&gt; b</title>").title == "a <b> b"
    assert atom('<title type="html">a &lt;b&gt;b&lt;/b&gt; &amp;amp; c</title>').title == "a b & c"
    xhtml = '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a <b>b</b> &lt; c</div></title>'
    assert atom(xhtml).title == "a b < c"


def test_without_a_title_the_first_sentence_stands_in():
    assert rss("<description>&lt;p&gt;The first. The second.&lt;/p&gt;</description>").title == "The first."


@pytest.mark.parametrize(
    ("document", "title"),
    [
        ("<title>AT&T & co</title>", "AT&T & co"),
        ("<title>A&nbsp;B &eacute; &foo;</title>", "A B é &foo;"),
        ("<title>a\x00b\x08</title>", "ab"),
        ("<title>never closed</item>", "never closed"),
        ("<title>broken <tag</title>", "broken <tag"),
    ],
)
def test_broken_documents_lose_no_words(document, title):
    assert title in read(RSS.format(f"<item>{document}</item>")).entries[0].title


# --- links and ids ----------------------------------------------------------------------------------------------------


def test_links_are_whole():
    assert rss("<title>t</title><link>/a</link>").link == "https://news.test/a"
    assert atom('<title>t</title><link href="x" xml:base="https://other.test/"/>').link == "https://other.test/x"
    assert rss("<title>t</title><link>javascript:alert(1)</link>").link is None
    assert rss("<title>t</title><guid>https://n.test/1</guid>").link == "https://n.test/1"
    assert rss('<title>t</title><guid isPermaLink="false">https://n.test/1</guid>').link is None


def test_the_link_for_readers_is_the_alternate():
    entry = atom('<title>t</title><link rel="self" href="/self"/><link href="/read"/><link rel="edit" href="/e"/>')

    assert entry.link == "https://news.test/read"


def test_an_id_is_no_date():
    entry = rss("<title>t</title><guid>1</guid>")

    assert (entry.id, entry.published, entry.updated) == ("1", None, None)


# --- what keeps it back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["prism:embargoDate", "dcterms:available"])
def test_an_embargo_is_read_and_in_doubt_a_person_decides(name):
    sure = rss(f"<title>t</title><{name}>2026-11-24T06:00:00Z</{name}>")
    doubtful = rss(f"<title>t</title><{name}>Next Monday</{name}>")

    assert (instant.parse("2026-11-24T06:00:00Z"), False) == (sure.embargo, sure.embargo_unreadable)
    assert (doubtful.embargo, doubtful.embargo_unreadable) == (None, True)


def test_an_embargo_in_a_broken_document_is_not_lost():
    broken = "<item><title>t</title><prism:embargoDate>2026-11-24T06:00:00Z</prism:embargoDate><x></item>"

    (entry,) = read(RSS.format(broken)).entries

    assert entry.embargo or entry.embargo_unreadable


def test_a_draft_is_one_unless_it_says_no():
    assert rss("<title>t</title><app:control><app:draft>yes</app:draft></app:control>").draft
    assert rss("<title>t</title><app:control><app:draft/></app:control>").draft
    assert not rss("<title>t</title><app:control><app:draft>no</app:draft></app:control>").draft


def test_our_own_words():
    entry = rss(
        "<title>t</title><category>World</category><category domain='urn:ticker:urgency'>Flash</category>"
        "<t:correction>It was six.</t:correction><prism:expirationDate>2026-11-24T06:00:00Z</prism:expirationDate>"
    )

    assert (entry.categories, entry.urgency, entry.correction) == (("World",), "flash", "It was six.")
    assert instant.parse("2026-11-24T06:00:00Z") == entry.expires


def test_of_a_flood_of_categories_a_few_are_looked_at():
    flood = "".join(f"<category>Tag {n}</category>" for n in range(10_000))

    entry = rss(f"<title>t</title><category>{'x' * 1_001}</category>{flood}")

    assert entry.categories == tuple(f"Tag {n}" for n in range(100))


def test_every_tombstone_counts():
    stone = (
        '<at:deleted-entry ref="{}" when="2026-11-23T10:00:00Z">'
        "<at:comment>It is wrong.</at:comment></at:deleted-entry>"
    )
    document = read(ATOM.format(stone.format("a") + stone.format("b") + "<entry><title>t</title></entry>"))

    at = instant.parse("2026-11-23T10:00:00Z")
    assert (("a", at, "It is wrong."), ("b", at, "It is wrong.")) == document.tombstones


# --- what is no feed, and what means harm -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "It is not a feed: nothing in it is an entry."),
        ("plain words", "It is not a feed: nothing in it is an entry."),
        ("<!doctype html><p>unclosed", "It is a web page, not a feed."),
        ("<html><body/></html>", "It is XML, but not a feed: its root is <html>."),
        ("[1, 2]", "It is JSON, but not a JSON Feed: there are no items."),
    ],
)
def test_what_is_no_feed_says_so(document, reason):
    with pytest.raises(Unreadable, match=reason.replace("[", r"\[")):
        read(document)


def test_entities_are_never_expanded():
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    document = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}]>' + RSS.format("<item><title>T &l9;</title></item>")

    assert len(read(document).entries[0].title) < 100


def test_nothing_outside_is_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden words")
    document = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}">]>' + RSS.format(
        "<item><title>T &x;</title></item>"
    )

    assert "hidden" not in repr(read(document))


@pytest.mark.parametrize("name", ["rss", "item", "title", "b"])
def test_deep_nesting_ends(name):
    assert len(read("<rss><channel>" + f"<{name}>" * 20_000).entries) <= 1


def test_only_the_newest_of_too_many_are_read():
    items = "".join(
        f"<item><title>n{i}</title><pubDate>2026-11-22T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}Z</pubDate></item>"
        for i in range(5000)
    )

    entries = read(RSS.format(items)).entries

    assert (len(entries), entries[0].title) == (1000, "n4999")
