"""Look after the audit, straight in Redis: whoever may doubt the service need not ask it."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import click

from ticker import instant, settings
from ticker.cli.failure import USAGE, Failure
from ticker.cli.keys import redis
from ticker.desk import export
from ticker.desk.audit import Audit, Chained, Verdict, Wanted
from ticker.desk.chain import Chain
from ticker.onair.log import Where
from ticker.people.trail import Where as PeopleWhere
from ticker.stream import Keys


class Time(click.ParamType[int]):
    """RFC 3339, as ms."""

    name = "time"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return instant.parse(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}.", param, ctx)


@click.group()
def audit() -> None:
    """Verify and export who did what."""


@audit.command()
@click.argument("channels", metavar="[CHANNEL]...", nargs=-1)
@click.option("--output", metavar="OUTPUT", help="The as-run log of this output instead.")
@click.option("--people", is_flag=True, help="The audit of people and keys instead.")
@click.option("--known", metavar="HASH", help="A hash that an earlier `verify` has printed: it must still be in it.")
@click.option("--file", type=click.Path(path_type=Path), help="A file of `export` instead.")
def verify(channels: tuple[str, ...], output: str | None, people: bool, known: str | None, file: Path | None) -> None:
    """Whether every entry still stands as it was written. Names the first that does not.

    Prints how many there are and the hash of the last: noted down elsewhere, it shows later whether all up to it
    was written anew.

    \b
      ticker audit verify
      ticker audit verify en --known 0b3c…
      ticker audit verify --output program
      ticker audit verify --people
      ticker audit verify --file audit-en.jsonl
    """
    if file is not None:
        _say(file.name, _of_file(file, known))
        return
    if people:
        _say("people", asyncio.run(_verify(("people",), known, PeopleWhere.of))["people"])
        return
    if output is not None:
        if output not in settings.load().outputs:
            raise Failure(f"There is no output {output!r} in the settings.", USAGE)
        _say(output, asyncio.run(_verify((output,), known, Where.of))[output])
        return
    verdicts = asyncio.run(_verify(_known(channels) or tuple(settings.load().channels), known))
    for channel, verdict in verdicts.items():
        _say(channel, verdict)


def _known(channels: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(channels) - set(settings.load().channels))
    if unknown:
        raise Failure(f"There is no channel {unknown[0]!r} in the settings.", USAGE)
    return channels


async def _verify(
    names: tuple[str, ...], known: str | None, where: Callable[[str], Chained] = Keys.of
) -> dict[str, Verdict]:
    async with redis() as client:
        return {name: await Audit(client, where).verify(name, known) for name in names}


def _of_file(file: Path, known: str | None) -> Verdict:
    chain = Chain(None)
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                chain.take([export.read(line)])
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", USAGE) from None
    except ValueError:
        raise Failure(f"Line {chain.count + 1} of {file.name} is not as `export --format jsonl` writes it.") from None
    if known:
        chain.knows(known)
    return Verdict(chain.count, chain.hash or "", chain.fault)


def _say(name: str, verdict: Verdict) -> None:
    if verdict.fault is not None:
        raise Failure(f"{name}: {verdict.fault}")
    click.echo(f"{name}: {verdict.entries} entries, all as they were written. {verdict.hash}".rstrip())


@audit.command("export")
@click.argument("channel")
@click.option("--format", "format_", type=click.Choice([*export.FORMATS]), default="jsonl", show_default=True)
@click.option("--from", "since", type=Time(), help="Not what was before this time, e.g. 2026-12-01T09:00:00Z.")
@click.option("--until", type=Time(), help="Not what came after this time.")
def export_(channel: str, format_: str, since: int | None, until: int | None) -> None:
    """Print the audit of a channel, oldest first.

    jsonl is to the letter, and can be verified; csv is for a spreadsheet.

    \b
      ticker audit export en > audit-en.jsonl
      ticker audit export en --format csv --from 2026-12-01T00:00:00Z > december.csv
    """
    _known((channel,))
    asyncio.run(_export(channel, format_, Wanted(since=since, until=until)))


async def _export(channel: str, format_: str, wanted: Wanted) -> None:
    async with redis() as client:
        sys.stdout.write(export.head(format_))
        async for entries in Audit(client).read(channel, wanted):
            sys.stdout.write(export.lines(entries, format_))
