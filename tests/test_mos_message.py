"""How messages stand on the wire, whatever pieces they come in; and what is refused."""

import codecs
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mos import MOS, NCS, item, mos, order, story
from workers.mos import message as messages
from workers.mos.message import Framer, MosFault, NotMos, Told, answer, envelope, parse, ro_ack

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
ENCODINGS = st.sampled_from(["utf-16-be", "utf-8", "utf-16-le"])


def fed(framer: Framer, data: bytes, cuts: list[int]) -> list[str]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]
    return [text for piece in pieces for text in framer.feed(piece)]


@given(st.lists(TEXT, min_size=1, max_size=5), ENCODINGS, st.lists(st.integers(0, 10_000), max_size=8), st.booleans())
def test_messages_come_whole_in_whatever_pieces(slugs: list[str], encoding: str, cuts: list[int], marked: bool) -> None:
    said = [mos(order("roCreate", story("S", item("I", slug or "x"))), n) for n, slug in enumerate(slugs)]
    mark = {"utf-8": codecs.BOM_UTF8, "utf-16-be": codecs.BOM_UTF16_BE, "utf-16-le": codecs.BOM_UTF16_LE}[encoding]
    data = (mark if marked else b"") + "\r\n".join(said).encode(encoding)
    framer = Framer()
    assert fed(framer, data, cuts) == said
    assert framer.encoding == encoding
    assert [parse(text).id for text in said] == [str(number) for number in range(len(said))]


@given(TEXT)
def test_what_is_built_is_read_the_same(text: str) -> None:
    found = parse(envelope(MOS, NCS, "7", ro_ack("R", "OK", (Told("S", "I", text),))))
    assert (found.mos_id, found.ncs_id, found.id, found.name) == (MOS, NCS, "7", "roAck")
    assert found.get("status") == text.strip()
    assert parse(answer(found, ro_ack("R"))).id == "7"


@given(st.binary(min_size=8, max_size=400))
def test_no_bytes_break_it(data: bytes) -> None:
    framer = Framer(largest=300)
    try:
        for text in framer.feed(data):
            parse(text)
    except (NotMos, MosFault) as error:
        assert str(error).endswith(".")  # noqa: PT017  it may come or not


@given(st.text(max_size=200))
def test_no_text_within_a_message_breaks_it(text: str) -> None:
    try:
        assert parse(f"<mos>{text}</mos>").name
    except MosFault as error:
        assert str(error).endswith(".")  # noqa: PT017  it may come or not


def test_a_declaration_and_a_message_within_a_message() -> None:
    inner = mos("<x><mos><y/></mos></x>")
    data = ('<?xml version="1.0" encoding="UTF-16"?>\n' + inner + mos("<heartbeat/>")).encode("utf-16-be")
    assert list(Framer().feed(data)) == [inner, mos("<heartbeat/>")]


@pytest.mark.parametrize("data", [
    b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", "hello".encode("utf-16-be"), b"\0" * 50,
    b"<!DOCTYPE mos [<!ENTITY x 'y'>]><mos>", b"<mosaic>", b"<?xml" + b" " * 5_000,
])  # fmt: skip
def test_what_is_not_mos_is_told_at_once(data: bytes) -> None:
    with pytest.raises(NotMos):
        list(Framer().feed(data))


def test_blanks_between_messages_are_nothing() -> None:
    framer = Framer()
    for _ in range(100):
        assert list(framer.feed(" \r\n".encode("utf-16-be") * 100)) == []
    assert len(list(framer.feed(mos("<heartbeat/>").encode("utf-16-be")))) == 1


def test_a_message_has_a_largest_size() -> None:
    framer = Framer(largest=10_000)
    piece = "x" * 5_000
    assert list(framer.feed(f"<mos>{piece}".encode("utf-16-be"))) == []
    with pytest.raises(NotMos, match="longer than 10000"):
        list(framer.feed(piece.encode("utf-16-be")))


@pytest.mark.parametrize(("text", "sentence"), [
    ("<mos><mosID>a</mosID>", "not well-formed"),
    ("<mos>&boom;</mos>", "not well-formed"),
    ("<mos><mosID>a</mosID><ncsID>b</ncsID></mos>", "no body"),
    ("<mos><mosID>a</mosID><heartbeat/></mos>", "no ncsID"),
    (mos("<heartbeat/>", mos_id="x" * 129), "longer than 128"),
    (mos("<a>" * 61 + "</a>" * 61), "more than 60 elements"),
])  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(MosFault, match=sentence):
        parse(text)


def test_control_characters_are_blanks() -> None:
    assert parse(mos("<roReq><roID>a\x0bb\x00</roID></roReq>")).get("roID") == "a b"


def test_the_same_words_have_the_same_digest() -> None:
    one, other = parse(mos("<roReqAll/>")), parse(mos("<roReqAll/>", 2))
    assert one.digest == parse(mos("<roReqAll/>")).digest != other.digest


def test_an_item_on_screen_is_told_as_the_protocol_has_it() -> None:
    made = messages.element_stat("R", "S", "I", "PLAY", "2026-11-25T10:00:00")
    assert made.get("element") == "ITEM"
    assert [child.tag for child in made] == ["roID", "storyID", "itemID", "objID", "status", "time"]
