"""python -m workers.mos: until SIGTERM or SIGHUP."""

import asyncio
import logging
import sys

from ticker import logs
from ticker import settings as settings_of
from ticker.settings import SettingsError
from workers.mos.process import run


def main() -> int:
    try:
        settings = settings_of.load()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  before there is a log
        return 2
    logs.begin(settings.log)
    try:
        asyncio.run(run(settings))
    except OSError as error:
        logging.getLogger("workers.mos").error("MOS cannot be spoken here: %s", error)  # noqa: TRY400  a sentence
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
