"""Editions: one story on several channels, handed in together or one after another."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ticker.desk.desk import Desk, Receipt
from ticker.desk.once import Once
from ticker.errors import Invalid, NoHeadline, TickerError
from ticker.headline import Draft, Record, new_id
from ticker.life import Action
from ticker.writer import Writer

_COPIED = ("urgency", "link", "section", "region", "image", "tags")  # what is the same in every edition


class Handed(NamedTuple):
    """What became of one edition: as the desk keeps it, or why not."""

    channel: str
    receipt: Receipt | None
    error: TickerError | None = None


class Editions:
    def __init__(self, desk: Desk, randomness: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.desk = desk
        self._randomness = randomness

    async def publish(
        self, drafts: Mapping[str, Draft], *, by: Writer, group: str | None = None, once: Once | None = None
    ) -> tuple[str, list[Handed]]:
        """A draft for each channel, as one group. A channel that refuses keeps none of the others back.

        With the same `once` it may be done again: what was taken is not taken twice, and the group is the same.
        """
        if len({c.rehearsal for name in drafts if (c := self.desk.channels.get(name)) is not None}) > 1:
            raise _of_two_worlds("/drafts")
        group = group or new_id(_digest(by, once) if once else self._randomness(10))
        return group, await asyncio.gather(
            *(self._publish(channel, draft, group, by, once) for channel, draft in drafts.items())
        )

    async def _publish(self, channel: str, draft: Draft, group: str, by: Writer, once: Once | None) -> Handed:
        source = draft.source.name if draft.source else None
        try:
            by.allow(Action.PUBLISH, channel, source)
            receipt = await self.desk.publish(
                channel,
                draft.model_copy(update={"group": group}),
                by=by,
                hands_in=by.hands_in(Action.PUBLISH, channel, source),
                once=once,
            )
        except TickerError as error:
            return Handed(channel, None, error)
        return Handed(channel, receipt)

    async def duplicate(
        self, channel: str, headline_id: str, to: str, text: str, *, by: Writer, once: Once | None = None
    ) -> Receipt:
        """A draft of the same story on another channel, of the same group; the first begins the group."""
        if to == channel:
            fault = {"pointer": "/channel", "detail": "is where it is already"}
            raise Invalid("An edition is for another channel; see `errors`.", errors=[fault])
        one, other = self.desk.channels.get(channel), self.desk.channels.get(to)
        if one is not None and other is not None and one.rehearsal != other.rehearsal:
            raise _of_two_worlds("/channel")
        by.allow(Action.JOIN, channel)
        by.allow(Action.PUBLISH, to)
        answered = await self.desk.answered(to, by=by, once=once)
        if answered is not None:
            return answered
        origin = await self.desk.find(channel, headline_id)
        if origin is None:
            raise NoHeadline(headline_id)
        group = await self._group_of(origin, by)
        same = {name: getattr(origin, name) for name in _COPIED}
        draft = Draft(text=text, state="draft", group=group, **same)
        return await self.desk.publish(to, draft, by=by, once=once)

    async def _group_of(self, origin: Record, by: Writer) -> str:
        if origin.group is not None:
            return origin.group
        joined = (await self.desk.join(origin.channel, origin.id, origin.id, by=by)).record
        return joined.group if joined is not None and joined.group is not None else origin.id


def _of_two_worlds(pointer: str) -> Invalid:
    fault = {"pointer": pointer, "detail": "is of a rehearsal and of a live channel"}
    return Invalid("A rehearsal is another world: no story is in both; see `errors`.", errors=[fault])


def _digest(by: Writer, once: Once) -> bytes:
    return hashlib.blake2b(f"{by.name}\0{once.key}".encode(), digest_size=10).digest()
