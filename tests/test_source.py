import asyncio
import json
import logging

import pytest

from tests.feeds import feed_server, item
from ticker.dead import Dead
from ticker.desk.desk import Desk
from ticker.errors import Killed
from ticker.headline import Patch, State
from ticker.settings import SourceSettings
from ticker.sources import Sources
from ticker.store import connect, new_clock
from ticker.stream import Stream
from workers.fetch import fetcher
from workers.identity import headline_id
from workers.parse import parser
from workers.source import Source, Tools


@pytest.fixture(scope="module")
def parsing():
    with parser(at_once=1) as one:
        yield one


@pytest.fixture
async def server():
    async with feed_server() as server:
        yield server


@pytest.fixture
async def tools(desk, redis, parsing):
    async with fetcher() as fetching:
        yield Tools(fetching, parsing, desk, Sources(redis), Dead(redis))


@pytest.fixture
def wire(server, tools):
    def make(**more) -> Source:
        settings = {"name": "wire", "url": server.url + "/feed", "channel": "en", "allow_private": True, **more}
        return Source(SourceSettings(**settings), tools, holder="me", chance=lambda: 0.5)

    return make


async def board(tools: Tools) -> dict[str, str]:
    return {record.source.id: record.text for record in await tools.desk.stream.records("en")}


def done(outcome) -> dict[str, int]:
    return {name: count for name, count in outcome.counts.items() if name != "polls"}


async def test_entries_become_headlines_once(server, wire, tools):
    server.feed("/feed", item("Two", "2"), item("One", "1"), ETag='"a"')

    assert done(await wire().poll()) == {"published": 2}
    assert done(await wire().poll()) == {}
    assert await board(tools) == {"1": "One", "2": "Two"}
    assert server.asked[1].headers["if-none-match"] == '"a"'


async def test_changes_corrections_and_withdrawals_follow(server, wire, tools):
    server.feed("/feed", item("One", "1"), item("Two", "2"))
    await wire().poll()
    correction = "<t:correction xmlns:t='urn:ticker'>It was one.</t:correction>"
    stone = "<at:deleted-entry xmlns:at='http://purl.org/atompub/tombstones/1.0' ref='2'/>"
    server.feed("/feed", item("First", "1", more=correction), stone)

    assert done(await wire().poll()) == {"corrected": 1, "retracted": 1}
    assert await board(tools) == {"1": "First"}
    with pytest.raises(Killed):
        await tools.desk.find("en", headline_id(wire().settings, "2"))


async def test_a_killed_entry_does_not_come_back(server, wire, tools):
    server.feed("/feed", item("One", "1"))
    await wire().poll()
    await tools.desk.retract("en", headline_id(wire().settings, "1"), "It is wrong.", by="editor")

    for title in ("One", "One again"):
        server.feed("/feed", item(title, "1"))
        await wire().poll()
    for name in ("second", "third"):  # the same words from elsewhere
        server.feed("/feed", item("One", "x"))
        assert done(await wire(name=name).poll()) == {"killed": 1}
    assert await board(tools) == {}


async def test_what_an_editor_has_written_stays(server, wire, tools):
    server.feed("/feed", item("One", "1"))
    await wire().poll()
    await tools.desk.edit("en", headline_id(wire().settings, "1"), Patch(text="Better"), 1, by="editor")
    server.feed("/feed", item("Worse", "1"))

    assert done(await wire().poll()) == {"kept": 1}
    assert done(await wire().poll()) == {}
    assert await board(tools) == {"1": "Better"}


async def test_after_a_crash_before_remembering_each_is_there_once(server, wire, tools):
    server.feed("/feed", item("One", "1"), item("Two", "2"))
    await wire().poll()
    await tools.sources.forget("wire")
    server.feed("/feed", item("One", "1"), item("Second", "2"))

    assert done(await wire().poll()) == {"adopted": 2}
    await wire().poll()
    assert await board(tools) == {"1": "One", "2": "Second"}


async def test_an_edit_of_ours_that_was_not_remembered_is_no_editors(server, wire, tools):
    server.feed("/feed", item("One", "1"))
    await wire().poll()
    by = "source:wire"
    await tools.desk.edit("en", headline_id(wire().settings, "1"), Patch(text="In between"), 1, by=by)
    server.feed("/feed", item("Last", "1"))

    assert done(await wire().poll()) == {"updated": 1}
    assert await board(tools) == {"1": "Last"}


async def test_an_embargoed_entry_is_scheduled_and_told_nowhere(server, wire, tools, redis, caplog):
    caplog.set_level(logging.DEBUG)
    embargo = "<p:embargoDate xmlns:p='http://prismstandard.org/namespaces/basic/2.0/'>{}</p:embargoDate>"
    server.feed(
        "/feed", item("Secret words", "1", more=embargo.format("2099-01-01T00:00:00Z")),
        item("Hidden words", "2", more=embargo.format("Next Monday")),
    )  # fmt: skip
    await wire().poll()

    desk = {record.source.id: record.state for record in await tools.desk.stream.records("en", on_desk=True)}
    assert (desk, await board(tools)) == ({"1": State.DRAFT, "2": State.DRAFT}, {})
    assert "words" not in caplog.text + json.dumps(await redis.hgetall("ticker:source:{wire}:state"))
    assert await redis.xlen("ticker:{en}:log") == 0


async def test_a_live_headline_that_its_source_keeps_back_is_held(server, wire, tools):
    server.feed("/feed", item("One", "1"))
    await wire().poll()
    server.feed("/feed", item("One", "1", more="<a:draft xmlns:a='http://www.w3.org/2007/app'>yes</a:draft>"))
    await wire().poll()

    assert State.HELD is (await tools.desk.find("en", headline_id(wire().settings, "1"))).state


async def test_a_source_that_is_not_trusted_changes_only_drafts(server, wire, tools):
    source = wire(trusted=False)
    server.feed("/feed", item("One", "1"))
    assert done(await source.poll()) == {"drafted": 1}
    server.feed("/feed", item("First", "1"))
    assert done(await source.poll()) == {"updated": 1}
    await tools.desk.release("en", headline_id(source.settings, "1"), by="editor")
    server.feed("/feed", item("Other", "1"))
    assert done(await source.poll()) == {"kept": 1}
    assert await board(tools) == {"1": "First"}


async def test_with_entries_left_over_the_document_comes_again(server, wire, tools):
    server.feed("/feed", *(item(f"Number {n}", str(n)) for n in range(60)), ETag='"a"')

    await wire().poll()
    assert (await tools.sources.state("wire")).etag == ""
    await wire().poll()

    assert (len(await board(tools)), (await tools.sources.state("wire")).etag) == (60, '"a"')


# --- faults -----------------------------------------------------------------------------------------------------------


async def test_failures_back_off_and_never_stop(server, wire, tools):
    server.say("/feed", status=500)
    waits = []
    for _ in range(20):
        outcome = await wire().poll()
        waits.append(round((outcome.next_at - tools.now()) / 1000))

    assert waits[:3] == [90, 150, 270]
    assert waits[-1] == (60 + 3600) / 2
    state = await tools.sources.state("wire")
    assert (state.failures, state.error, state.counts["failed"]) == (20, "It answered 500.", 20)
    server.feed("/feed", item("One", "1"))
    await wire().poll()
    assert ((await tools.sources.state("wire")).failures, (await tools.sources.state("wire")).error) == (0, "")


@pytest.mark.parametrize(("status", "headers", "seconds"), [(410, {}, 86_400), (429, {"Retry_After": "7200"}, 7200)])
async def test_a_source_may_ask_for_a_pause(server, wire, tools, status, headers, seconds):
    server.say("/feed", status=status, **headers)

    assert seconds * 1000 == pytest.approx((await wire().poll()).next_at - tools.now(), abs=2000)


async def test_what_is_no_feed_is_a_dead_letter_once(server, wire, tools):
    server.say("/feed", "<html>Sorry</html>", Content_Type="text/html")
    for _ in range(3):
        assert "its root is <html>" in (await wire().poll()).error

    (letter,) = await tools.dead.list()
    assert (
        letter.source, letter.channel, letter.body, letter.kind
    ) == ("wire", "en", b"<html>Sorry</html>", "document")  # fmt: skip


async def test_an_entry_without_words_is_a_dead_letter_and_the_others_go_on(server, wire, tools):
    server.feed("/feed", item("", "1", "https://n.test/"), item("Fine", "2"))

    assert done(await wire().poll()) == {"dead": 1, "published": 1}
    (letter,) = await tools.dead.list()
    assert b"<link>https://n.test/</link>" in letter.body


async def test_half_a_character_costs_its_document_nothing(server, wire, tools):
    half = "\ud800"
    strange = {"id": half, "title": f"One{half}", "url": f"https://n.test/{half}", "image": half, "tags": [half]}
    strange |= {"_ticker": dict.fromkeys(("urgency", "correction", "expires"), half)}
    items = [strange, {"title": "Two", "url": f"https://n.test/{half}2"}, {"id": "3", "title": "Three"}]
    server.say("/feed", json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}), ETag='"\u00e9"')

    for expected in ({"published": 3}, {}):
        outcome = await wire().poll()
        assert (done(outcome), outcome.error) == (expected, "")
    assert set((await board(tools)).values()) == {"One", "Two", "Three"}


async def test_a_move_for_good_is_remembered_until_the_settings_change(server, wire):
    server.say("/feed", status=301, Location="/new")
    server.feed("/new", item("One", "1"))
    server.feed("/other", item("One", "1"))
    for source in (wire(), wire(), wire(url=server.url + "/other")):
        await source.poll()

    assert [asked.path for asked in server.asked] == ["/feed", "/new", "/new", "/other"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_move_that_was_a_mistake_is_forgotten(server, wire, tools, status):
    server.say("/feed", status=301, Location="/new")
    server.feed("/new", item("One", "1"), ETag='"new"')
    await wire().poll()
    server.feed("/feed", item("Two", "2"))
    server.say("/new", status=status)
    assert (await wire().poll()).next_at - tools.now() < 3600_000
    assert done(await wire().poll()) == {"published": 1}
    await wire().poll()

    assert [asked.path for asked in server.asked] == ["/feed", "/new", "/new", "/feed", "/feed"]
    assert "if-none-match" not in server.asked[3].headers
    assert await board(tools) == {"1": "One", "2": "Two"}


async def test_a_move_for_good_outlives_both_a_bad_hour_and_the_old_address(server, wire):
    server.say("/feed", status=301, Location="/new")
    server.feed("/new", item("One", "1"), ETag='"new"')
    await wire().poll()
    server.say("/feed", status=404)
    server.say("/new", status=500)
    for _ in range(2):
        await wire().poll()
    server.feed("/new", item("Two", "2"))
    assert done(await wire().poll()) == {"published": 1}
    await wire().poll()

    assert [asked.path for asked in server.asked] == ["/feed", "/new", "/new", "/feed", "/new", "/new"]
    assert server.asked[4].headers["if-none-match"] == '"new"'


async def test_what_is_away_for_a_while_keeps_its_validators(server, wire):
    server.feed("/feed", item("One", "1"), ETag='"a"')
    await wire().poll()
    server.say("/feed", status=500)
    for _ in range(2):
        await wire().poll()

    assert server.asked[-1].headers["if-none-match"] == '"a"'


async def test_without_redis_nothing_is_marked_as_seen(server, tools, wire):
    server.feed("/feed", item("One", "1"), ETag='"a"')
    async with connect("redis://127.0.0.1:1") as nowhere:
        desk = Desk(Stream(nowhere, new_clock()), tools.desk.channels)
        away = Tools(tools.fetcher, tools.parser, desk, tools.sources, tools.dead)
        outcome = await Source(wire().settings, away).poll()

    assert outcome.counts == {"postponed": 1}
    assert outcome.next_at - tools.now() < 5000
    assert done(await wire().poll()) == {"published": 1}


async def test_a_quiet_source_is_told_once(server, wire, tools, caplog):
    server.feed("/feed", item("One", "1"))
    source = wire(quiet_after=60)
    await source.poll()
    await tools.sources.save("wire", new_at=tools.now() - 61_000, since=1)
    await source.poll()
    await source.poll()

    assert (await tools.sources.state("wire")).quiet == 1
    assert caplog.text.count("nothing new for more than 60 s") == 1
    server.feed("/feed", item("Two", "2"))
    await source.poll()
    assert (await tools.sources.state("wire")).quiet == 0


async def test_one_bad_source_costs_the_others_nothing(server, wire, tools):
    server.say("/feed", b"<rss>" + b"<a>" * 100_000)
    server.feed("/good", item("One", "1"))

    outcomes = await asyncio.gather(wire(name="bad").poll(), wire(name="good", url=server.url + "/good").poll())

    assert done(outcomes[1]) == {"published": 1}
