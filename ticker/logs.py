"""One line a record on standard error: `2026-11-23T10:00:00.000Z info ticker.hub: …`."""

import logging
import sys

from ticker import instant

# What others sent us is in many records: it must not start a new line, colour the terminal or turn the text around.
_UNSAFE = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in [
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x200E, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2066, 0x206A),
    ]
}


def one_line(text: str) -> str:
    """Fit for a terminal: what could move the cursor, colour or turn the text is written as its code."""
    return text.translate(_UNSAFE)


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = instant.format(int(record.created * 1000))
        line = one_line(f"{when} {record.levelname.lower()} {record.name}: {record.getMessage()}")
        if record.exc_info:
            trace = self.formatException(record.exc_info).splitlines()
            line = "\n".join([line, *("    " + one_line(part) for part in trace)])
        return line


def begin(level: str) -> None:
    """Send the log of this process to standard error; `level` as in TICKER_LOG."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
