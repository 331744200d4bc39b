"""All running orders: takes what the newsroom says of them, keeps it, and has it carried out before it is answered."""

import asyncio
import logging
from collections.abc import Callable

from lxml import etree

from ticker.errors import TickerError
from ticker.store import end_if_cancelled
from workers.mos.carry import Carrier, Known
from workers.mos.command import apply
from workers.mos.message import Element, Message, MosFault, Told, ro_ack
from workers.mos.running_order import RunningOrder
from workers.mos.schema import key
from workers.mos.store import Answer, MosStore

MOST = 200  # running orders
TOGETHER = 100_000_000  # characters of all of them
TEND_EVERY = 2.0  # s between looks at what somebody else must do first: approve it, or make room
AGAIN = 5.0  # s until Redis is asked once more

logger = logging.getLogger(__name__)


class Orders:
    def __init__(self, carrier: Carrier, store: MosStore, now: Callable[[], int]) -> None:
        self.carrier, self.store, self._now = carrier, store, now
        self.orders: dict[str, RunningOrder] = {}
        self.known: dict[str, Known] = {}
        self._kept: dict[str, Known] = {}  # as Redis has it
        self.places: dict[str, tuple[str, str, str]] = {}  # headline → running order, story, item
        self._answers: dict[str, Answer] = {}
        self._order: list[str] = []  # what the output was told
        self._unfinished: set[str] = set()  # running orders of which not all is done
        self._is_loaded = False
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """What was kept; all of it is looked at once more."""
        self._is_loaded = False
        kept = await self.store.load()
        self.orders, self.known = kept.orders, kept.carried
        self._kept = {ro_id: dict(known) for ro_id, known in kept.carried.items()}
        self._answers, self._order = kept.answers, kept.order
        self._unfinished = {*kept.orders, *kept.carried}
        for known in self.known.values():
            await self.carrier.look_again(known)
        self._find_places()
        self._is_loaded = True

    async def _load_unless_it_holds(self) -> None:
        """What Redis has lost we do not have either, and nobody is told that it is done."""
        if self._is_loaded:
            if await self.store.holds():
                return
            logger.warning("Redis does not have what it had: all running orders are loaded anew")
        await self.load()

    async def take(self, message: Message) -> Element:
        """The answer to a message that changes a running order; OK only when the desk and the output have it."""
        ro_id = message.get("roID")
        async with self._turn:
            try:
                await self._load_unless_it_holds()
                last = self._answers.get(message.ncs_id)
                if last is None or not message.id or (last.id, last.digest) != (message.id, message.digest):
                    await self._accept(ro_id, message)
                elif last.reply:
                    return etree.fromstring(last.reply)
            except MosFault as fault:
                return ro_ack(ro_id, str(fault))
            except TickerError as error:
                return ro_ack(ro_id, f"Not taken, send it again: {error.detail}")
            try:
                told = await self._settle(ro_id)
                reply = ro_ack(ro_id, "OK", tuple(told))
                answer = Answer(id=message.id, digest=message.digest, reply=etree.tostring(reply, encoding="unicode"))
                await self.store.remember(message.ncs_id, answer)
            except TickerError as error:
                return ro_ack(ro_id, f"Not done yet: {error.detail}")
            self._answers[message.ncs_id] = answer
            return reply

    async def _accept(self, ro_id: str, message: Message) -> None:
        if ro_id not in self.orders and len(self.orders) >= MOST:
            raise MosFault(f"There are {MOST} running orders here already; roDelete one first.")
        becomes = apply(self.orders.get(ro_id), message, self._now())
        self._find_room(ro_id, becomes)
        answer = Answer(id=message.id, digest=message.digest)
        await self.store.accept(ro_id, becomes, message.ncs_id, answer)
        self._answers[message.ncs_id] = answer
        if becomes is None:
            del self.orders[ro_id]
        else:
            self.orders[ro_id] = becomes
        self._unfinished.add(ro_id)

    def _find_room(self, ro_id: str, becomes: RunningOrder | None) -> None:
        before = self.orders.get(ro_id)
        more = (becomes.size if becomes else 0) - (before.size if before else 0)
        if more > 0 and sum(order.size for order in self.orders.values()) + more > TOGETHER:
            raise MosFault(f"The running orders would have more than {TOGETHER:,} characters; roDelete one first.")

    async def _settle(self, ro_id: str) -> list[Told]:
        """The desk and the output have what is said. Whatever was done is remembered, also when the rest fails."""
        order, known = self.orders.get(ro_id), self.known.setdefault(ro_id, {})
        try:
            told = await self.carrier.hand_in(ro_id, order, known)
            await self._say_order()
            if order is not None:
                told += await self.carrier.air(order, known)
        finally:
            self._find_places()
            if known != self._kept.get(ro_id, {}):
                await self.store.carry(ro_id, known)
                self._kept[ro_id] = dict(known)
        if order is None:
            await self.store.forget(ro_id)
            del self.known[ro_id]
            self._kept.pop(ro_id, None)
        if order is None or self._is_done(order, known):
            self._unfinished.discard(ro_id)
        return told

    def _is_done(self, order: RunningOrder, known: Known) -> bool:
        if not order.ready_at:
            return all(one.held or not one.released for one in known.values())
        return all(one.over or one.version in (one.cleared, one.refused) for one in known.values())

    async def _say_order(self) -> None:
        ready = sorted((order for order in self.orders.values() if order.ready_at), key=lambda order: order.ready_at)
        ids = [
            known[name].id
            for order in ready
            for known in (self.known.get(order.id, {}),)
            for name in (key(story.id, item.id) for story in order.stories for item in story.items)
            if name in known and not known[name].over
        ]
        if ids != self._order:
            await self.carrier.say_order(ids)
            await self.store.say_order(ids)
            self._order = ids

    def _find_places(self) -> None:
        self.places = {
            carried.id: (order.id, story.id, item.id)
            for order in self.orders.values()
            for story in order.stories
            for item in story.items
            if (carried := self.known.get(order.id, {}).get(key(story.id, item.id)))
        }

    async def tend(self) -> None:
        """Do what could not be done when it was said, for ever."""
        while True:
            await asyncio.sleep(TEND_EVERY)
            end_if_cancelled()
            for ro_id in await self._left():
                await self._try_again(ro_id)

    async def _left(self) -> list[str]:
        """The running orders of which not all is done, as far as Redis has them."""
        try:
            async with self._turn:
                await self._load_unless_it_holds()
        except TickerError as error:
            logger.debug("the running orders cannot be looked at: %s", error.detail)
        except Exception:
            logger.exception("a fault of ours with the running orders; going on")
        else:
            return list(self._unfinished)
        await asyncio.sleep(AGAIN)
        return []

    async def _try_again(self, ro_id: str) -> None:
        try:
            async with self._turn:
                await self._settle(ro_id)
        except TickerError as error:
            logger.warning("running order %s is not done yet: %s", ro_id, error.detail)
        except Exception:
            logger.exception("a fault of ours with running order %s; going on", ro_id)
        else:
            return
        await asyncio.sleep(AGAIN)
