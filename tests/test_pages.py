"""The page and its files: what headers they go with, and that nothing else is served."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.api import Api
from tests.servers import ROOT, Web


@pytest.fixture
async def reader(web: Web) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as http:
        yield Api(http, web.url)


async def test_the_page_has_a_policy(reader: Api) -> None:
    page = await reader.get("/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script>" not in page.text


async def test_every_file_is_served_as_what_it_is_and_asked_for_anew(reader: Api) -> None:
    kinds = {".js": "javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
    files = [path for path in (ROOT / "web").rglob("*") if path.is_file() and path.suffix in kinds]
    assert any(path.suffix == ".js" for path in files)
    for path in files:
        address = f"/web/{path.relative_to(ROOT / 'web')}"
        answer = await reader.get(address)
        assert answer.status == 200
        assert kinds[Path(address).suffix] in answer.headers["content-type"]
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert (await reader.get(address, If_None_Match=answer.headers["etag"])).status == 304


async def test_there_is_nothing_else(reader: Api) -> None:
    for path in ("/web", "/web/", "/web/nothing.js", "/web/%2e%2e/README.md", "/ticker/app.py", "/.git/config"):
        assert (await reader.get(path)).fault == (404, "not-found")
    assert (await reader("POST", "/web/ticker.js")).fault == (405, "method-not-allowed")
    assert (await reader("POST", "/")).fault == (405, "method-not-allowed")
