"""Any text reaches the template as it is, whatever release stands between; and what is answered is understood."""

import json
import re
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from tests.amcp_server import NEXT, RELEASED, CasparServer, tokens, update_call
from workers.onair import amcp
from workers.onair.amcp import Foreground, Garbled, Place, Replies, Reply

PLACE = Place(1, 20)
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
EVALUATE = """
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  let got = null;
  try { new Function("update", JSON.parse(line))((data) => { got = data; }); } catch (error) { got = null; }
  process.stdout.write(JSON.stringify(got) + "\\n");
});
"""

any_text = st.text(st.characters(exclude_categories=["Cs"]))


class Node:
    """Evaluates what a template would."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", "-e", EVALUATE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def evaluate(self, call: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        got = json.loads(self._process.stdout.readline())
        assert isinstance(got, str), f"{call} cannot be evaluated"
        return got

    def end(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    process = Node()
    yield process
    process.end()


def texts(xml: str) -> dict[str, str]:
    """As a template reads its data."""
    tree = etree.fromstring(xml)
    return {one.get("id"): one.find("data").get("value") for one in tree.iter("componentData")}


@pytest.mark.parametrize("release", [RELEASED, NEXT])
@given(text=any_text)
@example(text='PM: "never" pays $5bn & <b>more</b> \\ \\n \\" \' \t\n\r %1% () {} عاجل \U0001f4f0')
@example(text="\\")
@example(text='"')
def test_any_text_comes_out_as_it_went_in(node: Node, release: str, text: str) -> None:
    line = amcp.update(PLACE, amcp.template_data({"f0": text, "playlist": json.dumps({"t": text})}))
    assert line.isascii()
    assert line.count("\r") == line.count("\n") == 1
    for parentheses in (False, True):
        words = tokens(line.removesuffix(amcp.END), release, parentheses=parentheses)
        assert words[:4] == ["CG", "1-20", "UPDATE", "1"]
        assert len(words) == 5
        found = texts(node.evaluate(update_call(words[4], release)))
        assert found["f0"] == NOT_IN_XML.sub("\ufffd", text)
        assert json.loads(found["playlist"])["t"] == text


def test_plain_characters_stay_as_they_are() -> None:
    assert amcp.as_ascii("Acme to pay $5bn (50 %), {sic}") == "Acme to pay $5bn (50 %), {sic}"
    assert amcp.as_ascii("""&<>"'\\\n\té\U0001f4f0""") == ("&#38;&#60;&#62;&#34;&#39;&#92;&#10;&#9;&#233;&#128240;")


def test_the_model_of_the_server_loses_what_the_server_loses(node: Node) -> None:
    r"""Else the test above could not fail: JSON, and `\$` as others escape it."""
    assert tokens(r'CG 1-20 UPDATE 1 "pay \$5bn"')[4] == "pay 5bn"
    (data,) = tokens(amcp.quoted(json.dumps({"f0": 'say "no"'})))
    assert json.loads(node.evaluate(update_call(data, NEXT))) == {"f0": 'say "no"'}
    with pytest.raises(AssertionError, match="cannot be evaluated"):
        node.evaluate(update_call(data, RELEASED))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")))
def test_a_parameter_is_one_word(text: str) -> None:
    assert tokens(f"A {amcp.quoted(text)} B") == ["A", text, "B"]


def test_what_cannot_be_a_parameter_is_refused() -> None:
    for text in ("a\rb", "a\0b"):
        with pytest.raises(ValueError, match="neither CR nor NUL"):
            amcp.quoted(text)


def test_the_lines_that_are_sent() -> None:
    assert amcp.add(Place(2, 7, 3), "http://host/onair/x?page=a&key=b", "<d/>", play=True) == (
        'CG 2-7 ADD 3 "http://host/onair/x?page=a&key=b" 1 "<d/>"\r\n'
    )
    assert amcp.play(PLACE) + amcp.stop(PLACE) == "CG 1-20 PLAY 1\r\nCG 1-20 STOP 1\r\n"
    assert amcp.info(PLACE) == "INFO 1-20\r\n"


REPLIES = [
    ("202 CG OK\r\n", Reply(202, "CG OK")),
    ("RES a1 202 CG OK\r\n", Reply(202, "CG OK", request="a1")),
    ("201 CG OK\r\n\r\n", Reply(201, "CG OK", ("",))),
    ("201 INFO OK\r\n<a>\n  <b/>\n</a>\n\r\n", Reply(201, "INFO OK", ("<a>\n  <b/>\n</a>\n",))),
    ("200 INFO OK\r\n1 PAL\r\n2 PAL\r\n\r\n", Reply(200, "INFO OK", ("1 PAL", "2 PAL"))),
    ("200 CLS OK\r\n\r\n", Reply(200, "CLS OK")),
    ("400 ERROR\r\nNONSENSE\r\n", Reply(400, "ERROR", ("NONSENSE",))),
    *((f"{code} CG ADD FAILED\r\n", Reply(code, "CG ADD FAILED")) for code in (401, 402, 403, 404, 500, 501, 502, 503)),
    ("504 QUEUE OVERFLOW\r\n", Reply(504, "QUEUE OVERFLOW")),
    ("PONG a b\r\n", Reply(0, "a b")),
]


@given(st.lists(st.sampled_from(REPLIES)), st.data())
def test_replies_are_understood_however_they_are_cut(many: list[tuple[str, Reply]], data: st.DataObject) -> None:
    rest, replies, got = "".join(text for text, _ in many).encode(), Replies(), []
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        got += replies.feed(rest[:size])
        rest = rest[size:]
    assert got == [reply for _, reply in many]


def test_what_is_not_amcp_is_told() -> None:
    with pytest.raises(Garbled, match="not in AMCP"):
        Replies().feed(b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(Garbled, match="without an end"):
        Replies().feed(b"x" * (amcp.LONGEST + 1))
    with pytest.raises(Garbled, match="without an end"):
        Replies().feed(b"200 INFO OK\r\n" + (b"x" * 998 + b"\r\n") * (amcp.LONGEST // 1000 + 1))


def test_what_stands_on_a_layer() -> None:
    server = CasparServer()

    def look(place: Place = PLACE) -> Foreground | None:
        (reply,) = Replies().feed(server.answer(f"INFO {place.channel}-{place.layer}").encode())
        return amcp.foreground(reply, place)

    assert look() == Foreground("empty", "")
    server.answer('CG 1-20 ADD 1 "http://h/p?a=1&b=2" 1')
    assert look() == Foreground("html", "http://h/p?a=1&b=2")
    assert look(Place(1, 21)) == look(Place(2, 20)) == Foreground("empty", "")
    server.on[1, 20].loaded = False
    assert look() == Foreground("html", "")
    assert amcp.foreground(Reply(201, "INFO OK", ("<layer/>",)), PLACE) is None
    assert amcp.foreground(Reply(201, "INFO OK", ("no xml",)), PLACE) is None
