"""The beacon: a page says that it was read. Answered at once, by a plain function; counting costs a few microseconds.

`answer` gives the whole HTTP response as bytes, for a protocol class that needs no ASGI task for it; None where the
usual road must look, because something is not as usual.
"""

from collections.abc import Iterable, Mapping

from ticker.channel import Channel
from ticker.counting import Outcome
from ticker.origin import allowed
from ticker.reads import Reads
from ticker.robots import fetches_ahead

LARGEST = 8 * 1024  # bytes of a beacon: a link may be written with three characters for one

PREFIX, POST, GET = "/v1/channels/", "/reads", "/reads.gif"

# The smallest picture there is: one transparent pixel.
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

_HEAD = b"HTTP/1.1 204 No Content\r\ncache-control: no-store\r\naccess-control-allow-origin: "
_PICTURE = (
    b"HTTP/1.1 200 OK\r\ncache-control: no-store\r\ncontent-type: image/gif\r\ncontent-length: %d\r\n\r\n%b"
) % (len(PIXEL), PIXEL)

Headers = Iterable[tuple[bytes, bytes]]


class Beacon:
    def __init__(self, reads: Reads, channels: Mapping[str, Channel]) -> None:
        self.reads = reads
        self.channels = channels

    def answer(
        self, method: bytes, path: str, query: bytes, headers: Headers, address: str, body: bytes
    ) -> bytes | None:
        """The response to a beacon, which is counted now; None for all that is no beacon, or one to look into."""
        if not path.startswith(PREFIX):
            return None
        name, slash, rest = path[len(PREFIX) :].partition("/")
        channel = self.channels.get(name)
        said = query if rest == GET[1:] else body
        if channel is None or not slash or len(said) > LARGEST:
            return None
        given = dict(headers)
        if given.get(b"connection") == b"close":
            return None
        if rest == POST[1:] and method == b"POST":
            origin = given.get(b"origin", b"*")
            if not self.may(channel, given):
                return None
            self.count(name, said, address, given)
            return b"%b%b\r\n\r\n" % (_HEAD, b"*" if "*" in channel.origins else origin + b"\r\nvary: origin")
        if rest == GET[1:] and method == b"GET":
            self.count(name, said, address, given)
            return _PICTURE
        return None

    def may(self, channel: Channel, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a page of this origin may send beacons."""
        if "*" in channel.origins or b"origin" not in headers:
            return True
        origin, host = (headers.get(name, b"").decode("latin-1") for name in (b"origin", b"host"))
        return allowed(origin, host, channel.origins)

    def count(self, channel: str, said: bytes, address: str, headers: Mapping[bytes, bytes]) -> Outcome:
        """What one beacon says, with the headers it came with."""
        counting = self.reads.counting[channel]
        if not _is_of_a_reader(headers):
            return counting.note(Outcome.ROBOT)
        agent = headers.get(b"user-agent", b"").decode("latin-1")
        return counting.take(said.decode("utf-8", "replace"), address, agent, self.reads.now())


def _is_of_a_reader(headers: Mapping[bytes, bytes]) -> bool:
    """A browser says where its page is from; a program that knows nothing better does not. And nobody has seen
    what was fetched ahead.
    """
    if b"origin" not in headers and b"referer" not in headers and b"sec-fetch-site" not in headers:
        return False
    return not fetches_ahead(headers)
