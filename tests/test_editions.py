"""Editions: one story on several channels, and the incident of the false alarm that stood for 38 minutes."""

import asyncio

import pytest

from ticker import errors
from ticker.desk.desk import Desk
from ticker.desk.editions import Editions
from ticker.desk.once import Once
from ticker.errors import TickerError, Unavailable
from ticker.headline import Draft, Patch, Record, State
from ticker.life import Action, Command
from ticker.urgency import Urgency
from ticker.writer import Role, Scope, Writer, rights_of

ANA = Writer("Ana Ruiz (ana)", "session:1", rights_of({"*": Role.EDITOR}), login="ana")
EN_ONLY = Writer("Bo (bo)", "session:2", rights_of({"en": Role.EDITOR}), login="bo")
CHANNELS = ("en", "ar", "es")
ALARM = {"en": "Missile inbound, seek shelter", "ar": "صاروخ قادم، احتموا", "es": "Misil en camino, busquen refugio"}


@pytest.fixture
def editions(desk: Desk) -> Editions:
    return Editions(desk)


async def together(editions: Editions, texts: dict[str, str], by: Writer = ANA, **given: object) -> dict[str, Record]:
    _, handed = await editions.publish(
        {channel: Draft(text=text) for channel, text in texts.items()}, by=by, **given  # type: ignore[arg-type]
    )  # fmt: skip
    return {one.channel: one.receipt.record for one in handed if one.receipt and one.receipt.record}


async def found(desk: Desk, record: Record) -> Record:
    now = await desk.find(record.channel, record.id)
    assert now is not None
    return now


async def strip(desk: Desk, channel: str) -> list[str]:
    return [h.text for h in (await desk.stream.load(channel)).headlines]


async def test_the_false_alarm_of_2018_is_gone_and_corrected_everywhere_in_two_actions(
    desk: Desk, editions: Editions
) -> None:
    """13 January 2018, Hawaii: 38 minutes, because there was no way to say at once, everywhere, that it was false."""
    alarm = await together(editions, ALARM)
    assert {channel: await strip(desk, channel) for channel in CHANNELS} == {c: [t] for c, t in ALARM.items()}
    began = desk.stream.now()

    notes = {"es": "Fue una falsa alarma.", "ar": "كان إنذارًا كاذبًا."}  # fmt: skip
    killed = await desk.retract(  # one
        "en", alarm["en"].id, "Sent by mistake in a drill", by=ANA, note="It was a false alarm.", notes=notes
    )
    assert {(e.channel, e.outcome) for e in killed.editions} == {("ar", "retracted"), ("es", "retracted")}
    said = {"en": "There is no missile: the alarm was false", "ar": "لا صاروخ: كان الإنذار كاذبًا",
            "es": "No hay ningún misil: la alarma fue falsa"}  # fmt: skip
    await together(editions, said)  # two

    assert desk.stream.now() - began < 10_000
    for channel in CHANNELS:
        assert await strip(desk, channel) == [said[channel]]
        told = [event for _, event in (await desk.stream.load(channel)).recent if event.type == "retracted"]
        assert [event.note for event in told] == [{"en": "It was a false alarm.", **notes}[channel]]
        with pytest.raises(errors.Killed):
            await desk.publish(channel, Draft(text=ALARM[channel]), by=ANA)


async def test_editions_handed_in_together_are_one_group(desk: Desk, editions: Editions) -> None:
    group, handed = await editions.publish(
        {"en": Draft(text="One"), "xx": Draft(text="None"), "es": Draft(text="Uno")}, by=ANA
    )
    refused = {one.channel: one.error.code for one in handed if one.error}
    assert refused == {"xx": "no-channel"}
    assert [one.receipt.record.group for one in handed if one.receipt and one.receipt.record] == [group, group]
    assert (await strip(desk, "en"), await strip(desk, "es")) == (["One"], ["Uno"])


async def test_together_again_with_the_same_key_takes_only_what_was_not_taken(desk: Desk, editions: Editions) -> None:
    drafts = {"en": Draft(text="One"), "es": Draft(text="Uno")}
    once = Once("k", "d")
    first, _ = await editions.publish({"en": drafts["en"]}, by=ANA, once=once)
    again, handed = await editions.publish(drafts, by=ANA, once=once)
    assert first == again
    assert all(one.receipt for one in handed)
    assert (await strip(desk, "en"), await strip(desk, "es")) == (["One"], ["Uno"])


async def test_who_may_write_on_one_channel_only_publishes_there_only(desk: Desk, editions: Editions) -> None:
    taken = await together(editions, {"en": "One", "es": "Uno"}, by=EN_ONLY)
    assert set(taken) == {"en"}
    assert await strip(desk, "es") == []


@pytest.mark.parametrize("action", [Action.CORRECT, Action.HOLD])
async def test_the_others_are_marked_until_somebody_has_looked(desk: Desk, editions: Editions, action: Action) -> None:
    one = await together(editions, {"en": "One", "ar": "واحد", "es": "Uno"})
    if action is Action.CORRECT:
        receipt = await desk.edit("en", one["en"].id, Patch(text="Two", correction="Not one"), 1, by=ANA)
    else:
        receipt = await desk.hold("en", one["en"].id, by=ANA, note="Not one")
    assert {(e.channel, e.outcome) for e in receipt.editions} == {("ar", "marked"), ("es", "marked")}
    stale = (await found(desk, one["es"])).stale
    assert stale is not None
    assert (stale.action, stale.channel, stale.id, stale.by, stale.note) == (
        action, "en", one["en"].id, ANA.name, "Not one",
    )  # fmt: skip
    assert (await found(desk, one["en"])).stale is None
    assert await strip(desk, "es") == ["Uno"]
    assert "stale" not in str((await desk.stream.load("es")).headlines)

    await desk.fresh("es", one["es"].id, by=ANA)
    await desk.edit("ar", one["ar"].id, Patch(text="اثنان"), 1, by=ANA)
    assert [(await found(desk, one[channel])).stale for channel in ("ar", "es")] == [None, None]
    assert [event.type for _, event in (await desk.stream.load("es")).recent] == ["published"]


async def test_a_repeat_marks_nothing_again_that_somebody_has_looked_at(desk: Desk, editions: Editions) -> None:
    one = await together(editions, {"en": "One", "es": "Uno"})
    for _ in range(2):
        await desk.hold("en", one["en"].id, by=ANA, once=Once("k", "d"))
        await desk.fresh("es", one["es"].id, by=ANA)
    await desk.hold("en", one["en"].id, by=ANA, once=Once("k", "d"))
    assert (await found(desk, one["es"])).stale is None


async def test_a_repeated_duplicate_has_its_answer_although_what_it_came_from_is_gone(
    desk: Desk, editions: Editions
) -> None:
    one = await together(editions, {"en": "One"})
    first = await editions.duplicate("en", one["en"].id, "es", "Uno", by=ANA, once=Once("k", "d"))
    await desk.retract("en", one["en"].id, "False", by=ANA, editions=False)
    assert await editions.duplicate("en", one["en"].id, "es", "Uno", by=ANA, once=Once("k", "d")) == first
    with pytest.raises(errors.Killed):
        await editions.duplicate("en", one["en"].id, "es", "Uno", by=ANA, once=Once("k2", "d"))


async def test_a_kill_spares_the_others_when_it_is_meant_to(desk: Desk, editions: Editions) -> None:
    one = await together(editions, {"en": "One", "es": "Uno"})
    receipt = await desk.retract("en", one["en"].id, "Only here", by=ANA, editions=False)
    assert [(e.channel, e.outcome) for e in receipt.editions] == [("es", "marked")]
    assert await strip(desk, "es") == ["Uno"]


async def test_a_kill_reaches_drafts_and_what_is_held_or_scheduled(desk: Desk, editions: Editions) -> None:
    live = (await together(editions, {"en": "One"}))["en"]
    draft = (await editions.duplicate("en", live.id, "es", "Uno", by=ANA)).record
    later = Draft(text="واحد", group=live.group, publish_at=desk.stream.now() + 60_000)
    scheduled = (await desk.publish("ar", later, by=ANA)).record
    assert draft and scheduled
    await desk.retract("en", live.id, "False", by=ANA)
    for record in (draft, scheduled):
        with pytest.raises(errors.Killed):
            await desk.find(record.channel, record.id)
    assert await desk.stream.due("ar", desk.stream.now() + 120_000) == []


@pytest.mark.parametrize("killer", [
    EN_ONLY,
    Writer("agency", "key:1", {"*": frozenset({Scope.SOURCE})}, source="agency"),
    Writer("night desk", "key:2", {"en": frozenset({Scope.RETRACT})}),
])  # fmt: skip
async def test_who_may_not_kill_there_kills_nothing_there(desk: Desk, editions: Editions, killer: Writer) -> None:
    one = await together(editions, {"en": "One", "es": "Uno"})
    receipt = await desk.retract("en", one["en"].id, "False", by=killer)
    assert [(e.channel, e.outcome) for e in receipt.editions] == [("es", "marked")]
    assert await strip(desk, "es") == ["Uno"]


class OneChannelAway(Desk):
    """A desk that cannot reach one of its channels: on a Cluster each lives on a node of its own."""

    away = ""

    async def _do(self, channel_name: str, command: Command, *rest: object, **more: object):  # type: ignore[no-untyped-def, override]
        if channel_name == self.away:
            raise Unavailable("Redis is away.")
        return await super()._do(channel_name, command, *rest, **more)  # type: ignore[arg-type]


async def test_a_channel_that_fails_stops_no_other_and_is_done_the_next_time(desk: Desk) -> None:
    part = OneChannelAway(desk.stream, desk.channels)
    one = await together(Editions(part), {"en": "One", "ar": "واحد", "es": "Uno"})
    part.away = "ar"
    receipt = await part.retract("en", one["en"].id, "False", by=ANA)
    assert {(e.channel, e.outcome) for e in receipt.editions} == {("ar", "failed"), ("es", "retracted")}
    assert (await strip(desk, "ar"), await strip(desk, "es")) == (["واحد"], [])
    part.away = ""
    again = await part.retract("en", one["en"].id, "False", by=ANA)
    assert not again.changed
    assert [(e.channel, e.outcome) for e in again.editions] == [("ar", "retracted")]
    assert await strip(desk, "ar") == []


async def test_a_duplicate_is_a_draft_of_the_same_group_and_its_first_begins_it(desk: Desk, editions: Editions) -> None:
    draft = Draft(text="One", urgency=Urgency.URGENT, link="https://news.example.org/one", tags=["a"])
    origin = (await desk.publish("en", draft, by=ANA)).record
    assert origin
    first, second = [
        (await editions.duplicate("en", origin.id, channel, text, by=ANA)).record
        for channel, text in (("es", "Uno"), ("ar", "واحد"))
    ]
    assert first and second
    assert (first.channel, first.state, first.text, first.version) == ("es", State.DRAFT, "Uno", 1)
    assert (first.urgency, first.link, first.tags) == (draft.urgency, draft.link, draft.tags)
    joined = await found(desk, origin)
    assert joined.group == first.group == second.group == origin.id
    assert joined.version == origin.version
    [told] = [event for _, event in (await desk.stream.load("en")).recent if event.type == "moved"]
    assert told.headline
    assert told.headline.group == origin.id


async def test_a_duplicate_needs_both_channels(editions: Editions, desk: Desk) -> None:
    origin = (await desk.publish("en", Draft(text="One"), by=ANA)).record
    assert origin
    for attempt, error in (
        (editions.duplicate("en", origin.id, "en", "Again", by=ANA), errors.Invalid),
        (editions.duplicate("en", origin.id, "es", "Uno", by=EN_ONLY), errors.Forbidden),
        (editions.duplicate("en", "z" * 16, "es", "Uno", by=ANA), errors.NoHeadline),
        (editions.duplicate("en", origin.id, "xx", "Uno", by=ANA), errors.NoChannel),
    ):
        with pytest.raises(error):
            await attempt
    assert await desk.stream.records("es", on_desk=True) == []


async def test_kills_and_late_editions_at_the_same_moment_leave_nothing_live_that_was_killed(
    desk: Desk, editions: Editions
) -> None:
    one = await together(editions, {"en": "One", "ar": "واحد", "es": "Uno"})
    outcomes = await asyncio.gather(
        *(desk.retract(channel, record.id, "False", by=ANA) for channel, record in one.items()),
        *(desk.edit(c, r.id, Patch(text=f"{r.text} 2"), 1, by=ANA) for c, r in one.items()),
        return_exceptions=True,
    )
    assert not [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, TickerError)]
    assert [await strip(desk, channel) for channel in CHANNELS] == [[], [], []]
