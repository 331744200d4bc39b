"""A CasparCG server as far as AMCP goes: its tokenizer, its replies, and what its templates get to evaluate.

Written from the behaviour of the releases 2.3.3 to 2.5.0, which escape only quotes in `update("…")`, and of what
comes after them, which escapes all that JavaScript wants escaped. It has no picture.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from tests.tcp import answering

RELEASED, NEXT = "2.5.0", "2.6"  # up to and with the first; from the second on


def tokens(line: str, release: str = RELEASED, *, parentheses: bool = True) -> list[str]:
    """The words of a command. 2.3 knows no parentheses."""
    found: list[str] = []
    word, quoted, depth, escaped = "", False, 0, False
    for char in line:
        if escaped:
            word += {"\\": "\\", '"': '"', "n": "\n"}.get(char, "")  # any other takes its backslash along
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == " " and not quoted and depth == 0:
            found += [word] if word else []
            word = ""
        elif char == '"':
            quoted = not quoted
            if depth:
                word += char
            elif not quoted:
                found.append(word)
                word = ""
        else:
            if parentheses and not quoted:
                depth += (char == "(") - (char == ")")
            word += char
    return [*found, word] if word else found


def update_call(data: str, release: str) -> str:
    """What the template evaluates for this data."""
    data = data.strip(' "')
    if release == NEXT:
        data = data.replace("\\", "\\\\")
    data = data.replace('"', '\\"')
    if release == NEXT:
        data = data.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'update("{data}")'


@dataclass
class Template:
    name: str
    calls: list[str] = field(default_factory=list)  # what it had to evaluate, in order
    loaded: bool = True


@dataclass
class CasparServer:
    release: str = RELEASED
    templates: set[str] = field(default_factory=lambda: {"ticker/ticker"})  # beside all addresses
    channels: int = 2
    on: dict[tuple[int, int], Template] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)  # as they came, but for PING
    locked: bool = False
    overflowing: bool = False
    hanging: bool = False
    loads: bool = True  # pages can be loaded
    port: int = 0
    under_way: int = 0
    most_under_way: int = 0
    _up: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def start(self) -> "CasparServer":
        self.port = await self._up.enter_async_context(answering(self._serve, self.port))
        return self

    async def stop(self) -> None:
        """As when it is restarted: nothing is on any layer afterwards."""
        self.on.clear()
        await self._up.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffered = b""
        while piece := await reader.read(65536):
            buffered += piece
            self.under_way = buffered.count(b"\r\n")
            self.most_under_way = max(self.most_under_way, self.under_way)
            while b"\r\n" in buffered:
                line, _, buffered = buffered.partition(b"\r\n")
                if self.release == RELEASED and not line.isascii():
                    return  # in a plain locale: the connection ends over it
                if not self.hanging:
                    writer.write(self.answer(line.decode()).encode())
                    await writer.drain()

    def answer(self, line: str) -> str:
        words = tokens(line, self.release)
        if words and words[0].upper() == "PING":
            return " ".join(["PONG", *words[1:]]) + "\r\n"
        self.commands.append(line)
        request = ""
        if words and words[0].upper() == "REQ" and len(words) > 1:
            request, words = f"RES {words[1]} ", words[2:]
        return request + (self._channel_command(words) or f"400 ERROR\r\n{line}\r\n")

    def _channel_command(self, words: list[str]) -> str | None:
        if not words:
            return None
        name = words[0].upper()
        if name == "VERSION":
            return f"201 VERSION OK\r\n{self.release} stable\r\n"
        if name == "INFO" and len(words) == 1:
            rows = "".join(f"{n} 1080p5000 PLAYING\r\n" for n in range(1, self.channels + 1))
            return f"200 INFO OK\r\n{rows}\r\n"
        channel, _, layer = words[1].partition("-") if len(words) > 1 else ("", "", "")
        if not channel.isdigit() or not 1 <= int(channel) <= self.channels:
            return None
        place = (int(channel), int(layer or 9999))
        if self.locked:
            return f"503 {name} FAILED\r\n"
        if self.overflowing:
            return "504 QUEUE OVERFLOW\r\n"
        match name, (words[2].upper() if len(words) > 2 else ""):
            case "INFO", _:
                return self._info(place[0])
            case "CLEAR", _:
                self.on.pop(place, None)
                return "202 CLEAR OK\r\n"
            case "CG", verb if verb in VERBS:
                return self._cg(place, verb, words[3:])
        return None

    def _info(self, channel: int) -> str:
        layers = "".join(
            f"         <layer_{layer}>\n            <foreground>\n"
            + (f"<file><path>{t.name.replace('&', '&amp;')}</path></file>\n" if t.loaded else "")
            + f"               <producer>html</producer>\n            </foreground>\n         </layer_{layer}>\n"
            for (of, layer), t in self.on.items()
            if of == channel
        )
        tree = f"<layer>\n{layers}</layer>" if layers else ""
        channel_ = f"<channel>\n<framerate>50</framerate>\n<stage>{tree}</stage>\n</channel>"
        xml = f'<?xml version="1.0" encoding="utf-8"?>\n{channel_}\n'
        return f"201 INFO OK\r\n{xml}\r\n"

    def _cg(self, place: tuple[int, int], verb: str, given: list[str]) -> str:
        template = self.on.get(place)
        if len(given) < VERBS[verb]:
            return f"402 CG {verb} ERROR\r\n"
        if verb == "ADD":
            return self._add(place, given)
        if verb == "CLEAR":
            self.on.pop(place, None)
            return "202 CG OK\r\n"
        if template is None:  # PLAY says yes to anything
            return "202 CG OK\r\n" if verb == "PLAY" else f"403 CG {verb} FAILED\r\n"
        if verb == "INVOKE":
            call = given[1].strip(' "')
            template.calls.append(call if call.endswith(")") else f"{call}()")
            return "201 CG OK\r\n\r\n"
        if verb == "UPDATE":
            if not given[1]:
                return "402 CG UPDATE FAILED\r\n"
            if given[1][0] not in "<{":
                return "404 CG UPDATE FAILED\r\n"  # the name of stored data, and there is none
            template.calls.append(update_call(given[1], self.release))
        else:
            template.calls.append(f"{verb.lower()}()")
        if verb == "REMOVE":
            template.loaded = False
        return "202 CG OK\r\n"

    def _add(self, place: tuple[int, int], given: list[str]) -> str:
        name = given[1]
        if name not in self.templates and "://" not in name:
            return "404 CG ADD FAILED\r\n"
        if len(given[2]) > 1:  # a label, which templates of HTML have no use for
            given = [*given[:2], *given[3:]]
        data = given[3] if len(given) > 3 else ""
        calls = [update_call(data if data[:1] in ("<", "{") else "", self.release)]
        self.on[place] = Template(name, calls + (["play()"] if given[2][:1] == "1" else []), self.loads)
        return "202 CG OK\r\n"


# The verbs of CG, and how many words each needs.
VERBS = {"ADD": 3, "UPDATE": 2, "PLAY": 1, "STOP": 1, "NEXT": 1, "REMOVE": 1, "INVOKE": 2, "CLEAR": 0}


@contextlib.asynccontextmanager
async def caspar_server(**given: Any) -> AsyncIterator[CasparServer]:
    server = await CasparServer(**given).start()
    try:
        yield server
    finally:
        await server.stop()
