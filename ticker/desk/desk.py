"""The desk: the only way in. A source, an editor and the clock all change headlines here.

Read the situation, decide without touching the world, make it true in one step; when something changed in
between, do it again.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from ticker.channel import Channel
from ticker.desk import decision, door
from ticker.desk.decision import CLOCK
from ticker.desk.group import FOLLOWED, Edition, follow_up
from ticker.desk.once import Once, same_answer
from ticker.desk.place import place
from ticker.errors import Killed, NoChannel, NoHeadline, TickerError, Unavailable
from ticker.headline import REHEARSAL, Draft, Patch, Record, State, new_id, source_headline_id
from ticker.life import Action, Command
from ticker.stream import Appended, Changed, Situation, Stream, split_answer
from ticker.tombstone import SAME_TEXT_KEPT, words_of
from ticker.writer import Writer

CLOCKWORK = {"release": Action.START, "expire": Action.EXPIRE, "forget": Action.FORGET, "spike": Action.SPIKE}
TRIES = 20  # times a decision is made anew because something changed under it

logger = logging.getLogger(__name__)


class Receipt(NamedTuple):
    """What became of a request. `record` is None for a headline of which only the tombstone is left."""

    record: Record | None
    position: str | None
    changed: bool
    group: str | None = None
    editions: tuple[Edition, ...] = ()  # what followed for the others of its group


class Desk:
    def __init__(
        self,
        stream: Stream,
        channels: Mapping[str, Channel],
        own_sources: Collection[tuple[str, str]] = (),
        *,
        randomness: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.stream = stream
        self.channels = channels
        self.own_sources = own_sources  # whose headlines we hand in ourselves: the name, and how the ids begin
        self._randomness = randomness

    # --- what writers ask for ---------------------------------------------------------------------------------------

    async def publish(
        self, channel: str, draft: Draft, *, by: Writer | str, hands_in: bool = False, once: Once | None = None
    ) -> Receipt:
        """Live at once, or kept as a draft, for approval, until its hour: as the draft and the channel say. What is
        only handed in waits for approval always.
        """
        source = draft.source if draft.source and draft.source.id else None
        door.must_be_free(source, self.own_sources, channel, by)
        id_ = source_headline_id(source.name, source.id or "") if source else new_id(self._randomness(10))
        id_ = f"{REHEARSAL}{id_}" if self._channel(channel).rehearsal else id_
        command = _command(Action.PUBLISH, by, id_, draft=draft, hands_in=hands_in)
        return await self._do(channel, command, once)

    async def edit(
        self,
        channel: str,
        headline_id: str,
        patch: Patch,
        version: int,
        *,
        by: Writer | str,
        hands_in: bool = False,
        once: Once | None = None,
    ) -> Receipt:
        """Update, or correct when the patch carries a note. VersionStale when it was made on another version."""
        action = Action.CORRECT if patch.is_correction else Action.UPDATE
        command = _command(action, by, headline_id, patch=patch, version=version, hands_in=hands_in)
        return await self._with_editions(channel, command, once)

    async def hold(
        self,
        channel: str,
        headline_id: str,
        *,
        by: Writer | str,
        reason: str | None = None,
        note: str | None = None,
        once: Once | None = None,
    ) -> Receipt:
        """Off every screen at once, and back with `release`. Asks for no version and no lock.

        `reason` is for the audit, `note` for readers.
        """
        command = _command(Action.HOLD, by, headline_id, reason=reason, note=note)
        return await self._with_editions(channel, command, once)

    async def release(
        self,
        channel: str,
        headline_id: str,
        *,
        by: Writer | str,
        hands_in: bool = False,
        version: int = 0,
        once: Once | None = None,
    ) -> Receipt:
        """Towards readers. With a `version` none but these words: VersionStale when somebody has changed them."""
        command = _command(Action.RELEASE, by, headline_id, hands_in=hands_in, version=version)
        return await self._do(channel, command, once)

    async def approve(
        self,
        channel: str,
        headline_id: str,
        *,
        by: Writer | str,
        reason: str | None = None,
        version: int = 0,
        once: Once | None = None,
    ) -> Receipt:
        """As a second person. With a `reason` also as the first, when there is nobody else: the glass is broken then,
        and the audit, the log and the headline say so. With a `version` none but these words: VersionStale when
        somebody has changed them while they were read.
        """
        command = _command(Action.APPROVE, by, headline_id, reason=reason, version=version)
        receipt = await self._do(channel, command, once)
        if receipt.changed and receipt.record is not None and receipt.record.unseconded:
            logger.warning("%s: %s goes out without a second person; the audit has the reason", channel, headline_id)
        return receipt

    async def recall(self, channel: str, headline_id: str, *, by: Writer | str, once: Once | None = None) -> Receipt:
        """Back to a draft, from the undo window, its hour or the queue. Refused once readers have it."""
        return await self._do(channel, _command(Action.RECALL, by, headline_id), once)

    async def spike(
        self, channel: str, headline_id: str, *, by: Writer | str, reason: str | None = None, once: Once | None = None
    ) -> Receipt:
        """Away with a draft that nobody wants. It may not come back, and others may come in the same words."""
        return await self._do(channel, _command(Action.SPIKE, by, headline_id, reason=reason), once)

    async def join(
        self, channel: str, headline_id: str, group: str, *, by: Writer | str, once: Once | None = None
    ) -> Receipt:
        """It becomes one of a group of editions, unless it is in one."""
        return await self._do(channel, _command(Action.JOIN, by, headline_id, group=group), once)

    async def fresh(self, channel: str, headline_id: str, *, by: Writer | str, once: Once | None = None) -> Receipt:
        """An edition whose sister has changed was looked at, and still holds."""
        return await self._do(channel, _command(Action.FRESH, by, headline_id), once)

    async def retract(
        self,
        channel: str,
        headline_id: str,
        reason: str,
        *,
        by: Writer | str,
        note: str | None = None,
        notes: Mapping[str, str] | None = None,
        editions: bool = True,
        even_unknown: bool = False,
        once: Once | None = None,
    ) -> Receipt:
        """Kill it: gone from every screen, for good, and so are its other `editions` where the writer may kill; where
        not, they are marked.

        `notes` are what readers of these are told, by channel. `even_unknown` bars a headline that has not come yet.
        """
        command = _command(Action.RETRACT, by, headline_id, reason=reason, note=note, notes=notes or {})
        killer = by if editions and isinstance(by, Writer) else None
        return await self._with_editions(channel, command, once, killer=killer, even_unknown=even_unknown)

    async def move(
        self,
        channel: str,
        headline_id: str,
        *,
        by: Writer | str,
        above: str | None = None,
        below: str | None = None,
        to: str | None = None,
        pinned: bool | None = None,
        once: Once | None = None,
    ) -> Receipt:
        """To a place above or below another headline, to the "top" or "bottom", pinned or not."""
        answered = await self.answered(channel, by=by, once=once)
        if answered is not None:
            return answered
        between = None
        if above or below or to:
            records = await self.stream.records(channel)
            between = place(records, headline_id, above=above, below=below, to=to, pinned=pinned)
        return await self._do(channel, _command(Action.MOVE, by, headline_id, order=between, pinned=pinned), once)

    async def expire(
        self,
        channel: str,
        headline_id: str,
        *,
        by: Writer | str = CLOCK,
        at_once: bool = False,
        once: Once | None = None,
    ) -> Receipt:
        """Off the strip without a word, when its time is over or `at_once`."""
        receipt = await self._do(channel, _command(Action.EXPIRE, by, headline_id, at_once=at_once), once)
        if receipt.record is None and by != CLOCK:
            raise NoHeadline(headline_id)
        return receipt

    async def answered(self, channel: str, *, by: Writer | str, once: Once | None) -> Receipt | None:
        """What this writer was answered to this very request; to be asked before what it has changed refuses it."""
        self._channel(channel)
        if once is None:
            return None
        key = once.by(by.name if isinstance(by, Writer) else by)
        return await self._answered(channel, key, await self.stream.read(channel, "", (), key), once)

    async def find(self, channel: str, headline_id: str) -> Record | None:
        """The headline as the desk keeps it. Killed when only its tombstone is left."""
        self._channel(channel)
        found = await self.stream.read(channel, headline_id, (), "")
        tombstone = found.tombstone(headline_id)
        if tombstone is not None:
            raise Killed(tombstone.sentence)
        return found.record

    async def bars(self, channel: str, headline_text: str) -> bool:
        """Whether these words were killed so lately that nobody may publish them."""
        words = words_of(headline_text)
        found = await self.stream.read(channel, "", (words,), "")
        tombstone = found.tombstone(words)
        return tombstone is not None and found.now - tombstone.at < SAME_TEXT_KEPT

    # --- what the clock asks for ------------------------------------------------------------------------------------

    async def lapse(self, channel: str, timer: str) -> Receipt | None:
        """A timer has run out. Doing it twice, or too early, does nothing."""
        what, _, headline_id = timer.partition(":")
        action = CLOCKWORK.get(what)
        if action is None:
            await self.stream.drop_timer(channel, timer)
            return None
        why = "Nobody has looked at it." if action is Action.SPIKE else None
        receipt = await self._do(channel, Command(action, CLOCK, headline_id, reason=why), None)
        if action is Action.START and receipt.changed and receipt.record and receipt.record.state is State.HELD:
            logger.warning("%s: %s is held, its words were killed; the audit has the reason", channel, headline_id)
        if not receipt.changed and _has_no_use(action, receipt.record, self.stream.now()):
            await self.stream.drop_timer(channel, timer)
        return receipt

    # --- how it is done ---------------------------------------------------------------------------------------------

    async def _with_editions(
        self,
        channel: str,
        command: Command,
        once: Once | None,
        *,
        killer: Writer | None = None,
        even_unknown: bool = False,
    ) -> Receipt:
        """And what follows for the other editions. One that fails stops none of the others; a repeat with the same
        key does what is left to do. A kill is carried on even when it was made before.
        """
        receipt = await self._do(channel, command, once, even_unknown=even_unknown)
        concerns = receipt.changed or command.action is Action.RETRACT
        if receipt.group is None or command.action not in FOLLOWED or not concerns:
            return receipt
        on = self._channel(channel)
        told = await asyncio.gather(
            *(
                self._follow_up(on, other, command, receipt.group, once, killer)
                for other in self.channels.values()
                if other.rehearsal == on.rehearsal
            )
        )
        return receipt._replace(editions=tuple(edition for some in told for edition in some))

    async def _follow_up(
        self, on: Channel, other: Channel, command: Command, group: str, once: Once | None, killer: Writer | None
    ) -> list[Edition]:
        try:
            others = await self.stream.group(other.name, group)
        except TickerError as error:
            return [Edition(other.name, None, "failed", error.detail)]
        return [
            await self._follow_up_one(on, other, headline_id, command, once, killer)
            for headline_id in others
            if headline_id != command.id
        ]

    async def _follow_up_one(
        self, on: Channel, other: Channel, headline_id: str, command: Command, once: Once | None, killer: Writer | None
    ) -> Edition:
        kills = killer is not None and killer.may(Action.RETRACT, other.name)
        follows = follow_up(command, on, other, headline_id, self.stream.now(), kills=kills)
        key = Once(f"{once.key} {follows.action} {headline_id}", once.digest) if once else None
        try:
            await self._do(other.name, follows, key)
        except TickerError as error:
            logger.warning("%s: %s could not follow %s/%s", other.name, headline_id, on.name, command.id)
            return Edition(other.name, headline_id, "failed", error.detail)
        return Edition(other.name, headline_id, "marked" if follows.stale else "retracted")

    async def _do(
        self, channel_name: str, command: Command, once: Once | None, *, even_unknown: bool = False
    ) -> Receipt:
        channel = self._channel(channel_name)
        key = once.by(command.by) if once else self._randomness(16).hex()
        identities = decision.identities(command, None)
        # What is published is nearly always new: guess so, and save a look; append.lua sees when it is not.
        guess = self.stream.nothing_yet(command.id) if command.action is Action.PUBLISH else None
        for _ in range(TRIES):
            found = guess or await self.stream.read(channel_name, command.id, identities, key)
            guessed, guess = guess is not None, None
            answered = await self._answered(channel_name, key, found, once)
            if answered is not None:
                return answered
            wanted = decision.identities(command, found.record)
            if wanted != identities:  # only now is it known which words a kill must bar
                identities = wanted
                continue
            try:
                decided = decision.decide(found, command, channel, identities, even_unknown=even_unknown)
                if door.is_kept_back(command, decided):
                    door.must_have_room(await self.stream.size_of_desk(channel_name), command)
            except TickerError:
                if guessed and once:  # it may have been done when its times were right
                    continue
                raise
            if decided is None:
                return Receipt(found.record, None, changed=False, group=_group(found))
            change = decision.change(found, command, decided, identities, once.digest if once else None)
            try:
                appended = await self.stream.append(channel_name, identities, key, change)
            except Changed:
                continue
            if change.board and appended.size > channel.limit:
                await self._make_room(channel, appended)
            record = decided.record if appended.answer is None else same_answer(appended.answer, once)
            return _receipt(record, appended.position)
        raise Unavailable("Too many changes to this headline at the same moment; try again.")

    async def _answered(self, channel: str, key: str, found: Situation, once: Once | None) -> Receipt | None:
        if found.answer is None:
            return None
        await self.stream.confirm(channel, key)
        position, answer = split_answer(found.answer)
        return _receipt(same_answer(answer, once), position)

    async def _make_room(self, channel: Channel, appended: Appended) -> None:
        """A full strip lets its last headline go, so that a flash is never refused."""
        try:
            for _ in range(appended.size - channel.limit):
                command = Command(Action.EXPIRE, "desk", appended.lowest, at_once=True)
                found = await self.stream.read(channel.name, command.id, (), "")
                decided = decision.decide(found, command, channel, (), even_unknown=False)
                if decided is None:
                    return
                change = decision.change(found, command, decided, (), None)
                appended = await self.stream.append(channel.name, (), self._randomness(16).hex(), change)
        except (Unavailable, Changed):  # what was asked for is done; the next one makes the room
            logger.warning("%s: the strip is over its limit of %d for now", channel.name, channel.limit)

    def _channel(self, name: str) -> Channel:
        channel = self.channels.get(name)
        if channel is None:
            raise NoChannel(name)
        return channel


def _command(action: Action, by: Writer | str, headline_id: str, **fields: Any) -> Command:
    """`by` is a writer, or the name of what of ours acts: a source, the clock."""
    if isinstance(by, str):
        return Command(action, by, headline_id, **fields)
    return Command(action, by.name, headline_id, via=by.via, is_person=by.is_person, **fields)


def _group(found: Situation) -> str | None:
    """Of a killed one the tombstone knows it."""
    tombstone = found.tombstone(found.id)
    return tombstone.group if tombstone else found.record.group if found.record else None


def _receipt(record: Record | None, position: str) -> Receipt:
    return Receipt(record, position or None, changed=True, group=record.group if record else None)


def _has_no_use(action: Action, record: Record | None, now: int) -> bool:
    if record is None or action in (Action.FORGET, Action.SPIKE):
        return True
    due = record.publish_at if action is Action.START else record.expires_at
    return due is None or due <= now
