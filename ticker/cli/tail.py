"""Follow a channel in a terminal, as a reader does."""

import asyncio
import json
import random
from typing import Literal
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import click
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from ticker import settings
from ticker.cli.failure import NOT_REACHABLE, Failure
from ticker.cli.strip import Message, Strip
from ticker.client import is_loopback
from ticker.protocol import CloseCode
from ticker.urgency import Urgency

FIRST_DELAY = 0.5  # seconds; full jitter up to this at first, and up to the longest in the end
LONGEST_DELAY = 30.0
MISSED_HEARTBEATS = 2.5  # a connection that is silent for so many is taken for dead
LARGEST_MESSAGE = 16 * 1024 * 1024  # bytes; a snapshot is one message


@click.command()
@click.argument("channel")
@click.option("--urgency", "-u", type=click.Choice([str(urgency) for urgency in Urgency]), help="This and above.")
@click.option("--section", help="This section only.")
@click.option("--after", metavar="POSITION", help="Go on after this position instead of showing the whole strip.")
@click.option("--json", "as_json", is_flag=True, help="One message per line, as it came.")
@click.option("--url", envvar="TICKER_URL", help="Where the service is (TICKER_URL).  [default: this machine]")
def tail(
    channel: str, urgency: str | None, section: str | None, after: str | None, as_json: bool, url: str | None
) -> None:
    """Show CHANNEL as it happens, until Ctrl-C. Comes back by itself after a lost connection, without a gap.

    \b
      ticker tail en
      ticker tail en --urgency urgent
      ticker tail en --json | jq -r 'select(.type == "published").headline.text'
    """
    wanted = {name: value for name, value in (("urgency", urgency), ("section", section)) if value}
    reader = Reader(address(url or settings.load().url, channel), wanted, after, as_json=as_json)
    asyncio.run(reader.follow())


def address(url: str, channel: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Failure(f"{url!r} is not an address such as http://127.0.0.1:8000.", NOT_REACHABLE)
    path = f"{parts.path.rstrip('/')}/v1/channels/{quote(channel, safe='')}/ws"
    return urlunsplit(("wss" if parts.scheme == "https" else "ws", parts.netloc, path, "", ""))


class Reader:
    """One reader: connects, prints, remembers its position, comes back."""

    def __init__(self, address: str, wanted: dict[str, str], after: str | None, *, as_json: bool) -> None:
        self.address, self.wanted, self.position, self.as_json = address, wanted, after, as_json
        self.silence = 60.0  # seconds; until the service says how often it speaks
        self.delay: float | None = None  # seconds that the service asked us to wait
        self.failures = 0
        self.strip = Strip()

    async def follow(self) -> None:
        while True:
            try:
                await self._connected()
            except (OSError, TimeoutError, ConnectionClosed, InvalidHandshake) as error:
                self._judge(error)
                _notice(f"{_why(error)}; connecting again")
            await asyncio.sleep(self._wait())

    async def _connected(self) -> None:
        query = urlencode({**self.wanted, **({"after": self.position} if self.position else {})})
        proxy: Literal[True] | None = None if is_loopback(urlsplit(self.address).hostname or "") else True
        async with connect(f"{self.address}?{query}".rstrip("?"), max_size=LARGEST_MESSAGE, proxy=proxy) as socket:
            self.failures = 0
            while True:
                async with asyncio.timeout(self.silence):
                    text = await socket.recv()
                self._take(str(text))

    def _take(self, text: str) -> None:
        message: Message = json.loads(text)
        self.position = message.get("position", self.position)
        if "every_ms" in message:
            self.silence = MISSED_HEARTBEATS * message["every_ms"] / 1000
        if message["type"] == "goodbye":
            self.delay = message["retry_ms"] / 1000
        if self.as_json:
            click.echo(text)
            return
        for line in self.strip.lines(message):
            click.echo(line)

    def _judge(self, error: Exception) -> None:
        """Whether to come back: a Failure when the service says that it would be in vain."""
        if isinstance(error, InvalidStatus):
            status, after = error.response.status_code, error.response.headers.get("Retry-After", "")
            if status < 500 and status != 429:
                raise Failure(_problem(error.response.body) or f"The service answered {status}.")
            self.delay = float(after) if after.isdigit() else None
        if isinstance(error, ConnectionClosed) and error.rcvd and error.rcvd.code == CloseCode.POLICY:
            raise Failure(f"The service closed the connection: {error.rcvd.reason or 'it is not allowed'}.")

    def _wait(self) -> float:
        if self.delay is not None:
            wait, self.delay = self.delay, None
            return wait
        self.failures += 1
        return random.uniform(0, min(LONGEST_DELAY, FIRST_DELAY * 2.0**self.failures))


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "the service has fallen silent"
    if isinstance(error, ConnectionClosed):
        return f"the connection ended ({(error.rcvd and error.rcvd.reason) or 'without a word'})"
    if isinstance(error, InvalidStatus):
        return f"the service answered {error.response.status_code}"
    return f"no connection ({getattr(error, 'strerror', None) or error})"


def _problem(body: bytes | bytearray | None) -> str | None:
    try:
        return str(json.loads(body or b"")["detail"])
    except (ValueError, KeyError, TypeError):
        return None


def _notice(text: str) -> None:
    click.secho(f"-- {text}", err=True, dim=True)
