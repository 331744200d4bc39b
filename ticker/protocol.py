"""Messages between the hub and its readers, and the bytes they become. docs/protocol.md is this file in prose."""

import json
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from ticker import instant
from ticker.channel import Channel
from ticker.events import Event, EventType
from ticker.fanout import deflate
from ticker.urgency import Urgency


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `json` is one line; `position` is what to resume after once it has been applied."""

    type: str
    json: str
    position: str | None = None
    retry_ms: int | None = None  # for an EventSource, which reads it from the stream and not from the JSON


def snapshot(
    channel: Channel, position: str, headlines: Iterable[str], hash_: str, *,
    now: int | None, every_ms: int, reason: str | None = None,
) -> Message:  # fmt: skip
    """The whole board. `headlines` are encoded already. Without `now` the bytes depend on the position alone."""
    head: dict[str, Any] = {"type": "snapshot", "channel": channel.name, "position": position}
    if now is not None:
        head["now"] = instant.format(now)
    head |= {"hash": hash_, "every_ms": every_ms, "title": channel.title, "lang": channel.lang, "dir": channel.dir}
    if channel.rehearsal:
        head["rehearsal"] = True
    if reason:
        head["reason"] = reason
    text = f'{_dump(head)[:-1]},"headlines":[{",".join(headlines)}]}}'
    return Message("snapshot", text, position)


def change(event: Event, position: str, confirm: str | None = None) -> Message:
    """`confirm` is what a WebSocket client answers with once it has done so."""
    asked = {"confirm": confirm} if confirm else {}
    if event.headline is not None:
        more = f',"confirm":"{confirm}"' if confirm else ""
        text = f'{{"type":"{event.type}","position":"{position}"{more},"headline":{event.json}}}'
    elif not event.type.concerns_a_headline:
        text = f'{{"type":"{event.type}","position":"{position}",{event.json.removeprefix("{")}'
    else:
        text = _dump({"type": event.type, "position": position, "id": event.id, **_note(event.note), **asked})
    return Message(event.type, text, position)


def heartbeat(position: str, hash_: str, *, now: int, every_ms: int, stale: bool) -> Message:
    body: dict[str, Any] = {"type": "heartbeat", "position": position, "now": instant.format(now), "hash": hash_}
    body["every_ms"] = every_ms
    if stale:
        body["stale"] = True
    return Message("heartbeat", _dump(body), position)


def goodbye(retry_ms: int) -> Message:
    return Message("goodbye", _dump({"type": "goodbye", "retry_ms": retry_ms}), retry_ms=retry_ms)


def _note(note: str | None) -> dict[str, str]:
    return {"note": note} if note else {}


def _dump(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def pressing(event: Event) -> int:
    """What goes first when several changes leave together: kills, holds, flashes, then the rest as it came."""
    if event.type is EventType.RETRACTED:
        return 0
    if event.type is EventType.HELD:
        return 1
    return 2 if event.headline is not None and event.headline.urgency is Urgency.FLASH else 3


# --- the bytes -------------------------------------------------------------------------------------------------------

Encoding = Callable[[Sequence[Message]], bytes]


def event_stream(messages: Sequence[Message]) -> bytes:
    """Server-sent events: `event:` the type, `id:` the position, `data:` the JSON."""
    parts = []
    for message in messages:
        place = f"id: {message.position}\n" if message.position else ""
        again = f"retry: {message.retry_ms}\n" if message.retry_ms is not None else ""
        parts.append(f"event: {message.type}\n{place}{again}data: {message.json}\n\n")
    return "".join(parts).encode()


def event_stream_chunk(messages: Sequence[Message]) -> bytes:
    """The same as one chunk of an HTTP/1.1 body."""
    return chunk(event_stream(messages))


def event_stream_gzip_chunk(messages: Sequence[Message]) -> bytes:
    """The same within a stream that began with `deflate.GZIP_HEAD`."""
    return chunk(deflate.block(event_stream(messages)))


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body) if body else b""


LAST_CHUNK = b"0\r\n\r\n"
_TEXT, _CLOSE, _COMPRESSED = 0x81, 0x88, 0x40  # first byte of a frame: whole, and what is in it


def frames(messages: Sequence[Message]) -> bytes:
    """WebSocket: one unfragmented, unmasked text frame each (RFC 6455 section 5.2)."""
    return b"".join(_frame(_TEXT, message.json.encode()) for message in messages)


def deflated_frames(messages: Sequence[Message]) -> bytes:
    """The same for peers that take compressed messages (RFC 7692); those that would be no smaller stay as they are."""
    return b"".join(_smaller_frame(message.json.encode()) for message in messages)


def _smaller_frame(payload: bytes) -> bytes:
    small = deflate.message(payload)
    return _frame(_TEXT, payload) if small is None else _frame(_TEXT | _COMPRESSED, small)


def close_frame(code: "CloseCode") -> bytes:
    return _frame(_CLOSE, code.to_bytes(2, "big") + code.reason.encode())


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return b"%c%c%b" % (first, size, payload)
    if size < 65536:
        return b"%c\x7e%b%b" % (first, size.to_bytes(2, "big"), payload)
    return b"%c\x7f%b%b" % (first, size.to_bytes(8, "big"), payload)


SHORT = 125  # bytes of a frame whose length stands in its second byte
LARGEST_SAID = 1024  # bytes that a short frame may come to


def said(data: bytes, *, deflated: bool) -> str | None:
    """What a client says in a short frame that came whole and by itself, as nearly all that clients say does.

    None for everything else, right or wrong, which `websockets` reads: at 4 kB for each client that is read so.
    """
    size = data[1] & 0x7F if len(data) >= 6 else 0
    if size > SHORT or len(data) != 6 + size or data[1] < 0x80:
        return None
    mask = data[2:6] * (size // 4 + 1)
    text: bytes | None = bytes(map(operator.xor, data[6:], mask))
    if deflated and data[0] == _TEXT | _COMPRESSED:
        text = deflate.payload(text or b"", LARGEST_SAID)
    elif data[0] != _TEXT:
        return None
    try:
        return text.decode() if text is not None else None
    except UnicodeDecodeError:
        return None


def lines(messages: Sequence[Message]) -> bytes:
    """One message a line, for those that frame them themselves."""
    return "".join(f"{message.json}\n" for message in messages).encode()


RETRY = (1_000, 4_000)  # ms an EventSource waits after a cut, drawn for each, so that they do not all come at once


def retry(ms: int) -> bytes:
    """How long an EventSource waits before it comes back."""
    return b"retry: %d\n\n" % ms


# --- why a connection is closed --------------------------------------------------------------------------------------


class CloseCode(IntEnum):
    """WebSocket close codes. Below 4400 they mean what RFC 6455 and the IANA registry say."""

    POLICY = 1008
    RESTART = 1012
    OVERLOADED = 1013
    SLOW = 4408

    @property
    def reason(self) -> str:
        return _CLOSING[self][0]

    @property
    def come_back(self) -> bool:
        """Whether a reader should connect again."""
        return _CLOSING[self][1]


_CLOSING = {
    CloseCode.POLICY: ("this page or request is not allowed here", False),
    CloseCode.RESTART: ("the server restarts", True),
    CloseCode.OVERLOADED: ("too many connections", True),
    CloseCode.SLOW: ("too slow for thirty seconds", True),
}
