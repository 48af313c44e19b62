"""Passwords that are shown once, for whoever hands them out: on the terminal, or in a file for its owner alone."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from generator.core.console import counted
from generator.core.errors import HomeroomError


@contextlib.contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """A new file for passwords, made before any is given out; gone again where the body fails.

    :raises HomeroomError: it is there already, or cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        remedy = "It may hold passwords that are written nowhere else: move it away, or name another file."
        raise HomeroomError("is there already", location=str(path), remedy=remedy) from None
    except OSError as error:
        raise HomeroomError(
            f"cannot be written: {error.strerror}", location=str(path), remedy="Name another file with SHEET=."
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if not path.stat().st_size:
        path.unlink()


def fill(file: TextIO, passwords: Mapping[str, str]) -> None:
    """Write a table of names and passwords; nothing where there are none."""
    if passwords:
        csv.writer(file, lineterminator="\n").writerows([("name", "password"), *passwords.items()])


def shown(passwords: Mapping[str, str]) -> str:
    """The table of names and passwords for a terminal."""
    width = max(map(len, passwords))
    lines = (f"  {name:{width}}  {password}" for name, password in passwords.items())
    return f"Made {counted(len(passwords), 'account')}. The passwords, shown this once:\n" + "\n".join(lines)
