"""Run the outputs on air, and see how they do."""

import asyncio
import time
from typing import Any
from urllib.parse import urlencode

import click

from ticker import settings
from ticker.cli.failure import USAGE, Failure
from ticker.cli.keys import redis
from ticker.cli.write import Service, service
from ticker.logs import one_line
from ticker.onair import page_key
from ticker.onair.control import STOPS, Cue
from ticker.onair.log import OnAirLog
from ticker.onair.output import Output
from ticker.people.seal import Seal


@click.group()
def output() -> None:
    """Run the outputs on air, and see how they do."""


@output.command("list")
def list_outputs() -> None:
    """One line an output: its name and type, its channels, and what each of its pages last said.

    \b
      ticker output list
    """
    pages = asyncio.run(_pages())
    now = time.time_ns() // 1_000_000
    for name, one in settings.load().outputs.items():
        said = [_said(page, now) for page in pages.get(name, {}).values()] or ["nobody shows it"]
        click.echo(one_line(f"{name}  {one.type}  {','.join(one.channels)}  {'; '.join(said)}"))


async def _pages() -> dict[str, dict[str, dict[str, Any]]]:
    async with redis() as client:
        return await OnAirLog(client).pages()


def _said(page: dict[str, Any], now: int) -> str:
    return f"{page['page']}: {page['state']}, {max(0, now - page['seen_at']) // 1000} s ago"


@output.command()
@click.argument("name")
@click.option("--page", default="main", show_default=True, help="What this renderer is called in reports.")
@click.option("--url", help="Where the renderer finds the service.  [default: the output's first address, or here]")
@click.option("--renew", is_flag=True, help="With a new key: all pages that have another report no more.")
def address(name: str, page: str, url: str | None, renew: bool) -> None:
    """The address of the output's page, with the key that lets it report what is on screen.

    \b
      ticker output address program
      ticker output address program --page backup --url http://10.0.0.2:8000
      ticker output address program --renew
    """
    one = _output(name)
    where = url or next(iter(one.addresses), settings.load().url)
    click.echo(
        f"{where.rstrip('/')}/onair/{name}?{urlencode({'page': page, 'key': asyncio.run(_key(one, renew=renew))})}"
    )


async def _key(one: Output, *, renew: bool) -> str:
    async with redis() as client:
        if renew:
            await page_key.renew(Seal(client), one)
        return await page_key.key_of(Seal(client), one)


def _output(name: str) -> Output:
    found = settings.load().outputs.get(name)
    if found is None:
        raise Failure(f"There is no output {name!r} in the settings.", USAGE)
    return found


@output.command()
@click.argument("name")
@click.argument("headline", required=False)
@service
def take(service: Service, name: str, headline: str | None) -> None:
    """Bring the bar of NAME on air; with HEADLINE, that one comes next.

    \b
      ticker output take program
    """
    _say(service, name, Cue.TAKE, {"id": headline} if headline else {})


@output.command()
@click.argument("name")
@click.option("--when", type=click.Choice(STOPS), default="now", show_default=True, help="After an item, or the loop.")
@service
def stop(service: Service, name: str, when: str) -> None:
    """Take the bar of NAME off.

    \b
      ticker output stop program --when loop
    """
    _say(service, name, Cue.STOP, {"stop": when})


@output.command()
@click.argument("name")
@click.argument("headline")
@click.option("--version", type=click.IntRange(1), help="This version, and no other.")
@service
def clear(service: Service, name: str, headline: str, version: int | None) -> None:
    """Say that HEADLINE may be shown on NAME.

    \b
      ticker output clear program mzxw6ytboi4dcmbq --version 2
    """
    _say(service, name, Cue.CLEAR, {"id": headline, **({"version": version} if version else {})})


@output.command()
@click.argument("name")
@click.argument("headline")
@service
def hold(service: Service, name: str, headline: str) -> None:
    """Say that HEADLINE may not be shown on NAME; it goes at once.

    \b
      ticker output hold program mzxw6ytboi4dcmbq
    """
    _say(service, name, Cue.HOLD, {"id": headline})


def _say(service: Service, name: str, cue: Cue, order: dict[str, Any]) -> None:
    state = service.client.say(name, cue, order)
    shown = len(state["playlist"]["items"])
    bar = "on air" if state["control"]["on"] else "off"
    service.show(state, f"{name} is {bar}, with {shown} headline{'' if shown == 1 else 's'}.")
