from workers.sources import tree

BASE = "https://news.test/"
NOW = 1_795_435_200_000


def entries(document: str):
    root = tree.strict(document.encode(), BASE)
    return [tree.entry(item, BASE, NOW) for item in tree.items(root)]


def test_a_tree_is_made_only_of_what_is_whole():
    assert tree.strict(b"<rss><channel>", BASE) is None
    assert tree.strict(b"<!DOCTYPE rss SYSTEM 'x.dtd'><rss>&eacute;</rss>", BASE) is None
    assert tree.recovered(b"<rss><channel>", BASE) is not None
    assert tree.recovered(b"", BASE) is None


def test_entries_are_found_in_every_dialect():
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    for document in (
        "<rss><channel><item><title>t</title></item></channel></rss>",
        "<rss version='0.91'><item><title>t</title></item><channel/></rss>",
        f"<r:RDF xmlns:r='{rdf}' xmlns='http://purl.org/rss/1.0/'><channel/><item><title>t</title></item></r:RDF>",
        "<feed xmlns='http://purl.org/atom/ns#'><entry><title>t</title></entry></feed>",
        "<item><title>t</title></item>",
    ):
        assert [entry.title for entry in entries(document)] == ["t"]


def test_what_only_looks_like_an_entry_is_none():
    assert entries("<rss><channel><x:item xmlns:x='urn:x'><title>t</title></x:item></channel></rss>") == []


def test_images_and_categories():
    (entry,) = entries(
        "<item xmlns:m='http://search.yahoo.com/mrss/' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        "<m:content url='/film.mp4' type='video/mp4'/><m:content url='/a.png' medium='image'/>"
        "<category>One</category><dc:subject>Two</dc:subject></item>"
    )

    assert (entry.image, entry.categories) == ("https://news.test/a.png", ("One", "Two"))


def test_of_two_embargoes_the_later_counts_and_one_that_cannot_be_read_spoils_both():
    item = (
        "<item xmlns:p='urn:p'><p:embargoDate>2026-12-01T00:00:00Z</p:embargoDate><p:embargoed>{}</p:embargoed></item>"
    )

    assert entries(item.format("2026-12-02T00:00:00Z"))[0].embargo == 1_796_169_600_000
    assert entries(item.format("soon"))[0].embargo_unreadable


def test_an_entry_in_doubt_is_warned_of_in_any_spelling():
    for text in ("<prism:embargoDate>", "<embargoed/>", "<dcterms:available >", "<app:draft>"):
        assert tree.WARNING.search(text)
