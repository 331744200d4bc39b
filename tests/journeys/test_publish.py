"""From a writer's POST to every kind of reader, and all the way through a headline's life."""

import json
from pathlib import Path

import httpx
import httpx_sse

from tests.journeys.readers import Poller, StreamReader, WebSocketReader, Writer, converged, listening, new_key
from tests.servers import Web, eventually, running


async def test_a_headline_goes_through_its_life_before_every_kind_of_reader(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path)
    socket, stream, poller = readers = WebSocketReader(web.url), StreamReader(web.url), Poller(web.url)
    async with running(web), listening(*readers) as session:
        writer = Writer(session, await new_key(redis_url), web.url)

        async def all_show(*texts: str) -> None:
            await eventually(lambda: all([h.text for h in r.board] == [*texts] for r in readers), f"all show {texts}")
            _, snapshot = await writer.send("GET", "")
            assert {reader.hash for reader in readers} == {snapshot["hash"]}

        first = await writer.publish("Harbour closed after storm")
        await all_show("Harbour closed after storm")
        flash = await writer.publish("Earthquake off the coast", urgency="flash")
        await all_show("Earthquake off the coast", "Harbour closed after storm")
        correction = {"text": "Harbour open after storm", "correction": "It was never closed."}
        status, corrected = await writer.send("PATCH", f"/headlines/{first['id']}", correction, {"If-Match": '"1"'})
        assert (status, corrected["version"]) == (200, 2)
        await all_show("Earthquake off the coast", "Harbour open after storm")
        await writer.act(flash["id"], "hold", note="Being checked")
        await all_show("Harbour open after storm")
        await writer.act(flash["id"], "release")
        await all_show("Earthquake off the coast", "Harbour open after storm")
        await writer.act(flash["id"], "retract", reason="There was none")
        await all_show("Harbour open after storm")
        await converged(socket, stream)
    life = ["snapshot", "published", "published", "corrected", "held", "released", "retracted"]
    assert [t for t in socket.types if t != "heartbeat"] == life
    assert [t for t in stream.types if t != "heartbeat"] == life
    assert [t for t in poller.types if t != "heartbeat"] == life
    assert socket.of("corrected")[0]["headline"]["correction"] == "It was never closed."


async def test_somebody_elses_client_understands_the_stream(redis_url: str, tmp_path: Path) -> None:
    web = Web(redis_url, tmp_path)
    async with running(web), listening() as session, httpx.AsyncClient(trust_env=False) as client:
        writer = Writer(session, await new_key(redis_url), web.url)
        address = f"{web.url}/v1/channels/en/stream"
        async with httpx_sse.aconnect_sse(client, "GET", address) as source:
            events = source.aiter_sse()
            opening = await anext(events)  # `retry:` alone, which a browser does not show as an event
            snapshot = await anext(events)
            await writer.publish("Two\u2028lines and a 🌊")
            while (published := await anext(events)).event == "heartbeat":
                pass
            await events.aclose()
    assert (snapshot.event, published.event) == ("snapshot", "published")
    message = json.loads(published.data)
    assert published.id == message["position"]
    assert message["headline"]["text"] == "Two lines and a 🌊"
    assert opening.retry is not None
    assert opening.retry >= 1000
