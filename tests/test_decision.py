"""What the desk decides in a situation, and the change that makes it true."""

import json

import pytest

from tests.samples import NOW
from ticker.channel import Channel
from ticker.desk import decision
from ticker.errors import Killed
from ticker.events import EventType
from ticker.headline import Draft, Patch, Record, State
from ticker.life import Action, Command
from ticker.stream import Change, Situation
from ticker.tombstone import SAME_TEXT_KEPT, Tombstone, words_of

ID = "a" * 16
EN = Channel(name="en")
PUBLISH = Command(Action.PUBLISH, "ann", ID, draft=Draft(text="One", group="story"), via="key:1")


def situation(record: Record | None = None, **killed: Tombstone) -> Situation:
    stones = {name.replace("_", ":"): stone.encode() for name, stone in killed.items()}
    return Situation(NOW, ID, record.to_record() if record else "", "", stones, None)


def made(found: Situation, command: Command) -> Change:
    barred = decision.identities(command, found.record)
    decided = decision.decide(found, command, EN, barred, even_unknown=False)
    assert decided is not None
    return decision.change(found, command, decided, barred, None)


def live() -> Record:
    return Record.model_validate_json(made(situation(), PUBLISH).board)


def test_what_is_live_is_on_the_board_and_else_on_the_desk() -> None:
    assert made(situation(), PUBLISH).desk == ""
    draft = Command(Action.PUBLISH, "ann", ID, draft=Draft(text="One", state="draft"))
    assert (made(situation(), draft).board, made(situation(), draft).event) == ("", None)


def test_a_kill_bars_id_and_words_and_a_spike_the_id() -> None:
    killed = made(situation(live()), Command(Action.RETRACT, "bob", ID, reason="False"))
    assert (killed.board, killed.desk) == ("", "")
    assert killed.tombstones == dict.fromkeys((ID, words_of("One")), Tombstone(ID, NOW, "story"))
    draft = live().replaced(state=State.DRAFT, published_at=None)
    spiked = made(situation(draft), Command(Action.SPIKE, "bob", ID))
    assert set(spiked.tombstones) == {ID}


def test_words_are_barred_for_a_while_and_an_id_for_good() -> None:
    barred = decision.identities(PUBLISH, None)
    for age, refused in ((SAME_TEXT_KEPT - 1, True), (SAME_TEXT_KEPT, False)):
        killed = {barred[0]: Tombstone("b" * 16, NOW - age).encode()}
        found = Situation(NOW, ID, "", "", killed, None)
        if refused:
            with pytest.raises(Killed):
                decision.decide(found, PUBLISH, EN, barred, even_unknown=False)
        else:
            assert decision.decide(found, PUBLISH, EN, barred, even_unknown=False)
    with pytest.raises(Killed):
        decision.decide(situation(**{ID: Tombstone(ID, 0)}), PUBLISH, EN, (), even_unknown=False)


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (State.DRAFT, Command(Action.RELEASE, "ann", ID)),
        (State.HELD, Command(Action.RELEASE, "ann", ID)),
        (State.SCHEDULED, Command(Action.RELEASE, "ann", ID)),
        (State.AWAITING, Command(Action.APPROVE, "bob", ID)),
        (State.SCHEDULED, Command(Action.UPDATE, "ann", ID, patch=Patch(publish_at=None), version=1)),
    ],
)
def test_killed_words_do_not_go_out_with_what_says_none(state: State, command: Command) -> None:
    waiting = live().replaced(state=state, published_at=None, publish_at=NOW + 1)
    killed = {words_of("One").replace(":", "_"): Tombstone("b" * 16, NOW - 1)}
    with pytest.raises(Killed):
        made(situation(waiting, **killed), command)


def test_what_is_live_already_stays_so_when_its_words_are_killed() -> None:
    found = situation(live(), **{words_of("One").replace(":", "_"): Tombstone("b" * 16, NOW - 1)})
    for action in (Action.RELEASE, Action.APPROVE, Action.START):
        command = Command(action, "ann", ID)
        barred = decision.identities(command, found.record)
        assert decision.decide(found, command, EN, barred, even_unknown=False) is None


def test_the_clock_holds_what_has_killed_words_and_says_why() -> None:
    killed = {words_of("One").replace(":", "_"): Tombstone("b" * 16, NOW - 1)}
    waiting = live().replaced(state=State.SCHEDULED, published_at=None, publish_at=NOW, undo=True)
    held = made(situation(waiting, **killed), Command(Action.START, decision.CLOCK, ID))
    assert (held.board, held.event, held.for_desk) == ("", None, EventType.UPDATED)
    record = Record.model_validate_json(held.desk)
    assert (record.state, record.publish_at) == (State.HELD, None)
    assert record.stale
    assert (record.stale.action, record.stale.channel, record.stale.id) == ("retract", "en", "b" * 16)
    assert (held.audit["action"], held.audit["to"]) == ("start", "held")
    assert held.audit["reason"].startswith("These words were killed")
    early = waiting.replaced(publish_at=NOW + 1)
    start = Command(Action.START, decision.CLOCK, ID)
    barred = decision.identities(start, early)
    assert decision.decide(situation(early, **killed), start, EN, barred, even_unknown=False) is None


def test_the_audit_has_who_by_what_from_where_to_where_and_both_texts() -> None:
    assert made(situation(), PUBLISH).audit == {
        "at": "2026-11-23T09:00:00.000Z", "by": "ann", "via": "key:1", "with": None, "action": "publish", "id": ID,
        "from": None, "to": "live", "version": 1, "reason": None, "before": None, "after": "One",
    }  # fmt: skip
    killed = made(situation(live()), Command(Action.RETRACT, "bob", ID, reason="False", with_="es/x")).audit
    assert (killed["before"], killed["after"]) == ("One", None)
    assert (killed["with"], killed["from"], killed["to"], killed["reason"]) == ("es/x", "live", "retracted", "False")


def test_an_answer_is_kept_as_long_as_a_writer_may_ask_again() -> None:
    found = situation()
    decided = decision.decide(found, PUBLISH, EN, (), even_unknown=False)
    assert decided is not None
    assert decision.change(found, PUBLISH, decided, (), None).answer_ms == decision.RETRY_KEPT
    kept = decision.change(found, PUBLISH, decided, (), "digest")
    assert kept.answer_ms == decision.ANSWER_KEPT
    assert json.loads(kept.answer)["digest"] == "digest"
