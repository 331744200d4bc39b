"""The desk sees all that is on the strip or may come to it, as Redis holds it, whatever happens in what order."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.samples import Listener
from ticker import instant
from ticker import stream as streams
from ticker.board import Board
from ticker.channel import Channel
from ticker.desk.desk import Desk
from ticker.desk.log import DeskLog
from ticker.errors import TickerError
from ticker.events import EventType, removal, upsert
from ticker.fanout.fanout import Fanout
from ticker.headline import Draft, Patch, Record
from ticker.position import Position
from ticker.store import Client, connect, monotonic_ms, new_clock
from ticker.stream import Keys, Stream
from ticker.urgency import Urgency

CHANNEL = Channel(name="en", approval=frozenset({Urgency.FLASH}), limit=3)
MOST = 6  # headlines an example may name
LATER = instant.format(new_clock().now(monotonic_ms()) + 3_600_000)


class Newsroom:
    """A desk in use, and a fan-out that follows its log."""

    def __init__(self, redis: Client) -> None:
        self.stream = Stream(redis, new_clock())
        self.desk = Desk(self.stream, {"en": CHANNEL})
        self.log = DeskLog(self.stream)
        self.fanout = Fanout(CHANNEL, every_ms=15_000, to_json=Record.to_record)
        self.ids: list[str] = []

    async def act(self, action: str, which: int) -> None:
        if action in DRAFTS:
            draft = {"text": f"Headline {len(self.ids)}", **DRAFTS[action]}
            receipt = await self.desk.publish("en", Draft.model_validate(draft), by="ann")
            assert receipt.record
            self.ids.append(receipt.record.id)
        elif self.ids:
            headline_id = self.ids[which % len(self.ids)]
            try:
                await self.change(action, headline_id)
            except TickerError:
                return  # the state does not allow it

    async def change(self, action: str, headline_id: str) -> None:
        if action in ("hold", "release"):
            await getattr(self.desk, action)("en", headline_id, by="bob")
        elif action == "approve":
            await self.desk.approve("en", headline_id, by="bob")
        elif action == "retract":
            await self.desk.retract("en", headline_id, "wrong", by="bob")
        elif action == "expire":
            await self.desk.expire("en", headline_id, at_once=True)
        elif action == "forget":
            await self.desk.lapse("en", f"forget:{headline_id}")
        elif action == "move":
            await self.desk.move("en", headline_id, by="bob", to="bottom", pinned=True)
        else:
            record = await self.desk.find("en", headline_id)
            note = {"correction": "It was wrong"} if action == "correct" else {}
            assert record
            patch = Patch.model_validate({"text": f"{record.text} again", **note})
            await self.desk.edit("en", headline_id, patch, record.version, by="bob")

    async def take(self) -> None:
        """All that the log has."""
        if self.fanout.position is None:
            self.fanout.load(await self.log.load("en"))
        assert self.fanout.position
        if await self.log.waiting("en", self.fanout.position):
            async for batch in self.log.follow("en", self.fanout.position):
                self.fanout.take(batch)
                break

    async def kept(self) -> list[Record]:
        """What Redis holds, by what every headline is and not by what was told of it."""
        records = [*await self.stream.records("en"), *await self.stream.records("en", on_desk=True)]
        return [record for record in records if record.state != "expired"]


DRAFTS: dict[str, dict[str, Any]] = {
    "publish": {},
    "draft": {"state": "draft"},
    "flash": {"urgency": "flash"},
    "schedule": {"publish_at": LATER},
}
ACTIONS = (
    *DRAFTS, "hold", "release", "approve", "retract", "expire", "forget", "move", "update", "correct",
    "take", "join", "leave", "resume", "load",
)  # fmt: skip


class Watcher:
    """Somebody at the desk: comes, goes away, comes back with a position."""

    def __init__(self, fanout: Fanout) -> None:
        self.fanout = fanout
        self.board = Board()
        self.position: Position | None = None
        self.listener: Listener | None = None

    def join(self) -> None:
        if self.listener is None:
            self.listener = Listener()
            self.fanout.join(self.listener, self.position, resume=self.position is not None)

    def read(self) -> None:
        if self.listener is None:
            return
        for message in self.listener.messages:
            if message["type"] == "snapshot":
                self.board = Board(Record.model_validate(h) for h in message["headlines"])
            elif "headline" in message:
                self.board.apply(upsert(EventType(message["type"]), Record.model_validate(message["headline"])))
            elif message["type"] != "heartbeat":
                self.board.apply(removal(EventType(message["type"]), message["id"]))
            self.position = Position.parse(message["position"])
        self.listener.writes.clear()

    def leave(self) -> None:
        self.read()
        if self.listener is not None:
            self.listener.gone()
            self.listener = None


def shown(records: Any) -> list[dict[str, Any]]:
    return [json.loads(record.to_record()) for record in Board(records)]


async def play(url: str, steps: list[tuple[str, int]]) -> None:
    async with connect(url) as redis:
        await redis.flushall()
        room = Newsroom(redis)
        await room.take()
        watchers = [Watcher(room.fanout) for _ in range(2)]
        for action, which in steps:
            watcher = watchers[which % 2]
            if action == "take":
                await room.take()
            elif action in ("join", "resume"):
                watcher.join()
            elif action == "leave":
                watcher.leave()
            elif action == "load":
                room.fanout.load(await room.log.load("en"))
            else:
                await room.act(action, which)
        for watcher in watchers:
            watcher.join()
        await room.take()
        kept = shown(await room.kept())
        assert shown(room.fanout.board) == kept
        assert shown((await room.log.load("en")).headlines) == kept
        for watcher in watchers:
            watcher.read()
            assert shown(watcher.board) == kept


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, MOST)), max_size=30))
def test_the_desk_sees_the_fold_of_what_redis_holds(redis_url: str, steps: list[tuple[str, int]]) -> None:
    asyncio.run(play(redis_url, steps))


async def test_it_tells_what_readers_never_see(redis: Client, desk: Desk) -> None:
    log = DeskLog(desk.stream)
    before = (await log.load("en")).position
    draft = (await desk.publish("en", Draft(text="Not yet", state="draft"), by="ann")).record
    assert draft
    await desk.release("en", draft.id, by="ann")
    await desk.hold("en", draft.id, by="ann")
    await desk.retract("en", draft.id, "wrong", by="ann")
    loaded = await log.load("en")
    told = [(event.type, event.headline.state if event.headline else None) for _, event in loaded.recent]
    assert told == [("updated", "draft"), ("published", "live"), ("updated", "held"), ("retracted", None)]
    assert '"author":"ann"' in loaded.recent[0][1].json
    assert before < loaded.position
    assert [event.type for _, event in (await desk.stream.load("en")).recent] == ["published", "held", "retracted"]


async def test_it_is_bounded_and_says_when_it_does_not_reach_back(
    redis: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "DESK_LOG_KEPT", 10)
    log = DeskLog(desk.stream)
    began = (await log.load("en")).position
    fanout = Fanout(CHANNEL, every_ms=15_000, to_json=Record.to_record)
    for i in range(300):
        await desk.publish("en", Draft(text=f"Headline {i}", state="draft"), by="ann")
    assert await redis.xlen(Keys.of("en").desk_log) < 300
    loaded = await log.load("en")
    assert not loaded.complete
    fanout.load(loaded)
    listener = Listener()
    fanout.join(listener, began, resume=True)
    assert listener.messages[0]["reason"] == "too_old"
    assert len(listener.messages[0]["headlines"]) == 300
    assert await log.holds("en", loaded.position)
