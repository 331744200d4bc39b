"""The document of an output: whole in itself, strict about what runs in it, and the same for the same settings."""

import base64
import hashlib
import html.parser
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.servers import ROOT
from ticker import bundle
from ticker.channel import Channel
from ticker.onair import playlist
from ticker.onair.control import Control
from ticker.onair.document import WEB, Document, Renderer, as_script, cleaned, document, spx_definition
from ticker.onair.output import Look, Output
from ticker.onair.playlist import Strip

HOSTILE = '</script><script>alert(1)</script><!-- "quoted" \\ \u2028 & $5bn'


def of(title: str = "Program", renderer: Renderer | None = None, addresses: Any = None, **fields: Any) -> Document:
    output = Output(name="program", channels=("en",), title=title, **fields)
    starter = playlist.make(output, [Strip(Channel(name="en"), (), 0)], Control(), 0).message(0)
    return document(output, starter, addresses or ["https://ticker.example"], renderer or Renderer())


class Read(html.parser.HTMLParser):
    """The elements of a document as a browser finds them: scripts and styles with what is in them."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(("", {}, ""))

    def handle_data(self, data: str) -> None:
        if self.elements:
            tag, attributes, text = self.elements[-1]
            self.elements[-1] = (tag, attributes, text + data)

    def texts(self, tag: str) -> list[str]:
        return [text for found, _, text in self.elements if found == tag]

    @property
    def told(self) -> Any:
        return json.loads(next(text for _, attributes, text in self.elements if attributes.get("id") == "told"))


def test_only_what_stands_in_it_runs_and_its_policy_says_so_twice() -> None:
    made = of()
    read = Read(made.content)

    definition, _, script = read.texts("script")
    (style,) = read.texts("style")
    (policy,) = [attributes["content"] for _, attributes, _ in read.elements if "http-equiv" in attributes]
    assert policy == made.policy
    for source in (definition, script):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy
    assert "connect-src https://ticker.example;" in policy
    assert f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy


def test_it_needs_nothing_else() -> None:
    read = Read(of().content)

    for _, attributes, _ in read.elements:
        assert not {"src", "href", "srcset"} & attributes.keys()
    assert "url(" not in "".join(read.texts("style"))
    assert "import(" not in read.texts("script")[-1]


def test_the_definition_for_spx_comes_before_all_other_scripts() -> None:
    scripts = Read(of().content).texts("script")

    assert scripts[0].startswith("window.SPXGCTemplateDefinition = {")


@given(st.text(min_size=1, max_size=60) | st.just(HOSTILE))
def test_no_text_gets_out_of_its_place(text: str) -> None:
    written = as_script({"text": text})

    assert json.loads(written) == {"text": text}
    assert not re.search(r"[<>&\u2028\u2029]", written)
    assert written.isascii()


def test_a_hostile_title_fallback_and_key_stay_texts() -> None:
    read = Read(of(HOSTILE[:60], Renderer("main", HOSTILE), fallback=(HOSTILE,)).content)

    assert len(read.texts("script")) == 3
    assert read.told["playlist"]["fallback"] == [HOSTILE]
    assert read.told["key"] == HOSTILE
    assert read.texts("title") == [HOSTILE[:60]]


def test_it_is_the_same_for_the_same_settings_and_another_for_others() -> None:
    assert of() == of()
    assert of().etag != of(renderer=Renderer("backup")).etag


def test_the_services_are_named_in_order_and_so_is_what_it_starts_with() -> None:
    told = Read(of(addresses=["https://a.example/", "http://[::1]:8000"], fallback=("Soon",)).content).told

    assert told["addresses"] == ["https://a.example/onair/program", "http://[::1]:8000/onair/program"]
    assert told["playlist"]["items"] == []
    assert told["playlist"]["fallback"] == ["Soon"]
    assert told["playlist"]["on"] is True


def test_an_address_that_no_policy_can_name_is_allowed_by_its_scheme() -> None:
    assert "connect-src http:;" in of(addresses=["http://[::1]:8000"]).policy


def test_font_and_logo_are_in_it(tmp_path: Path) -> None:
    font, logo = tmp_path / "bold.WOFF2", tmp_path / "logo.svg"
    font.write_bytes(b"a font")
    logo.write_text("<svg/>")

    read = Read(of(look=Look(font=str(font), logo=str(logo))).content)

    assert f"data:font/woff2;base64,{base64.b64encode(b'a font').decode()}" in read.texts("style")[0]
    assert read.told["logo"] == f"data:image/svg+xml;base64,{base64.b64encode(b'<svg/>').decode()}"


def test_what_does_not_change_is_read_once_and_what_does_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    font, reads, read = tmp_path / "bold.ttf", list[Path](), Path.read_bytes
    font.write_bytes(b"a font")

    def counted(path: Path) -> bytes:
        reads.append(path)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    first = of(look=Look(font=str(font)))
    monkeypatch.setattr(bundle, "classic", None)  # it is joined no more
    assert of(look=Look(font=str(font)), renderer=Renderer("backup")) != first == of(look=Look(font=str(font)))
    assert reads == [font]
    font.write_bytes(b"another")
    second = of(look=Look(font=str(font)))
    assert second != first
    assert base64.b64encode(b"another") in second.content


def test_without_its_font_there_is_still_a_page(tmp_path: Path) -> None:
    read = Read(of(look=Look(font=str(tmp_path / "gone.woff2"), logo=str(tmp_path / "odd.exe"))).content)

    assert "@font-face" not in read.texts("style")[0]
    assert read.told["logo"] is None


def test_the_script_runs_in_browsers_of_2019() -> None:
    """ES2019, as the oldest CasparCG that is in use has it: parsed by acorn."""
    check = "require('acorn').parse(require('fs').readFileSync(0, 'utf8'), {ecmaVersion: 2019, sourceType: 'script'})"

    def parsed(source: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["node", "-e", check], input=source, cwd=ROOT, capture_output=True, text=True, check=False
        )

    found = parsed(bundle.classic(WEB / "main.js"))
    assert not found.returncode, found.stderr
    assert parsed("a?.b").returncode, "the check can fail"


def test_what_spx_shows_are_fields_that_the_page_knows() -> None:
    fields = spx_definition(Output(name="program", channels=("en",)))["DataFields"]

    template = (WEB / "template.js").read_text()
    assert [field["field"] for field in fields if "field" in field] == ["f0"]
    for call in (field["fcall"] for field in fields if "fcall" in field):
        assert f'"{call.removesuffix("()")}"' in template


@pytest.mark.parametrize(("given_", "name"), [("", "main"), ("backup", "backup"), ("a b<", "ab"), ("x" * 99, "x" * 40)])
def test_a_pages_name_is_one_that_reports_may_have(given_: str, name: str) -> None:
    assert cleaned(given_) == name
