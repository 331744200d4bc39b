import pytest

from ticker.channel import Channel
from ticker.dead import Dead
from ticker.desk.desk import Desk
from ticker.errors import Unavailable
from ticker.headline import Draft, Patch, Source, State, source_headline_id
from ticker.seen import Seen
from ticker.settings import SourceSettings
from ticker.store import connect, new_clock
from ticker.stream import Stream
from ticker.urgency import Urgency
from workers.deliver import Delivery
from workers.match import DeadLetter, Edit, Expire, Publish, Retract, Skip

ID = source_headline_id("wire", "1")
SOURCE = SourceSettings(name="wire", url="https://wire.test/", channel="en")
SEEN = Seen(content="x")


@pytest.fixture
def delivery(desk, redis):
    return Delivery(SOURCE, desk, Dead(redis), "https://wire.test/")


def publish(text: str = "One", **more) -> Publish:
    return Publish(ID, Draft(text=text, source=Source(name="wire", id="1"), **more), SEEN, b"<item/>")


async def outcome(delivery, action) -> str:
    return (await delivery.do(action))[0]


async def test_each_action_has_an_outcome(delivery, desk):
    assert await delivery.do(publish()) == ("published", Seen(version=1, content="x"))
    assert await delivery.do(Edit(ID, 1, Patch(text="First"), SEEN)) == ("updated", Seen(version=2, content="x"))
    assert await outcome(delivery, Edit(ID, 2, Patch(text="Last", correction="No."), SEEN)) == "corrected"
    assert await outcome(delivery, Expire(ID, SEEN)) == "expired"
    assert (await desk.find("en", ID)).state is State.EXPIRED
    assert await outcome(delivery, Edit(ID, 3, Patch(text="Late"), SEEN)) == "refused"
    assert await outcome(delivery, Retract(ID, "Wrong.", SEEN)) == "retracted"
    assert await outcome(delivery, Edit(ID, 3, Patch(text="Later"), SEEN)) == "killed"
    assert await outcome(delivery, publish()) == "killed"
    assert await outcome(delivery, Skip(ID, "flapping", SEEN, told=True)) == "flapping"


async def test_an_edit_of_what_is_forgotten_is_told(delivery):
    assert await outcome(delivery, Edit(ID, 1, Patch(text="First"), SEEN)) == "forgotten"


async def test_what_no_reader_has_seen_is_updated_and_not_corrected(delivery, desk):
    assert await outcome(delivery, publish(state="draft")) == "drafted"

    await delivery.do(Edit(ID, 1, Patch(text="First", correction="No."), SEEN, keep_back=True))

    record = await desk.find("en", ID)
    assert (record.text, record.correction, record.state) == ("First", None, State.DRAFT)


async def test_what_an_editor_wrote_is_not_taken_for_ours(delivery, desk):
    await delivery.do(publish())
    await desk.edit("en", ID, Patch(text="Better"), 1, by="editor")

    assert (await delivery.do(publish()))[0] == "kept"
    assert await outcome(delivery, Edit(ID, 1, Patch(text="Worse"), SEEN)) == "kept"
    assert (await desk.find("en", ID)).text == "Better"


async def test_what_its_source_raises_alone_keeps_its_urgency_and_has_its_words(redis):
    four_eyes = Desk(Stream(redis, new_clock()), {"en": Channel(name="en", approval=frozenset({Urgency.FLASH}))})
    delivery = Delivery(SOURCE, four_eyes, Dead(redis), "")
    await delivery.do(publish())

    assert await outcome(delivery, Edit(ID, 1, Patch(text="More", urgency=Urgency.FLASH), SEEN)) == "updated"

    record = await four_eyes.find("en", ID)
    assert (record.text, record.urgency, record.state) == ("More", Urgency.ROUTINE, State.LIVE)


async def test_what_the_desk_does_not_take_is_a_dead_letter(delivery, desk):
    assert await outcome(delivery, publish(expires_at=1)) == "dead"
    assert await outcome(delivery, DeadLetter(ID, "It has no words.", b"<item/>", SEEN)) == "dead"

    letters = await delivery.dead.list()
    assert [letter.body for letter in letters] == [b"<item/>", b"<item/>"]


async def test_only_a_desk_that_cannot_take_it_now_stops_the_rest(redis, settings):
    async with connect("redis://127.0.0.1:1") as nowhere:
        delivery = Delivery(SOURCE, Desk(Stream(nowhere, new_clock()), settings.channels), Dead(redis), "")
        with pytest.raises(Unavailable):
            await delivery.do(publish())
