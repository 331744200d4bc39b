"""What must never get in: each is refused with a problem document, and the board stays as it was."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.api import Answer, Api, eventually_shown, fresh_key
from tests.servers import Web
from tests.test_websocket import memory
from ticker import requests as limits


@pytest.fixture
async def desk(web: Web) -> AsyncIterator[Api]:
    """Its board is the same after the test as before."""
    async with aiohttp.ClientSession() as http:
        desk = Api(http, web.url, await fresh_key(web, "Desk", "admin"))
        before = (await desk.get()).text
        yield desk
        assert (await desk.get()).text == before


@pytest.fixture(scope="module")
def standing() -> dict[str, Any]:
    return {}


@pytest.fixture
async def headline(web: Web, standing: dict[str, Any]) -> dict[str, Any]:
    """One that stands on the board all the time; ask for it before `desk`."""
    if not standing:
        async with aiohttp.ClientSession() as http:
            api = Api(http, web.url, await fresh_key(web, "First", "admin"))
            standing |= await api.publish("It stands")
            await eventually_shown(api, standing)
    return standing


BODIES = {
    "nothing": (b"", 400), "not JSON": (b"{text: 1}", 400), "cut off": (b'{"text":"x', 400), "two": (b'{"text":"x"}{}', 400),  # noqa: E501
    "bad UTF-8": (b'{"text":"\xff\xfe"}', 400), "UTF-16": ('{"text":"x"}'.encode("utf-16"), 400),
    "overlong": (b'{"text":"\xc0\xaf"}', 400), "surrogate bytes": (b'{"text":"\xed\xa0\x80"}', 400),
    "lone surrogate": (b'{"text":"\\ud800"}', 400), "lone low surrogate": (b'{"text":"\\udc00x"}', 400),
    "raw control": (b'{"text":"a\x01b"}', 400), "BOM": (b'\xef\xbb\xbf{"text":"x"}', 400),
    "deep list": (b'{"text":' + b"[" * 30_000 + b"]" * 30_000 + b"}", 400), "deep object": (b'{"a":' * 10_000, 400),
    "deep in an unknown field": (b'{"text":"x","z":' + b"[" * 150 + b"]" * 150 + b"}", 422),
    "twice": (b'{"text":"x","text":"y"}', 400), "twice within": (b'{"text":"x","source":{"name":"a","name":"b"}}', 400),
    "list": (b"[]", 422), "string": (b'"x"', 422), "null": (b"null", 422), "number": (b"1e999", 422), "NaN": (b"NaN", 422),  # noqa: E501
    "huge number": (b'{"text":"x","expires_in":' + b"9" * 5000 + b"}", 400),
    "infinite": (b'{"text":"x","expires_in":1e999}', 422), "float": (b'{"text":"x","expires_in":1.5}', 422),
    "huge time": (b'{"text":"x","expires_at":' + b"9" * 40 + b"}", 422),
    "negative time": (b'{"text":"x","state":"draft","publish_at":-' + b"9" * 30 + b"}", 422),
    "year 9999": (b'{"text":"x","publish_at":"9999-12-31T23:59:59Z"}', 422),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
async def test_a_body_that_is_not_right(headline: Any, desk: Api, case: str) -> None:
    body, status = BODIES[case]
    answer = await desk("POST", "headlines", body)
    assert answer.status == status, answer.text
    assert answer.fault == (status, {400: "malformed", 422: "invalid"}[status])
    if status == 422:
        assert answer.json["errors"]
    for path in (f"headlines/{headline['id']}/retract", f"headlines/{headline['id']}/move"):
        assert (await desk("POST", path, body)).fault[0] in (400, 422)
    assert (await desk("PATCH", f"headlines/{headline['id']}", body, If_Match='"1"')).fault[0] in (400, 422)


VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    " ",
    "\u200b",
    [],
    [None],
    {},
    {"name": 1},
    "x" * 21_000,
    ["x"] * 11,
]
FIELDS = ("text", "urgency", "kicker", "link", "section", "region", "tags", "image", "source", "expires_at", "expires_in",  # noqa: E501
          "publish_at", "state", "group", "correction", "no_such_field")  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
async def test_wrong_types_everywhere(headline: Any, desk: Api, field: str) -> None:
    """Drafts, so that what is allowed to pass is on no board."""
    for value in VALUES:
        body = {"text": "A draft", "state": "draft"} | {field: value}
        if (field, value) in (("state", None), ("text", "A draft")):
            continue
        answer = await desk("POST", "headlines", body)
        assert answer.status in (201, 422), (value, answer.text)
        if answer.status == 422:
            fault = answer.json["errors"][0]["pointer"]
            assert fault.startswith(f"/{field}")
        elif value is not None:
            read = await desk.get(answer.headers["location"])
            assert read.json["state"] == "draft"
        if field not in ("text", "tags", "kicker") or answer.status != 201:
            changed = await desk("PATCH", f"headlines/{headline['id']}", {field: value}, If_Match='"99"')
            assert changed.fault[0] in (412, 422)


async def test_actions_take_no_more_than_they_know(headline: Any, desk: Api) -> None:
    for action, body in (
        ("hold", {"reason": 1}), ("hold", {"why": "x"}), ("hold", []), ("release", {"x": 1}), ("approve", {"x": 1}),
        ("retract", {"reason": ""}), ("retract", {"reason": "x" * 281}), ("retract", {"reason": "x", "note": 7}),
        ("move", {"above": "no"}), ("move", {"to": "left"}), ("move", {"pinned": "maybe"}), ("move", None),
    ):  # fmt: skip
        answer = await desk.act(headline, action, body)
        assert answer.status in (415, 422), (action, body, answer.text)


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "json",
        "text/json;application/json",
    ],
)
async def test_only_json_is_taken(desk: Api, kind: str) -> None:
    """A form on another site's page can send these without asking first."""
    answer = await desk("POST", "headlines", b'{"text":"From a form"}', Content_Type=kind)
    assert answer.fault == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer tk_00000000_" + "A" * 43, "Bearer tk_x", "bearer  x y", "\u00e9",  # noqa: E501
     "Bearer tk_00000000_" + "A" * 44, "Bearer " + "x" * 8000, "Bearer tk_00000000_" + "é" * 43],
)  # fmt: skip
async def test_no_key_no_entry(headline: Any, desk: Api, header: str) -> None:
    for method, path in (
        ("POST", "headlines"), ("PATCH", f"headlines/{headline['id']}"), ("POST", f"headlines/{headline['id']}/retract"),  # noqa: E501
        ("POST", f"headlines/{headline['id']}/hold"), ("POST", f"headlines/{headline['id']}/move"),
        ("POST", f"headlines/{headline['id']}/release"), ("POST", f"headlines/{headline['id']}/approve"),
    ):  # fmt: skip
        answer = await desk(method, path, {"text": "x", "reason": "x"}, Authorization=header)
        assert answer.fault == (401, "unauthorized")
    other = desk.key and desk.key[:12] + "A" * 43
    assert (await desk("POST", "headlines", {"text": "x"}, Authorization=f"Bearer {other}")).fault[0] == 401


# --- over a bare socket ---------------------------------------------------------------------------------------------


async def raw(web: Web, data: bytes, *, until: bytes = b"}") -> Answer:
    """The answer to these bytes; it need not end the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    try:
        writer.write(data)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).decode("latin-1").splitlines()
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        return Answer(int(head[0].split()[1]), headers, body.decode())
    finally:
        writer.transport.abort()


def post(desk: Api, *headers: str, body: bytes = b"") -> bytes:
    lines = ("POST /v1/channels/en/headlines HTTP/1.1", "Host: x", f"Authorization: Bearer {desk.key}",
             "Content-Type: application/json", *headers, "", "")  # fmt: skip
    return "\r\n".join(lines).encode() + body


async def test_a_gigabyte_is_refused_by_its_length_alone(web: Web, desk: Api) -> None:
    answer = await raw(web, post(desk, "Content-Length: 1000000000"))
    assert answer.fault == (413, "too-large")


async def test_a_gigabyte_in_chunks_is_refused_early_and_then_cut(web: Web, desk: Api) -> None:
    before = memory(web)
    _, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(post(desk, "Transfer-Encoding: chunked"))
    sent = 0
    with pytest.raises(OSError):  # noqa: PT012
        while sent < 1_000_000_000:
            writer.write(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
            await writer.drain()
            sent += 0x8000
    writer.transport.abort()
    assert sent < 50_000_000
    assert memory(web) - before < 10_000_000


async def test_one_chunk_too_many_is_told(web: Web, desk: Api) -> None:
    chunks = (b"4000\r\n" + b" " * 0x4000 + b"\r\n") * 5
    assert (await raw(web, post(desk, "Transfer-Encoding: chunked", body=chunks))).fault == (413, "too-large")


async def test_trailers_without_end_are_cut(web: Web, desk: Api) -> None:
    before = memory(web)
    _, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(post(desk, "Transfer-Encoding: chunked", body=b"1\r\n{\r\n0\r\nX-Trailer: "))
    with pytest.raises(OSError):  # noqa: PT012
        for _ in range(500):
            writer.write(b"x" * 100_000)
            await writer.drain()
    writer.transport.abort()
    assert memory(web) - before < 10_000_000


async def test_a_body_byte_by_byte_has_its_time(web: Web, desk: Api) -> None:
    """The time is the limit, not the silence between two bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(post(desk, "Content-Length: 1000"))
    answer = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not answer.done():
        assert loop.time() - began < 2 * limits.BODY_SECONDS
        writer.write(b" ")
        await asyncio.wait([answer], timeout=0.25)
    assert (await answer).startswith(b"HTTP/1.1 408 ")
    assert json.loads(await reader.readuntil(b"}"))["type"] == "/problems/slow"
    writer.transport.abort()


async def test_a_body_that_is_cut_off_does_nothing(web: Web, desk: Api) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(post(desk, "Content-Length: 30", body=b'{"text":"Half of it"'))
    await writer.drain()
    writer.close()
    assert (await desk.get("/healthz")).status == 200


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "x:99999", "x:y", "\\", "%00", "evil.example/@", ""])
async def test_odd_hosts_break_nothing(web: Web, desk: Api, host: str) -> None:
    for path in (
        "/v1/channels/en/feed.rss",
        "/v1/channels/en",
        "/nothing/here",
        "/healthz/",
        "/v1/channels/en/feed.json",
    ):
        answer = await raw(web, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert answer.status in (200, 307, 400, 404), (path, answer)
        if answer.status in (400, 404):
            assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "path",
    ["/%00", "/web/%00", "/web/../pyproject.toml", "/web/%2e%2e/pyproject.toml", "/web/..%2fpyproject.toml", "//etc/passwd",  # noqa: E501
     "/web//etc/passwd", "/web/" + "a" * 5000, "/v1/channels/%ff", "/v1/channels/en%00", "/v1/channels/en/headlines/%0d%0aX:1",  # noqa: E501
     "/v1/channels/en/events?wait=%00", "/v1/channels/en?urgency=%ff", "/v1/channels/en/feed.%0a", "/%", "/?%", "/" + "%41" * 9000],  # noqa: E501
)  # fmt: skip
async def test_odd_addresses_break_nothing(web: Web, desk: Api, path: str) -> None:
    answer = await raw(web, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.status in (200, 400, 404, 422, 431)
    assert "requires-python" not in answer.text
    assert "root:" not in answer.text
    if answer.status != 200:
        assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "headers",
    [("Content-Length: 5", "Transfer-Encoding: chunked"), ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: -1",),  # noqa: E501
     ("Content-Length: 1e3",), ("Transfer-Encoding: gzip",), ("Transfer-Encoding: chunked, identity",), ("Content-Length : 5",)],  # noqa: E501
)  # fmt: skip
async def test_smuggled_requests_are_refused(web: Web, desk: Api, headers: tuple[str, ...]) -> None:
    body = b'5\r\n{"t":\r\n0\r\n\r\n'
    assert (await raw(web, post(desk, *headers, body=body))).fault[0] == 400
