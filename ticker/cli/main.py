"""The group of all commands."""

import os
from importlib import import_module
from typing import Any

import click

from ticker import __version__
from ticker.cli.failure import told

# In the order of a first day; each with its module, loaded when asked for: `publish` need not wait for a web server.
COMMANDS = {
    "up": "run", "web": "run", "ingest": "become", "scheduler": "become", "mos": "become", "onair": "become",
    "publish": "write", "update": "write", "retract": "write", "hold": "write", "release": "write",
    "tail": "tail", "source": "sources", "dead": "sources", "key": "keys", "user": "people", "audit": "audit",
    "output": "outputs", "check": "check", "bench": "become",
}  # fmt: skip


class Ticker(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"ticker.cli.{COMMANDS[cmd_name]}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        if os.environ.get("NO_COLOR"):  # https://no-color.org; click does not look
            ctx.color = False
        with told():
            return super().invoke(ctx)


@click.group(cls=Ticker, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(version)s")
def main() -> None:
    """A breaking-news ticker: headlines reach every screen in milliseconds, a wrong one leaves all of them at once.

    \b
      ticker up                               everything on this machine, until Ctrl-C
      ticker publish en "Hello, world"        a headline on the channel en; prints its id
      ticker tail en                          what readers of en see, as it happens
      ticker retract en ID "Never happened"   off every screen, for good

    Settings are TICKER_* variables and ticker.toml; `ticker check` says whether they are right.

    \b
    Exit codes:
      0    done
      1    refused, or failed for a reason that trying again does not change
      2    the command line or the settings are not right
      3    the service or its Redis cannot be reached: try again later
      130  ended with Ctrl-C
    """
