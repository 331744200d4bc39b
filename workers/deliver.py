"""Handing in what was decided. What an editor has done to a headline since is left as it is."""

import logging
from dataclasses import replace

from ticker.dead import Dead, Letter
from ticker.desk.desk import Desk
from ticker.errors import Forbidden, Killed, NoHeadline, Refused, TickerError, Unavailable, VersionStale
from ticker.headline import Patch, Record, State
from ticker.seen import Seen
from ticker.settings import SourceSettings
from workers.match import Action, DeadLetter, Edit, Expire, Publish, Retract, Skip

logger = logging.getLogger(__name__)

Done = tuple[str, Seen]  # what became of it, and what to remember


class Delivery:
    """Of one document's actions. A log line never carries the words: they may be under embargo."""

    def __init__(self, source: SourceSettings, desk: Desk, dead: Dead, url: str) -> None:
        self.source = source
        self.channel = source.channel
        self.desk = desk
        self.dead = dead
        self.url = url
        self.by = f"source:{source.name}"

    async def do(self, action: Action) -> Done:
        """Unavailable when the desk cannot take it now; every other refusal is an outcome."""
        try:
            return await self._do(action)
        except Unavailable:
            raise
        except Killed:
            return "killed", action.seen
        except NoHeadline:
            return "forgotten", action.seen
        except Refused:
            return "refused", action.seen
        except TickerError as error:
            return await self._bury(action.id, error.detail, getattr(action, "raw", b""), action.seen)

    async def _do(self, action: Action) -> Done:
        match action:
            case Publish():
                return await self._publish(action)
            case Edit():
                return await self._edit(action)
            case Expire():
                await self.desk.expire(self.channel, action.id, by=self.by, at_once=True)
                return "expired", action.seen
            case Retract():
                await self.desk.retract(self.channel, action.id, action.reason, by=self.by, even_unknown=True)
                return "retracted", action.seen
            case DeadLetter():
                return await self._bury(action.id, action.reason, action.raw, action.seen)
            case Skip():
                if action.told:
                    logger.warning("%s: %s is %s and left as it is", self.source.name, action.id, action.reason)
                return action.reason, action.seen

    async def _publish(self, action: Publish) -> Done:
        try:
            receipt = await self.desk.publish(self.channel, action.draft, by=self.by)
        except Refused:
            return await self._adopt(action)
        kept_back = receipt.record is not None and receipt.record.state is not State.LIVE
        return "drafted" if kept_back else "published", _written(action.seen, receipt.record)

    async def _adopt(self, action: Publish) -> Done:
        """It is there already: we were stopped before we could remember it, or it has been forgotten here."""
        record = await self.desk.find(self.channel, action.id)
        if record is None:
            raise Refused("It was there a moment ago.")
        if record.author == self.by:  # what we wrote may differ from what is said by now: look once more
            return "adopted", replace(action.seen, version=record.version, content="")
        return "kept", replace(action.seen, version=max(1, record.version - 1))

    async def _edit(self, action: Edit) -> Done:
        if action.keep_back:
            await self._hold(action.id)
        if not self.source.trusted and not await self._is_draft(action.id):
            return "kept", action.seen
        try:
            record = await self._patch(action.id, action.patch, action.version)
        except VersionStale:
            record = await self.desk.find(self.channel, action.id)
            if record is None or record.author != self.by:
                return "kept", action.seen
            record = await self._patch(action.id, action.patch, record.version)
        outcome = "corrected" if action.patch.is_correction else "updated"
        return outcome, _written(action.seen, record)

    async def _patch(self, headline_id: str, patch: Patch, version: int) -> Record | None:
        try:
            return (await self.desk.edit(self.channel, headline_id, patch, version, by=self.by)).record
        except Refused:
            if not patch.is_correction:
                raise
            without = "correction"  # no reader has seen it yet: there is nothing to correct
        except Forbidden as error:
            logger.warning("%s: %s keeps its urgency. %s", self.source.name, headline_id, error.detail)
            without = "urgency"  # the words do not wait for a second person
        plain = Patch.model_validate(patch.model_dump(exclude_unset=True, exclude={without}))
        return (await self.desk.edit(self.channel, headline_id, plain, version, by=self.by)).record

    async def _hold(self, headline_id: str) -> None:
        try:
            await self.desk.hold(self.channel, headline_id, by=self.by)
        except Refused:
            return  # no reader has seen it

    async def _is_draft(self, headline_id: str) -> bool:
        record = await self.desk.find(self.channel, headline_id)
        return record is not None and record.state is State.DRAFT

    async def _bury(self, headline_id: str, reason: str, raw: bytes, seen: Seen) -> Done:
        logger.info("%s: %s is a dead letter: %s", self.source.name, headline_id, reason)
        await self.dead.add(
            Letter(
                source=self.source.name, channel=self.channel, at=self.desk.stream.now(), reason=reason,
                url=self.url, content_type="", body=raw, kind="entry",
            )
        )  # fmt: skip
        return "dead", seen


def _written(seen: Seen, record: Record | None) -> Seen:
    return replace(seen, version=record.version) if record is not None else seen
