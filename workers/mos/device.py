"""The MOS device on the wire: listens on its three ports, and answers each message in its turn."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address

from ticker.onair.mos import Mos
from workers.mos.answer import PEER_SAYS, Machine, answer, refusal
from workers.mos.command import CHANGES
from workers.mos.message import Element, Framer, Message, MosFault, NotMos, envelope, mos_ack, parse
from workers.mos.message import answer as said_back
from workers.mos.orders import Orders

MOST_CONNECTIONS = 32
IDLE = 120.0  # s without a word, not even a heartbeat, after which a connection is closed
SLOW = 10.0  # s that a peer has to take an answer
READ = 65_536  # bytes

logger = logging.getLogger(__name__)


class Device:
    def __init__(self, mos: Mos, orders: Orders, machine: Machine, now: Callable[[], str]) -> None:
        self.mos, self.orders, self.machine, self._now = mos, orders, machine, now
        self._connections: set[asyncio.Task[None]] = set()
        self._newsrooms = {newsroom.id for newsroom in mos.newsrooms}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """OSError when a port cannot be had."""
        async with AsyncExitStack() as stack:
            for port in self.mos.ports.values():
                server = await asyncio.start_server(self._connected, self.mos.host, port, limit=READ)
                stack.callback(server.close)
            try:
                yield
            finally:
                for task in self._connections:
                    task.cancel()
                await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        peer = writer.get_extra_info("peername")[0]
        try:
            if self._may_come(peer):
                await self._converse(reader, writer, peer)
        except NotMos as error:
            logger.warning("%s: %s The connection is closed", peer, error)
        except (OSError, TimeoutError) as error:
            logger.info("%s: the connection has ended: %s", peer, str(error) or "it was silent, or took nothing")
        except asyncio.CancelledError:
            pass  # we end; to asyncio of Python 3.11 it would be a fault, with a traceback
        finally:
            self._connections.discard(task)
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    def _may_come(self, peer: str) -> bool:
        if not any(ip_address(peer.partition("%")[0]) in network for network in self.mos.allowed):
            logger.warning("%s may not connect: it is in none of the networks in [mos] `allowed`", peer)
            return False
        if len(self._connections) > MOST_CONNECTIONS:
            logger.warning("%s is turned away: there are %d connections already", peer, MOST_CONNECTIONS)
            return False
        return True

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> None:
        framer = Framer()
        while True:
            async with asyncio.timeout(IDLE):
                data = await reader.read(READ)
            if not data:
                return
            for text in framer.feed(data):
                reply = await self._reply(text, peer)
                if reply is not None:
                    writer.write(reply.encode(framer.encoding, "replace"))
                    async with asyncio.timeout(SLOW):
                        await writer.drain()

    async def _reply(self, text: str, peer: str) -> str | None:
        try:
            message = parse(text)
        except MosFault as fault:
            logger.warning("%s: %s", peer, fault)
            return envelope(self.mos.id, self.mos.newsrooms[0].id, "", mos_ack("NACK", str(fault)))
        if message.name in PEER_SAYS:
            return None
        return said_back(message, await self._answer(message))

    async def _answer(self, message: Message) -> Element:
        if message.mos_id != self.mos.id:
            return refusal(message, f"This is {self.mos.id}, not {message.mos_id}.")
        if message.ncs_id not in self._newsrooms:
            return refusal(message, f"{message.ncs_id} is not one of the newsrooms that may speak to us.")
        if message.name not in CHANGES:
            return answer(message, self.orders.orders, self.machine, self._now())
        try:
            body = await self.orders.take(message)
        except Exception:
            logger.exception("a fault of ours with %s %s; it is refused", message.name, message.id)
            return refusal(message, "A fault of ours; it is in the log.")
        status = body.findtext("roStatus")
        level = logging.INFO if status == "OK" else logging.WARNING
        logger.log(level, "%s %s of %s: %s", message.name, message.get("roID"), message.ncs_id, status)
        return body
