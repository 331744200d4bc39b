"""Who acts: a key or a person, and what either may do on a channel. Pure.

A scope is a right; a role is a name for some of them, which people have per channel. Whoever may not do a thing
is told what it takes.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from ticker.channel import Channel
from ticker.errors import Forbidden
from ticker.life import Action

EVERYWHERE = "*"  # in a person's roles and a writer's rights: all channels that are not named


class Scope(StrEnum):
    READ = "read"  # the desk's audience: drafts, the audit, the desk's stream
    DRAFT = "draft"  # hand in what others must publish
    PUBLISH = "publish"
    MOVE = "move"
    CORRECT = "correct"
    RETRACT = "retract"
    SOURCE = "source"  # publish, update and retract what carries the key's own name as its source
    STORIES = "stories"  # register what readers open
    CURATE = "curate"  # decide about the most-read lists
    CLEAR = "clear"  # say what may be shown on air
    AIR = "air"  # run the outputs
    ADMIN = "admin"


class Role(StrEnum):
    READER = "reader"
    WRITER = "writer"
    EDITOR = "editor"
    PRODUCER = "producer"
    ADMIN = "admin"


ROLES: dict[Role, frozenset[Scope]] = {
    Role.READER: frozenset({Scope.READ}),
    Role.WRITER: frozenset({Scope.READ, Scope.DRAFT}),
    Role.EDITOR: frozenset(
        {Scope.READ, Scope.DRAFT, Scope.PUBLISH, Scope.CORRECT, Scope.RETRACT, Scope.CURATE, Scope.CLEAR}
    ),
    Role.PRODUCER: frozenset({Scope.READ, Scope.DRAFT, Scope.MOVE, Scope.CLEAR, Scope.AIR}),
    Role.ADMIN: frozenset({Scope.ADMIN}),
}

# Which scopes allow an action; `admin` allows all of them. Taking something off the screen is everybody's right.
ALLOWED: dict[Action, frozenset[Scope]] = {
    Action.PUBLISH: frozenset({Scope.PUBLISH, Scope.SOURCE, Scope.DRAFT}),
    Action.UPDATE: frozenset({Scope.PUBLISH, Scope.SOURCE, Scope.DRAFT}),
    Action.CORRECT: frozenset({Scope.CORRECT, Scope.SOURCE}),
    Action.APPROVE: frozenset({Scope.PUBLISH}),
    Action.RELEASE: frozenset({Scope.PUBLISH, Scope.DRAFT}),
    Action.MOVE: frozenset({Scope.PUBLISH, Scope.MOVE}),
    Action.HOLD: frozenset({Scope.PUBLISH, Scope.CORRECT, Scope.RETRACT, Scope.DRAFT}),
    Action.RETRACT: frozenset({Scope.RETRACT, Scope.SOURCE}),
    Action.RECALL: frozenset({Scope.PUBLISH, Scope.SOURCE, Scope.DRAFT}),
    Action.SPIKE: frozenset({Scope.PUBLISH, Scope.RETRACT}),
    Action.EXPIRE: frozenset({Scope.PUBLISH, Scope.SOURCE}),
    Action.JOIN: frozenset({Scope.PUBLISH, Scope.DRAFT}),
    Action.FRESH: frozenset({Scope.PUBLISH, Scope.CORRECT}),
}
HANDED_IN = frozenset({Action.PUBLISH, Action.UPDATE, Action.RELEASE})  # what leads towards readers

# Who works at the desk sees what readers do not; the other scopes are for machines beside it.
AT_DESK = frozenset({Scope.READ, Scope.DRAFT, Scope.PUBLISH, Scope.MOVE, Scope.CORRECT, Scope.RETRACT, Scope.ADMIN})


class Writer(NamedTuple):
    """A key or a person, with what it may do."""

    name: str  # how the audit names it
    via: str  # by which key or session, for the audit
    rights: Mapping[str, frozenset[Scope]]  # by channel
    source: str | None = None  # the source.name that the scope `source` is for
    login: str | None = None  # a person's; a key has none
    rehearsal: bool = False  # a key is for rehearsals or for what is live, never for both
    outside: frozenset[str] = frozenset()  # the channels of the other world

    @property
    def is_person(self) -> bool:
        return self.login is not None

    def within(self, channels: Mapping[str, Channel]) -> "Writer":
        """The same, kept to its world. A person works in both, by role."""
        if self.is_person:
            return self
        outside = {name for name, channel in channels.items() if channel.rehearsal is not self.rehearsal}
        return self._replace(outside=frozenset(outside))

    def scopes(self, channel: str) -> frozenset[Scope]:
        """What a channel's own entry says, and where there is none, that of all others."""
        if channel in self.outside:
            return frozenset()
        return self.rights.get(channel, self.rights.get(EVERYWHERE, frozenset()))

    def allow(self, action: Action, channel: str, source: str | None = None) -> None:
        """Forbidden, with what is missing, unless the writer may do this. `source` is the headline's."""
        self.allow_channel(channel)
        if self._granted(action, channel, source):
            return
        if Scope.SOURCE in self.scopes(channel) & ALLOWED[action]:
            raise Forbidden(f"A source's key may only touch headlines whose source.name is {self.source!r}.")
        raise Forbidden(f"To {action} {self._takes(ALLOWED[action], channel)}.")

    def may(self, action: Action, channel: str) -> bool:
        """Whether it may do this to any headline there, whoever wrote it."""
        return bool(self._granted(action, channel, None))

    def is_source(self, channel: str, name: str) -> bool:
        """Whether it is the source of that name, and no other writer."""
        return Scope.SOURCE in self.scopes(channel) and name == self.source

    def sees(self, channel: str, source: str | None) -> bool:
        """Whether it may see a headline that readers do not: all of them at the desk; its own, a source."""
        scopes = self.scopes(channel)
        return bool(scopes & AT_DESK) or (Scope.SOURCE in scopes and source is not None and source == self.source)

    def hands_in(self, action: Action, channel: str, source: str | None = None) -> bool:
        """Whether it may do this only up to the approval of somebody else."""
        return action in HANDED_IN and self._granted(action, channel, source) == {Scope.DRAFT}

    def allow_scope(self, scope: Scope, channel: str) -> None:
        """Forbidden unless the writer has this scope on this channel."""
        self.allow_channel(channel)
        if not self.scopes(channel) & {scope, Scope.ADMIN}:
            raise Forbidden(f"For this {self._takes({scope}, channel)}.")

    def allow_channel(self, channel: str) -> None:
        """Forbidden when it has nothing to do with this channel."""
        if self.scopes(channel):
            return
        if channel in self.outside:
            this, that = ("rehearsals", "is live") if self.rehearsal else ("live channels", "is for rehearsals")
            raise Forbidden(f"This key is for {this}, and {channel!r} {that}; no key is for both.")
        if self.is_person:
            raise Forbidden(f"You have no role on {channel!r}; an admin can give you one.")
        raise Forbidden(f"This key is for {', '.join(sorted(self.rights))}, not for {channel!r}.")

    def allow_everywhere(self) -> None:
        """Forbidden unless the writer is an admin of all channels: for what belongs to none of them."""
        if self.rehearsal or Scope.ADMIN not in self.rights.get(EVERYWHERE, ()):
            raise Forbidden(f"For this {self._takes({Scope.ADMIN}, 'all channels')}.")

    def _granted(self, action: Action, channel: str, source: str | None) -> frozenset[Scope]:
        scopes = self.scopes(channel) & (ALLOWED[action] | {Scope.ADMIN})
        return scopes if source is not None and source == self.source else scopes - {Scope.SOURCE}

    def _takes(self, scopes: Iterable[Scope], channel: str) -> str:
        wanted = {*scopes, Scope.ADMIN}
        if self.is_person:
            roles = [role for role, has in ROLES.items() if has & wanted]
            return f"you need one of these roles on {channel!r}: {', '.join(roles)}"
        return f"a key needs one of: {', '.join([*sorted(wanted - {Scope.ADMIN}), Scope.ADMIN])}"


def rights_of(roles: Mapping[str, Role]) -> dict[str, frozenset[Scope]]:
    """What a person may do, from the roles by channel."""
    return {channel: ROLES[role] for channel, role in roles.items()}
