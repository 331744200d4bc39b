"""See how the sources do, try one, and look after what could not become a headline."""

import asyncio
import sys
import time
from collections.abc import Mapping

import click

from ticker import instant, settings
from ticker.cli.become import become
from ticker.cli.failure import Failure
from ticker.cli.keys import redis
from ticker.dead import Dead, Letter
from ticker.logs import one_line
from ticker.settings import SourceSettings
from ticker.sources import Sources, State


@click.group()
def source() -> None:
    """Look at the feeds and wires of ticker.toml."""


@source.command("list")
def list_sources() -> None:
    """One line a source: its name, how it does, its channel, its address, and what it brought so far.

    \b
      ticker source list
    """
    configured = settings.load().sources
    states = asyncio.run(_states())
    for name in [*configured, *(name for name in states if name not in configured)]:
        click.echo(_describe(name, configured, states.get(name, State()), time.time_ns() // 1_000_000))


async def _states() -> dict[str, State]:
    async with redis() as client:
        return await Sources(client).states()


def _describe(name: str, configured: Mapping[str, SourceSettings], state: State, now: int) -> str:
    one = configured.get(name)
    where = f"{one.channel}  {state.url or one.url}" if one else "-  not in the settings"
    counts = "".join(f"  {outcome}={count}" for outcome, count in sorted(state.counts.items()))
    return one_line(f"{name}  {_health(state, now)}  {where}{counts}")


def _health(state: State, now: int) -> str:
    if not state.polled_at:
        return "never polled"
    ago = f"{max(0, now - state.polled_at) // 1000} s ago"
    if state.error:
        return f"FAILED {ago}, {state.failures} in a row ({state.error})"
    return f"quiet since {instant.format(state.new_at or state.since)}" if state.quiet else f"ok {ago}"


@source.command("try")
@click.argument("url")
def try_source(url: str) -> None:
    """Fetch URL once, as the ingest worker would, and show what it would hand in.

    Nothing is published.

    \b
      ticker source try https://example.org/feed.xml
    """
    become("workers.ingest", "--try", url)


@click.group()
def dead() -> None:
    """Look after what could not become a headline."""


@dead.command("list")
@click.option("--count", "-n", default=100, show_default=True, type=click.IntRange(1), help="At most so many.")
def list_dead(count: int) -> None:
    """One line a letter, the newest first: its id, when it came, its source and why it was not taken.

    \b
      ticker dead list
    """
    for letter in asyncio.run(_list(count)):
        click.echo(
            one_line(f"{letter.id}  {instant.format(letter.at)}  {letter.source}  {letter.kind}: {letter.reason}")
        )


async def _list(count: int) -> list[Letter]:
    async with redis() as client:
        return await Dead(client).list(count)


@dead.command()
@click.argument("letter", metavar="ID")
@click.option("--raw", is_flag=True, help="Only what the source sent, byte for byte.")
def show(letter: str, raw: bool) -> None:
    """All that is known of one letter, and what the source sent.

    \b
      ticker dead show 1763892000000-0
      ticker dead show 1763892000000-0 --raw > feed.xml
    """
    found = asyncio.run(_get(letter))
    if found is None:
        raise _no(letter)
    if raw:
        sys.stdout.buffer.write(found.body)
        return
    for name in ("id", "source", "channel", "kind", "reason", "url", "content_type"):
        click.echo(one_line(f"{name + ':':<13} {getattr(found, name)}"))
    click.echo(f"{'at:':<13} {instant.format(found.at)}\n")
    for line in found.body.decode(errors="replace").splitlines():
        click.echo(one_line(line))


async def _get(letter: str) -> Letter | None:
    async with redis() as client:
        return await Dead(client).get(letter)


@dead.command()
@click.argument("letter", metavar="ID")
def replay(letter: str) -> None:
    """Hand a letter in once more.

    \b
      ticker dead replay 1763892000000-0
    """
    become("workers.ingest", "--replay", letter)


@dead.command()
@click.argument("letter", metavar="ID")
def drop(letter: str) -> None:
    """Forget a letter.

    \b
      ticker dead drop 1763892000000-0
    """
    if not asyncio.run(_drop(letter)):
        raise _no(letter)


async def _drop(letter: str) -> bool:
    async with redis() as client:
        return await Dead(client).drop(letter)


def _no(letter: str) -> Failure:
    return Failure(f"There is no dead letter {letter!r}; `ticker dead list` shows those there are.")
