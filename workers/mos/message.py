"""A MOS message: how it stands on the wire, what is in it, and what answers it. Pure.

The wire carries UTF-16, big end first, without a mark or a declaration; nothing but `<mos>` and `</mos>` says where a
message begins and ends. Some systems send UTF-8, or a mark: they are understood, and answered in kind.
(MOS Protocol 2.8.5, "MOS Message Format")
"""

import codecs
import hashlib
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree

Element = Any  # lxml has no types

LARGEST = 8_000_000  # characters of one message
LONGEST_ID = 128  # characters, as the protocol has it
DEEPEST = 60  # elements within each other
_WIRE = "utf-16-be"
_DECLARATION = 200  # characters that a declaration may have before a message

_BEGIN = re.compile(r"<mos[\s>]")
_BEGIN_OR_END = re.compile(r"<mos[\s>]|</mos\s*>")
_BEFORE = re.compile(r"\ufeff?\s*(<\?xml[^<>]*\?>\s*)?")
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEADER = ("mosID", "ncsID", "messageID")


class MosFault(Exception):
    """What is wrong with what the newsroom said, as a sentence for the newsroom."""


class NotMos(Exception):
    """What comes in is not MOS, or too much of it: nothing more can be read from this connection."""


class Message(NamedTuple):
    mos_id: str
    ncs_id: str
    id: str  # the messageID; "" without one
    name: str  # what it is: roCreate, heartbeat…
    body: Element
    digest: str

    def get(self, name: str) -> str:
        """The text of a child of its body; "" without one."""
        return text_of(self.body, name)


class Framer:
    """Cuts what comes over one connection into messages."""

    def __init__(self, largest: int = LARGEST) -> None:
        self.encoding = _WIRE
        self._largest = largest
        self._start = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._text = ""
        self._searched = 0  # of the text, which holds no whole message
        self._depth = 0  # of `<mos>` up to there

    def feed(self, data: bytes) -> Iterator[str]:
        """The messages that are whole now. NotMos when there will be none."""
        if self._decoder is None:
            self._start += data
            if len(self._start) < 4:
                return
            self.encoding = _encoding_of(self._start)
            self._decoder, data = codecs.getincrementaldecoder(self.encoding)("replace"), self._start
        self._text += self._decoder.decode(data)
        while (end := self._end()) is not None:
            message, self._text = self._text[:end], self._text[end:]
            self._searched = self._depth = 0
            yield message

    def _end(self) -> int | None:
        if not self._searched:
            self._skip_to_the_beginning()
        for tag in _BEGIN_OR_END.finditer(self._text, self._searched):
            self._depth += -1 if tag[0].startswith("</") else 1
            self._searched = tag.end()
            if not self._depth:
                return tag.end()
        if len(self._text) > self._largest:
            raise NotMos(f"A message is longer than {self._largest} characters.")
        if self._depth:  # what lies before a tag that may be cut in two need not be searched again
            cut = self._text.rfind("<", self._searched)
            self._searched = len(self._text) if cut < 0 else cut
        return None

    def _skip_to_the_beginning(self) -> None:
        before = _BEFORE.match(self._text)
        assert before is not None
        self._text = self._text[before.end() :]
        may_become_one = len(self._text) < len("<mos>") or self._text.startswith("<?xml")
        if not _BEGIN.match(self._text) and not (may_become_one and len(self._text) < _DECLARATION):
            raise NotMos("What comes is not MOS: no message begins with <mos>.")


def _encoding_of(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, b"<\0")):
        return "utf-16-le"
    if start.startswith((codecs.BOM_UTF16_BE, b"\0")):
        return _WIRE
    return "utf-8"


def parse(text: str) -> Message:
    """MosFault when it is not well-formed, or says not who speaks to whom about what."""
    clean = _NOT_XML.sub(" ", text)
    try:
        root = etree.fromstring(clean.encode(), _parser())
    except etree.XMLSyntaxError as error:
        raise MosFault(f"The message is not well-formed XML: {error.msg}.") from None
    if _is_deeper_than(root, DEEPEST):
        raise MosFault(f"The message has more than {DEEPEST} elements within each other.")
    header = {name: text_of(root, name) for name in _HEADER}
    for name, value in header.items():
        if len(value) > LONGEST_ID:
            raise MosFault(f"{name} is longer than {LONGEST_ID} characters.")
    body = next((child for child in root if child.tag not in _HEADER), None)
    if body is None:
        raise MosFault("The message has no body.")
    for name in ("mosID", "ncsID"):
        if not header[name]:
            raise MosFault(f"The message has no {name}.")
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return Message(header["mosID"], header["ncsID"], header["messageID"], body.tag, body, digest)


def _parser() -> Any:
    """Nothing is expanded, loaded or fetched."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )


def _is_deeper_than(root: Element, most: int) -> bool:
    level = [root]
    for _ in range(most):
        level = [child for element in level for child in element]
    return bool(level)


def text_of(parent: Element, name: str) -> str:
    """Of the first child of that name; "" without one."""
    return (parent.findtext(name) or "").strip()


def element(name: str, text: str | None = None, *children: Element) -> Element:
    made = etree.Element(name)
    if text is not None:
        made.text = _NOT_XML.sub(" ", text)
    made.extend(children)
    return made


def envelope(mos_id: str, ncs_id: str, message_id: str, body: Element) -> str:
    """A message as text. One without a number is allowed for answers to such."""
    number = [element("messageID", message_id)] if message_id else []
    whole = element("mos", None, element("mosID", mos_id), element("ncsID", ncs_id), *number, body)
    made: str = etree.tostring(whole, encoding="unicode")
    return made


def answer(message: Message, body: Element) -> str:
    """What is said back: to the same, under the same number."""
    return envelope(message.mos_id, message.ncs_id, message.id, body)


# --- bodies ---------------------------------------------------------------------------------------------------------


def heartbeat(time: str) -> Element:
    return element("heartbeat", None, element("time", time))


def mos_ack(status: str, sentence: str, object_id: str = "0") -> Element:
    return element(
        "mosAck", None,
        element("objID", object_id), element("objRev", "0"), element("status", status),
        element("statusDescription", sentence[:LONGEST_ID]),
    )  # fmt: skip


class Told(NamedTuple):
    """What the newsroom is to know of one item."""

    story: str
    item: str
    status: str


def ro_ack(ro_id: str, status: str = "OK", told: tuple[Told, ...] = ()) -> Element:
    """`status` is OK, or a sentence that says why not."""
    made = element("roAck", None, element("roID", ro_id), element("roStatus", status[:LONGEST_ID]))
    for one in told:
        made.append(element("storyID", one.story))
        made.append(element("itemID", one.item))
        made.append(element("objID", one.item))
        made.append(element("status", one.status[:LONGEST_ID]))
    return made


def element_stat(ro_id: str, story_id: str, item_id: str, status: str, time: str) -> Element:
    """What has become of an item on screen: PLAY or STOP."""
    made = element(
        "roElementStat", None,
        element("roID", ro_id), element("storyID", story_id), element("itemID", item_id), element("objID", item_id),
        element("status", status), element("time", time),
    )  # fmt: skip
    made.set("element", "ITEM")
    return made
