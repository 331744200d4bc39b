r"""AMCP: the lines that a CasparCG server is sent, and what it answers. Pure.

A headline on its way to the template is read four times: by the server's tokenizer, which knows `\\`, `\"` and `\n`
and drops any other backslash together with what follows; by the server's `update("…")`, which up to 2.5.0 escapes
nothing but quotes; by JavaScript; and by the template's XML parser. Before 2.6 a server in a plain locale also ends
the connection over anything that is not ASCII. So data goes as XML of printable ASCII, in which everything that any
of the four would take for its own is a numeric reference: it comes out of every release as it went in.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from lxml import etree

END = "\r\n"
LONGEST = 4_000_000  # bytes of an answer with all its lines: more is not AMCP

_TOLD_AS_NUMBER = re.compile(r"""[^\x20-\x7e]|[&<>"'\\]""")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # Char in XML 1.0, section 2.2
_STATUS = re.compile(r"(?:RES (?P<request>\S+) )?(?P<code>[1-6]\d\d)(?: (?P<words>.*))?", re.IGNORECASE | re.DOTALL)
_PONG = re.compile(r"PONG(?: (?P<words>.*))?", re.IGNORECASE | re.DOTALL)


class Place(NamedTuple):
    """Where a template stands: a layer of its own (`flash`) on a video layer of a channel."""

    channel: int
    layer: int
    flash: int = 1


# --- what is said -----------------------------------------------------------------------------------------------------


def add(place: Place, template: str, data: str, *, play: bool) -> str:
    return _cg(place, "ADD", quoted(template), "1" if play else "0", quoted(data))


def update(place: Place, data: str) -> str:
    return _cg(place, "UPDATE", quoted(data))


def play(place: Place) -> str:
    return _cg(place, "PLAY")


def stop(place: Place) -> str:
    """The template takes itself off; it stays loaded."""
    return _cg(place, "STOP")


def info(place: Place) -> str:
    return f"INFO {place.channel}-{place.layer}{END}"


def _cg(place: Place, verb: str, *words: str) -> str:
    return " ".join([f"CG {place.channel}-{place.layer} {verb} {place.flash}", *words]) + END


def quoted(text: str) -> str:
    r"""One parameter. ValueError when it cannot be one: a line ends at CR LF, and nothing stands for a CR."""
    if "\r" in text or "\0" in text:
        raise ValueError("a parameter of AMCP has neither CR nor NUL in it")
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'


def template_data(components: Mapping[str, str]) -> str:
    """Texts by the name of their component, in the form of templates since CasparCG 2.0."""
    return "<templateData>" + "".join(_component(*one) for one in components.items()) + "</templateData>"


def _component(name: str, text: str) -> str:
    return f'<componentData id="{as_ascii(name)}"><data id="text" value="{as_ascii(text)}"/></componentData>'


def as_ascii(text: str) -> str:
    """For an attribute's value. What XML cannot carry at all (most control characters) becomes U+FFFD."""
    return _TOLD_AS_NUMBER.sub(lambda found: f"&#{ord(found[0])};", _NOT_IN_XML.sub("�", text))


# --- what is answered -------------------------------------------------------------------------------------------------


class Reply(NamedTuple):
    code: int  # 0 for PONG
    words: str  # of the first line, behind the code
    lines: tuple[str, ...] = ()  # of data; one of INFO has line feeds in it
    request: str | None = None  # from `REQ`, if it was asked with one

    @property
    def ok(self) -> bool:
        return self.code < 400


class Garbled(Exception):
    """What came is not AMCP; the message is a sentence."""


class Replies:
    """Bytes in, replies out, however they are cut.

    A line ends with CR LF, and not with LF alone. Behind 101, 201 and 400 comes one more line (with 400 it is what
    was asked), behind 200 any number of them and then an empty one, behind all others nothing.
    """

    def __init__(self) -> None:
        self._bytes = b""  # of a line that has not ended
        self._begun: Reply | None = None
        self._lines: list[str] = []  # of what has begun
        self._taken = 0  # bytes of them

    def feed(self, data: bytes) -> list[Reply]:
        """Garbled when this is no AMCP: nothing that comes later can be trusted."""
        *lines, self._bytes = (self._bytes + data).split(b"\r\n")
        replies = [reply for line in lines for reply in self._line(line)]
        if self._taken + len(self._bytes) > LONGEST:
            raise Garbled("It answers without an end.")
        return replies

    def _line(self, told: bytes) -> list[Reply]:
        line = told.decode(errors="replace")
        if self._begun is not None:
            reply = self._begun
            if line or reply.code != 200:
                self._lines.append(line)
                self._taken += len(told) + len(END)
            if line and reply.code == 200:
                return []
            ended = reply._replace(lines=tuple(self._lines))
            self._begun, self._lines, self._taken = None, [], 0
            return [ended]
        if not line:  # some old answers have one too many
            return []
        reply = _status(line)
        if reply.code in (101, 200, 201, 400):
            self._begun = reply
            return []
        return [reply]


def _status(line: str) -> Reply:
    if pong := _PONG.fullmatch(line):
        return Reply(0, pong["words"] or "")
    found = _STATUS.fullmatch(line)
    if found is None:
        raise Garbled("It answers, but not in AMCP.")
    return Reply(int(found["code"]), found["words"] or "", request=found["request"])


class Foreground(NamedTuple):
    """What stands on a video layer."""

    producer: str  # `html` for a template of HTML, `empty` for nothing
    path: str  # of a page; it goes when the page could not be loaded, and when it has removed itself


def foreground(answer: Reply, place: Place) -> Foreground | None:
    """From the answer to `info`; None when this server tells it in another way (those before 2.3 do)."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        told = etree.fromstring("\n".join(answer.lines).strip().encode(), parser)
    except etree.XMLSyntaxError:
        return None
    stage = told.find("stage")
    if stage is None and told.find("framerate") is None:
        return None
    found = f"stage/layer/layer_{place.layer}/foreground/"
    return Foreground(told.findtext(found + "producer") or "empty", told.findtext(found + "file/path") or "")
