"""What the desk does not take in: ids of our own sources, and drafts beyond number."""

import pytest

from ticker import errors
from ticker.desk import door
from ticker.desk.desk import Desk
from ticker.desk.once import Once
from ticker.headline import Draft, Patch, Source
from ticker.onair.mos import Mos, Newsroom
from ticker.onair.output import Output
from ticker.settings import Settings, SourceSettings
from ticker.urgency import Urgency
from ticker.writer import Role, Scope, Writer, rights_of
from workers.identity import source_of

ANA = Writer("Ana Ruiz (ana)", "session:1", rights_of({"*": Role.EDITOR}), login="ana")
FLASH = Draft(text="Flash", urgency=Urgency.FLASH)


@pytest.mark.parametrize("title", [None, " The  Agency"])
async def test_nobody_takes_the_id_that_an_entry_of_our_own_source_will_have(desk: Desk, title: str | None) -> None:
    agency = SourceSettings(name="agency", url="https://agency.test/", channel="en", title=title)
    newsroom = Mos(id="mos.desk", channel="en", output="program", newsrooms=(Newsroom(id="ncs"),))
    program = Output(name="program", channels=("en",))
    own = Settings(sources={"agency": agency}, mos=newsroom, outputs={"program": program}).own_sources
    guarded = Desk(desk.stream, desk.channels, own)
    editor = Writer("Bot (k1)", "key:k1", rights_of({"*": Role.ADMIN}), source="agency")
    next_entry, item = source_of(agency, "guid-1"), Source(name="mos.desk", id="ro/story/item")
    for taken in (next_entry, item):
        for state in ("draft", None):
            with pytest.raises(errors.Forbidden, match="leave out the source's id"):
                await guarded.publish("en", Draft(text="Mine", source=taken, state=state), by=editor)
        await guarded.publish("en", Draft(text="Named only", source=Source(name=taken.name)), by=editor)
    await guarded.publish("en", Draft(text="Another's", source=Source(name="wire", id="guid-1")), by=editor)
    published = await guarded.publish("en", Draft(text="True", source=next_entry), by="source:agency")
    assert published.record is not None
    assert published.record.text == "True"


async def test_a_source_that_also_hands_in_by_key_is_itself(desk: Desk) -> None:
    guarded = Desk(desk.stream, desk.channels, {("agency", "")})
    agency = Writer("agency (k1)", "key:k1", {"*": frozenset({Scope.SOURCE})}, source="agency")
    receipt = await guarded.publish("en", Draft(text="One", source=Source(name="agency", id="1")), by=agency)
    assert receipt.changed


async def test_too_many_drafts_are_refused_and_what_goes_to_readers_or_away_is_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_AT_DESK", 2)
    tips = [(Draft(text=f"Tip {n}", state="draft"), Once(f"tip-{n}", "digest")) for n in range(2)]
    kept = [await desk.publish("en", draft, by=ANA, once=once) for draft, once in tips]
    tip, other = (one.record.id for one in kept if one.record)
    for draft, hands_in in ((Draft(text="More", state="draft"), False), (Draft(text="More"), True)):
        with pytest.raises(errors.TooMany, match="2 headlines wait at this desk"):
            await desk.publish("en", draft, by=ANA, hands_in=hands_in)
    again = await desk.publish("en", tips[0][0], by=ANA, once=tips[0][1])
    assert again.record == kept[0].record
    assert (await desk.publish("en", FLASH, by=ANA)).record
    assert (await desk.publish("en", Draft(text="An entry", state="draft"), by="source:wire")).record
    live = await desk.publish("en", Draft(text="Live"), by="ann")
    assert live.record is not None
    for step in (desk.hold("en", live.record.id, by=ANA), desk.release("en", tip, by=ANA),
                 desk.edit("en", other, Patch(text="Better"), 1, by=ANA), desk.spike("en", other, by=ANA)):  # fmt: skip
        assert (await step).changed
