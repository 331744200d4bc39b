"""People who work at the desk: kept in Redis, with their roles by channel. Each change is made in one step."""

import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ticker.errors import Conflict, NoPerson, Unavailable
from ticker.people.trail import COMMAND_LINE, By, Trail
from ticker.store import Client, ask
from ticker.writer import Role, Writer, rights_of

PEOPLE = "ticker:people"  # hash: login → JSON of the person
SUBJECTS = "ticker:subjects"  # hash: who somebody is at a sign-in provider → login
BARRED = "ticker:barred"  # hash: who somebody removed is at a sign-in provider → JSON of login and name
INVITATION = "ticker:invitation:"  # and a digest: string, when it was made and the login, until it is used or over
INVITATION_KEPT = 3 * 24 * 3600  # s
TRIES = 20

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
NAME_LIMIT = 60  # characters

_REPLACE = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""


class Person(NamedTuple):
    login: str
    name: str
    roles: Mapping[str, Role]  # by channel; "*" for all that are not named
    created_at: int
    password: str | None = None  # hashed; none until one is chosen, and for who signs in elsewhere
    subject: str | None = None  # issuer and id at the sign-in provider
    lang: str | None = None  # of the pages; the browser's when there is none
    sessions_from: int = 0  # what was begun before has ended
    signed_in_at: int | None = None

    @property
    def title(self) -> str:
        """How the audit names them."""
        return f"{self.name} ({self.login})"

    @property
    def standing(self) -> str:
        """What admins give them, in words."""
        roles = ", ".join(f"{channel}={role}" for channel, role in sorted(self.roles.items()))
        return f"{self.name}: {roles or 'no role'}"

    @property
    def given(self) -> str:
        """A digest of that: who saves a form says with it what the form has shown."""
        return _digest(self.standing)

    def by(self, via: str | None = None) -> By:
        return By(self.title, via)

    def writer(self, via: str) -> Writer:
        return Writer(self.title, via, rights_of(self.roles), login=self.login)


class Barred(NamedTuple):
    """Somebody of a sign-in provider who was removed here, and does not come back by signing in once more."""

    subject: str
    login: str
    name: str


class People:
    def __init__(self, redis: Client, now: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self.redis = redis
        self.trail = Trail(redis, now)
        self._now = now

    async def add(
        self, login: str, name: str, roles: Mapping[str, Role], *, by: By = COMMAND_LINE, **more: Any
    ) -> Person:
        """Conflict when there is somebody of that login."""
        person = Person(login, name, roles, self._now(), **more)
        if not await ask(self.redis, "hsetnx", PEOPLE, login, _encode(person)):
            raise Conflict(f"There is a person {login!r} already.")
        if person.subject:
            await ask(self.redis, "hset", SUBJECTS, person.subject, login)
        await self.trail.add("add", login, by, after=person.standing)
        return person

    async def get(self, login: str) -> Person | None:
        raw = await ask(self.redis, "hget", PEOPLE, login)
        return _decode(login, raw) if raw else None

    async def by_subject(self, subject: str) -> Person | None:
        login = await ask(self.redis, "hget", SUBJECTS, subject)
        person = await self.get(login) if login else None
        return person if person and person.subject == subject else None

    async def list(self) -> list[Person]:
        stored = await ask(self.redis, "hgetall", PEOPLE)
        return sorted((_decode(login, raw) for login, raw in stored.items()), key=lambda person: person.login)

    async def change(self, login: str, *, by: By = COMMAND_LINE, given: str | None = None, **changes: Any) -> Person:
        """NoPerson when there is none. What others change at the same moment is kept; Conflict when it is other than
        what was `given` before.
        """
        for _ in range(TRIES):
            raw = await ask(self.redis, "hget", PEOPLE, login)
            if raw is None:
                raise NoPerson(login)
            before = _decode(login, raw)
            if given not in (None, before.given):
                raise Conflict("Somebody has changed this person meanwhile; look again, then save.")
            person = before._replace(**changes)
            if await ask(self.redis, "eval", _REPLACE, 1, PEOPLE, login, raw, _encode(person)):
                await self._tell(before, person, by)
                return person
        raise Unavailable("Too many changes to this person at the same moment; try again.")

    async def _tell(self, before: Person, after: Person, by: By) -> None:
        """What was done to them; a sign-in and a language are no doing of that kind."""
        if before.standing != after.standing:
            await self.trail.add("change", after.login, by, before=before.standing, after=after.standing)
        if before.password != after.password:
            await self.trail.add("password", after.login, by)
        if before.sessions_from != after.sessions_from:
            await self.trail.add("sessions", after.login, by)

    async def end_sessions(self, login: str, *, by: By = COMMAND_LINE) -> Person:
        """At once and everywhere: who comes with an older one is nobody."""
        return await self.change(login, by=by, sessions_from=self._now())

    async def remove(self, login: str, *, by: By = COMMAND_LINE) -> None:
        """NoPerson when there is none. Who signs in elsewhere is barred, or would be back with the next sign-in."""
        person = await self.get(login)
        if person is None:
            raise NoPerson(login)
        if person.subject:
            barred = json.dumps({"login": login, "name": person.name}, ensure_ascii=False)
            await ask(self.redis, "hset", BARRED, person.subject, barred)
            await ask(self.redis, "hdel", SUBJECTS, person.subject)
        if not await ask(self.redis, "hdel", PEOPLE, login):
            raise NoPerson(login)
        await self.trail.add("remove", login, by, before=person.standing)

    async def barred(self) -> Sequence[Barred]:
        stored = await ask(self.redis, "hgetall", BARRED)
        return sorted(
            (Barred(subject, **json.loads(raw)) for subject, raw in stored.items()), key=lambda one: one.login
        )

    async def is_barred(self, subject: str) -> bool:
        return bool(await ask(self.redis, "hexists", BARRED, subject))

    async def let_in(self, login: str, *, by: By = COMMAND_LINE) -> None:
        """Whoever of that login is barred may sign in again. NoPerson when nobody is."""
        subjects = [one.subject for one in await self.barred() if one.login == login]
        if not subjects:
            raise NoPerson(login)
        await ask(self.redis, "hdel", BARRED, *subjects)
        await self.trail.add("let_in", login, by)

    # --- invitations ------------------------------------------------------------------------------------------------

    async def invite(self, login: str, *, by: By = COMMAND_LINE) -> str:
        """A token with which this person may choose a password, once. It is void as soon as their sessions are ended,
        which a new password does: of several links the first that is used is the last.
        """
        token = secrets.token_urlsafe(24)
        await ask(self.redis, "set", INVITATION + _digest(token), f"{self._now()} {login}", ex=INVITATION_KEPT)
        await self.trail.add("invite", login, by)
        return token

    async def invited(self, token: str) -> Person | None:
        """Whom a token is for; it may still be used."""
        return await self._of_invitation(await ask(self.redis, "get", INVITATION + _digest(token)))

    async def accept(self, token: str) -> Person | None:
        """The same, and it is used up."""
        return await self._of_invitation(await ask(self.redis, "getdel", INVITATION + _digest(token)))

    async def _of_invitation(self, stored: str | None) -> Person | None:
        """None as well when it was made for a password before the present one, or for a namesake who has left."""
        made_at, _, login = (stored or "").partition(" ")
        person = await self.get(login) if login else None
        return person if person and int(made_at) >= max(person.sessions_from, person.created_at) else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _encode(person: Person) -> str:
    fields = person._asdict()
    del fields["login"]
    return json.dumps(fields, ensure_ascii=False)


def _decode(login: str, raw: str) -> Person:
    fields = json.loads(raw)
    fields["roles"] = {channel: Role(role) for channel, role in fields["roles"].items()}
    return Person(login, **fields)
