"""Joining modules: nothing is lost but comments, white space, and the length of private names."""

import base64
import hashlib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

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

    assert bundle.shortened(source) == "this.c = this.b + this.b; most_read = { __proto__: _, a: b_c }"


@given(st.lists(st.from_regex(r"_?[a-z]{1,9}", fullmatch=True), min_size=1, max_size=200))
def test_different_names_stay_different(names: list[str]) -> None:
    short = bundle.shortened(" ".join(names)).split(" ")

    assert len(short) == len(names)
    assert len(set(zip(names, short, strict=True))) == len(set(names)) == len(set(short))


@given(st.binary())
def test_integrity_is_what_browsers_compute(content: bytes) -> None:
    kind, _, digest = bundle.integrity(content).partition("-")

    assert base64.b64decode(digest) == hashlib.new(kind, content).digest()
