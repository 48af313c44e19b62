"""Text of other people's in logs: printed and not obeyed by a terminal, no line of another writer's, and not too long.

Names, addresses and notes are whatever a request holds. One filter over all that is logged, since each place that logs
would have to think of it.
"""

from __future__ import annotations

import logging

LONGEST_LINE = 1000
MOST_LINES = 60
"""Of one record: more than any traceback that helps. Longer ones lose their middle."""


def plain(line: str, longest: int = LONGEST_LINE) -> str:
    """A line as a terminal prints it: what is not printable is written as Python does, and what is too long is cut."""
    shown = line[: longest + 1]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in shown)
    return shown if len(shown) <= longest else f"{shown[:longest]}... ({len(line)} characters)"


def plain_record(text: str) -> str:
    """A record of a log, whose further lines are set in, so that none passes for another record."""
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        half = MOST_LINES // 2
        lines = [*lines[:half], f"    ... {len(lines) - 2 * half} lines ...", *lines[-half:]]
    first, *rest = (plain(line) for line in lines)
    return "\n".join([first, *(line if line.startswith("  ") else f"    {line}" for line in rest)])


class PlainLines(logging.Formatter):
    """A log formatter that writes records as plain, bounded lines; mixed into another formatter, or used alone."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines."""
        return plain_record(super().format(record))


def log_plainly() -> None:
    """Have a service's log written to standard error, from INFO on, a record a line."""
    handler = logging.StreamHandler()
    handler.setFormatter(PlainLines("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("aiohttp.server").addFilter(tell_in_a_line)


def tell_in_a_line(record: logging.LogRecord) -> bool:
    """Of a request that is no HTTP, have a line and no traceback: a lab that sends many would push all else out of the
    log. A filter for aiohttp's own log."""
    fault = record.exc_info[1] if record.exc_info else None
    if type(fault).__module__ == "aiohttp.http_exceptions":
        record.msg, record.args = "a request is no HTTP: %s", (" ".join(str(fault).split())[:200],)
        record.exc_info = record.exc_text = None
    return True
