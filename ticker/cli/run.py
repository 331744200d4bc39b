"""Bring everything up, or serve."""

import asyncio
import os
import shlex
import signal
import socket
import sys
from pathlib import Path

import click

from ticker import embedded, logs, serve, settings, store
from ticker.cli.become import ROOT
from ticker.cli.failure import USAGE, Failure
from ticker.cli.people import invitation
from ticker.cli.write import saved_key
from ticker.client import Client
from ticker.errors import Unauthorized
from ticker.keys import Keys
from ticker.people.people import People
from ticker.processes import Processes, is_supervised, leave_with_parent, parse_procfile
from ticker.settings import Settings
from ticker.writer import EVERYWHERE, Role, Scope

LOOK_EVERY = 0.1  # seconds between two looks at /readyz
KEY = "desk.key"  # in <data>
LINK = "admin.link"  # there too, as long as nobody can sign in
STOP_WITHIN = 5.0  # seconds, beyond the time in which readers are let go, before a process is killed


@click.command()
@click.option("--procfile", type=click.Path(path_type=Path), help="What to run.  [default: ./Procfile]")
def up(procfile: Path | None) -> None:
    """Run everything here until Ctrl-C.

    That is all of the Procfile, and a Redis unless TICKER_REDIS_URL is set.

    \b
      ticker up
      TICKER_BIND=127.0.0.1:9000 TICKER_DATA=/var/lib/ticker ticker up
    """
    mine = settings.load()
    sys.exit(asyncio.run(_up(mine, _commands(procfile))))


def _commands(procfile: Path | None) -> dict[str, str]:
    path = procfile or next((path for path in (Path("Procfile"), ROOT / "Procfile") if path.exists()), Path("Procfile"))
    try:
        commands = parse_procfile(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(f"{path} cannot be read ({error.strerror}).", USAGE) from None
    if not commands:
        raise Failure(f"{path} names no process.", USAGE)
    return commands


async def _up(mine: Settings, commands: dict[str, str]) -> int:
    logs.begin(mine.log)
    serve.bind(mine).close()  # a port that is taken is one sentence now, not a process that dies again and again
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    processes = Processes(commands, env={"PATH": path}, stop_within=mine.drain_seconds + 2 * STOP_WITHIN)
    processes.heed_signals()
    processes.heed_hangup(lambda: processes.signal_all(signal.SIGHUP))  # each knows best how it is renewed
    async with embedded.redis_url(mine) as url:
        key, link = await desk_key(mine.data, url), await first_admin(mine, url)
        _save(mine.data / LINK, link)
        welcome = asyncio.create_task(_welcome(mine, key, link))
        try:
            return await processes.run()
        finally:
            welcome.cancel()


async def desk_key(data: Path, url: str) -> str:
    """The key in `<data>/desk.key`; a new one when there is none, or when this Redis does not know it."""
    async with store.connect(url) as redis:
        keys = Keys(redis)
        try:
            saved = saved_key(data)
            await keys.check(f"Bearer {saved}" if saved else None)
        except Unauthorized:
            saved = await keys.create("desk", [Scope.ADMIN])
            _save(data / KEY, saved)
    assert saved is not None
    return saved


async def first_admin(mine: Settings, url: str) -> str | None:
    """A link with which `admin` chooses a password; None once somebody can sign in. `admin` is made when there is
    nobody at all.
    """
    async with store.connect(url) as redis:
        people = People(redis)
        known = await people.list()
        if any(person.password or person.subject for person in known):
            return None
        if not known:
            await people.add("admin", "Admin", {EVERYWHERE: Role.ADMIN})
        if await people.get("admin") is None:
            return None
        return invitation(mine.url, await people.invite("admin"))


def _save(path: Path, secret: str | None) -> None:
    """For its owner's eyes only; None takes it away."""
    if secret is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secret + "\n")
    new.replace(path)


async def _welcome(mine: Settings, key: str, link: str | None) -> None:
    """Once readers can be served, say where, and how to go on. What is no terminal is a log, which others keep and
    read: it is told where the secrets are.
    """
    client = Client(mine.url)
    while not await asyncio.to_thread(client.is_ready):  # noqa: ASYNC110  another process has no event
        await asyncio.sleep(LOOK_EVERY)
    data, channel = mine.data.absolute(), next(iter(mine.channels))
    told, desk = f"in {data / KEY}", f"{mine.url}/desk/sign-in"
    if link:
        desk += f"  (as admin; first by the link in {data / LINK})"
    if sys.stdout.isatty():
        told, desk = key, f"{link}  (sign in as admin; once)" if link else desk
    click.echo(f"""
  The ticker is up.

  Page      {mine.url}/
  Desk      {desk}
  On air    {mine.url}/onair
  Desk key  {told}
  Publish   curl {mine.url}/v1/channels/{channel}/headlines \
-H "Authorization: Bearer $(cat {shlex.quote(str(data / KEY))})" \
-H 'Content-Type: application/json' -d '{{"text": "Hello, world", "urgency": "flash"}}'
  Stop      Ctrl-C
""")


@click.command()
@click.option("--fd", type=int, help="Serve on this inherited, listening socket.")
def web(fd: int | None) -> None:
    """Serve readers and writers.

    On TICKER_BIND, with TICKER_WEB_PROCESSES processes. SIGHUP renews them one after another, with no reader lost.

    \b
      ticker web
      TICKER_WEB_PROCESSES=4 ticker web
    """
    leave_with_parent()
    mine = settings.load()
    if fd is None and (mine.web_processes > 1 or is_supervised()):
        sys.exit(asyncio.run(_web_processes(mine)))
    if fd is not None and not _is_socket(fd):
        raise Failure(f"{fd} is not an inherited socket.", USAGE)
    serve.run(mine, fd)


def _is_socket(fd: int) -> bool:
    try:
        with socket.socket(fileno=os.dup(fd)):
            return True
    except OSError:
        return False


async def _web_processes(mine: Settings) -> int:
    """All on one socket that stays open while one of them is started again, or renewed: nobody is turned away."""
    logs.begin(mine.log)
    with serve.bind(mine) as listening:
        command = [sys.executable, "-m", "ticker", "web", "--fd", str(listening.fileno())]
        processes = Processes(
            {f"web.{number}": command for number in range(1, mine.web_processes + 1)},
            pass_fds=[listening.fileno()],
            stop_within=mine.drain_seconds + STOP_WITHIN,
        )
        processes.heed_hangup(processes.renew)
        return await processes.run()
