"""What the gallery says to an output, carried out: decided on what Redis has, and kept with who said it."""

from collections.abc import Callable, Sequence
from typing import Any

from ticker.desk.desk import Desk
from ticker.errors import Forbidden, Killed, NoHeadline, TickerError, Unavailable
from ticker.headline import Record
from ticker.life import Action
from ticker.onair import as_run, control
from ticker.onair.control import Control, Cue, Order, Said
from ticker.onair.log import OnAirLog
from ticker.onair.output import Output
from ticker.writer import Scope, Writer

ATTEMPTS = 20  # when others change the same output at the same moment


class Cues:
    def __init__(self, log: OnAirLog, desk: Desk) -> None:
        self.log, self.desk = log, desk

    async def say(self, output: Output, cue: Cue, order: Order, by: Writer | str) -> Control:
        """The control then. `by` is a writer, or the name of what of ours speaks. TickerError when it cannot be."""
        becomes, refused = await self.say_all(output, cue, lambda _: [order], by)
        for error in refused.values():
            raise error
        return becomes

    async def say_all(
        self, output: Output, cue: Cue, choose: Callable[[Control], Sequence[Order]], by: Writer | str
    ) -> tuple[Control, dict[str, TickerError]]:
        """The same to several headlines, as one change for the pages: chosen by the control as it is at that moment.

        The control then, and what could not be, by headline.
        """
        if isinstance(by, Writer):
            allow(by, cue, output)
        for _ in range(ATTEMPTS):
            found, raw = await self.log.control(output.name)
            board = await self._board(output)  # no older than the control: what is on neither is nowhere
            said = Said(output, board, by.name if isinstance(by, Writer) else by, self.desk.stream.now())
            becomes, entries, refused = found, list[dict[str, Any]](), dict[str, TickerError]()
            for order in choose(found):
                try:
                    changed = control.decide(becomes, cue, order, said)
                except TickerError as error:
                    refused[order.id or ""] = error
                    continue
                if changed is not None:
                    becomes = changed
                    entries.append(as_run.cue(cue, order, by, board.get(order.id or ""), said.now))
            if not entries or await self.log.set_control(output.name, raw, becomes, *entries):
                return becomes, refused
        raise Unavailable("Too many changes to this output at the same moment; try again.")

    async def kill(self, output: Output, headline_id: str, reason: str, note: str | None, by: Writer) -> None:
        """The desk's kill, on whichever of its channels the headline is. Nothing when it is dead already."""
        for channel in output.channels:
            try:
                record = await self.desk.find(channel, headline_id)
            except Killed:
                by.allow(Action.RETRACT, channel)
                return
            if record is not None:
                by.allow(Action.RETRACT, channel, record.source.name if record.source else None)
                await self.desk.retract(channel, headline_id, reason, by=by, note=note)
                return
        for channel in output.channels:
            by.allow(Action.RETRACT, channel)
        raise NoHeadline(headline_id)

    async def _board(self, output: Output) -> dict[str, Record]:
        """What is live on the output's channels."""
        records = [record for channel in output.channels for record in await self.desk.stream.records(channel)]
        return {record.id: record for record in records}


def allow(writer: Writer, cue: Cue, output: Output) -> None:
    """Forbidden unless the writer may say this to it: on all of its channels."""
    for channel in output.channels:
        if cue is Cue.HOLD:
            _allow_hold(writer, channel)
        else:
            writer.allow_scope(Scope.CLEAR if cue is Cue.CLEAR else Scope.AIR, channel)


def _allow_hold(writer: Writer, channel: str) -> None:
    """Taking something off the screen is the right of everybody who may at the desk, and of the gallery."""
    if writer.scopes(channel) & {Scope.AIR, Scope.CLEAR}:
        return
    try:
        writer.allow(Action.HOLD, channel)
    except Forbidden:
        writer.allow_scope(Scope.AIR, channel)
