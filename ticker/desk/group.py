"""A group: the same story on several channels, one edition each. What is done to one follows for the others. Pure."""

from typing import NamedTuple

from ticker.channel import Channel
from ticker.headline import Stale
from ticker.life import Action, Command

FOLLOWED = (Action.CORRECT, Action.HOLD, Action.RETRACT)  # what concerns the other editions


class Edition(NamedTuple):
    """What became of another edition. `id` is None where it could not even be asked which there are."""

    channel: str
    id: str | None
    outcome: str  # retracted, marked, failed
    detail: str | None = None

    def to_dict(self) -> dict[str, str]:
        return {name: value for name, value in self._asdict().items() if value is not None}


def follow_up(command: Command, on: Channel, other: Channel, headline_id: str, now: int, *, kills: bool) -> Command:
    """What is to be done with another edition: it is killed as well, or marked until somebody has looked.

    `kills` says that a kill is meant for this one, and may be. A note for readers goes along where they read the same
    language, or where the command has one for them.
    """
    with_ = f"{on.name}/{command.id}"
    note = command.notes.get(other.name) or (command.note if on.lang == other.lang else None)
    if command.action is Action.RETRACT and kills:
        return Command(
            Action.RETRACT, command.by, headline_id, via=command.via, reason=command.reason, note=note, with_=with_
        )
    told = command.patch.correction if command.patch else command.note
    stale = Stale(action=command.action.value, channel=on.name, id=command.id, by=command.by, at=now, note=told)
    return Command(Action.MARK, command.by, headline_id, via=command.via, stale=stale, with_=with_)
