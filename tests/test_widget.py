"""What `/widget/…` serves: files by version, the page for a frame, oEmbed; and how big it is."""

import gzip
import json
import re
from collections.abc import AsyncIterator, Iterator
from html import unescape

import aiohttp
import brotli
import pytest
from yarl import URL

from tests.api import Api, eventually_shown, fresh_key, serving
from tests.servers import ROOT, RedisServer, Web
from ticker.versions import VERSIONS


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("widget")) as web:
        yield web


@pytest.fixture
async def reader(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        yield Api(http, web.url)


@pytest.fixture
async def editor(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url, await fresh_key(web, "editor", "admin"))


async def raw(reader: Api, path: str, **headers: str) -> tuple[bytes, aiohttp.ClientResponse]:
    async with reader.http.get(reader.url + path, headers=headers) as answer:
        return await answer.read(), answer


FILES = VERSIONS.files(VERSIONS.newest)


@pytest.mark.parametrize("name", FILES)
async def test_every_file_in_every_encoding_for_every_site(reader: Api, name: str) -> None:
    plain = FILES[name].plain
    decoders = {"br": brotli.decompress, "gzip": gzip.decompress, "identity": bytes}
    for encoding, decode in decoders.items():
        body, answer = await raw(reader, f"/widget/{VERSIONS.newest}/{name}", **{"Accept-Encoding": encoding})
        assert decode(body) == plain
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
    major = VERSIONS.newest.partition(".")[0]
    _, answer = await raw(reader, f"/widget/{major}/{name}")
    assert "immutable" not in answer.headers["cache-control"]
    _, again = await raw(reader, f"/widget/{major}/{name}", **{"If-None-Match": answer.headers["etag"]})
    assert again.status == 304


@pytest.mark.parametrize(
    "path",
    [
        "1.0.1/ticker.js",
        "2/ticker.js",
        "1/none.js",
        "1/%2e%2e/en.html",
        "1/words/%2e%2e/ticker.js",
        "1/%2e%2e/%2e%2e/web/page.js",
    ],
)
async def test_other_files_and_versions_are_refused_in_a_sentence(reader: Api, path: str) -> None:
    async with reader.http.get(URL(f"{reader.url}/widget/{path}", encoded=True)) as answer:
        assert answer.status == 404
        assert json.loads(await answer.read())["detail"]


@pytest.mark.parametrize(
    ("name", "most"),
    # What a reader's browser loads. The aim for ticker.js is 6 kB; docs/decisions.md says where the rest goes.
    [("ticker.js", 7_750), ("most-read.js", 1_800), ("read-next.js", 1_550), ("read.js", 700), ("ticker.css", 400)],
)
def test_no_file_is_bigger_than_it_may_be(name: str, most: int) -> None:
    assert len(FILES[name].br) <= most


async def test_the_versions_are_listed(reader: Api) -> None:
    assert (await reader.get("/widget/versions.json")).json == {
        "newest": VERSIONS.newest,
        "versions": VERSIONS.hashes,
    }


async def test_a_frame_has_the_headlines_without_script(reader: Api, editor: Api) -> None:
    sign = '<b title="x">& more'
    await eventually_shown(editor, await editor.publish(sign, link="https://news.example/?a=1&b=2"))
    page = await editor.get("/widget/en.html?mode=list&theme=dark&speed=60")
    assert page.status == 200
    assert sign not in page.text
    links = re.findall(
        r'<a data-id="[a-z2-7]{16}" href="([^"]+)" rel="noopener" lang="en" dir="ltr">([^<]+)</a>', page.text
    )
    assert [(unescape(href), unescape(text)) for href, text in links] == [("https://news.example/?a=1&b=2", sign)]
    assert '<news-ticker channel="en" lang="en" dir="ltr" label="En" mode="list" theme="dark" speed="60">' in page.text
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "unsafe" not in policy
    assert re.findall(r'<(?:script|link rel="stylesheet")[^>]*>', page.text) == [
        '<link rel="stylesheet" href="1/ticker.css">',
        '<script type="module" src="1/ticker.js">',
    ]
    fragment = await editor.get("/widget/en.html?fragment")
    assert fragment.text.startswith("<news-ticker ")
    assert "<html" not in fragment.text


async def _stands_on_the_page(reader: Api, text: str) -> bool:
    return text in (await reader.get("/widget/en.html")).text


async def test_a_frame_keeps_to_the_origins_of_its_channel(reader: Api) -> None:
    _, answer = await raw(reader, "/widget/closed.html")
    assert "frame-ancestors 'self' https://news.example;" in answer.headers["content-security-policy"] + ";"


@pytest.mark.parametrize("query", ["mode=none", "theme=pink", "speed=fast", "speed=9", "speed=１００"])
async def test_a_look_that_is_none_is_refused(editor: Api, query: str) -> None:
    assert (await editor.get(f"/widget/en.html?{query}")).fault == (422, "invalid")
    assert (await editor.get("/widget/none.html")).fault == (404, "no-channel")


async def test_oembed_leads_from_the_page_to_a_frame_of_it(editor: Api) -> None:
    page = await editor.get("/widget/ar.html?mode=list")
    found = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', page.text)
    assert found
    answer = await editor.get(f"/widget/{unescape(found[1])}")
    assert answer.status == 200
    told = answer.json
    assert (told["version"], told["type"], told["width"], told["height"]) == ("1.0", "rich", 640, 320)
    source = re.search(r'<iframe src="([^"]+)"', told["html"])
    assert source
    assert unescape(source[1]) == f"{editor.url}/widget/ar.html?mode=list"
    small = await editor.get("/widget/oembed?url=/widget/ar.html&maxwidth=300&maxheight=50")
    assert (small.json["width"], small.json["height"]) == (300, 50)


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://elsewhere.example/widget/en.html", 404),
        ("/widget/none.html", 404),
        ("", 404),
        ("/v1/channels", 404),
        ("http://[", 404),
        ("http://[x]/widget/en.html", 404),
    ],
)
async def test_oembed_knows_only_our_pages(editor: Api, url: str, status: int) -> None:
    assert (await editor.get(f"/widget/oembed?url={url}")).status == status


async def test_oembed_has_no_xml(editor: Api) -> None:
    assert (await editor.get("/widget/oembed?url=/widget/en.html&format=xml")).status == 501


@pytest.mark.parametrize("path", ["/widget/", "/widget/check"])
async def test_the_pages_that_help_have_a_policy(editor: Api, path: str) -> None:
    page = await editor.get(path)
    assert page.status == 200
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "<script>" not in page.text


def test_every_language_says_the_same_things() -> None:
    english = (ROOT / "web" / "words.js").read_text().split("};")[0]
    names = set(re.findall(r"(\w+): \"", english))
    for path in (ROOT / "web" / "words").glob("*.json"):
        words = json.loads(path.read_text())
        assert set(words) == names, path.name
        for name, word in words.items():
            assert ("#" in word) == (f'{name}: "#' in english), (path.name, name)


DOC = (ROOT / "docs" / "widget.md").read_text()


def test_the_document_has_every_attribute_part_and_property_that_there_is() -> None:
    element, style = (ROOT / "web" / "widget" / name for name in ("news-ticker.js", "style.js"))
    observed = re.search(r"observedAttributes = \[(.*?)\]", element.read_text())
    assert observed
    for name in [*re.findall(r'"(\w+)"', observed[1]), "theme", "label"]:
        assert f"`{name}`" in DOC, name
    for name in set(re.findall(r"--ticker-[a-z-]+", style.read_text())):
        assert f"`{name}`" in DOC, name
    told = re.search(r"`::part\(\)` reaches (.*)\.", DOC)
    assert told
    written = element.read_text() + (ROOT / "web" / "wording.js").read_text()
    made = set(re.findall(r'make\("?[\w:? "]+"?, "([a-z]+)"', written)) | {"words"}
    assert made - {"icon", "unseen"} - set(re.findall(r"`(\w+)`", told[1])) <= {"pause", "hide"}


def test_the_document_tells_the_sizes_that_are() -> None:
    for name in ("ticker.js", "most-read.js", "read-next.js", "read.js"):
        size = len(FILES[name].br) / 1000
        assert f"| `{name}` | {size:.1f} |" in DOC, (name, size)
