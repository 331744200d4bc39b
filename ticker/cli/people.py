"""People who work at the desk, straight in Redis: the first admin cannot be made over HTTP."""

import asyncio
import sys
from collections.abc import Mapping

import click

from ticker import instant, settings, text
from ticker.cli.failure import USAGE, Failure
from ticker.cli.keys import redis
from ticker.errors import NoPerson
from ticker.people import password
from ticker.people.password import Passwords
from ticker.people.people import LOGIN, NAME_LIMIT, People
from ticker.writer import EVERYWHERE, Role

FAULTS = {
    "password_short": f"A password has at least {password.SHORTEST} characters.",
    "password_long": f"A password has at most {password.LONGEST} characters.",
    "password_easy": "That password is too easy to guess.",
}


class Grant(click.ParamType[tuple[str, Role]]):
    """A role, everywhere or on one channel: `editor`, `en=editor`."""

    name = "role"

    def convert(
        self, value: str | tuple[str, Role], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Role]:
        if isinstance(value, tuple):
            return value
        channel, _, role = value.rpartition("=")
        if role not in list(Role):
            self.fail(f"{role!r} is no role; there are {', '.join(Role)}.", param, ctx)
        return channel or EVERYWHERE, Role(role)


def _roles(grants: tuple[tuple[str, Role], ...]) -> Mapping[str, Role]:
    known = {EVERYWHERE, *settings.load().channels}
    unknown = sorted({channel for channel, _ in grants} - known)
    if unknown:
        raise Failure(f"There is no channel {unknown[0]!r} in the settings.", USAGE)
    return dict(grants)


@click.group()
def user() -> None:
    """Add, list and remove people who work at the desk."""


@user.command()
@click.argument("login")
@click.option("--name", help="How the desk and the audit name them.  [default: the login]")
@click.option("--role", "roles", multiple=True, required=True, type=Grant(), help="ROLE, or CHANNEL=ROLE; repeatable.")
@click.option("--link", is_flag=True, help="Ask for no password: print a link with which they choose one.")
def add(login: str, name: str | None, roles: tuple[tuple[str, Role], ...], link: bool) -> None:
    """Add a person. The password is asked for, or read from standard input.

    Roles are reader, writer, editor, producer and admin; on one channel, or on all that are not named.

    \b
      ticker user add ana --name "Ana Ruiz" --role en=editor --role reader
      ticker user add sam --role admin --link
      ticker user add bot --role writer < password.txt
    """
    login, name = login.lower(), text.clean(name or login)
    if not LOGIN.fullmatch(login):
        raise Failure("A login has up to 64 of a-z, 0-9, `.`, `-`, `_`, `@`, and begins with a letter or digit.", USAGE)
    if not 0 < len(name) <= NAME_LIMIT:
        raise Failure(f"A name has 1 to {NAME_LIMIT} characters.", USAGE)
    chosen = None if link else _ask(login, name)
    asyncio.run(_add(login, name, _roles(roles), chosen))
    if link:
        click.echo(asyncio.run(_link(login)))


async def _add(login: str, name: str, roles: Mapping[str, Role], chosen: str | None) -> None:
    async with redis() as client:
        hashed = await Passwords().hash(chosen) if chosen is not None else None
        await People(client).add(login, name, roles, password=hashed)


def _ask(login: str, name: str) -> str:
    """From the terminal, twice and unseen; else the first line of standard input. Never an argument: those are seen by
    everybody on the machine.
    """
    if sys.stdin.isatty():
        chosen: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        chosen = sys.stdin.readline().rstrip("\r\n")
    fault = password.fault_of(chosen, login, *name.split())
    if fault:
        raise Failure(FAULTS[fault], USAGE)
    return chosen


async def _link(login: str) -> str:
    async with redis() as client:
        return invitation(settings.load().url, await People(client).invite(login))


def invitation(url: str, token: str) -> str:
    return f"{url}/desk/invitation?token={token}"


@user.command("list")
def show() -> None:
    """One line a person: login, name, roles, when they last signed in.

    \b
      ticker user list
    """
    asyncio.run(_show())


async def _show() -> None:
    async with redis() as client:
        for person in await People(client).list():
            roles = ",".join(f"{channel}={role}" for channel, role in sorted(person.roles.items())) or "no role"
            seen = f"signed in {instant.format(person.signed_in_at)}" if person.signed_in_at else "never signed in"
            click.echo(f"{person.login}  {person.name}  {roles}  {seen}")


@user.command()
@click.argument("login")
@click.argument("roles", nargs=-1, type=Grant())
def role(login: str, roles: tuple[tuple[str, Role], ...]) -> None:
    """Give LOGIN these roles and no others. They hold at once; without any, the desk is closed to them.

    \b
      ticker user role ana en=editor ar=reader
      ticker user role sam admin
    """
    asyncio.run(_role(login.lower(), _roles(roles)))


async def _role(login: str, roles: Mapping[str, Role]) -> None:
    async with redis() as client:
        people = People(client)
        person = await people.get(login)
        if person is not None and person.subject:
            raise Failure(f"The roles of {login!r} come from the sign-in provider; change them there.")
        await people.change(login, roles=roles)


@user.command("password")
@click.argument("login")
@click.option("--link", is_flag=True, help="Ask for no password: print a link with which they choose one.")
def new_password(login: str, link: bool) -> None:
    """Give LOGIN a new password. It is asked for, or read from standard input; all sessions end.

    \b
      ticker user password ana
      ticker user password ana --link
    """
    asyncio.run(_new_password(login.lower(), link=link))


async def _new_password(login: str, *, link: bool) -> None:
    async with redis() as client:
        people = People(client)
        person = await people.get(login)
        if person is None:
            raise NoPerson(login)
        if person.subject:
            raise Failure(f"{login!r} signs in elsewhere and has no password here.")
        if not link:
            await people.change(login, password=await Passwords().hash(_ask(login, person.name)))
        await people.end_sessions(login)
    if link:
        click.echo(await _link(login))


@user.command()
@click.argument("login")
def remove(login: str) -> None:
    """Remove LOGIN, at once: all sessions end. What they did stays in the audit.

    Who signs in with a provider stays out, until an admin lets them in again at /desk/people.

    \b
      ticker user remove ana
    """
    asyncio.run(_remove(login.lower()))


async def _remove(login: str) -> None:
    async with redis() as client:
        await People(client).remove(login)
