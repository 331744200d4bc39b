"""The beacon: a page says that it was read. Answered at once, by a plain function; counting costs a few microseconds.

`answer` gives the whole HTTP response as bytes, for a protocol class that needs no ASGI task for it; None where the
usual road must look, because something is not as usual.
"""

from collections.abc import Mapping

from ticker.channel import Channel
from ticker.most_read.counting import Outcome
from ticker.most_read.reads import Reads
from ticker.most_read.robots import agent_of, fetches_ahead
from ticker.origin import allowed

LARGEST = 8 * 1024  # bytes of a beacon: a link may be written with three characters for one

# The smallest picture there is: one transparent pixel.
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

_HEAD = b"HTTP/1.1 204 No Content\r\ncache-control: no-store\r\naccess-control-allow-origin: "
_FOR_ALL = _HEAD + b"*\r\n\r\n"
_PICTURE = (
    b"HTTP/1.1 200 OK\r\ncache-control: no-store\r\ncontent-type: image/gif\r\ncontent-length: %d\r\n\r\n%b"
) % (len(PIXEL), PIXEL)

Headers = Mapping[bytes, bytes]  # names in lower case, a repeated one joined by commas


class Beacon:
    def __init__(self, reads: Reads, channels: Mapping[str, Channel]) -> None:
        self.reads = reads
        # By path, as it comes: a look into a dictionary, where an expression to match takes a microsecond.
        self.posts = {f"/v1/channels/{name}/reads".encode(): channel for name, channel in channels.items()}
        self.pictures = {path + b".gif": channel for path, channel in self.posts.items()}

    def takes(self, method: bytes, url: bytes) -> bool:
        """Whether that is a beacon, as it seems from the request line."""
        if url in self.posts:
            return method == b"POST"
        return method == b"GET" and url.partition(b"?")[0] in self.pictures

    def answer(self, url: bytes, headers: Headers, address: str, body: bytes) -> bytes | None:
        """The response to what `takes` has taken, which is counted now; None for one that must be looked into."""
        channel = self.posts.get(url)
        if channel is None:
            return self._picture(url, headers, address)
        if len(body) > LARGEST or not self.may(channel, headers):
            return None
        self.count(channel.name, body, address, headers)
        if "*" in channel.origins:
            return _FOR_ALL
        return b"%b%b\r\nvary: origin\r\n\r\n" % (_HEAD, headers.get(b"origin", b"*"))

    def _picture(self, url: bytes, headers: Headers, address: str) -> bytes | None:
        path, _, said = url.partition(b"?")
        channel = self.pictures[path]
        if len(said) > LARGEST or not self.may_show(channel, headers):
            return None
        self.count(channel.name, said, address, headers)
        return _PICTURE

    def may(self, channel: Channel, headers: Headers) -> bool:
        """Whether a page of this origin may send beacons."""
        if "*" in channel.origins or b"origin" not in headers:
            return True
        return _is_allowed(headers[b"origin"], channel, headers)

    def may_show(self, channel: Channel, headers: Headers) -> bool:
        """The same of a picture: browsers say no origin with one, but from where it is asked for. Who says neither is
        not known to be a page that may.
        """
        if "*" in channel.origins:
            return True
        origin = headers.get(b"origin") or b"/".join(headers.get(b"referer", b"").split(b"/", 3)[:3])
        return _is_allowed(origin, channel, headers)

    def count(self, channel: str, said: bytes, address: str, headers: Headers) -> Outcome:
        """What one beacon says, with the headers it came with."""
        counting = self.reads.counting[channel]
        if not _is_of_a_reader(headers):
            return counting.note(Outcome.ROBOT)
        agent = agent_of(headers)
        return counting.take(said.decode("utf-8", "replace"), address, agent, self.reads.now())


def _is_allowed(origin: bytes, channel: Channel, headers: Headers) -> bool:
    return allowed(origin.decode("latin-1"), headers.get(b"host", b"").decode("latin-1"), channel.origins)


def _is_of_a_reader(headers: Headers) -> bool:
    """A browser says where its page is from; a program that knows nothing better does not. And nobody has seen
    what was fetched ahead.
    """
    says_where = b"origin" in headers or b"referer" in headers or b"sec-fetch-site" in headers
    return says_where and not fetches_ahead(headers)
