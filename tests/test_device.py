"""The MOS device on the wire: real sockets, a real desk."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.mos import MOS, NCS, item, mos, order, ready, story
from tests.servers import eventually, free_port
from tests.station import Station
from ticker.store import Client
from workers.mos import device as wire
from workers.mos.answer import Machine
from workers.mos.device import Device
from workers.mos.message import Framer, Message, parse

NOW = "2026-11-25T10:00:00Z"
BEAT = "<heartbeat><time>x</time></heartbeat>"


class Peer:
    """Somebody who talks to the device."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, encoding: str) -> None:
        self.reader, self.writer, self.encoding = reader, writer, encoding
        self._framer, self._read = Framer(), list[str]()

    async def send(self, text: str) -> None:
        self.writer.write(text.encode(self.encoding))
        await self.writer.drain()

    async def hear(self) -> Message:
        async with asyncio.timeout(30):
            while not self._read:
                data = await self.reader.read(65_536)
                assert data, "the device has closed the connection"
                self._read += self._framer.feed(data)
        return parse(self._read.pop(0))

    async def ask(self, text: str) -> Message:
        await self.send(text)
        return await self.hear()

    async def is_closed(self) -> bool:
        async with asyncio.timeout(30):
            try:
                while await self.reader.read(65_536):
                    pass
            except ConnectionError:
                pass
        return True


class Wire:
    """A device that listens, and the peers of a test."""

    def __init__(self, redis: Client, **fields: Any) -> None:
        ports = {"lower": free_port(), "upper": free_port(), "query": free_port()}
        self.station = Station(redis, **{**ports, **fields})
        self.device = Device(self.station.mos, self.station.orders, Machine(MOS, "1", NOW), lambda: NOW)
        self.peers: list[Peer] = []

    async def peer(self, port: str = "upper", encoding: str = "utf-16-be") -> Peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.station.mos.ports[port])
        self.peers.append(Peer(reader, writer, encoding))
        return self.peers[-1]


@contextlib.asynccontextmanager
async def listening(redis: Client, **fields: Any) -> AsyncIterator[Wire]:
    made = Wire(redis, **fields)
    async with made.device.listening():
        yield made
        for peer in made.peers:
            peer.writer.close()
    assert not made.device._connections


@pytest.fixture
async def device(redis: Client) -> AsyncIterator[Wire]:
    async with listening(redis) as made:
        yield made


@pytest.mark.parametrize("port", ["lower", "upper", "query"])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-8"])
async def test_each_port_answers_under_the_same_number_in_the_same_encoding(
    device: Wire, port: str, encoding: str
) -> None:
    peer = await device.peer(port, encoding)
    for number in range(3):
        heard = await peer.ask(mos(BEAT, number))
        assert (heard.name, heard.id, heard.mos_id, heard.ncs_id) == ("heartbeat", str(number), MOS, NCS)
    assert peer._framer.encoding == encoding


async def test_a_running_order_that_is_answered_with_ok_is_at_the_desk(device: Wire) -> None:
    peer = await device.peer()
    heard = await peer.ask(mos(order("roCreate", story("A", item("1", "Größe, عاجل")))))
    assert (heard.name, heard.get("roStatus")) == ("roAck", "OK")
    assert await device.station.kept_back() == {"Größe, عاجل": "draft"}


@pytest.mark.parametrize(("fields", "body", "sentence"), [
    ({"mos_id": "other"}, BEAT, "This is ticker.news.mos, not other."),
    ({"ncs_id": "stranger"}, order("roCreate"), "stranger is not one of the newsrooms that may speak to us."),
    ({}, "<roCtrl/>", "roCtrl is not supported."),
])  # fmt: skip
async def test_what_is_not_for_us_is_refused(device: Wire, fields: Any, body: str, sentence: str) -> None:
    heard = await (await device.peer()).ask(mos(body, **fields))
    assert sentence in (heard.get("roStatus"), heard.get("statusDescription"))


async def test_a_broken_message_is_refused_and_the_next_is_heard(device: Wire) -> None:
    peer = await device.peer()
    heard = await peer.ask("<mos><mosID>x</ncsID></mos>")
    assert (heard.name, heard.get("status"), heard.id) == ("mosAck", "NACK", "")
    assert (await peer.ask(mos(BEAT, 2))).id == "2"


async def test_answers_of_the_newsroom_are_not_answered(device: Wire) -> None:
    peer = await device.peer()
    await peer.send(mos("<roAck><roID>x</roID></roAck>", 1))
    assert (await peer.ask(mos(BEAT, 2))).id == "2"


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", bytes(range(256)) * 9])
async def test_who_speaks_something_else_is_let_go(device: Wire, garbage: bytes) -> None:
    peer = await device.peer()
    peer.writer.write(garbage)
    assert await peer.is_closed()
    assert (await (await device.peer()).ask(mos(BEAT))).name == "heartbeat"


async def test_who_never_ends_a_message_is_let_go(device: Wire) -> None:
    peer = await device.peer()
    with contextlib.suppress(ConnectionError):
        await peer.send("<mos>" + "x" * 8_000_000)
    assert await peer.is_closed()


async def test_who_takes_no_answer_is_let_go_and_keeps_nobody_waiting(
    device: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "SLOW", 0.5)
    body = order("roCreate", *(story(str(n), item("1", mos_id="video")) for n in range(2_000)))
    peer, slow = await device.peer(), await device.peer()
    assert (await peer.ask(mos(body, 1))).get("roStatus") == "OK"
    for number in range(40):
        slow.writer.write(mos("<roReq><roID>RO1</roID></roReq>", number).encode("utf-16-be"))
    assert (await peer.ask(mos(BEAT, 2))).id == "2"
    await eventually(lambda: len(device.device._connections) == 1)


async def test_who_is_silent_is_let_go(device: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "IDLE", 0.1)
    assert await (await device.peer()).is_closed()


async def test_only_so_many_are_let_in(device: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_CONNECTIONS", 2)
    first, second = await device.peer(), await device.peer()
    assert {(await first.ask(mos(BEAT))).name, (await second.ask(mos(BEAT))).name} == {"heartbeat"}
    assert await (await device.peer()).is_closed()
    first.writer.close()
    await eventually(lambda: len(device.device._connections) == 1)
    assert (await (await device.peer()).ask(mos(BEAT))).name == "heartbeat"


async def test_only_who_is_allowed_is_let_in(redis: Client) -> None:
    async with listening(redis, allowed=("10.0.0.0/8", "::1/128")) as device:
        assert await (await device.peer()).is_closed()


async def test_thousands_of_messages_at_once_are_answered_in_their_order(device: Wire) -> None:
    """Three newsrooms' worth of connections, a thousand messages each, sent without waiting for an answer."""
    await (await device.peer()).ask(mos(order("roCreate", story("A", item("1", "One")), story("B"))))
    peers = [await device.peer() for _ in range(3)]

    async def talk(peer: Peer, start: int) -> None:
        numbers = [str(start + n) for n in range(1_000)]
        said = [order("roStoryMove", "<storyID>A</storyID><storyID>B</storyID>"), BEAT, "<roReqAll/>"]
        sending = asyncio.create_task(peer.send("".join(mos(said[int(n) % 3], n) for n in numbers)))
        heard = [await peer.hear() for _ in numbers]
        await sending
        assert [one.id for one in heard] == numbers
        assert {one.get("roStatus") for one in heard if one.name == "roAck"} == {"OK"}

    await asyncio.gather(*(talk(peer, 10_000 * place) for place, peer in enumerate(peers, 1)))
    assert (await peers[0].ask(mos(ready(), 99))).get("roStatus") == "OK"
    assert await device.station.shown() == ["One"]


async def test_a_port_that_is_taken_is_told(redis: Client) -> None:
    async with listening(redis) as one:
        other = Wire(redis, **one.station.mos.ports)
        with pytest.raises(OSError, match="address already in use"):
            async with other.device.listening():
                pass
