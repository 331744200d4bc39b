import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from tests.samples import NOW, headline
from ticker import protocol
from ticker.channel import Channel
from ticker.events import EventType, removal, upsert
from ticker.protocol import CloseCode, Message
from ticker.urgency import Urgency

P = "epoch1-5-0"


def test_every_message_is_one_line_of_json_with_its_type() -> None:
    odd = headline(text='“quotes” " \\ \u2028 <b> عاجل')
    messages = [
        protocol.snapshot(Channel(name="en"), P, [odd.to_json()], "0" * 8, now=NOW, every_ms=15_000, reason="epoch"),
        protocol.change(upsert(EventType.PUBLISHED, odd), P),
        protocol.change(removal(EventType.RETRACTED, odd.id, "gone"), P),
        protocol.heartbeat(P, "0" * 8, now=NOW, every_ms=15_000, stale=True),
        protocol.goodbye(1500),
    ]
    for message in messages:
        assert "\n" not in message.json
        assert json.loads(message.json)["type"] == message.type
    snapshot, published, retracted, heartbeat, goodbye = (json.loads(m.json) for m in messages)
    assert snapshot["headlines"][0]["text"] == odd.text
    assert snapshot["reason"] == "epoch"
    assert published["headline"]["text"] == odd.text
    assert (retracted["id"], retracted["note"]) == (odd.id, "gone")
    assert (heartbeat["stale"], heartbeat["now"]) == (True, "2026-11-23T09:00:00.000Z")
    assert goodbye["retry_ms"] == 1500


def test_event_stream() -> None:
    wire = protocol.event_stream([Message("published", '{"a":1}', P), protocol.goodbye(7)])
    assert wire == (
        b'event: published\nid: epoch1-5-0\ndata: {"a":1}\n\n'
        b'event: goodbye\nretry: 7\ndata: {"type":"goodbye","retry_ms":7}\n\n'
    )


def test_a_chunk_says_its_length() -> None:
    assert protocol.chunk(b"0123456789abcdef!") == b"11\r\n0123456789abcdef!\r\n"
    assert protocol.chunk(b"") == b""


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=70_000), max_size=3))
def test_frames_are_read_by_an_independent_parser(texts: list[str]) -> None:
    parsed: list[str] = []
    reader = StreamReader()
    reader.feed_data(protocol.frames([Message("m", text) for text in texts]))
    for _ in texts:
        generator = Frame.parse(reader.read_exact, mask=False, max_size=None)
        try:
            while True:
                next(generator)
        except StopIteration as done:
            parsed.append(bytes(done.value.data).decode())
    assert parsed == texts


def test_kills_go_first_then_holds_then_flashes() -> None:
    flash = upsert(EventType.PUBLISHED, headline("b" * 16, urgency=Urgency.FLASH))
    routine = upsert(EventType.PUBLISHED, headline("a" * 16))
    kill, hold = removal(EventType.RETRACTED, "c" * 16), removal(EventType.HELD, "d" * 16)
    gone = removal(EventType.EXPIRED, "e" * 16)
    ordered = sorted([routine, gone, flash, hold, kill], key=protocol.pressing)
    assert ordered == [kill, hold, flash, routine, gone]


@pytest.mark.parametrize("code", CloseCode)
def test_every_close_code_says_why_and_whether_to_come_back(code: CloseCode) -> None:
    assert len(code.reason.encode()) <= 123  # what a close frame can carry
    assert code.come_back == (code is not CloseCode.POLICY)


# --- what a client says -----------------------------------------------------------------------------------------------


def client_frame(payload: bytes, *, deflated: bool, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    """As `websockets` sends it, with a mask drawn at random."""
    extensions = [PerMessageDeflate(True, True, 15, 15)] if deflated else []
    return Frame(opcode, payload, fin).serialize(mask=True, extensions=extensions)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120), st.booleans())
def test_a_short_word_is_heard_as_it_was_said(text: str, deflated: bool) -> None:
    frame = client_frame(text.encode(), deflated=deflated)
    heard = protocol.said(frame, deflated=deflated)
    assert heard == (text if len(frame) <= 6 + protocol.SHORT else None)


@given(st.binary(max_size=200), st.booleans(), st.sampled_from([0, 1, 2, 5, 6, 7]), st.binary(max_size=3))
def test_what_is_not_one_whole_short_text_is_left_to_others(
    payload: bytes, deflated: bool, cut: int, more: bytes
) -> None:
    frame = client_frame(payload, deflated=False)
    assert protocol.said(frame[: len(frame) - 1 - cut], deflated=deflated) is None
    assert protocol.said(frame + b"\0" + more, deflated=deflated) is None
    assert protocol.said(client_frame(payload[:99], deflated=False, opcode=Opcode.BINARY), deflated=deflated) is None
    assert protocol.said(client_frame(payload[:99], deflated=False, fin=False), deflated=deflated) is None
    assert protocol.said(client_frame(payload[:99], deflated=False, opcode=Opcode.PING), deflated=deflated) is None
    assert protocol.said(client_frame(b"\xff" + payload[:99], deflated=False), deflated=deflated) is None


@given(st.binary(max_size=150), st.booleans())
def test_any_bytes_are_a_word_or_none(data: bytes, deflated: bool) -> None:
    heard = protocol.said(data, deflated=deflated)
    assert heard is None or len(heard) <= protocol.LARGEST_SAID


def test_what_would_grow_too_large_is_left_to_others() -> None:
    bomb = client_frame(b"x" * 30_000, deflated=True)
    assert len(bomb) <= 6 + protocol.SHORT
    assert protocol.said(bomb, deflated=True) is None
    assert protocol.said(client_frame(b"hello " * 9, deflated=True), deflated=False) is None
