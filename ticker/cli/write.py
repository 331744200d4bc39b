"""Publish and change headlines through the service."""

import functools
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from ticker import settings
from ticker.cli.failure import USAGE, Failure
from ticker.client import Client, Document
from ticker.urgency import Urgency

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}  # seconds

Command = Callable[..., Any]


class Span(click.ParamType[int]):
    """A length of time, in seconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"(\d+)([smhd]?)", str(value))
        if match is None:
            self.fail(f"{value!r} is not a length of time such as 90s, 30m, 12h or 2d.", param, ctx)
        return int(match[1]) * UNITS[match[2] or "s"]


class Service(NamedTuple):
    """The ticker that runs, and how its answer is printed."""

    client: Client
    as_json: bool

    def show(self, answer: Document, brief: str) -> None:
        click.echo(json.dumps(answer, ensure_ascii=False) if self.as_json else brief)


def service(command: Command) -> Command:
    """Give a command the `Service`, and the options that say which."""

    @click.option("--url", envvar="TICKER_URL", help="Where the service is (TICKER_URL).  [default: this machine]")
    @click.option("--key", envvar="TICKER_KEY", help="Key to write with (TICKER_KEY).  [default: <data>/desk.key]")
    @click.option("--json", "as_json", is_flag=True, help="Print all of the answer, as JSON.")
    @functools.wraps(command)
    def with_service(*, url: str | None, key: str | None, as_json: bool, **rest: Any) -> Any:
        return command(Service(_client(url, key), as_json), **rest)

    return with_service


def _client(url: str | None, key: str | None) -> Client:
    if url and key:
        return Client(url, key)
    mine = settings.load()
    return Client(url or mine.url, key or saved_key(mine.data))


def saved_key(data: Path) -> str | None:
    """The key that `ticker up` made on its first run."""
    try:
        return (data / "desk.key").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _fields(command: Command) -> Command:
    """The options for the fields of a headline that both publish and update have."""
    urgencies = click.Choice([str(urgency) for urgency in Urgency])
    for option in (
        click.option("--expires-in", type=Span(), help="How long it stays: 90s, 30m, 12h, 2d."),
        click.option("--tag", "tags", multiple=True, help="A tag; may be given again."),
        click.option("--image", help="Address of a picture."),
        click.option("--region", help="Region it is about."),
        click.option("--section", help="Section it belongs to."),
        click.option("--link", help="Address of the story."),
        click.option("--kicker", help="A word or two in front, such as MARKETS."),
        click.option("--urgency", "-u", type=urgencies, help="How urgent it is.  [default: routine]"),
    ):
        command = option(command)
    return command


def _given(fields: Document) -> Document:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items() if value}


def _text(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


@click.command()
@click.argument("channel")
@click.argument("text")
@_fields
@click.option("--at", "publish_at", metavar="TIME", help="Embargo: not before this time, e.g. 2026-12-01T09:00:00Z.")
@click.option("--draft", is_flag=True, help="Keep it back: nobody but the desk sees it.")
@click.option("--group", help="The same story in other editions carries the same group.")
@click.option("--once", help="Idempotency key: the same one never publishes twice.")
@service
def publish(service: Service, channel: str, text: str, draft: bool, once: str | None, **fields: Any) -> None:
    """Put a headline on CHANNEL. Prints its id.

    \b
      ticker publish en "Parliament passes the budget" --urgency urgent --kicker POLITICS
      ticker publish en "Polls close" --at 2026-12-01T20:00:00Z --expires-in 6h
      echo "Read from a pipe" | ticker publish en -
    """
    body = {"text": _text(text), **_given(fields)} | ({"state": "draft"} if draft else {})
    headline = service.client.publish(channel, body, once)
    service.show(headline, str(headline.get("id")))


@click.command()
@click.argument("channel")
@click.argument("headline", metavar="ID")
@click.option("--text", help="The new text.")
@_fields
@click.option("--correction", metavar="NOTE", help="Say what was wrong: it goes where the original went.")
@click.option("--version", type=int, help="The version you edited; without it, the newest one there is.")
@service
def update(service: Service, channel: str, headline: str, version: int | None, **fields: Any) -> None:
    """Change a headline; with --correction, correct it. Prints its new version.

    \b
      ticker update en mfrggzdfmztwq2lk --text "Parliament passes the budget, 312 to 290"
      ticker update en mfrggzdfmztwq2lk --text "… 302 to 290" --correction "An earlier count was wrong."
    """
    patch = _given(fields)
    if not patch:
        raise Failure("There is nothing to change: give --text or another field.", USAGE)
    if version is None:
        version = int(service.client.read(channel, headline)["version"])
    changed = service.client.update(channel, headline, patch, version)
    service.show(changed, str(changed.get("version")))


@click.command()
@click.argument("channel")
@click.argument("headline", metavar="ID")
@click.argument("reason")
@service
def retract(service: Service, channel: str, headline: str, reason: str) -> None:
    """Kill a headline, for good.

    It leaves every screen at once and can never come back.

    \b
      ticker retract en mfrggzdfmztwq2lk "The report was false"
    """
    changed = service.client.act(channel, headline, "retract", {"reason": reason})
    service.show(changed, f"{headline} is retracted.")


@click.command()
@click.argument("channel")
@click.argument("headline", metavar="ID")
@click.argument("reason", default="")
@service
def hold(service: Service, channel: str, headline: str, reason: str) -> None:
    """Take a headline off every screen, for now.

    At once; `ticker release` brings it back.

    \b
      ticker hold en mfrggzdfmztwq2lk "Waiting for a second source"
    """
    changed = service.client.act(channel, headline, "hold", {"reason": reason} if reason else {})
    service.show(changed, f"{headline} is held.")


@click.command()
@click.argument("channel")
@click.argument("headline", metavar="ID")
@service
def release(service: Service, channel: str, headline: str) -> None:
    """Put what was held back on the strip, now.

    A headline that is held, scheduled or a draft.

    \b
      ticker release en mfrggzdfmztwq2lk
    """
    changed = service.client.act(channel, headline, "release", {})
    service.show(changed, f"{headline} is {str(changed.get('state', '')).replace('_', ' ')}.")
