"""Say whether this machine and its settings are right, before readers find out."""

import asyncio
import ipaddress
import resource
import sys
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import click

from ticker import embedded, settings, store
from ticker.cli.failure import REFUSED
from ticker.errors import TickerError
from ticker.settings import Settings, SettingsError, SourceSettings

OLDEST_REDIS = (6, 2)
SPARE_FILES = 100  # beside one for each reader


class Finding(NamedTuple):
    verdict: Literal["ok", "WARN", "FAIL"]
    subject: str
    sentence: str


@click.command()
def check() -> None:
    """Say whether settings and machine are right.

    One line each for settings, Redis, channels, sources and limits; exits with 1 when one of them is FAIL.

    \b
      ticker check
    """
    failed = False
    for finding in findings():
        colour = {"ok": "green", "WARN": "yellow", "FAIL": "red"}[finding.verdict]
        click.echo(f"{click.style(f'{finding.verdict:<4}', fg=colour)}  {finding.subject:<9}  {finding.sentence}")
        failed = failed or finding.verdict == "FAIL"
    sys.exit(REFUSED if failed else 0)


def findings() -> Iterator[Finding]:
    try:
        mine = settings.load()
    except SettingsError as error:
        yield Finding("FAIL", "settings", str(error))
        return
    yield Finding("ok", "settings", f"Serves {mine.url}; data in {mine.data.resolve()}.")
    yield from asyncio.run(_redis(mine))
    yield Finding("ok", "channels", ", ".join(f"{c.name} ({c.lang}, {c.dir})" for c in mine.channels.values()) + ".")
    yield from _sources(mine)
    yield _open_files(mine)


async def _redis(mine: Settings) -> list[Finding]:
    where = "The embedded Redis" if mine.redis_url is None else "Redis"
    try:
        async with embedded.redis_url(mine) as url, store.connect(url) as client:
            server, persistence = _one(await client.info("server")), _one(await client.info("persistence"))
    except TickerError as error:
        return [Finding("FAIL", "redis", str(error))]
    except store.Gone as error:
        return [Finding("FAIL", "redis", str(store.refusal(error)))]
    version = str(server["redis_version"])
    found = [Finding("ok", "redis", f"{where} answers; version {version}.")]
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        found = [Finding("FAIL", "redis", f"{where} is {version}; 6.2 or newer is needed.")]
    if persistence.get("aof_enabled"):
        return [*found, Finding("ok", "redis", "Its append-only file is on: what was accepted survives a crash.")]
    sentence = "Its append-only file is off: a crash loses headlines that were accepted; set `appendonly yes`."
    return [*found, Finding("WARN", "redis", sentence)]


def _one(info: dict[str, Any]) -> dict[str, Any]:
    """A Cluster answers by node: any of them will do."""
    first = next(iter(info.values()), None)
    return first if isinstance(first, dict) and "redis_version" not in info and "aof_enabled" not in info else info


def _sources(mine: Settings) -> Iterator[Finding]:
    if not mine.sources:
        told = "the demonstration wire plays" if mine.demo else "only editors and the API publish"
        yield Finding("ok", "sources", f"None is configured: {told}.")
    for source in mine.sources.values():
        fault = _fault(source)
        if fault is None:
            yield Finding("ok", "source", f"{source.name}: {source.url} → {source.channel}, every {source.every} s.")
        else:
            yield Finding("FAIL", "source", f"{source.name}: {fault}")


def _fault(source: SourceSettings) -> str | None:
    try:
        parts = urlsplit(source.url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        return f"{source.url!r} is not an address such as https://example.org/feed.xml."
    try:
        is_public = ipaddress.ip_address(host).is_global
    except ValueError:
        is_public = host != "localhost"
    if not is_public and not source.allow_private:
        return f"{host} is not a public address; set allow_private if that is meant."
    return None


def _open_files(mine: Settings) -> Finding:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = mine.max_connections + SPARE_FILES
    if most == resource.RLIM_INFINITY or most >= needed:
        return Finding("ok", "limits", f"Room for {mine.max_connections} readers per web process.")
    return Finding(
        "WARN",
        "limits",
        f"Only {most} files may be open: room for {max(0, most - SPARE_FILES)} readers per web process, "
        f"not {mine.max_connections}; raise the limit (ulimit -Hn).",
    )
