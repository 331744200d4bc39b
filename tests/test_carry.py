"""What becomes of a newsroom's items at the desk and on the output, with a real Redis."""

import json
from typing import Any

import pytest

from tests.mos import MOS, NCS, action, ids, item, mos, order, ready, story
from tests.station import Station
from ticker.desk.audit import Audit, Wanted
from ticker.desk.desk import Receipt
from ticker.errors import Refused
from ticker.headline import Patch, source_headline_id
from ticker.onair.control import Cue
from ticker.store import Client
from workers.mos.message import parse
from workers.mos.store import KEY

CREATE = order("roCreate", story("A", item("1", "One"), item("2", "Two")), story("B", item("3", "Three")))


@pytest.fixture
def station(redis: Client) -> Station:
    return Station(redis)


async def test_what_is_not_ready_is_a_draft_and_shown_nowhere(station: Station) -> None:
    await station.ok(CREATE)
    assert await station.kept_back() == {"One": "draft", "Two": "draft", "Three": "draft"}
    assert await station.board() == {}
    assert (await station.control()).number == 0


async def test_ready_it_is_live_cleared_and_in_its_order(station: Station) -> None:
    await station.ok(CREATE, ready())
    board = await station.board()
    assert await station.shown() == ["One", "Two", "Three"]
    source = board["Three"].source
    assert source
    assert (source.name, source.id) == (MOS, "RO1/B/3")
    assert {one.by for one in (await station.control()).cleared.values()} == {f"mos:{MOS}"}


async def test_ready_is_one_change_for_the_pages(station: Station) -> None:
    """And its order another. The as-run log has who cleared each."""
    await station.ok(CREATE, ready())
    assert len(await station.redis.xrange("ticker:{onair}:log")) == 2
    assert len(await station.redis.xrange("ticker:{onair}:as-run:program")) == 4
    await station.ok(ready("NOT READY"))
    assert len(await station.redis.xrange("ticker:{onair}:log")) == 4


async def test_what_changes_in_it_changes_on_air(station: Station) -> None:
    await station.ok(CREATE, ready())
    await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "One, again", kicker="NEW")))
    board = await station.board()
    assert (board["One, again"].version, board["One, again"].kicker) == (2, "NEW")
    assert await station.shown() == ["One, again", "Two", "Three"]
    await station.ok(order("roStoryMove", ids("B", "A")))
    assert await station.shown() == ["Three", "One, again", "Two"]
    await station.ok(action("INSERT", ids("B") + ids("3", of="itemID"), item("4", "Four")))
    assert await station.shown() == ["Four", "Three", "One, again", "Two"]
    await station.ok(order("roStoryDelete", ids("A")))
    assert await station.shown() == ["Four", "Three"]
    assert set(await station.board()) == {"Four", "Three"}


async def test_not_ready_it_is_held_and_ready_again_it_is_back(station: Station) -> None:
    await station.ok(CREATE, ready(), ready("NOT READY"))
    control = await station.control()
    assert await station.shown() == []
    assert set(control.held) == {record.id for record in (await station.board()).values()}
    assert control.running_order == ()
    await station.ok(ready())
    assert await station.shown() == ["One", "Two", "Three"]
    assert not (await station.control()).held


async def test_a_deleted_running_order_leaves_quietly(station: Station) -> None:
    await station.ok(CREATE, order("roCreate", story("X", item("9", "Draft")), ro_id="RO2"), ready())
    await station.ok(order("roDelete"), order("roDelete", ro_id="RO2"))
    assert await station.board() == {}
    assert await station.kept_back() == {}
    assert (await station.control()).running_order == ()
    assert (await station.orders.store.load()).orders == {}


async def test_what_comes_again_after_it_was_taken_away_is_a_new_headline(station: Station) -> None:
    await station.ok(CREATE, ready())
    before = (await station.board())["One"]
    for _ in range(3):
        await station.ok(order("roDelete"), CREATE, ready())
        assert await station.shown() == ["One", "Two", "Three"]
    after = (await station.board())["One"]
    assert after.id != before.id
    assert after.source
    assert after.source.id == "RO1/A/1#4"
    await station.ok(ready("NOT READY"), order("roDelete"), CREATE, order("roDelete"), CREATE, ready())
    assert await station.shown() == ["One", "Two", "Three"]


async def test_what_an_editor_has_killed_does_not_come_back(station: Station) -> None:
    await station.ok(CREATE, ready())
    killed = (await station.board())["One"]
    await station.desk.retract("en", killed.id, "wrong", by="editor")
    reply = await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "One, but other")))
    assert [(one.text) for one in reply.findall("itemID")] == ["1"]
    assert "killed" in (reply.findtext("status") or "")
    reply = await station.ok(order("roDelete"), CREATE, ready())
    assert "killed" in (reply.findtext("status") or "")
    assert await station.shown() == ["Two", "Three"]


async def test_what_an_editor_has_changed_stays_and_is_not_ours_to_clear(station: Station) -> None:
    await station.ok(CREATE, ready())
    one = (await station.board())["One"]
    await station.desk.edit("en", one.id, Patch(text="Better"), 1, by="editor")
    await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "Worse")))
    assert "Better" in await station.board()
    assert station.orders._unfinished == set()  # and nobody tries for ever
    assert await station.shown() == ["Two", "Three"]


async def test_what_the_gallery_holds_stays_held(station: Station) -> None:
    await station.ok(CREATE, ready())
    one = (await station.board())["One"]
    await station.gallery(Cue.HOLD, id=one.id)
    await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "One, new")))
    await station.ok(ready("NOT READY"), ready())
    assert await station.shown() == ["Two", "Three"]
    await station.gallery(Cue.CLEAR, id=one.id)
    assert await station.shown() == ["One, new", "Two", "Three"]


@pytest.mark.parametrize("gallery_first", [True, False])
async def test_a_hold_of_the_gallerys_and_of_ours_is_the_gallerys(station: Station, gallery_first: bool) -> None:
    await station.ok(CREATE, ready())
    one = (await station.board())["One"]
    if gallery_first:
        await station.gallery(Cue.HOLD, id=one.id)
    await station.ok(ready("NOT READY"))
    if not gallery_first:
        await station.gallery(Cue.HOLD, id=one.id)
    await station.ok(ready())
    assert await station.shown() == ["Two", "Three"]
    assert set((await station.control()).held) == {one.id}
    await station.gallery(Cue.CLEAR, id=one.id)
    assert await station.shown() == ["One", "Two", "Three"]


@pytest.mark.parametrize("approves", [False, True])
async def test_the_channels_approval_is_the_newsrooms_only_when_that_is_configured(
    redis: Client, approves: bool
) -> None:
    station = Station(redis, channel={"approval": ["flash"]}, approves=approves)
    await station.ok(
        order("roCreate", story("A", item("1", text="Flash", urgency="flash"), item("2", "Plain"))), ready()
    )
    if approves:
        assert await station.shown() == ["Flash", "Plain"]
        assert not (await station.board())["Flash"].unseconded
        return
    assert await station.kept_back() == {"Flash": "awaiting_approval"}
    assert await station.shown() == ["Plain"]
    (waiting,) = await station.desk.stream.records("en", on_desk=True)
    await station.desk.approve("en", waiting.id, by="editor")
    assert await station.shown() == ["Plain"]
    await station.orders._settle("RO1")  # as it does every two seconds
    assert await station.shown() == ["Flash", "Plain"]


@pytest.mark.parametrize("approves", [False, True])
async def test_what_is_live_is_raised_by_the_newsroom_only_when_that_is_configured(
    redis: Client, approves: bool
) -> None:
    station = Station(redis, channel={"approval": ["flash"]}, approves=approves)
    await station.ok(order("roCreate", story("A", item("1", text="One"))), ready())
    raised = order("roStoryReplace", ids("A"), story("A", item("1", text="More", urgency="flash")))
    told = await station.ok(raised)
    assert await station.shown() == ["More"]
    assert (await station.board())["More"].urgency == ("flash" if approves else "routine")
    assert ("Only a second person may raise it" in (told.findtext("status") or "")) != approves
    await station.ok(order("roStoryReplace", ids("A"), story("A", item("1", text="Most", urgency="flash"))))
    assert await station.shown() == ["Most"]


@pytest.mark.parametrize("is_kept_of_old", [False, True])
async def test_whoever_said_ready_approves_and_not_whoever_spoke_last(redis: Client, is_kept_of_old: bool) -> None:
    station = Station(redis, channel={"approval": ["flash"]}, approves=True)
    await station.ok(CREATE, ready())
    if is_kept_of_old:  # by a version that did not know whose word it was
        kept = json.loads(await redis.hget(KEY, "ro RO1") or "")
        del kept["ready_by"]
        await redis.hset(KEY, "ro RO1", json.dumps(kept))
        station.start()
        await station.orders.load()
    flash = order("roStoryAppend", story("C", item("9", text="Flash", urgency="flash")))
    await station.orders.take(parse(mos(flash, 9, ncs_id="backup.ncs.news")))
    assert (await station.board())["Flash"].state == "live"
    page = await Audit(redis).search("en", Wanted(action="approve"))
    assert [entry.fields["by"] for entry in page.entries] == [f"newsroom:{NCS}"]


async def test_what_waits_for_approval_and_is_not_ready_is_a_draft_again(redis: Client) -> None:
    station = Station(redis, channel={"approval": ["routine"]})
    await station.ok(CREATE, ready(), ready("NOT READY"))
    assert set((await station.kept_back()).values()) == {"draft"}
    await station.ok(ready())
    assert set((await station.kept_back()).values()) == {"awaiting_approval"}
    await station.ok(order("roDelete"))
    assert await station.kept_back() == {}


async def test_what_is_approved_at_the_moment_at_which_it_is_taken_back_is_held(
    redis: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Station(redis, channel={"approval": ["routine"]}, output={"clearance": "automatic"})
    await station.ok(order("roCreate", story("A", item("1", "One"))), ready())
    recall = station.desk.recall

    async def too_late(channel: str, headline_id: str, **given: Any) -> Receipt:
        await station.desk.approve(channel, headline_id, by="editor")
        return await recall(channel, headline_id, **given)

    monkeypatch.setattr(station.desk, "recall", too_late)
    await station.ok(ready("NOT READY"))
    assert station.orders._unfinished == {"RO1"}
    await station.orders._settle("RO1")  # as it does every two seconds
    assert set((await station.control()).held) == {(await station.board())["One"].id}
    assert station.orders._unfinished == set()


async def test_old_words_whose_new_ones_were_killed_are_held_like_any_other(station: Station) -> None:
    await station.ok(CREATE, ready())
    board = await station.board()
    await station.desk.retract("en", board["Two"].id, "wrong", by="editor")
    told = await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "Two")))
    assert "These words were killed" in "".join(told.itertext())
    await station.ok(ready("NOT READY"))
    assert set((await station.control()).held) == {board["One"].id, board["Three"].id}
    assert station.orders._unfinished == set()
    await station.ok(ready())
    assert set((await station.control()).cleared) >= {board["One"].id, board["Three"].id}


async def test_words_that_are_not_ready_reach_nobody(station: Station) -> None:
    await station.ok(CREATE, ready(), ready("NOT READY"))
    await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "Not yet")))
    assert "One" in await station.board()
    await station.ok(ready())
    assert await station.shown() == ["Not yet", "Two", "Three"]


async def test_what_an_editor_takes_back_to_a_draft_stays_one_until_it_is_ready_anew(redis: Client) -> None:
    station = Station(redis, channel={"approval": ["routine"]})
    await station.ok(order("roCreate", story("A", item("1", "One"))), ready())
    (waiting,) = await station.desk.stream.records("en", on_desk=True)
    await station.desk.recall("en", waiting.id, by="editor")
    await station.orders._settle("RO1")
    assert await station.kept_back() == {"One": "draft"}
    await station.ok(ready("NOT READY"), ready())
    assert await station.kept_back() == {"One": "awaiting_approval"}


async def test_what_can_go_no_further_keeps_no_other_from_the_air(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = station.desk.release

    async def refuses_one(channel: str, headline_id: str, **given: Any) -> Receipt:
        if headline_id == source_headline_id(MOS, "RO1/A/1"):
            raise Refused("No.")
        return await release(channel, headline_id, **given)

    monkeypatch.setattr(station.desk, "release", refuses_one)
    await station.ok(CREATE, ready())
    assert await station.shown() == ["Two", "Three"]
    monkeypatch.setattr(station.desk, "release", release)
    await station.orders._settle("RO1")
    assert await station.shown() == ["One", "Two", "Three"]


async def test_where_two_people_are_asked_for_somebody_else_clears(redis: Client) -> None:
    station = Station(redis, output={"two_people": True})
    await station.ok(CREATE, ready())
    assert len(await station.board()) == 3
    assert await station.shown() == []
    assert station.orders._unfinished == set()
    one = (await station.board())["One"]
    await station.gallery(Cue.CLEAR, id=one.id)
    told = await station.ok(ready())  # who has it cleared by now is not told that it must be
    assert [found.text for found in told.findall("itemID")] == ["2", "3"]
    assert "somebody else must clear" in (told.findtext("status") or "")


TOO_LONG = "Words " * 40


@pytest.mark.parametrize("slug", [TOO_LONG, "Lorem ipsum", "A box: \u0378"])
async def test_what_the_output_refuses_is_told_and_is_not_tried_for_ever(
    station: Station, slug: str, caplog: pytest.LogCaptureFixture
) -> None:
    reply = await station.ok(order("roCreate", story("A", item("1", slug), item("2", "Two"))), ready())
    assert (reply.findtext("storyID"), reply.findtext("itemID")) == ("A", "1")
    assert (reply.findtext("status") or "").startswith("On Program: ")
    assert await station.shown() == ["Two"]
    assert station.orders._unfinished == set()
    again = await station.ok(order("roStoryInsert", ids(""), story("B", item("3", "Three"))))
    assert again.findtext("status") == reply.findtext("status")
    assert caplog.text.count("is not cleared") == 1
    better = await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "One")))
    assert better.find("status") is None
    assert await station.shown() == ["One", "Two", "Three"]


async def test_what_the_gallery_holds_is_told_as_long_as_it_does(station: Station) -> None:
    await station.ok(CREATE, ready())
    one = (await station.board())["One"]
    await station.gallery(Cue.HOLD, id=one.id)
    reply = await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "One, new")))
    assert (reply.findtext("itemID"), reply.findtext("status")) == ("1", "On Program: the gallery holds it.")
    assert station.orders._unfinished == set()
    await station.gallery(Cue.CLEAR, id=one.id)
    assert (await station.ok(order("roStoryMove", ids("B", "A")))).find("status") is None
    assert await station.shown() == ["Three", "One, new", "Two"]


async def test_what_was_refused_once_is_tried_again_when_it_is_ready_anew(station: Station) -> None:
    await station.ok(CREATE, ready())
    one = (await station.board())["One"]
    await station.gallery(Cue.HOLD, id=one.id)
    await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "One, new")))
    await station.gallery(Cue.CLEAR, id=one.id)
    await station.ok(ready("NOT READY"))
    await station.desk.hold("en", one.id, by="editor")
    await station.ok(ready())
    assert station.orders._unfinished == {"RO1"}
    await station.desk.release("en", one.id, by="editor")
    await station.orders._settle("RO1")
    assert await station.shown() == ["One, new", "Two", "Three"]


async def test_a_rehearsal_stays_one(redis: Client) -> None:
    station = Station(redis, channel={"rehearsal": True})
    await station.ok(CREATE, ready())
    assert await station.shown() == ["One", "Two", "Three"]
    assert all(record.rehearsal and record.id.startswith("rehearsal-") for record in (await station.board()).values())
    await station.ok(order("roDelete"), CREATE, ready())
    assert await station.shown() == ["One", "Two", "Three"]


async def test_what_can_be_no_headline_is_told_and_keeps_nothing_else_back(station: Station) -> None:
    reply = await station.ok(order("roCreate", story("A", item("1", text="x" * 281), item("2", "Two"))), ready())
    assert (reply.findtext("storyID"), reply.findtext("itemID")) == ("A", "1")
    assert "longer than 280" in (reply.findtext("status") or "")
    assert await station.shown() == ["Two"]


async def test_names_with_slashes_are_told_apart(station: Station) -> None:
    await station.ok(order("roCreate", story("a/b", item("c", "One")), story("a", item("b/c", "Two"))), ready())
    assert await station.shown() == ["One", "Two"]
    assert len({record.id for record in (await station.board()).values()}) == 2


async def test_the_longest_names_there_are(station: Station) -> None:
    long = "/" * 128
    await station.ok(order("roCreate", story(long, item(long, "One")), ro_id=long), ready(ro_id=long))
    assert await station.shown() == ["One"]


async def test_of_two_that_are_ready_the_first_comes_first(station: Station) -> None:
    other = order("roCreate", story("X", item("9", "Nine")), ro_id="RO0")
    await station.ok(CREATE, other, ready())
    await station.ok(ready(ro_id="RO0"))
    assert await station.shown() == ["One", "Two", "Three", "Nine"]


async def test_done_twice_it_is_the_same(station: Station) -> None:
    await station.ok(CREATE, ready())
    control, board = await station.control(), await station.board()
    station.start()  # it has forgotten everything, and nothing of Redis is lost
    await station.orders.load()
    await station.orders._settle("RO1")
    assert (await station.control(), await station.board()) == (control, board)
    await _forgets(station)
    await station.orders._settle("RO1")
    assert (await station.board(), await station.shown()) == (board, ["One", "Two", "Three"])


async def test_an_editors_words_stay_also_when_what_was_done_could_not_be_remembered(station: Station) -> None:
    await station.ok(CREATE, ready())
    await station.desk.edit("en", (await station.board())["One"].id, Patch(text="Better"), 1, by="editor")
    await _forgets(station)
    await station.ok(ready())
    assert (await station.board())["Better"].version == 2
    assert await station.shown() == ["Two", "Three"]
    await station.ok(order("roItemReplace", ids("A"), ids("1", of="itemID"), item("1", "Worse")))
    assert "Better" in await station.board()


async def test_not_ready_holds_also_what_could_not_be_remembered(station: Station) -> None:
    await station.ok(CREATE, ready())
    await _forgets(station)
    await station.ok(ready("NOT READY"))
    assert set((await station.control()).held) == {record.id for record in (await station.board()).values()}


async def _forgets(station: Station) -> None:
    """It was stopped before it could remember what it had done."""
    await station.redis.hdel("ticker:{onair}:mos", "carried RO1")
    station.start()
    await station.orders.load()
