"""What is done to one edition, and what follows for another."""

import pytest

from tests.samples import NOW
from ticker.channel import Channel
from ticker.desk.group import FOLLOWED, Edition, follow_up
from ticker.headline import Patch
from ticker.life import Action, Command

EN, ES, SPORT = Channel(name="en"), Channel(name="es"), Channel(name="sport")
OTHER = "b" * 16


def command(action: Action, **given: object) -> Command:
    return Command(action, "ann", "a" * 16, via="session:1", **given)  # type: ignore[arg-type]


def test_a_kill_goes_on_and_says_of_what_it_follows() -> None:
    killed = follow_up(command(Action.RETRACT, reason="False"), EN, ES, OTHER, NOW, kills=True)
    assert (killed.action, killed.id, killed.reason, killed.by) == (Action.RETRACT, OTHER, "False", "ann")
    assert (killed.via, killed.with_) == ("session:1", f"en/{'a' * 16}")


@pytest.mark.parametrize("action", FOLLOWED)
def test_else_it_is_marked_with_what_was_done(action: Action) -> None:
    patch = Patch(text="T", correction="Wrong") if action is Action.CORRECT else None
    note = None if patch else "Wrong"
    marked = follow_up(command(action, patch=patch, note=note), EN, ES, OTHER, NOW, kills=False)
    assert marked.action is Action.MARK
    assert marked.stale is not None
    assert marked.stale.model_dump() == {
        "action": action.value, "channel": "en", "id": "a" * 16, "by": "ann", "at": NOW, "note": "Wrong",
    }  # fmt: skip


def test_only_a_kill_kills() -> None:
    assert follow_up(command(Action.HOLD), EN, ES, OTHER, NOW, kills=True).action is Action.MARK


def test_readers_get_the_note_in_their_language_or_none() -> None:
    killed = command(Action.RETRACT, reason="False", note="No threat", notes={"es": "No hay amenaza"})
    assert follow_up(killed, EN, SPORT, OTHER, NOW, kills=True).note == "No threat"
    assert follow_up(killed, EN, ES, OTHER, NOW, kills=True).note == "No hay amenaza"
    assert follow_up(killed, EN, Channel(name="ar"), OTHER, NOW, kills=True).note is None


def test_what_is_not_known_is_not_told() -> None:
    assert Edition("es", None, "failed", "Redis is away").to_dict() == {
        "channel": "es", "outcome": "failed", "detail": "Redis is away",
    }  # fmt: skip
