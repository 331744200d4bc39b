"""uvicorn's server, which says goodbye before it goes, and does not wait for ever to be asked."""

import asyncio
import contextlib
import signal
import socket
import time
from types import FrameType

from uvicorn import Server as UvicornServer

from ticker.fanout.hub import Hub
from ticker.fanout.transport import HttpProtocol


class Server(UvicornServer):
    """One web process, from its listening socket on."""

    hub: Hub | None = None
    head_seconds = 10.0  # until a request's headers must be complete
    sweep_seconds = 2.0  # between looks for those that never finish them
    newcomer_seconds = 1.0  # after which who has connected and asked nothing is not about to ask
    _sweeper: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.hub = self.lifespan.state.get("hub")
        self._sweeper = asyncio.create_task(self._sweep())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        # First of all, so that who comes now is refused and tries elsewhere.
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        if self.hub is not None:
            await self.hub.drain()
        await self._hear_newcomers()
        await super().shutdown(sockets)

    async def _hear_newcomers(self) -> None:
        """Who was let in at the last moment is about to ask, and has nobody else to ask: it is answered."""
        while True:
            await asyncio.sleep(0.01)  # at first also for those accepted, and not yet among the connections
            since = time.monotonic() - self.newcomer_seconds
            if not any(
                isinstance(connection, HttpProtocol) and connection.is_unheard and connection.opened_at > since
                for connection in self.server_state.connections
            ):
                return

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM is how we are asked to end: who has done so in order does not then die of it, but ends with 0."""
        super().handle_exit(sig, frame)
        with contextlib.suppress(ValueError):
            self._captured_signals.remove(signal.SIGTERM)

    async def _sweep(self) -> None:
        """One timer for all: who has not finished its request's headers in time, or takes no more of our last words
        to it, is let go.
        """
        while True:
            await asyncio.sleep(self.sweep_seconds)
            now = time.monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, HttpProtocol):
                    self._look_at(connection, now)

    def _look_at(self, connection: HttpProtocol, now: float) -> None:
        transport = connection.transport
        if not transport.is_closing():
            if connection.awaits_a_request and connection.opened_at < now - self.head_seconds:
                connection.too_slow()
            return
        unsent = transport.get_write_buffer_size()
        if unsent != connection.unsent:
            connection.unsent, connection.unsent_since = unsent, now
        elif unsent and connection.unsent_since < now - self.head_seconds:
            transport.abort()
