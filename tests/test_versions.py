"""What was once given out of the widget stays as it was, whatever becomes of the source."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tests.servers import ROOT
from ticker import bundle, widget
from ticker.channel import Channel
from ticker.errors import NotFound
from ticker.versions import VERSIONS, Versions

FROZEN = ROOT / "web" / "widget" / "versions"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A copy of the source, of which nothing has been given out yet."""
    shutil.copytree(ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("versions"))
    (tmp_path / "web" / "widget" / "versions.json").write_text("{}")
    return tmp_path / "web"


def change(web: Path) -> None:
    style = web / "widget" / "ticker.css"
    style.write_text(style.read_text() + "\n/* of another version */\n")
    words = web / "words.js"
    words.write_text(words.read_text().replace('"Live"', '"Now"'))


async def get(versions: Versions, path: str, monkeypatch: pytest.MonkeyPatch) -> httpx.Response:
    """As the server answers that has these versions."""
    monkeypatch.setattr(widget, "VERSIONS", versions)
    app = Starlette(routes=widget.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ticker.example") as client:
        return await client.get(path)


async def test_an_old_version_answers_as_it_did(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Versions(web, "1.0.0")
    first.release()
    before = {name: (asset.plain, asset.integrity) for name, asset in first.files("1.0.0").items()}
    change(web)
    second = Versions(web, "1.1.0")
    for name, (content, integrity) in before.items():
        answer = await get(second, f"/widget/1.0.0/{name}", monkeypatch)
        assert answer.content == content
        assert bundle.integrity(answer.content) == integrity == second.hashes["1.0.0"][name]
        assert "immutable" in answer.headers["cache-control"]
    assert second.files("1.1.0")["ticker.js"].plain != before["ticker.js"][0]
    newest = await get(second, "/widget/1/ticker.js", monkeypatch)
    assert newest.content == second.files("1.1.0")["ticker.js"].plain
    assert (await get(second, "/widget/versions.json", monkeypatch)).json()["newest"] == "1.1.0"


async def test_a_frame_goes_with_the_script_of_whichever_release_answers(
    web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a release is deployed, the page comes from one process and what it loads from another."""
    shutil.copytree(web, tmp_path / "next")
    change(tmp_path / "next")
    releases = [Versions(web, "1.0.0"), Versions(tmp_path / "next", "1.0.0"), Versions(tmp_path / "next", "1.1.0")]
    for of_page in releases:
        monkeypatch.setattr(widget, "VERSIONS", of_page)
        page = widget._document(Channel(name="en"), "", "http://ticker.example/widget/en.html")
        loaded = re.findall(r'(?:href|src)="([^"?]+/ticker\.(?:css|js))"(?: integrity="([^"]+)")?', page)
        assert len(loaded) == 2
        for of_script in releases:
            for name, integrity in loaded:
                answer = await get(of_script, f"/widget/{name}", monkeypatch)
                assert answer.status_code == 200
                assert integrity in ("", bundle.integrity(answer.content))


async def test_what_is_not_out_yet_may_still_change(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = await get(Versions(web, "1.0.0"), "/widget/1.0.0/ticker.css", monkeypatch)
    assert answer.headers["cache-control"] == "no-cache"
    change(web)
    assert (await get(Versions(web, "1.0.0"), "/widget/1.0.0/ticker.css", monkeypatch)).content != answer.content


def test_what_is_out_is_served_as_it_went_out_even_when_the_source_has_changed(web: Path) -> None:
    before = Versions(web, "1.0.0")
    before.release()
    change(web)
    assert Versions(web, "1.0.0").hashes == before.hashes


def test_a_version_is_given_out_once(web: Path) -> None:
    Versions(web, "1.0.0").release()
    change(web)
    with pytest.raises(ValueError, match=r"1\.0\.0 is out"):
        Versions(web, "1.0.0").release()


def test_one_command_gives_the_newest_out(web: Path) -> None:
    """Of a copy of this repository."""
    copy = web.parent
    shutil.copytree(ROOT / "scripts", copy / "scripts")
    shutil.copytree(ROOT / "ticker", copy / "ticker")
    (copy / ".venv").symlink_to(ROOT / ".venv")
    run = [copy / "scripts" / "release-widget"]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.startswith(f"{VERSIONS.newest} is")
    given_out = json.loads((web / "widget" / "versions.json").read_text())[VERSIONS.newest]
    for name, integrity in given_out.items():
        assert bundle.integrity((web / "widget" / "versions" / VERSIONS.newest / name).read_bytes()) == integrity
    again = subprocess.run(run, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert again.stderr == f"{VERSIONS.newest} is out. Give NEWEST in ticker/versions.py the next number.\n"


def test_a_major_is_its_newest(web: Path) -> None:
    for version in ("1.0.0", "1.9.0", "1.10.0"):
        Versions(web, version).release()
    versions = Versions(web, "2.0.0")
    assert [versions.named(name) for name in ("1", "2", "1.9.0", "1.9", "3", "")] == [
        "1.10.0", "2.0.0", "1.9.0", None, None, None,
    ]  # fmt: skip


async def test_of_an_old_version_only_what_it_had(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Versions(web, "1.0.0").release()
    (web / "words" / "fr.json").write_text("{}")
    versions = Versions(web, "1.1.0")
    assert (await get(versions, "/widget/1.1.0/words/fr.json", monkeypatch)).status_code == 200
    with pytest.raises(NotFound):
        await get(versions, "/widget/1.0.0/words/fr.json", monkeypatch)


def test_nothing_that_is_out_was_changed() -> None:
    """Sites embed it by its hash."""
    given_out = json.loads((ROOT / "web" / "widget" / "versions.json").read_text())
    there = {path.name for path in FROZEN.iterdir()} if FROZEN.exists() else set()
    assert there == set(given_out)
    for version, hashes in given_out.items():
        assert {name: asset.integrity for name, asset in VERSIONS.files(version).items()} == hashes


def test_a_change_of_what_is_out_needs_the_next_number() -> None:
    """Else it would never be served: give NEWEST in ticker/versions.py the next number."""
    if VERSIONS.is_frozen(VERSIONS.newest):
        source = Versions(ROOT / "web", "0.0.0")
        fresh = {name: asset.integrity for name, asset in source.files("0.0.0").items()}
        assert fresh == VERSIONS.hashes[VERSIONS.newest]
