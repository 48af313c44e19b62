"""What one check of the machine says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from generator.core.errors import HomeroomError

Level = Literal["ok", "warn", "error"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The outcome of one check.

    :param name: what was checked, in one or two words.
    :param level: `error` stops `make up` before anything is changed; `warn` is shown and the run goes on.
    :param cause: what was found, with the values; for `ok` the fact itself.
    :param location: a setting, a path or a part of the machine; empty for `ok`.
    :param remedy: what to type or change; empty for `ok`.
    """

    name: str
    level: Level
    cause: str
    location: str = ""
    remedy: str = ""


def ok(name: str, fact: str) -> Finding:
    """A check that passed, or that could not be made and does not matter then."""
    return Finding(name=name, level="ok", cause=fact)


def warning(name: str, cause: str, *, location: str, remedy: str) -> Finding:
    """Something that works but that the operator should know."""
    return Finding(name=name, level="warn", cause=cause, location=location, remedy=remedy)


def error(name: str, cause: str, *, location: str, remedy: str) -> Finding:
    """Something that must be fixed first."""
    return Finding(name=name, level="error", cause=cause, location=location, remedy=remedy)


def errors_of(findings: Iterable[Finding]) -> list[HomeroomError]:
    """The errors among the findings, for `generator.core.errors.raise_all`."""
    return [
        HomeroomError(finding.cause, location=finding.location or None, remedy=finding.remedy)
        for finding in findings
        if finding.level == "error"
    ]


def in_units(size_bytes: float) -> str:
    """A size as an operator reads it: `512 MiB`, `4.0 GiB`."""
    if size_bytes < 2**30:
        return f"{size_bytes / 2**20:.0f} MiB"
    return f"{size_bytes / 2**30:.1f} GiB"
