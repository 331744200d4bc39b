"""Commands that are programs of their own: this process goes on as one of them."""

import os
import sys
from pathlib import Path

import click

import ticker
from ticker import settings
from ticker.cli.failure import Failure
from ticker.processes import leave_with_parent

ROOT = Path(ticker.__file__).resolve().parent.parent


@click.command()
def ingest() -> None:
    """Poll the sources, and hand what is new to the desk.

    \b
      ticker ingest
    """
    leave_with_parent()
    become("workers.ingest")


@click.command()
def scheduler() -> None:
    """Do what is due: expire, release what is embargoed, trim.

    \b
      ticker scheduler
    """
    leave_with_parent()
    become("workers.scheduler")


@click.command()
def mos() -> None:
    """Take running orders from a newsroom system.

    That is `[mos]` in ticker.toml; without it this waits, and does nothing.

    \b
      ticker mos
    """
    leave_with_parent()
    become("workers.mos")


@click.command()
def onair() -> None:
    """Push the outputs' playlists to systems that do not come for them.

    \b
      ticker onair
    """
    leave_with_parent()
    become("workers.onair")


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure this machine.

    What follows goes to the benchmarks as it is.

    \b
      ticker bench
    """
    if not (ROOT / "benchmarks" / "__main__.py").exists():
        raise Failure(f"The benchmarks are not installed: run this from a checkout that has {ROOT / 'benchmarks'}.")
    os.chdir(ROOT)
    become("benchmarks", *arguments)


def become(module: str, *arguments: str) -> None:
    """Go on as another program in this process: it gets our signals and our exit code is its own."""
    settings.load()  # what is wrong there is said in one sentence, here
    sys.stdout.flush()
    try:
        os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606
    except OSError as error:
        raise Failure(f"{sys.executable} cannot be run ({error.strerror}).") from None
