"""The command line: `ticker --help`."""

from ticker.cli.main import main

__all__ = ["main"]
