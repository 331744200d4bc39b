"""A MOS device without its wire, for tests: what a newsroom says goes to a real desk and a real output."""

from typing import Any

from tests.mos import MOS, NCS, mos
from ticker.channel import Channel
from ticker.desk.desk import Desk
from ticker.headline import Record
from ticker.onair.control import Control, Cue, Order
from ticker.onair.cues import Cues
from ticker.onair.log import OnAirLog
from ticker.onair.mos import Mos, Newsroom
from ticker.onair.output import Output
from ticker.store import Client, new_clock
from ticker.stream import Stream
from workers.mos.carry import Carrier
from workers.mos.message import Element, parse
from workers.mos.orders import Orders
from workers.mos.store import MosStore


class Station:
    def __init__(self, redis: Client, *, channel: dict[str, Any] | None = None, output: Any = None, **mos: Any) -> None:
        self.channel = Channel(**{"name": "en", **(channel or {})})
        fields = {"name": "program", "channels": ("en",), "type": "training" if self.channel.rehearsal else "program"}
        self.output = Output(**{**fields, **(output or {})})
        self.mos = Mos(id=MOS, channel="en", output="program", newsrooms=(Newsroom(id=NCS),), **mos)
        self.redis = redis
        self.desk = Desk(Stream(redis, new_clock()), {"en": self.channel})
        self.cues = Cues(OnAirLog(redis), self.desk)
        self.start()
        self._number = 0

    def start(self) -> None:
        """As a process that has just begun, and knows nothing yet."""
        store = MosStore(self.redis, "en")
        carrier = Carrier(self.mos, self.output, self.desk, self.cues, store)
        self.orders = Orders(carrier, store, self.desk.stream.now)

    async def say(self, body: str, number: int | None = None) -> Element:
        self._number += 1
        return await self.orders.take(parse(mos(body, self._number if number is None else number)))

    async def ok(self, *bodies: str) -> Element:
        for body in bodies:
            reply = await self.say(body)
            assert reply.findtext("roStatus") == "OK", reply.findtext("roStatus")
        return reply

    async def gallery(self, cue: Cue, **order: Any) -> None:
        await self.cues.say(self.output, cue, Order(**order), "gallery")

    async def board(self) -> dict[str, Record]:
        """What readers have, by its words."""
        return {record.text: record for record in await self.desk.stream.records("en")}

    async def kept_back(self) -> dict[str, str]:
        """What only the desk has, and its state."""
        return {
            one.text: one.state for one in await self.desk.stream.records("en", on_desk=True) if one.state != "expired"
        }

    async def control(self) -> Control:
        return (await self.cues.log.control("program"))[0]

    async def shown(self) -> list[str]:
        """The words that the output may show, in the running order's order."""
        control, board = await self.control(), (await self.board()).values()
        cleared = {record.id: record.text for record in board if control.clears(self.output, record)}
        return [cleared[one] for one in control.running_order if one in cleared]
