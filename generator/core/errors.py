"""What a user's mistake looks like: cause, location, remedy, and an exit code; never a traceback."""

from __future__ import annotations

import difflib
from collections.abc import Collection

LIKENESS = 0.5
"""From which likeness on, of 1 at most, a name may be what was meant."""


class HomeroomError(Exception):
    """A fault the operator can fix.

    :param cause: what is wrong, in one sentence.
    :param location: where: a file and line, a setting, a command; None where the cause says it.
    :param remedy: what to do about it.
    """

    exit_code = 2

    def __init__(self, cause: str, *, location: str | None = None, remedy: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.location = location
        self.remedy = remedy

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        return f"{where}{self.cause}\n  {self.remedy}"


class SeveralErrors(HomeroomError):
    """Several faults found in one pass, shown together so that they are fixed together."""

    def __init__(self, errors: list[HomeroomError]) -> None:
        super().__init__(f"{len(errors)} errors", remedy="")
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that a wrong one is most like; empty where it is like none."""
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=LIKENESS)), "")


def did_you_mean(name: str, known: Collection[str], otherwise: str = "") -> str:
    """The remedy for a name that there is not.

    :param otherwise: the remedy where it is like none of those that there are; left out: these are listed.
    """
    if near := nearest(name, known):
        return f"Did you mean {near}?"
    return otherwise or (f"Known: {', '.join(sorted(known))}." if known else "There are none yet.")


def raise_all(errors: list[HomeroomError]) -> None:
    """Raise what was found: nothing, the one error, or all of them together."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SeveralErrors(errors)
