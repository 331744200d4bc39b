"""One process's playlists: made of the boards that the hub follows and of what the gallery has decided.

Whoever follows an output gets its newest playlist; one who is slow misses what lies between.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ticker.channel import Channel
from ticker.desk.tally import Tally
from ticker.errors import Invalid, NoOutput, TickerError
from ticker.events import Event, EventType
from ticker.fanout.hub import Hub
from ticker.onair import as_run, watch
from ticker.onair.control import Control
from ticker.onair.log import Known, OnAirLog, Told
from ticker.onair.output import Output, frame_at
from ticker.onair.playlist import Counted, Mark, Strip
from ticker.onair.playout import Playout, first_change
from ticker.onair.report import AHEAD, Report
from ticker.onair.target import Target
from ticker.onair.targets import Targets
from ticker.onair.watch import Alarm
from ticker.position import Position
from ticker.store import Gone, end_if_cancelled, refusal

TICK = 0.25  # s between looks at whose time is over
AGAIN = 2.0  # s at most before Redis is tried again
LEAVES_FOR = 1_800_000  # ms for which what has expired may finish its run
ANSWERS_WITHIN = 1.0  # s for Redis to say what pages elsewhere have; then it is as it is here

logger = logging.getLogger(__name__)

Pages = Mapping[str, Mapping[str, dict[str, Any]]]  # the last report of each, by output and name


class Playouts:
    """Of all outputs."""

    def __init__(self, hub: Hub, outputs: Mapping[str, Output], channels: Mapping[str, Channel]) -> None:
        self.hub = hub
        self.log = OnAirLog(hub.stream.redis)
        self.targets = Targets(hub.stream.redis)
        self._outputs = {
            name: Playout(output, [channels[one] for one in output.channels]) for name, output in outputs.items()
        }
        self._loaded = False
        hub.listeners.append(self._hear)
        hub.farewells.append(self._wake)

    def __iter__(self) -> Iterator[Playout]:
        return iter(self._outputs.values())

    def of(self, name: str) -> Playout:
        """As it is now. NoOutput when there is none of that name."""
        found = self._outputs.get(name)
        if found is None:
            raise NoOutput(name)
        if found.is_due:
            self._renew(found)
        return found

    def now(self) -> int:
        return self.hub.stream.now()

    def _wake(self) -> None:
        for playout in self:
            playout.wake()

    async def follow(self, name: str, beat: float = 2.0) -> AsyncIterator[dict[str, Any] | None]:
        """The playlist now, and each time it changes, the newest, once more when its anchor is known; None when
        nothing was told for `beat` seconds. Ends when this process goes away.
        """
        playout, told, due = self.of(name), ("", False), 0.0
        await self._adopt(playout)
        playout.followers += 1
        try:
            while not self.hub.draining:
                message = playout.message(self.now())
                news = (message["id"], message["anchor"] is not None)
                if news == told and (left := due - time.monotonic()) > 0:
                    await playout.changed(left)
                else:
                    yield message if news != told else None
                    told, due = news, time.monotonic() + beat
        finally:
            playout.followers -= 1

    async def watch(self, names: Sequence[str], beat: float) -> AsyncIterator[list[str] | None]:
        """Which of these outputs have changed, at first all of them; None every `beat` seconds, whatever changes: then
        all are to be looked at. Ends when this process goes away.
        """
        playouts = {name: self.of(name) for name in names}
        known, followed = dict[str, int](), list[Playout]()
        try:
            for playout in playouts.values():
                await self._adopt(playout)
                playout.followers += 1
                followed.append(playout)
            due = time.monotonic() + beat
            while not self.hub.draining:
                changed = [name for name, playout in playouts.items() if known.get(name) != playout.version]
                known |= {name: playouts[name].version for name in changed}
                left = due - time.monotonic()
                if left <= 0:
                    yield None
                    due = time.monotonic() + beat
                elif changed:
                    yield changed
                else:
                    await first_change(playouts.values(), left)
        finally:
            for playout in followed:
                playout.followers -= 1

    async def asked(self, name: str) -> Playout:
        """As whoever polls gets it, or reports: for some seconds they are like one that follows."""
        playout = self.of(name)
        await self._adopt(playout)
        playout.asked_at = self.now()
        return self.of(name)

    async def _adopt(self, playout: Playout) -> None:
        """What pages elsewhere have already, while nobody follows it here."""
        if not playout.is_followed(self.now()):
            with contextlib.suppress(*Gone):
                async with asyncio.timeout(ANSWERS_WITHIN):
                    current = await self.log.current(playout.output.name)
                if not playout.is_followed(self.now()):
                    with self._sparing_others(playout):
                        self._resume(playout, current)

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._tick())
            tasks.create_task(self._keep())

    # --- the boards -------------------------------------------------------------------------------------------------

    def _hear(self, channel: str, batch: Sequence[tuple[Position, Event]]) -> None:
        gone = [event.id for _, event in batch if event.type in (EventType.HELD, EventType.RETRACTED)]
        had = {one: [p.output.name for p in self._showing(channel) if p.may_be_seen(one)] for one in gone}
        for playout in self._showing(channel):
            self._mark(playout)
        for one, names in had.items():
            self._expect(channel, one, names)

    def _showing(self, channel: str) -> list[Playout]:
        return [playout for playout in self._outputs.values() if channel in playout.output.channels]

    def _mark(self, playout: Playout) -> None:
        """It is made anew: at once when somebody waits for it, else when it is asked for."""
        playout.is_due = True
        if playout.is_followed(self.now()):
            with self._sparing_others(playout):
                self._renew(playout)

    def _renew(self, playout: Playout) -> None:
        now, strips = self.now(), list[Strip]()
        for channel in playout.channels:
            fanout = self.hub.fanouts[channel.name]
            if not self._loaded or fanout.position is None:
                return
            late = list(fanout.changes.recent((now - LEAVES_FOR, 0)))
            leaving = frozenset(event.id for _, event in late if event.type is EventType.EXPIRED)
            taken = {event.id: ms for (ms, _), event in late if _takes_off(event)}
            strips.append(Strip(channel, fanout.board.ordered(), fanout.position.ms, leaving, taken))
        playout.renew(strips, now)

    def _expect(self, channel: str, headline_id: str, outputs: Iterable[str]) -> None:
        """Receipts: of what was taken off, these outputs must say that it is gone."""
        for tally in self._tallies(channel, headline_id):
            for name in outputs:
                for page in self._outputs[name].live_pages(self.now()):
                    tally.expect(_screen(name, page))

    def _tallies(self, channel: str, headline_id: str) -> list[Tally]:
        return [tally for tally in self.hub.fanouts[channel].tallies if tally.id == headline_id]

    # --- what pages report ------------------------------------------------------------------------------------------

    async def report(self, name: str, report: Report) -> None:
        """Invalid when it tells of what has not been yet; TickerError when it cannot be kept now: the page then says it
        again.
        """
        playout, now = await self.asked(name), self.now()
        beyond = report.beyond(frame_at(now + AHEAD * 1000, playout.output.rate))
        if beyond:
            faults = [{"pointer": one, "detail": "has not been yet, by the service's clock"} for one in beyond]
            raise Invalid("Frames are not right; see `errors`.", errors=faults)
        covered = [{"id": one.id, "page": report.page, "at": min(one.at or now, now)} for one in report.covered]
        covered += [{"id": one, "page": report.page, "at": now} for one in self._gone(playout, report)]
        ran = [as_run.ran(playout.output, playout.clearance_of(one), report.page, one, now) for one in report.ran]
        page = watch.seen(report, now, playout.pages.get(report.page))
        await self.log.add_report(name, report.page, report.boot, report.seq, ran, covered, page)
        playout.see(report.page, page)
        try:
            if report.anchor is not None and playout.anchor is None and playout.knows(report.anchor):
                await self.log.set_anchor(name, report.playlist, report.anchor.told())
        except Gone as error:
            raise refusal(error) from error

    def _gone(self, playout: Playout, report: Report) -> Iterator[str]:
        """What this page was to take off, and has not on its screen; it had nothing to cover."""
        if playout.playlist is None or report.playlist != playout.playlist.id:
            return
        screen = _screen(playout.output.name, report.page)
        told = {*report.on_screen, *(one.id for one in report.covered)}
        for channel in playout.channels:
            for tally in self.hub.fanouts[channel.name].tallies:
                if tally.outputs.get(screen, 0) is None and tally.id not in told:
                    yield tally.id

    async def forget(self, name: str, page: str) -> None:
        """TickerError when Redis cannot."""
        self.of(name).pages.pop(page, None)
        try:
            await self.log.forget_page(name, page)
        except Gone as error:
            raise refusal(error) from error

    async def state(self, name: str) -> dict[str, Any]:
        """All that the gallery sees of an output. TickerError when it cannot be told."""
        return (await self.states([name]))[0]

    async def states(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """The same of several, with one look at Redis."""
        playouts = [self.of(name) for name in names]
        try:
            pages, targets = await self.told_of(*playouts)
        except (TickerError, *Gone):  # what we know of ourselves
            return [self._state(playout, list(playout.pages.values()), None) for playout in playouts]
        return [self._state(playout, *_of(playout, pages, targets)) for playout in playouts]

    def _state(
        self, playout: Playout, pages: Sequence[Mapping[str, Any]], targets: Sequence[Target] | None
    ) -> dict[str, Any]:
        return {
            **playout.picture(self.now()),
            "pages": pages,
            "targets": [asdict(target) for target in targets or ()],
            "alarms": [alarm.to_dict() for alarm in self.wrong(playout, pages, targets)],
        }

    async def alarms(self, name: str) -> list[Alarm]:
        """What is wrong with an output. Gone or TickerError when Redis cannot say."""
        playout = self.of(name)
        return self.wrong(playout, *_of(playout, *await self.told_of(playout)))

    async def told_of(self, *playouts: Playout) -> tuple[Pages, list[Target]]:
        """All pages, and the systems that they are pushed to; after it these are as pages elsewhere have them. Gone or
        TickerError when Redis cannot say.
        """
        for playout in playouts:
            await self._adopt(playout)
        is_pushed = any(playout.output.systems for playout in playouts)
        return await self.log.pages(), await self.targets.all() if is_pushed else []

    def wrong(
        self, playout: Playout, pages: Sequence[Mapping[str, Any]], targets: Sequence[Target] | None
    ) -> list[Alarm]:
        """Of `targets` nothing is said when they are not known."""
        playlist = playout.current()
        return watch.alarms(
            playout.output, playlist.id, playout.changed_at, empty=not playlist.items, crowded=playlist.crowded,
            on=playout.control.on, pages=pages, targets=targets, now=self.now(),
        )  # fmt: skip

    # --- the gallery ------------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            end_if_cancelled()
            try:
                known = await self.log.load(list(self._outputs))
                self._load(known)
                async for batch in self.log.follow(known.after):
                    end_if_cancelled()
                    for told in batch:
                        self._take(told)
            except Gone as error:
                logger.debug("the outputs' log cannot be read: %s", error)
                await asyncio.sleep(random.uniform(0, AGAIN))
            except Exception:
                logger.exception("a fault of ours with the outputs; going on")
                await asyncio.sleep(AGAIN)

    def _load(self, known: Known) -> None:
        self._loaded = True
        for name, playout in self._outputs.items():
            playout.decide(known.controls.get(name, Control()))
            playout.counted = Counted({**known.plays[name]}, playout.counted.at)
            with self._sparing_others(playout):
                self._resume(playout, known.current.get(name))

    def _resume(self, playout: Playout, current: Mapping[str, Any] | None) -> None:
        """The frame and the anchor of what pages elsewhere have, if it is the same."""
        if current and (playout.playlist is None or current["id"] != playout.playlist.id):
            digest, _, frame = current["id"].rpartition("-")
            playout.before, playout.is_due = Mark(digest, int(frame)), True
        if playout.is_due:
            self._renew(playout)
        if current:
            playout.hear_of(current)

    def _take(self, told: Told) -> None:
        playout = self._outputs.get(told.output)
        if playout is None:
            return
        match told.kind:
            case "control":
                playout.decide(Control.model_validate(told.body))
                self._mark(playout)
                playout.wake()  # what the gallery sees has changed, also where pages see nothing of it
            case "anchor":
                playout.hear_of(told.body)
            case "ran":
                if playout.count(told.plays, told.at):
                    self._mark(playout)
                self._confirm(playout, told)

    def _confirm(self, playout: Playout, told: Told) -> None:
        for gone in told.body["covered"]:
            screen = _screen(playout.output.name, gone["page"])
            for channel in playout.output.channels:
                for tally in self._tallies(channel, gone["id"]):
                    tally.shown_no_more(screen, max(0, gone["at"] - tally.position.ms))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            end_if_cancelled()
            for playout in self._outputs.values():
                if playout.until <= self.now():
                    self._mark(playout)

    @contextlib.contextmanager
    def _sparing_others(self, playout: Playout) -> Iterator[None]:
        """A fault of ours with one output is not one of its neighbours, nor of the log that all of them follow."""
        try:
            yield
        except Exception:
            logger.exception("a fault of ours with output %s; going on", playout.output.name)
            playout.until = self.now() + round(AGAIN * 1000)

    async def _keep(self) -> None:
        """Redis knows which playlists pages have, for processes that begin later. What hangs holds up nothing else."""
        while True:
            await asyncio.sleep(TICK)
            end_if_cancelled()
            for playout in self._outputs.values():
                made = playout.playlist
                if made is not None and playout.kept != made.id and playout.is_followed(self.now()):
                    with self._sparing_others(playout), contextlib.suppress(*Gone):
                        if await self.log.set_current(playout.output.name, made.id):
                            playout.kept = made.id


def _of(playout: Playout, pages: Pages, targets: Sequence[Target]) -> tuple[list[dict[str, Any]], list[Target]]:
    """What was told of this one."""
    name = playout.output.name
    return list(pages.get(name, {}).values()), [target for target in targets if target.output == name]


def _screen(output: str, page: str) -> str:
    """How receipts call a page of an output."""
    return f"{output} ({page})"


def _takes_off(event: Event) -> bool:
    """Whether no other words of the headline may run on: it was held or killed, or corrected at some time."""
    is_corrected = event.headline is not None and event.headline.correction is not None
    return is_corrected or event.type in (EventType.HELD, EventType.RETRACTED)
