"""Straight to the socket, over real sockets: nothing overtakes, nothing is lost, who is gone hurts nobody."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Self

import pytest
import uvloop

from tests.samples import Listener
from tests.servers import eventually
from ticker.fanout.delivery import deliver


class Peer(Listener):
    """A subscriber with a socket, whose leftovers go through a transport."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = socket.socketpair()
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.near.setblocking(False)
        self.descriptor = self.near.fileno()

    def buffer(self, rest: memoryview) -> None:
        self.writes.append(bytes(rest))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.near.close()
        self.far.close()


def test_a_socket_gets_it_at_once_and_others_through_their_connection() -> None:
    other = Listener()
    with Peer() as direct, Peer() as gone:
        gone.far.close()
        deliver((gone, direct, other), b"news")
        assert gone.descriptor == -1
        gone.descriptor = gone.near.fileno()
        deliver((gone, direct, other), b"more")
        assert direct.far.recv(100) == b"newsmore"
        assert direct.writes == gone.writes == []
        assert other.writes == [b"news", b"more"]


def test_what_a_socket_does_not_take_goes_through_the_connection() -> None:
    data = bytes(range(256)) * 4000
    with Peer() as peer:
        deliver((peer,), data)
        [rest] = peer.writes
        assert 0 < len(rest) < len(data)
        deliver((peer,), b"full")
        assert peer.writes == [rest, b"full"]
        taken = b""
        while len(taken) < len(data) - len(rest):
            taken += peer.far.recv(65536)
        assert taken + rest == data


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_transport_says_pause_at_the_first_byte_that_waits(run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
    """What `deliver` relies on."""
    run(_pauses())


class Flow(asyncio.Protocol):
    paused = False

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False


async def _pauses() -> None:
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    far.setblocking(False)
    transport, flow = await asyncio.get_running_loop().create_connection(Flow, sock=near)
    transport.set_write_buffer_limits(high=0)
    transport.write(b"x")
    assert not flow.paused
    transport.write(b"x" * 1_000_000)
    assert flow.paused

    def resumed() -> bool:
        with contextlib.suppress(BlockingIOError):
            far.recv(65536)
        return not flow.paused

    await eventually(resumed)
    assert transport.get_write_buffer_size() == 0
    transport.abort()
    far.close()
