"""CasparCG: puts the template up on its layer, keeps it there, and gives it each new playlist, over AMCP."""

import asyncio
import contextlib
import json
from typing import ClassVar

from ticker.onair.output import CasparCG
from workers.onair import amcp, words
from workers.onair.adapter import Message, Trouble, why
from workers.onair.amcp import Garbled, Place, Replies, Reply

TIME = 3.0  # s that it has to answer, and to be connected to
LOOK_EVERY = 2.0  # s between looks whether the template is still there
PIECE = 64 * 1024  # bytes read at a time

_SENTENCES = {
    400: "CasparCG has no channel {place.channel}, or does not know {command}.",
    401: "CasparCG has no channel {place.channel}.",
    404: "CasparCG does not find the template {template}.",
    503: "Somebody has locked channel {place.channel} of CasparCG.",
    504: "CasparCG is overloaded: its queue of commands is full.",
}


class Caspar:
    """Of one output. It is connected to when there is something to say, and let go of when it does not answer."""

    name: ClassVar[str] = "casparcg"

    def __init__(self, settings: CasparCG, page: str, *, time: float = TIME) -> None:
        """`page` is the address of the output's page, for where the settings name no template."""
        self._host, self._port = settings.host, settings.port
        self._place = Place(settings.channel, settings.layer, settings.flash_layer)
        self.by_itself = not settings.template  # our page obeys the playlist by itself, also in when it leaves
        self._template = settings.template or page
        self._time = time
        self._line: _Line | None = None
        self._had: Message | None = None  # the playlist that the template has
        self._on: bool | None = None  # as PLAY or STOP left it
        self._path = page.partition("?")[0] if self.by_itself else ""  # of what is ours, as it is told
        self._unloaded = False  # the template was up, and could not load its page

    async def show(self, playlist: Message, now: int) -> float:
        self._unloaded = False
        try:
            await self._connect()
            if self._had is None:
                await self._find_or_add(playlist, now)
            elif playlist["id"] != self._had["id"]:
                await self._update(playlist, now)
            elif not await self._still_there():
                await self._add(playlist, now)
            await self._turn(playlist)
        except BaseException:  # also when we are cancelled: an answer may still be on its way
            await self.close()
            raise
        if self._unloaded:
            raise Trouble("CasparCG could not load the page, and was told to load it again.", LOOK_EVERY)
        return LOOK_EVERY

    async def close(self) -> None:
        self._had = self._on = None
        if self._line is not None:
            line, self._line = self._line, None
            await line.close()

    async def _connect(self) -> None:
        if self._line is None:
            self._line = await _connected(self._host, self._port, self._time)

    async def _find_or_add(self, playlist: Message, now: int) -> None:
        """After a restart of ours the template is there, and goes on without a jump: it gets what is new."""
        found = await self._foreground()
        if found is not None and self._is_ours(found):
            await self._update(playlist, now)
        else:
            await self._add(playlist, now)

    async def _still_there(self) -> bool:
        found = await self._foreground()
        self._unloaded = found is not None and found.producer == "html" and not found.path
        return found is None or self._is_ours(found)

    async def _foreground(self) -> amcp.Foreground | None:
        return amcp.foreground(await self._ask(amcp.info(self._place)), self._place)

    def _is_ours(self, found: amcp.Foreground) -> bool:
        """A page of HTML that has loaded. Which one another template's name has become only the server knows: it is the
        one that stands there first.
        """
        path = found.path.partition("?")[0]
        self._path = self._path or path
        return bool(path) and path == self._path

    async def _add(self, playlist: Message, now: int) -> None:
        self._on = playlist["on"] or self.by_itself
        if not self.by_itself:
            self._path = ""
        await self._ask(amcp.add(self._place, self._template, data(playlist, now, own=self.by_itself), play=self._on))
        self._had = playlist

    async def _update(self, playlist: Message, now: int) -> None:
        reply = await self._ask(amcp.update(self._place, data(playlist, now, own=self.by_itself)), but={403})
        if reply.code == 403:  # there is no template any more
            await self._add(playlist, now)
            return
        self._had = playlist

    async def _turn(self, playlist: Message) -> None:
        if self.by_itself or playlist["on"] == self._on:
            return
        await self._ask(amcp.play(self._place) if playlist["on"] else amcp.stop(self._place), but={403})
        self._on = playlist["on"]

    async def _ask(self, command: str, *, but: frozenset[int] | set[int] = frozenset()) -> Reply:
        """Trouble when it says no, but for the codes that the caller can do something about."""
        assert self._line is not None
        reply = await self._line.ask(command)
        if not reply.ok and reply.code not in but:
            words_ = " ".join(command.split(" ", 3)[:3:2] if command.startswith("CG") else command.split(" ", 1)[:1])
            told = _SENTENCES.get(reply.code, "CasparCG answered {code} to {command}.")
            template = "of this output" if self.by_itself else repr(self._template)
            raise Trouble(told.format(place=self._place, template=template, code=reply.code, command=words_))
        return reply


def data(playlist: Message, now: int, *, own: bool) -> str:
    """`playlist` says all to our own page, and what is off in it is covered at once; the page takes `f0` for headlines
    of its host, which go before it. Templates of others get both: in `f0` stand the headlines, one a line.
    """
    told = {"playlist": json.dumps(playlist, ensure_ascii=False, separators=(",", ":"))}
    return amcp.template_data(told if own else told | {"f0": "\n".join(words.lines(playlist, now))})


class _Line:
    """A connection on which one command at a time is under way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, time: float) -> None:
        self._reader, self._writer, self._time = reader, writer, time
        self._replies = Replies()

    async def ask(self, command: str) -> Reply:
        try:
            async with asyncio.timeout(self._time):
                self._writer.write(command.encode("ascii"))
                await self._writer.drain()
                return await self._reply()
        except TimeoutError:
            raise Trouble(f"CasparCG did not answer within {self._time:g} s.") from None
        except OSError as error:
            raise Trouble(f"The connection to CasparCG broke off: {why(error)}.") from None
        except Garbled as garbled:
            raise Trouble(f"What listens there is not CasparCG. {garbled}") from None

    async def _reply(self) -> Reply:
        while True:
            piece = await self._reader.read(PIECE)
            if not piece:
                raise Trouble("CasparCG has closed the connection.")
            replies = self._replies.feed(piece)
            if replies:
                return replies[0]

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), 1)


async def _connected(host: str, port: int, time: float) -> _Line:
    try:
        async with asyncio.timeout(time):
            return _Line(*await asyncio.open_connection(host, port), time)
    except TimeoutError:
        raise Trouble(f"CasparCG cannot be connected to within {time:g} s.") from None
    except OSError as error:
        raise Trouble(f"CasparCG cannot be connected to: {why(error)}.") from None
