"""The short road of the beacon: answered by a plain function, byte for byte what HTTP asks for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.samples import NOW
from tests.test_counting import ADDRESS, BROWSER, STORY
from tests.test_reads import CHANNEL
from ticker.channel import Channel
from ticker.most_read.beacon import LARGEST, PIXEL, Beacon
from ticker.most_read.counting import Outcome
from ticker.most_read.reader import DAY
from ticker.most_read.reads import Reads

CLOSED = Channel(name="closed", origins=["https://news.example"], most_read=CHANNEL.most_read)
PATH = b"/v1/channels/en/reads"
SAID = f"s={STORY}&d=9".encode()
HEADERS = {b"host": b"x", b"user-agent": BROWSER.encode(), b"origin": b"https://news.example.org"}


def beacon_of() -> Beacon:
    channels = {"en": CHANNEL, "closed": CLOSED}
    beacon = Beacon(Reads(None, channels, lambda: NOW), channels)
    beacon.reads.salts.keep({NOW // DAY: b"s" * 32})
    return beacon


@pytest.fixture
def beacon() -> Beacon:
    return beacon_of()


def answer(
    beacon: Beacon, method: bytes = b"POST", url: bytes = PATH, headers: Any = HEADERS, body: bytes = SAID
) -> bytes | None:
    return beacon.answer(url, headers, ADDRESS, body) if beacon.takes(method, url) else None


def outcomes(beacon: Beacon, channel: str = "en") -> dict[Outcome, int]:
    return dict(beacon.reads.counting[channel].outcomes)


def test_a_beacon_is_answered_at_once_and_counted_once(beacon: Beacon) -> None:
    for _ in range(2):
        assert answer(beacon) == (
            b"HTTP/1.1 204 No Content\r\ncache-control: no-store\r\naccess-control-allow-origin: *\r\n\r\n"
        )
    assert outcomes(beacon) == {Outcome.COUNTED: 1, Outcome.REPEAT: 1}


def test_the_picture_is_for_those_who_can_do_no_better(beacon: Beacon) -> None:
    headers = {b"user-agent": BROWSER.encode(), b"referer": b"https://news.example.org/"}
    said = answer(beacon, b"GET", PATH + b".gif?" + SAID, headers, b"")
    assert said is not None
    head, _, body = said.partition(b"\r\n\r\n")
    assert body == PIXEL
    assert f"content-length: {len(PIXEL)}".encode() in head
    assert outcomes(beacon) == {Outcome.COUNTED: 1}


def test_only_pages_of_the_channel_may_send_beacons(beacon: Beacon) -> None:
    closed = b"/v1/channels/closed/reads"
    said = answer(beacon, url=closed, headers=HEADERS | {b"origin": b"https://news.example"})
    assert said is not None
    assert b"access-control-allow-origin: https://news.example\r\nvary: origin\r\n\r\n" in said
    assert answer(beacon, url=closed) is None
    assert outcomes(beacon, "closed") == {Outcome.COUNTED: 1}


@pytest.mark.parametrize(("headers", "taken"), [
    ({b"referer": b"https://news.example/a/page?x"}, True),
    ({b"origin": b"https://news.example"}, True),
    ({b"referer": b"https://ticker.example/widget/closed.html"}, True),
    ({b"referer": b"https://news.example.org/"}, False),
    ({b"referer": b"https://news.example@elsewhere.example/"}, False),
    ({b"referer": b"https://"}, False),
    ({b"origin": b"null", b"referer": b"https://news.example/"}, False),
    ({b"sec-fetch-site": b"cross-site"}, False),
])  # fmt: skip
def test_pictures_are_for_pages_of_the_channel_too(beacon: Beacon, headers: Any, taken: bool) -> None:
    headers = {b"host": b"ticker.example", b"user-agent": BROWSER.encode(), **headers}
    url = b"/v1/channels/closed/reads.gif?" + SAID
    assert (answer(beacon, b"GET", url, headers, b"") is not None) == taken
    assert outcomes(beacon, "closed") == ({Outcome.COUNTED: 1} if taken else {})


@pytest.mark.parametrize("headers", [
    {b"user-agent": BROWSER.encode()},
    HEADERS | {b"user-agent": b"curl/8.5.0"},
    HEADERS | {b"sec-purpose": b"prefetch;prerender"},
])  # fmt: skip
def test_programs_and_what_is_fetched_ahead_are_answered_and_not_counted(beacon: Beacon, headers: Any) -> None:
    assert answer(beacon, headers=headers) is not None
    assert outcomes(beacon) == {Outcome.ROBOT: 1}


@pytest.mark.parametrize("given", [
    {"url": b"/v1/channels/en"},
    {"url": b"/v1/channels/xx/reads"},
    {"url": b"/v1/channels/en/reads/"},
    {"url": b"/elsewhere"},
    {"method": b"GET"},
    {"method": b"OPTIONS"},
    {"url": PATH + b".gif"},
    {"method": b"GET", "url": PATH + b".gif?" + b"x" * (LARGEST + 1)},
    {"body": b"x" * (LARGEST + 1)},
])  # fmt: skip
def test_everything_else_takes_the_usual_road(beacon: Beacon, given: dict[str, Any]) -> None:
    assert answer(beacon, **given) is None
    assert outcomes(beacon) == {}


def test_what_cannot_be_read_is_answered_all_the_same(beacon: Beacon) -> None:
    assert answer(beacon, body=b"\xff\xfe") is not None
    assert outcomes(beacon) == {Outcome.UNREADABLE: 1}


HEADER = st.tuples(st.sampled_from([b"origin", b"user-agent", b"x-moz", b"connection"]), st.binary(max_size=20))


@given(st.sampled_from([b"POST", b"GET"]), st.binary(max_size=10), st.lists(HEADER), st.binary(max_size=100))
def test_whatever_comes_it_is_an_answer_or_not_ours(method: bytes, tail: bytes, headers: Any, body: bytes) -> None:
    beacon = beacon_of()
    for url in (PATH + tail, PATH + b".gif?" + tail):
        said = answer(beacon, method, url, dict(headers), body)
        assert said is None or said.startswith(b"HTTP/1.1 20")
