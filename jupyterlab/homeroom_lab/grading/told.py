"""What nbgrader's loops log of a submission or source that they cannot read: in words, without the traceback."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator

TRACEBACKS = ("Traceback (most recent call last)", "Please see the the above traceback", "Please see the error log")
"""What a traceback begins with, and what refers to it."""


@contextlib.contextmanager
def without_traceback(log: logging.Logger, is_told: Callable[[], bool]) -> Iterator[None]:
    """Hold tracebacks back until the end: they are logged then, unless it was told in words what is wrong."""
    held: list[logging.LogRecord] = []

    def hold(record: logging.LogRecord) -> bool:
        is_held = record.getMessage().startswith(TRACEBACKS)
        if is_held:
            held.append(record)
        return not is_held

    log.addFilter(hold)
    try:
        yield
    finally:
        log.removeFilter(hold)
        if not is_told():
            for record in held:
                log.handle(record)
