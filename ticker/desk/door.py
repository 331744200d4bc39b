"""What is not taken in at all: another's id, and drafts beyond what a desk can look at. Pure."""

from collections.abc import Collection

from ticker.errors import Forbidden, TooMany
from ticker.headline import Source, State
from ticker.life import Action, Command, Decision
from ticker.writer import Writer

MOST_AT_DESK = 10_000  # headlines of a channel beside its strip, those that have just expired among them


def must_be_free(source: Source | None, own: Collection[tuple[str, str]], channel: str, by: Writer | str) -> None:
    """Else whoever reads an agency's feed, too, could take its next headline's id, and keep the headline away.

    `own` are the sources whose headlines we hand in ourselves: the name, and how the ids begin.
    """
    if source is None or isinstance(by, str) or by.is_source(channel, source.name):
        return
    if any(source.name == name and (source.id or "").startswith(beginning) for name, beginning in own):
        raise Forbidden(f"What {source.name!r} says comes from itself; leave out the source's id.")


def is_kept_back(command: Command, decided: Decision | None) -> bool:
    """New, and not on its way to readers by its writer's own right."""
    record = decided.record if decided else None
    is_draft = record is not None and record.state is State.DRAFT
    return command.action is Action.PUBLISH and (is_draft or command.hands_in)


def must_have_room(waiting: int, command: Command) -> None:
    """What we hand in ourselves has as much room again."""
    most = MOST_AT_DESK if command.via else 2 * MOST_AT_DESK
    if waiting >= most:
        raise TooMany(f"{most:,} headlines wait at this desk; spike some that nobody wants.")
