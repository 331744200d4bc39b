"""A rehearsal is another world: by key, by schema, by id. Two incidents, by name."""

import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from tests.api import FEEDS, Api, eventually_shown, serving
from tests.servers import RedisServer, Web
from ticker import errors
from ticker.channel import Channel
from ticker.desk.desk import Desk
from ticker.desk.editions import Editions
from ticker.headline import REHEARSAL, Draft, Record, State
from ticker.keys import Keys
from ticker.store import connect
from ticker.writer import Role, Writer, rights_of

ANA = Writer("Ana Ruiz (ana)", "session:1", rights_of({"*": Role.EDITOR}), login="ana")
TRAINING_TEXT = "Manchester United are rubbish"
CHANNELS = """
[channels.en]
[channels.ar]
[channels.training]
rehearsal = true
"""


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(redis_server, tmp_path_factory.mktemp("web"), CHANNELS) as web:
        yield web


async def holder(http: aiohttp.ClientSession, web: Web, *, rehearsal: bool, channel: str) -> Api:
    async with connect(web.env["TICKER_REDIS_URL"]) as redis:
        key = await Keys(redis).create("Key", ["admin"], rehearsal=rehearsal)
    return Api(http, web.url, key, channel)


async def test_the_training_text_on_air_of_2022_stays_in_training(http: aiohttp.ClientSession, web: Web) -> None:
    """24 May 2022: a text typed while somebody was shown the ticker went out live, on air.

    Whatever is made of a rehearsal item, replayed by hand with a live key, is refused: as it is on the wire, as the
    desk keeps it, as it was handed in, under its address and under its id.
    """
    training = await holder(http, web, rehearsal=True, channel="training")
    live = await holder(http, web, rehearsal=False, channel="en")
    request = {"text": TRAINING_TEXT, "rehearsal": True}
    answer = await training("POST", "headlines", request)
    assert answer.status == 201
    kept = answer.json
    await eventually_shown(training, kept)
    [shown] = (await training.get()).json["headlines"]
    fields = Draft.model_fields
    for item in (shown, kept, request):
        for body in (item, {name: value for name, value in item.items() if name in fields and name != "state"}):
            assert body["rehearsal"] is True
            assert (await live("POST", "headlines", body)).fault == (422, "invalid")
    assert (await live("POST", "/v1/channels/training/headlines", request)).fault == (403, "forbidden")
    assert (await training("POST", "/v1/channels/en/headlines", {"text": TRAINING_TEXT})).fault == (403, "forbidden")
    for action in ("release", "approve", "move", "retract", "hold"):
        body = {"retract": {"reason": "r"}, "move": {"to": "top"}}.get(action)
        assert (await live.act(shown, action, body)).fault == (404, "no-headline")
    together = {"drafts": {"en": {"text": TRAINING_TEXT}, "training": {"text": TRAINING_TEXT}}}
    assert (await live("POST", "/v1/editions", together)).fault == (422, "invalid")
    duplicate = await training.act(shown, "duplicate", {"channel": "en", "text": TRAINING_TEXT})
    assert duplicate.fault == (422, "invalid")
    assert TRAINING_TEXT not in json.dumps([(await live.get()).json, (await live.get("events?after=x")).json])


async def test_the_test_push_of_2014_has_no_key_that_reaches_readers(http: aiohttp.ClientSession, web: Web) -> None:
    """25 June 2014: two test alerts went to millions, because what was tested with was what went out with."""
    training = await holder(http, web, rehearsal=True, channel="training")
    live = await holder(http, web, rehearsal=False, channel="en")
    there = await live.publish("What is live")
    here = await training.publish("This is a test")
    for who, where, item in ((training, "en", there), (live, "training", here)):
        path = f"/v1/channels/{where}/headlines"
        asked: list[tuple[str, str, Any]] = [
            ("POST", path, {"text": "This is a test"}),
            ("PATCH", f"{path}/{item['id']}", {"text": "This is a test"}),
            *(("POST", f"{path}/{item['id']}/{action}", {"reason": "r"}) for action in ("hold", "retract", "approve")),
            *(("POST", f"{path}/{item['id']}/{action}", None)
              for action in ("release", "recall", "spike", "expire", "fresh")),
            ("POST", f"{path}/{item['id']}/move", {"to": "top"}),
            ("GET", f"/v1/desk/{where}", None),
        ]  # fmt: skip
        for method, address, body in asked:
            answer = await who(method, address, body, If_Match='"1"')
            assert answer.fault == (403, "forbidden"), address
    read = await live.get(f"/v1/channels/training/headlines/{here['id']}")
    assert "author" not in read.json  # as any reader


async def test_everything_of_a_rehearsal_says_so(http: aiohttp.ClientSession, web: Web) -> None:
    training = await holder(http, web, rehearsal=True, channel="training")
    live = await holder(http, web, rehearsal=False, channel="en")
    made = await training.publish("Say so", source={"name": "wire", "id": "1"})
    real = await live.publish("Say so", source={"name": "wire", "id": "1"})
    await eventually_shown(training, made)
    await eventually_shown(live, real)
    assert made["id"] == f"{REHEARSAL}{real['id']}"
    snapshot = (await training.get()).json
    assert snapshot["rehearsal"] is True
    assert all(headline["rehearsal"] is True for headline in snapshot["headlines"])
    assert "rehearsal" not in json.dumps((await live.get()).json)
    for shape in FEEDS:
        assert "REHEARSAL: Say so" in (await training.get(f"feed.{shape}")).text
        assert "REHEARSAL" not in (await live.get(f"feed.{shape}")).text
    for page in ("/widget/training.html", "/widget/training.html?fragment"):
        shown = (await training.get(page)).text
        assert ">REHEARSAL: Say so</a>" in shown
        assert 'label="REHEARSAL: Training"' in shown
    assert "<title>REHEARSAL: Training</title>" in (await training.get("/widget/training.html")).text
    oembed = (await training.get("/widget/oembed?url=/widget/training.html")).json
    assert oembed["title"] == "REHEARSAL: Training"
    assert 'title="REHEARSAL: Training"' in oembed["html"]
    assert "REHEARSAL" not in (await live.get("/widget/en.html")).text
    assert [one["name"] for one in (await live.get("/v1/channels")).json["channels"]] == ["en", "ar"]


# --- within the desk --------------------------------------------------------------------------------------------------


@pytest.fixture
def both(desk: Desk) -> Desk:
    return Desk(desk.stream, {"en": Channel(name="en"), "training": Channel(name="training", rehearsal=True)})


async def made_in_training(desk: Desk, text: str = "A rehearsal", **given: Any) -> Record:
    record = (await desk.publish("training", Draft(text=text, **given), by=ANA)).record
    assert record
    return record


async def test_a_person_works_in_both_worlds_and_no_story_is_in_both(both: Desk) -> None:
    made = await made_in_training(both, group="story")
    real = (await both.publish("en", Draft(text="For real", group="story"), by=ANA)).record
    assert real
    receipt = await both.retract("training", made.id, "Over", by=ANA)
    assert receipt.editions == ()
    assert [h.text for h in (await both.stream.load("en")).headlines] == ["For real"]
    await both.publish("en", Draft(text="A rehearsal"), by=ANA)  # its words are barred in its own world only
    other = await made_in_training(both, "Another")
    with pytest.raises(errors.Invalid):
        await Editions(both).duplicate("training", other.id, "en", "Another", by=ANA)


async def test_a_channel_that_becomes_live_lets_nothing_of_its_rehearsals_out(
    both: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = both.stream.now() + 3_600_000
    shown = await made_in_training(both)
    draft = await made_in_training(both, "A draft", state="draft")
    later = await made_in_training(both, "Later", publish_at=due)
    opened = Desk(both.stream, {"training": Channel(name="training")})
    for attempt in (
        opened.release("training", draft.id, by=ANA),
        opened.release("training", later.id, by=ANA),
        opened.move("training", shown.id, by=ANA, pinned=True),
    ):
        with pytest.raises(errors.Refused):
            await attempt
    monkeypatch.setattr(both.stream, "now", lambda: due)
    assert await opened.stream.due("training", opened.stream.now()) == [f"release:{later.id}"]
    await opened.lapse("training", f"release:{later.id}")
    assert await opened.stream.due("training", opened.stream.now()) == []
    found = await opened.find("training", later.id)
    assert found
    assert found.state is State.SCHEDULED
    await opened.retract("training", shown.id, "A rehearsal", by=ANA)
    assert not (await opened.stream.load("training")).headlines
