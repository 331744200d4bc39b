"""How the command line fails: one sentence on standard error and an exit code that says which kind."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from ticker.client import NotReachable, Rejected
from ticker.errors import TickerError, Unavailable
from ticker.settings import SettingsError

REFUSED = 1
USAGE = 2
NOT_REACHABLE = 3
INTERRUPTED = 130


class Failure(click.ClickException):
    def __init__(self, sentence: str, exit_code: int = REFUSED) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file or sys.stderr)


@contextmanager
def told() -> Iterator[None]:
    """Turn what our own code raises into a `Failure`."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except SettingsError as error:
        raise Failure(str(error), USAGE) from None
    except (NotReachable, Unavailable) as error:
        raise Failure(str(error), NOT_REACHABLE) from None
    except (Rejected, TickerError) as error:
        raise Failure(str(error)) from None
