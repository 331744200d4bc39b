"""Make, list and revoke keys, straight in Redis: the first key cannot be asked for over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from ticker import embedded, instant, settings, store
from ticker.cli.failure import USAGE, Failure
from ticker.keys import Keys
from ticker.writer import Scope


@asynccontextmanager
async def redis() -> AsyncIterator[store.Client]:
    """The Redis of the settings; the embedded one is started for as long as this takes, when it does not run."""
    async with embedded.redis_url(settings.load()) as url, store.connect(url) as client:
        try:
            yield client
        except store.Gone as error:
            raise store.refusal(error) from None


@click.group()
def key() -> None:
    """Make, list and revoke keys for writers."""


@key.command()
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([str(scope) for scope in Scope]),
    help="What it may do; may be given again.",
)
@click.option("--channel", "channels", multiple=True, help="For this channel only; may be given again.  [default: all]")
@click.option("--rehearsal", is_flag=True, help="For rehearsal channels, and for nothing else.")
@click.option("--name", default="key", show_default=True, help="Who or what uses it: the audit shows it.")
def create(scopes: tuple[str, ...], channels: tuple[str, ...], name: str, rehearsal: bool) -> None:
    """Print a new key, and nothing else. It cannot be read again.

    \b
      ticker key create --scope publish --scope correct --channel en --name "night desk"
      ticker key create --scope publish --rehearsal --name "training"
      export TICKER_KEY=$(ticker key create --scope admin)
    """
    unknown = sorted(set(channels) - set(settings.load().channels))
    if unknown:
        raise Failure(f"There is no channel {unknown[0]!r} in the settings.", USAGE)
    click.echo(asyncio.run(_create(name, scopes, channels, rehearsal=rehearsal)))


async def _create(name: str, scopes: tuple[str, ...], channels: tuple[str, ...], *, rehearsal: bool) -> str:
    async with redis() as client:
        return await Keys(client).create(name, scopes, channels, rehearsal=rehearsal)


@key.command("list")
def show() -> None:
    """One line a key: id, name, scopes, channels, when it was made and whether it is revoked.

    \b
      ticker key list
    """
    asyncio.run(_show())


async def _show() -> None:
    async with redis() as client:
        for one in await Keys(client).list():
            made = instant.format(one.created_at)
            ended = f"revoked {instant.format(one.revoked_at)}" if one.revoked_at is not None else "valid"
            scopes, channels = ",".join(sorted(one.scopes)), ",".join(sorted(one.channels)) or "all channels"
            channels += " for rehearsals" if one.rehearsal else ""
            click.echo(f"{one.id}  {one.name}  {scopes}  {channels}  {made}  {ended}")


@key.command()
@click.argument("id")
def revoke(id: str) -> None:  # noqa: A002
    """End a key, at once and everywhere. ID is the first column of `ticker key list`.

    \b
      ticker key revoke 1f2e3d4c
    """
    if not asyncio.run(_revoke(id)):
        raise Failure(f"There is no key {id!r}; `ticker key list` shows those there are.")


async def _revoke(key_id: str) -> bool:
    async with redis() as client:
        return await Keys(client).revoke(key_id)
