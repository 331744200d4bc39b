import asyncio
import gzip
import ipaddress
import socket
import zlib

import pytest
from aiohttp.abc import AbstractResolver

from tests.feeds import FeedServer, feed_server
from workers.fetch import LARGEST, Failed, Fetched, Gunzip, NotModified, Request, fetcher, is_public, retry_after


@pytest.fixture
async def server():
    async with feed_server() as server:
        yield server


async def fetch(server: FeedServer, path: str = "/feed", total: float = 20, **more):
    async with fetcher(total=total) as one:
        return await one.fetch(Request(server.url + path, allow_private=True, **more))


async def test_a_document_comes_with_its_validators(server):
    server.say("/feed", b"<rss/>", ETag='"1"', Last_Modified="Mon, 23 Nov 2026 10:00:00 GMT", Content_Type="text/xml")

    found = await fetch(server)

    assert Fetched(b"<rss/>", "text/xml", server.url + "/feed", '"1"', "Mon, 23 Nov 2026 10:00:00 GMT") == found


async def test_both_validators_are_sent_and_304_keeps_them(server):
    server.say("/feed", status=304, Last_Modified="later")

    found = await fetch(server, etag='"1"', last_modified="earlier")

    assert NotModified('"1"', "later") == found
    assert server.asked[0].headers["if-none-match"] == '"1"'
    assert server.asked[0].headers["if-modified-since"] == "earlier"
    assert server.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("tag", [b'"\xe9"', '"é"'.encode(), b'"' + b"x" * 2_000 + b'"'])
async def test_a_validator_that_could_not_be_sent_back_is_none(server, tag):
    async def script(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: " + tag + b"\r\nContent-Type: \xe9\r\n\r\n")
        await writer.drain()

    server.script("/feed", script)

    assert await fetch(server) == Fetched(b"", "?", server.url + "/feed")


async def test_gzip_is_unpacked_in_all_its_members(server):
    server.say("/feed", gzip.compress(b"<rss>") + gzip.compress(b"</rss>"), Content_Encoding="gzip")

    assert (await fetch(server)).body == b"<rss></rss>"


async def test_gzip_may_have_any_number_of_members_and_something_after_them(server):
    server.say("/feed", gzip.compress(b"") * 2_000 + gzip.compress(b"<rss/>") + b"\0" * 8, Content_Encoding="gzip")

    assert (await fetch(server)).body == b"<rss/>"


def test_gzip_is_unpacked_wherever_it_is_cut():
    unpack = Gunzip()
    packed = gzip.compress(b"<rss>") + gzip.compress(b"</rss>") + b"\0\x1f\x8b"

    assert b"".join(piece for byte in packed for piece in unpack.pieces(bytes([byte]))) == b"<rss></rss>"
    assert unpack.ended


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, br"])
async def test_no_other_compression_is_read(server, encoding):
    server.say("/feed", b"x", Content_Encoding=encoding)

    assert Failed(f"It is compressed in a way that was not asked for: {encoding}.") == await fetch(server)


async def test_a_gzip_bomb_stops_at_the_limit(server):
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
    server.say("/feed", bomb, Content_Encoding="gzip")

    assert Failed(f"It is larger than {LARGEST:,} bytes.") == await fetch(server)


async def test_gzip_that_is_broken_or_ends_early_is_no_document(server):
    server.say("/broken", b"\x1f\x8b nonsense", Content_Encoding="gzip")
    server.say("/early", gzip.compress(b"<rss/>" * 100)[:-9], Content_Encoding="gzip")

    assert Failed("Its compressed body is broken.") == await fetch(server, "/broken")
    assert Failed("Its compressed body ends too early.") == await fetch(server, "/early")


async def test_an_endless_body_stops_at_the_limit(server):
    async def endless(writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"<rss>" * 20_000)
            await writer.drain()

    server.script("/feed", endless)

    assert Failed(f"It is larger than {LARGEST:,} bytes.") == await fetch(server)


async def test_one_byte_after_the_other_is_too_slow(server):
    async def slow(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    server.script("/feed", slow)

    assert Failed("It took longer than 0.3 s.") == await fetch(server, total=0.3)


async def test_a_body_that_ends_early_is_no_document(server):
    server.say("/feed", b"<rss>", length=100)

    assert Failed("Its body ends too early.") == await fetch(server)


async def test_a_move_for_good_is_remembered(server):
    server.say("/feed", status=301, Location="/b")
    server.say("/b", status=308, Location="c")
    server.say("/c", b"<rss/>")

    found = await fetch(server)

    assert (server.url + "/c", server.url + "/c") == (found.url, found.moved_to)


async def test_a_move_for_now_is_not(server):
    server.say("/feed", status=301, Location="/b")
    server.say("/b", status=302, Location="/c")
    server.say("/c", b"<rss/>")

    found = await fetch(server)

    assert (server.url + "/c", None) == (found.url, found.moved_to)


async def test_a_circle_of_redirects_ends(server):
    server.say("/feed", status=302, Location="/feed")

    assert Failed("It redirects more than 5 times.") == await fetch(server)
    assert len(server.asked) == 6


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://x.test/", "gopher://x.test/", "javascript:1"])
async def test_a_redirect_leads_to_http_or_nowhere(server, place):
    server.say("/feed", status=302, Location=place)

    assert Failed("It leads to something that is not http or https.") == await fetch(server)


@pytest.mark.parametrize(
    ("status", "header", "expected"),
    [(429, "120", 120), (503, "7", 7), (503, "999999999", 86400), (500, "7", None), (429, "soon", None)],
)
async def test_retry_after_is_heeded(server, status, header, expected):
    server.say("/feed", status=status, Retry_After=header)

    assert Failed(f"It answered {status}.", expected) == await fetch(server)


def test_a_date_in_retry_after_counts_from_the_clock_of_the_other_end():
    date, later = "Mon, 23 Nov 2026 10:00:00 GMT", "Mon, 23 Nov 2026 10:01:30 GMT"

    assert retry_after(later, date, 0) == 90
    assert retry_after(date, later, 0) == 0
    assert retry_after(later, "", 1795428000) == 90


async def test_410_says_that_it_is_gone(server):
    server.say("/feed", status=410)

    assert Failed("It answered 410.", gone=True) == await fetch(server)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000])
async def test_what_is_not_http_is_a_failure(server, answer):
    async def script(writer):
        writer.write(answer)
        await writer.drain()

    server.script("/feed", script)

    assert isinstance(await fetch(server), Failed)


async def test_nobody_there_is_a_failure_that_says_so():
    async with fetcher() as one:
        found = await one.fetch(Request("http://127.0.0.1:1/", allow_private=True))

    assert (
        found.reason == "It cannot be connected to: Connect call failed ('127.0.0.1', 1)." or "refused" in found.reason
    )


async def test_a_host_is_asked_one_thing_at_a_time(server):
    async def slow(writer):
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    server.script("/feed", slow)
    async with fetcher() as one:
        request = Request(server.url + "/feed", allow_private=True)
        await asyncio.gather(*(one.fetch(request) for _ in range(5)))

    assert (len(server.asked), server.most_at_once) == (5, 1)


# --- nothing inside ---------------------------------------------------------------------------------------------------

INSIDE = Failed("It leads to an address that is not public.")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[64:ff9b::7f00:1]", "2130706433", "localhost"]
)
async def test_nothing_inside_is_asked_for(server, host):
    async with fetcher() as one:
        found = await one.fetch(Request(f"http://{host}:{server.port}/feed"))

    assert isinstance(found, Failed)
    assert server.asked == []


async def test_the_reason_says_so_without_the_address(server):
    async with fetcher() as one:
        assert await one.fetch(Request(f"http://user:secret@127.0.0.1:{server.port}/feed")) == INSIDE


class Rebinding(AbstractResolver):
    """A name that is public when it is looked at, and inside when it is used."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [{"hostname": host, "host": address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self):
        pass


async def test_a_name_that_changes_to_an_address_inside_gains_nothing(server):
    async with fetcher(resolver=Rebinding("192.0.2.1", "127.0.0.1")) as one:
        first = await one.fetch(Request(f"http://rebinding.test:{server.port}/feed"))
        second = await one.fetch(Request(f"http://other.test:{server.port}/feed"))

    assert isinstance(first, Failed)
    assert second == INSIDE
    assert server.asked == []


async def test_a_redirect_from_outside_to_inside_gains_nothing(server):
    server.say("/feed", status=302, Location=f"http://127.0.0.2:{server.port}/inside")
    server.say("/inside", b"<rss/>")
    async with fetcher(permitted=lambda address: str(address) == "127.0.0.1") as one:
        found = await one.fetch(Request(server.url + "/feed"))

    assert found == INSIDE
    assert [asked.path for asked in server.asked] == ["/feed"]


async def test_a_source_that_may_be_inside_is_asked(server):
    server.say("/feed", b"<rss/>")
    async with fetcher(resolver=Rebinding("127.0.0.1")) as one:
        found = await one.fetch(Request(f"http://inside.test:{server.port}/feed", allow_private=True))

    assert isinstance(found, Fetched)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07::1", True), ("64:ff9b::5db8:d70e", True),
        ("10.0.0.1", False), ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False), ("0.0.0.0", False),
        ("::", False), ("::1", False), ("fe80::1", False), ("fc00::1", False), ("ff02::1", False),
        ("::ffff:10.0.0.1", False), ("::10.0.0.1", False), ("64:ff9b::a00:1", False), ("64:ff9b:1::a00:1", False),
        ("2002:a00:1::", False), ("2001:0:a00:1::", False), ("192.0.2.1", False), ("240.0.0.1", False),
    ],
)  # fmt: skip
def test_what_is_public(address, public):
    assert public == is_public(ipaddress.ip_address(address))
