"""Carries a running order to the desk, and to the output: drafts first, and once it is ready to air, what is shown.

Everything may be done twice. What an editor has done to a headline stays, and so does what the gallery holds.
"""

import functools
import hashlib
import logging

from ticker.channel import DAY
from ticker.desk.desk import Desk
from ticker.errors import Forbidden, Killed, NoHeadline, Refused, TickerError, Unavailable, VersionStale
from ticker.headline import REHEARSAL, Draft, Patch, Record, Source, State, source_headline_id
from ticker.onair.control import Control, Cue, Order
from ticker.onair.cues import Cues
from ticker.onair.mos import Mos
from ticker.onair.output import Output
from workers.mos.message import Told
from workers.mos.running_order import RunningOrder
from workers.mos.schema import Wanted, headlines, key
from workers.mos.store import Carried, MosStore

LIFE_KEPT = 400 * DAY * 1000  # ms for which is remembered that an item was taken away
MOST_IN_ORDER = 500  # as many as an output takes
NOT_THERE = "It is not at the desk any more."

logger = logging.getLogger(__name__)

Known = dict[str, Carried]  # by `story/item`


class Carrier:
    def __init__(self, mos: Mos, output: Output, desk: Desk, cues: Cues, store: MosStore) -> None:
        self.mos, self.output, self.desk, self.cues, self.store = mos, output, desk, cues, store
        self.by = f"mos:{mos.id}"
        self._ours = {self.by, *(_newsroom(newsroom.id) for newsroom in mos.newsrooms)}  # authors that are no editors
        self._prefix = REHEARSAL if desk.channels[mos.channel].rehearsal else ""

    # --- the desk ---------------------------------------------------------------------------------------------------

    async def hand_in(self, ro_id: str, order: RunningOrder | None, known: Known) -> list[Told]:
        """The desk has what the running order says: new words, other words, nothing of what has gone."""
        wanted = headlines(order, self.mos.id, self.mos.urgency) if order else []
        for gone in known.keys() - {one.key for one in wanted}:
            await self._take_away(known[gone])
            del known[gone]
        ready_by = self._ready_by(order) if order and order.ready_at else ""
        told = [await self._bring(ro_id, one, known, ready_by) for one in wanted]
        return [one for one in told if one is not None]

    async def _bring(self, ro_id: str, one: Wanted, known: Known, ready_by: str) -> Told | None:
        why = ""
        if one.draft is None:
            return Told(one.story, one.item, one.fault)
        digest = hashlib.blake2b(one.draft.model_dump_json().encode(), digest_size=12).hexdigest()
        try:
            if one.key not in known:
                known[one.key] = await self._publish(key(ro_id, one.story, one.item), one.draft, digest)
            carried = known[one.key]
            waits = carried.released and not ready_by  # readers have it, and its new words are not ready
            if carried.digest != digest and not carried.over and not waits:
                known[one.key], why = await self._edit(carried, one, digest, ready_by)
        except Unavailable:
            raise
        except TickerError as error:
            return Told(one.story, one.item, error.detail)
        why = known[one.key].over or why
        return Told(one.story, one.item, why) if why else None

    async def _publish(self, source: str, draft: Draft, digest: str) -> Carried:
        first = self._id(source)
        life = await self.store.life(first)
        source = source if life == 1 else f"{source}#{life}"
        named = draft.model_copy(update={"source": Source(name=self.mos.id, id=source)})
        made = Carried(id=self._id(source), first=first, life=life, version=1, digest=digest)
        try:
            await self.desk.publish(self.mos.channel, named, by=self.by)
        except Refused:  # we were stopped before we could remember it
            return await self._found_again(made)
        return made

    async def look_again(self, known: Known) -> None:
        """At what was carried: where Redis has lost something, the desk does not have all that we have done."""
        for name, carried in known.items():
            record = await self._find(carried.id)
            if record is None:
                known[name] = carried.model_copy(update={"over": carried.over or NOT_THERE})
            elif record.version < carried.version:
                anew = carried.model_copy(update={"cleared": 0, "refused": 0})
                known[name] = self._remembered(anew, record)

    async def _found_again(self, carried: Carried) -> Carried:
        record = await self._find(carried.id)
        if record is None:
            raise Refused("It was there a moment ago.")
        return self._remembered(carried, record)

    def _remembered(self, carried: Carried, record: Record) -> Carried:
        """As it would have been. An editor's words stay: the version before them was the last of ours."""
        is_ours = record.author in self._ours
        return carried.model_copy(
            update={
                "version": record.version if is_ours else record.version - 1,
                "digest": "" if is_ours else carried.digest,
                "released": record.state is not State.DRAFT,
            }
        )

    async def _edit(self, carried: Carried, one: Wanted, digest: str, ready_by: str) -> tuple[Carried, str]:
        """And what of it could not be done."""
        try:
            record, why = await self._patched(carried, one, ready_by)
        except VersionStale:
            record = await self._find(carried.id)
            if record is None or record.author not in self._ours:
                logger.warning("%s: %s was changed by an editor, whose words stay", self.mos.channel, carried.id)
                return carried.model_copy(update={"digest": digest}), ""
            carried = carried.model_copy(update={"version": record.version})
            record, why = await self._patched(carried, one, ready_by)
        except (Killed, NoHeadline, Refused) as error:
            return carried.model_copy(update={"digest": digest, "over": error.detail}), ""
        version = record.version if record else carried.version
        return carried.model_copy(update={"digest": digest, "version": version}), why

    async def _patched(self, carried: Carried, one: Wanted, ready_by: str) -> tuple[Record | None, str]:
        """As a whole; or the words, which wait for nobody, when its urgency is raised and asks for a second person."""
        edit, patch = functools.partial(self.desk.edit, self.mos.channel, carried.id), one.patch()
        try:
            return (await edit(patch, carried.version, by=self.by)).record, ""
        except Forbidden as error:
            why = error.detail
        words = Patch.model_validate(patch.model_dump(exclude_unset=True, exclude={"urgency"}))
        record = (await edit(words, carried.version, by=self.by)).record
        if not self.mos.approves or record is None:
            return record, why
        return (await edit(Patch(urgency=patch.urgency), record.version, by=_newsroom(ready_by))).record, ""

    async def _take_away(self, carried: Carried) -> None:
        """Quietly. What comes anew under the same name is a new headline, unless somebody has killed this one."""
        record = await self._find(carried.id)
        if record is None:
            return
        await self.store.set_life(carried.first, carried.life + 1, LIFE_KEPT)
        try:
            await self._take_off(record)
        except (Refused, NoHeadline):  # it has just gone further, or away
            record = await self._find(record.id)
            if record is not None:
                await self._take_off(record)

    async def _take_off(self, record: Record) -> None:
        channel, id_ = self.mos.channel, record.id
        match record.state:
            case State.LIVE | State.HELD:
                await self.desk.expire(channel, id_, by=self.by, at_once=True)
            case State.DRAFT | State.AWAITING:
                await self.desk.spike(channel, id_, by=self.by)
            case State.SCHEDULED:
                await self.desk.recall(channel, id_, by=self.by)
                await self.desk.spike(channel, id_, by=self.by)

    # --- the output -------------------------------------------------------------------------------------------------

    async def air(self, order: RunningOrder, known: Known) -> list[Told]:
        """What is ready is released and cleared; what is not, or not any longer, is held. What cannot be is told."""
        ready_by = self._ready_by(order)
        step, finish = (self._release, self._clear) if order.ready_at else (self._take_back, self._hold)
        live, why = [], dict[str, str]()
        for name, carried in list(known.items()):
            if carried.over and order.ready_at and not carried.held:
                continue  # the old words that readers may still have are held, and come back, like any other
            try:
                known[name], is_live = await step(carried, ready_by)
            except Unavailable:
                raise
            except TickerError as error:  # it keeps no other from the air; it is tried again
                logger.warning("%s: %s can go no further: %s", self.mos.channel, carried.id, error.detail)
                why[name] = error.detail
            else:
                live += [name] if is_live else []
        if live:
            why |= await finish(live, known)
        return [
            Told(story.id, item.id, why[name])
            for story in order.stories
            for item in story.items
            if (name := key(story.id, item.id)) in why
        ]

    def _ready_by(self, order: RunningOrder) -> str:
        return order.ready_by or self.mos.newsrooms[0].id  # what an earlier version kept does not say

    async def _release(self, carried: Carried, ready_by: str) -> tuple[Carried, bool]:
        """As far as it may go; whether it is live, and still to be cleared."""
        if carried.cleared == carried.version:
            return carried, False
        if carried.refused == carried.version:
            return carried, True  # what speaks against it is told as long as it does
        record = await self._released(carried, ready_by)
        if record is None or record.state is State.EXPIRED:
            return carried.model_copy(update={"over": "It was killed, or its time is over."}), False
        carried = carried.model_copy(update={"released": True})
        if record.state is not State.LIVE:
            return carried, False  # somebody has to approve it, or to release it
        if record.author not in self._ours or record.version != carried.version:
            # An editor's words are an editor's to clear.
            return carried.model_copy(update={"cleared": carried.version}), False
        return carried, True

    async def _released(self, carried: Carried, ready_by: str) -> Record | None:
        channel = self.mos.channel
        record = await self._find(carried.id)
        if record is not None and record.state is State.DRAFT and not carried.released:
            record = (await self.desk.release(channel, carried.id, by=self.by)).record
        if record is None or record.state is not State.AWAITING or not self.mos.approves:
            return record
        if record.author not in self._ours:
            return record
        by = _newsroom(ready_by)
        return (await self.desk.approve(channel, carried.id, by=by, version=carried.version)).record

    async def _clear(self, names: list[str], known: Known) -> dict[str, str]:
        """All but what the gallery holds: only our own hold is ours to end. Why the rest is not cleared, by name."""

        def ours(control: Control) -> list[Order]:
            return [
                Order(id=one.id, version=one.version) for one in wanted if control.held.get(one.id, self.by) == self.by
            ]

        wanted = [known[name] for name in names]
        control, refused = await self.cues.say_all(self.output, Cue.CLEAR, ours, self.by)
        why = dict[str, str]()
        for name, carried in zip(names, wanted, strict=True):
            error, clearance = refused.get(carried.id), control.cleared.get(carried.id)
            if isinstance(error, NoHeadline | VersionStale):
                continue  # it has changed since we looked
            done = "cleared"  # by us, or by somebody else when it is not ours to clear
            if clearance is None or clearance.version != carried.version:
                done, why[name] = "refused", error.detail if error else f"On {self.output.title}: the gallery holds it."
                if carried.refused != carried.version:
                    logger.warning("%s: %s is not cleared: %s", self.output.name, carried.id, why[name])
            known[name] = carried.model_copy(update={done: carried.version, "held": False})
        return why

    async def _take_back(self, carried: Carried, _: str) -> tuple[Carried, bool]:
        """As far as it can be; whether readers have it, and it is still to be held."""
        if not carried.released or carried.held:
            return carried, False
        record = await self._find(carried.id)
        if record is not None and record.state in (State.LIVE, State.HELD):
            return carried.model_copy(update={"cleared": 0, "refused": 0}), True
        if record is not None and record.state in (State.AWAITING, State.SCHEDULED):
            await self.desk.recall(self.mos.channel, carried.id, by=self.by)
        return carried.model_copy(update={"released": False, "cleared": 0, "refused": 0}), False

    async def _hold(self, names: list[str], known: Known) -> dict[str, str]:
        """What the gallery holds already stays the gallery's."""

        def free(control: Control) -> list[Order]:
            return [Order(id=known[name].id) for name in names if known[name].id not in control.held]

        await self.cues.say_all(self.output, Cue.HOLD, free, self.by)
        for name in names:
            known[name] = known[name].model_copy(update={"held": True})
        return {}

    async def say_order(self, ids: list[str]) -> None:
        await self.cues.say(self.output, Cue.ORDER, Order(ids=ids[:MOST_IN_ORDER]), self.by)

    # ----------------------------------------------------------------------------------------------------------------

    async def _find(self, headline_id: str) -> Record | None:
        """None also when it is killed."""
        try:
            return await self.desk.find(self.mos.channel, headline_id)
        except Killed:
            return None

    def _id(self, source_id: str) -> str:
        return self._prefix + source_headline_id(self.mos.id, source_id)


def _newsroom(ncs_id: str) -> str:
    """As a writer: the second person, where READY is one."""
    return f"newsroom:{ncs_id}"
