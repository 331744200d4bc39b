"""The net change since a position as one answer; when there is none yet, whatever comes first within the wait."""

import asyncio
from typing import ClassVar

from starlette.requests import Request

from ticker import filter as filters
from ticker import protocol
from ticker.fanout.fanout import Fanout
from ticker.fanout.hub import Hub
from ticker.fanout.subscriber import Subscriber
from ticker.filter import Filter
from ticker.most_read.reader import prefix
from ticker.position import Position
from ticker.protocol import CloseCode
from ticker.requests import whole_number

LONGEST_WAIT = 60  # s of a long poll


async def answer(request: Request, hub: Hub, fanout: Fanout) -> bytes:
    """The body that says it. Overloaded when there is no room to wait."""
    wanted = filters.parse(request.query_params.get("urgency"), request.query_params.get("section"))
    wait = whole_number(request, "wait", 0, LONGEST_WAIT)
    after = request.query_params.get("after")
    position = Position.parse(after) if after else None
    messages = fanout.peek(wanted).messages(position, "unknown" if after and position is None else None)
    body = protocol.lines(messages)
    if not messages and wait:
        hub.check_room()
        body = await _next(request, hub, fanout, wanted, wait)
    if not body:
        body = protocol.lines([fanout.peek(wanted).heartbeat()])
    return b'{"messages":[' + b",".join(body.splitlines()) + b"]}"


async def _next(request: Request, hub: Hub, fanout: Fanout, wanted: Filter, wait: int) -> bytes:
    """A long poll is a subscriber that leaves after the first write, or when nobody waits any more."""
    poll = Poll(wanted)
    fanout.listen(poll, prefix(request.client.host) if request.client else "")
    hub.connections += 1
    gone = asyncio.ensure_future(_disconnect(request))
    try:
        await asyncio.wait((poll.came, gone), timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        return poll.came.result() if poll.came.done() else b""
    finally:
        gone.cancel()
        poll.gone()
        hub.connections -= 1


class Poll(Subscriber):
    __slots__ = ("came",)
    transport: ClassVar[str] = "poll"

    def __init__(self, wanted: Filter) -> None:
        super().__init__(protocol.lines, wanted)
        self.came: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def write(self, data: bytes) -> None:
        if data and not self.came.done():
            self.came.set_result(data)

    def close(self, code: CloseCode) -> None:  # noqa: ARG002  a poll ends alike for every reason
        self.write(protocol.lines([protocol.goodbye(0)]))


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
