"""What Redis keeps of the outputs: each change once, in order, chained; on every kind of Redis."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.samples import NOW
from tests.servers import eventually
from ticker.desk.audit import EVERYTHING, Audit
from ticker.errors import TooMany
from ticker.onair.as_run import Ran
from ticker.onair.control import Control
from ticker.onair.log import MOST_PAGES, OnAirLog, Where
from ticker.store import Client, connect

ONE = "a" * 16
SEEN = {"seen_at": NOW}


@pytest.fixture
async def log(any_redis_url: str) -> AsyncIterator[OnAirLog]:
    async with connect(any_redis_url) as redis:
        yield OnAirLog(redis)


def run(first: int, last: int, words: str = "Words") -> Ran:
    return Ran({"action": "ran", "id": ONE, "after": words, "first": first}, ONE, first, last)


async def test_a_control_is_changed_by_whoever_has_seen_it_last(log: OnAirLog) -> None:
    found, raw = await log.control("program")
    assert (found, raw) == (Control(), "")
    one, two = Control(number=1, at=NOW), Control(number=1, at=NOW + 1)
    assert await log.set_control("program", raw, one, {"action": "take"})
    assert not await log.set_control("program", raw, two, {"action": "stop"})
    assert (await log.control("program"))[0] == one
    assert (await log.load(["program"])).controls == {"program": one}


async def test_followers_are_told_in_order(log: OnAirLog) -> None:
    told: list[Any] = []

    async def follow(after: str) -> None:
        async for batch in log.follow(after):
            told.extend(batch)
            if len(told) >= 2:
                return

    before = (await log.load(["program"])).after
    following = asyncio.create_task(follow(before))
    await log.set_control("program", "", Control(number=1), {"action": "take"})
    await log.add_report("program", "main", "b", 1, [run(5, 9)], [], SEEN)
    await asyncio.wait_for(following, 20)
    assert [one.kind for one in told] == ["control", "ran"]
    assert told[1].plays == {ONE: 1}
    assert told[1].body["ran"][0]["after"] == "Words"


async def test_a_report_counts_once_and_main_and_backup_are_one_run(log: OnAirLog, any_redis_url: str) -> None:
    await log.add_report("program", "main", "b", 1, [run(5, 9)], [], SEEN)
    await log.add_report("program", "main", "b", 1, [run(5, 9)], [], SEEN)
    await log.add_report("program", "backup", "c", 1, [run(5, 9)], [], SEEN)
    await log.add_report("program", "main", "b", 2, [run(12, 20)], [], SEEN)
    assert (await log.load(["program"])).plays == {"program": {ONE: 2}}
    page = await Audit(log.redis, Where.of).search("program", EVERYTHING)
    assert [entry.fields["first"] for entry in page.entries] == [12, 5, 5], "the repeat is not written again"


async def test_a_page_that_is_loaded_anew_says_what_it_could_not_say_and_nothing_twice(log: OnAirLog) -> None:
    for boot, seq in (("one", 1), ("two", 1), ("one", 2), ("one", 2), ("two", 1), ("two", 2), ("one", 1)):
        await log.add_report("program", "main", boot, seq, [Ran({"action": "ran", "said": f"{boot} {seq}"})], [], SEEN)
    page = await Audit(log.redis, Where.of).search("program", EVERYTHING)
    assert [entry.fields["said"] for entry in reversed(page.entries)] == ["one 1", "two 1", "one 2", "two 2"]


async def test_the_reports_of_a_page_are_forgotten_when_it_cannot_say_them_again(log: OnAirLog) -> None:
    async def report(seq: int, boot: str = "b") -> None:
        await log.add_report("program", "main", boot, seq, [Ran({"action": "ran", "said": f"{boot} {seq}"})], [], SEEN)

    async def trim(unseen: int) -> set[str]:
        await log.trim("program", before=0, frame=0, unseen=unseen)
        return {name for name in await log.redis.hkeys(Where.of("program").meta) if "main" in name}

    await report(1)
    await report(1, "c")
    await log.forget_page("program", "main")
    for seq, boot in ((1, "b"), (1, "c"), (2, "c"), (2, "c")):  # it is there after all, and had no answer
        await report(seq, boot)
    now = int((await log.redis.xrevrange(Where.of("program").audit, count=1))[0][0].partition("-")[0])
    assert await trim(now - 10_000) == {"now:main", "before:main", "spent:main"}
    assert await trim(now + 10_000) == set()
    await report(3, "c")
    audit = Audit(log.redis, Where.of)
    page = await audit.search("program", EVERYTHING)
    assert [entry.fields["said"] for entry in reversed(page.entries)] == ["b 1", "c 1", "c 2", "c 3"]
    assert (await audit.verify("program")).fault is None


async def test_what_is_changed_in_the_as_run_log_is_found(log: OnAirLog) -> None:
    for seq in range(1, 6):
        await log.add_report("program", "main", "b", seq, [run(seq * 10, seq * 10 + 5, f"Words {seq}")], [], SEEN)
    audit = Audit(log.redis, Where.of)
    assert (await audit.verify("program")).fault is None
    key = Where.of("program").audit
    third = (await log.redis.xrange(key))[2][0]
    await log.redis.xdel(key, third)
    verdict = await audit.verify("program")
    assert verdict.fault is not None
    assert "number 3" in verdict.fault


async def test_the_first_anchor_of_a_playlist_stays(log: OnAirLog) -> None:
    await log.set_current("program", "one-5")
    await log.set_anchor("program", "another-5", {"frame": 1})
    await log.set_anchor("program", "one-5", {"frame": 2})
    await log.set_anchor("program", "one-5", {"frame": 3})
    assert (await log.load([])).current == {"program": {"id": "one-5", "anchor": {"frame": 2}}}
    await log.set_current("program", "one-5")
    assert (await log.load([])).current["program"]["anchor"] == {"frame": 2}
    await log.set_current("program", "two-9")
    assert (await log.load([])).current == {"program": {"id": "two-9", "anchor": None}}


async def test_of_several_that_keep_a_playlist_at_once_each_knows_whether_its_own_is_kept(redis: Client) -> None:
    log = OnAirLog(redis)
    kept = await asyncio.gather(*(log.set_current("program", f"{number}-1") for number in range(20)))
    current = await log.current("program")
    assert current is not None
    assert not all(kept)
    assert kept[int(current["id"].partition("-")[0])]
    assert await log.set_current("program", current["id"]), "it is kept already"


async def test_a_log_that_was_lost_is_loaded_anew(log: OnAirLog) -> None:
    await log.set_control("program", "", Control(number=1), {"action": "take"})
    after = (await log.load(["program"])).after
    for key in ("log", "control"):
        await log.redis.delete(f"ticker:{{onair}}:{key}")
    async for batch in log.follow(after):
        assert batch == [], "it ends"


async def test_a_log_that_lost_its_end_is_loaded_anew_though_it_went_on(log: OnAirLog) -> None:
    await log.set_control("program", "", Control(number=1), {"action": "take"})
    after = (await log.load(["program"])).after
    await log.redis.delete("ticker:{onair}:log")

    async def is_later() -> bool:
        seconds, micros = await log.redis.time()
        return int(seconds * 1000 + micros // 1000) > int(after.partition("-")[0])

    await eventually(is_later, "else Redis gives the same id again")
    await log.add_report("program", "main", "b", 1, [run(5, 9)], [], SEEN)
    assert [batch async for batch in log.follow(after)] == [], "what others were told instead is not all of it"


async def test_pages_are_known_to_every_process(log: OnAirLog) -> None:
    await log.add_report("program", "main", "b", 1, [], [], {"frame": 5})
    await log.add_report("program", "backup", "b", 1, [], [], {"frame": 6})
    assert await log.pages() == {"program": {"main": {"frame": 5}, "backup": {"frame": 6}}}
    await log.forget_page("program", "main")
    assert [*(await log.pages())["program"]] == ["backup"]


async def test_pages_stand_in_the_order_of_their_names(log: OnAirLog) -> None:
    names = [f"page-{number}" for number in range(10, 30)]
    for name in reversed(names):
        told = {"told": "of so much that Redis keeps them in no order" * 4}
        await log.add_report("program", name, "b", 1, [], [], told)
    assert [*(await log.pages())["program"]] == names


async def test_a_page_that_says_too_much_is_refused_and_hurts_no_other(
    log: OnAirLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticker.onair.log.SAVED", 2_000)
    seqs = itertools.count(1)

    async def taken(page: str, *ran: Ran) -> bool:
        try:
            await log.add_report("program", page, "b", next(seqs), ran, [], SEEN)
        except TooMany:
            return False
        return True

    async def until_refused(*ran: Ran) -> int:
        count = 0
        while await taken("main", *ran):
            count += 1
            assert count < 1000
        return count

    assert 10 <= await until_refused() <= 100, "far more than one each second"
    assert await taken("backup")
    await eventually(lambda: taken("main"), "what was refused is taken when it is said again")
    await log.redis.hdel(Where.of("program").meta, "spent:main")
    long = run(5, 9, "Words " * 1_000)
    assert await until_refused(long) <= 4, "what is long takes its time"
    await eventually(lambda: taken("main", long))


async def test_a_clock_that_was_set_back_silences_no_page(log: OnAirLog) -> None:
    await log.redis.hset(Where.of("program").meta, "spent:main", 4 * 10**12)
    await log.add_report("program", "main", "b", 1, [run(5, 9)], [], SEEN)


async def test_an_output_has_so_many_pages_and_no_more(log: OnAirLog) -> None:
    async def report(page: str, output: str = "program") -> None:
        await log.add_report(output, page, "b", 1, [run(5, 9)], [], SEEN)

    await report("main", "program-2")
    for number in range(MOST_PAGES):
        await report(f"page-{number}")
    with pytest.raises(TooMany):
        await report("another")
    assert len((await log.pages())["program"]) == MOST_PAGES
    assert await log.redis.xlen(Where.of("program").audit) == MOST_PAGES
    await report("page-0")
    await log.forget_page("program", "page-0")
    await report("another")


async def test_entries_are_json_to_the_letter(redis: Client) -> None:
    await OnAirLog(redis).add_report("program", "main", "b", 1, [run(1, 2, "عاجل: «لا» 🙂")], [], SEEN)
    [(_, fields)] = await redis.xrange(Where.of("program").audit)
    assert json.loads(fields["entry"])["after"] == "عاجل: «لا» 🙂"


async def test_what_is_older_than_is_kept_goes_and_the_chain_still_holds(log: OnAirLog) -> None:
    for seq in (1, 2, 3):
        await log.add_report("program", "main", "b", seq, [run(seq * 10, seq * 10 + 5)], [], SEEN)
    key = Where.of("program").audit
    last = (await log.redis.xrange(key))[-1][0]
    newest, seq = last, 3
    while newest.partition("-")[0] == last.partition("-")[0]:  # until another ms
        seq += 1
        await log.add_report("program", "main", "b", seq, [Ran({"action": "take"})], [], SEEN)
        newest = (await log.redis.xrange(key))[-1][0]
    for page, at in (("gone", 4), ("main", 5)):
        await log.add_report("program", page, "b", 1, [], [], {"seen_at": at})
    await log.trim("program", before=int(newest.partition("-")[0]), frame=36, unseen=5)
    assert [*(await log.pages())["program"]] == ["main"]
    assert [one for one, _ in await log.redis.xrange(key)] == [newest]
    assert (await Audit(log.redis, Where.of).verify("program")).fault is None
    assert (await log.load(["program"])).plays == {"program": {}}
