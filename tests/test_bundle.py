"""Joining modules: nothing is lost but comments, white space, and the length of private names."""

import base64
import hashlib
import re
from pathlib import Path

import minify
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.servers import ROOT
from ticker import bundle


def test_what_is_imported_comes_first_and_once(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.js").write_text(
        'import { b } from "./inner/b.js";\nimport { c } from "./c.js";\nexport const a = b + c;\n'
    )
    (tmp_path / "inner" / "b.js").write_text('import { c } from "../c.js";\nexport const b = c; // why\n')
    (tmp_path / "c.js").write_text("/** one */\nexport const c = 1;\n")

    assert bundle.joined(tmp_path / "a.js") == b"export const{a}=(()=>{const e=1,t=e,n=t+e;return{a:n}})()"


def test_strings_and_templates_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('const a = "// no  comment";\nconsole.log(a, a, `/* nor  this */ ${a}`);\n')

    assert bundle.joined(tmp_path / "a.js") == (
        b'(()=>{const e="// no  comment";console.log(e,e,`/* nor  this */ ${e}`)})()'
    )


def test_private_names_get_short_and_public_ones_stay() -> None:
    source = "this._longest = this._other + this._other; most_read = { __proto__: _, a: b_c }"

    assert bundle.shortened([source]) == ["this.c = this.b + this.b; most_read = { __proto__: _, a: b_c }"]


def test_a_class_has_the_names_of_the_one_it_extends_and_no_other() -> None:
    parts = ["class One { _own; _more }", "class Two { _else }", "class Three extends One { _own; _third }"]

    assert bundle.shortened(parts) == ["class One { a; b }", "class Two { a }", "class Three extends One { a; c }"]


@given(st.lists(st.from_regex(r"_?[a-z]{1,9}", fullmatch=True), min_size=1, max_size=200))
def test_different_names_stay_different(names: list[str]) -> None:
    short = bundle.shortened([" ".join(names)])[0].split(" ")

    assert len(short) == len(names)
    assert len(set(zip(names, short, strict=True))) == len(set(names)) == len(set(short))


def test_nothing_is_written_that_the_minifier_takes_for_something_else() -> None:
    assert minify.string("text/javascript", "f = x => x || false; g = x => x && true") == "f=e=>e,g=e=>e", (
        "the minifier is mended: this test may go"
    )
    for path in (ROOT / "web").rglob("*.js"):
        if "versions" not in path.parts:
            assert not re.search(r"\|\| false\b|&& true\b", path.read_text()), path.name


@given(st.binary())
def test_integrity_is_what_browsers_compute(content: bytes) -> None:
    kind, _, digest = bundle.integrity(content).partition("-")

    assert base64.b64decode(digest) == hashlib.new(kind, content).digest()


def test_a_classic_script_is_what_is_read_without_its_imports(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\n\nlog(b); // why\n')
    (tmp_path / "b.js").write_text("export const b = 1;\n")

    assert bundle.classic(tmp_path / "a.js") == "(() => {\nconst b = 1;\n\nlog(b); // why\n})();\n"


def test_two_things_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nfunction one() { return b; }\n')
    (tmp_path / "b.js").write_text("function one() { return 1; }\nexport const b = one();\n")

    with pytest.raises(ValueError, match="both have a one"):
        bundle.classic(tmp_path / "a.js")
