"""Cues: whoever may say them, each of them once, and with the desk's own kill."""

import asyncio
from typing import Any

import pytest

from tests.test_control import output
from tests.test_playouts import publish
from ticker.desk.audit import EVERYTHING, Audit
from ticker.desk.desk import Desk
from ticker.errors import Forbidden, NoHeadline
from ticker.headline import State
from ticker.onair.control import Control, Cue, Order
from ticker.onair.cues import Cues, allow
from ticker.onair.log import OnAirLog, Where
from ticker.store import Client
from ticker.writer import ROLES, Role, Scope, Writer

PROGRAM = output(channels=["en", "ar"])


def writer(*scopes: str, channels: tuple[str, ...] = ("en", "ar"), name: str = "Ben (ben)") -> Writer:
    return Writer(name, "key:1", dict.fromkeys(channels, frozenset(map(Scope, scopes))))


@pytest.fixture
def cues(redis: Client, desk: Desk) -> Cues:
    return Cues(OnAirLog(redis), desk)


MAY: dict[Cue, set[str]] = {
    **{cue: {"air", "admin"} for cue in Cue},
    Cue.CLEAR: {"clear", "admin"},
    Cue.HOLD: {"air", "clear", "publish", "correct", "retract", "draft", "admin"},
}


@pytest.mark.parametrize("cue", list(Cue))
def test_every_scope_with_every_cue(cue: Cue) -> None:
    for scope in Scope:
        if scope.value in MAY[cue]:
            allow(writer(scope), cue, PROGRAM)
        else:
            with pytest.raises(Forbidden):
                allow(writer(scope), cue, PROGRAM)
        with pytest.raises(Forbidden):
            allow(writer(scope, channels=("en",)), cue, PROGRAM)


def test_roles_that_run_an_output() -> None:
    assert {role for role, scopes in ROLES.items() if Scope.AIR in scopes} == {Role.PRODUCER}
    assert {role for role, scopes in ROLES.items() if Scope.CLEAR in scopes} == {Role.PRODUCER, Role.EDITOR}


async def entries(redis: Client) -> list[dict[str, Any]]:
    page = await Audit(redis, Where.of).search("program", EVERYTHING)
    return [entry.fields for entry in page.entries]


async def test_what_was_said_is_kept_with_who_said_it_and_the_words(cues: Cues, desk: Desk, redis: Client) -> None:
    record = await publish(desk, "Exact words")
    control = await cues.say(PROGRAM, Cue.CLEAR, Order(id=record.id), writer("clear"))
    assert control.cleared[record.id].by == "Ben (ben)"
    again = await cues.say(PROGRAM, Cue.CLEAR, Order(id=record.id), writer("clear", name="Cat (cat)"))
    assert again == control
    [entry] = await entries(redis)
    assert (entry["action"], entry["by"], entry["version"], entry["after"]) == ("clear", "Ben (ben)", 1, "Exact words")


async def test_many_at_once_are_all_heard(cues: Cues, desk: Desk, redis: Client) -> None:
    records = [await publish(desk, f"Number {number}") for number in range(8)]
    asked = [cues.say(PROGRAM, Cue.CLEAR, Order(id=record.id), f"writer {i}") for i, record in enumerate(records)]
    await asyncio.gather(*asked)
    control, _ = await cues.log.control("program")
    assert set(control.cleared) == {record.id for record in records}
    assert (control.number, len(await entries(redis))) == (8, 8)


async def test_a_kill_is_the_desks(cues: Cues, desk: Desk) -> None:
    record = await publish(desk, "On the second channel", "ar")
    with pytest.raises(Forbidden):
        await cues.kill(PROGRAM, record.id, "wrong", None, writer("air"))
    await cues.kill(PROGRAM, record.id, "wrong", "Withdrawn", writer("retract"))
    assert await desk.stream.records("ar") == []
    await cues.kill(PROGRAM, record.id, "wrong", None, writer("retract"))
    with pytest.raises(NoHeadline):
        await cues.kill(PROGRAM, "z" * 16, "wrong", None, writer("retract"))


async def test_only_what_is_live_can_be_cleared(cues: Cues, desk: Desk) -> None:
    draft = await publish(desk, "Not yet", state="draft")
    assert draft.state is State.DRAFT
    with pytest.raises(NoHeadline):
        await cues.say(PROGRAM, Cue.CLEAR, Order(id=draft.id), "ben")


async def test_the_same_to_many_is_one_change_with_an_entry_for_each(cues: Cues, desk: Desk, redis: Client) -> None:
    ids = [(await publish(desk, f"Words {n}")).id for n in range(3)]
    await cues.say(PROGRAM, Cue.HOLD, Order(id=ids[1]), "gallery")

    def but_the_held(control: Control) -> list[Order]:
        return [Order(id=one) for one in (*ids, "a" * 16) if one not in control.held]

    control, refused = await cues.say_all(PROGRAM, Cue.CLEAR, but_the_held, "mos:x")
    assert set(control.cleared) == {ids[0], ids[2]}
    assert {one: type(error) for one, error in refused.items()} == {"a" * 16: NoHeadline}
    assert len([entry for entry in await entries(redis) if entry["action"] == "clear"]) == 2
    assert len(await redis.xrange("ticker:{onair}:log")) == 2
    again, _ = await cues.say_all(PROGRAM, Cue.CLEAR, but_the_held, "mos:x")
    assert again == control
    assert len(await redis.xrange("ticker:{onair}:log")) == 2
