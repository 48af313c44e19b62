"""The deployment's directory: may this user write where the generator writes?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.preflight.finding import Finding, error, ok


@dataclass(frozen=True, kw_only=True)
class Access:
    """What this user may do with a path that exists."""

    path: Path
    is_directory: bool
    readable: bool
    writable: bool


def read_access(directory: Path) -> list[Access]:
    """Look at the directory, `rendered/`, `site/` and `.env`, as far as they exist."""
    paths = (directory, directory / "rendered", directory / "site", directory / ".env")
    return [
        Access(
            path=path,
            is_directory=path.is_dir(),
            readable=os.access(path, os.R_OK),
            writable=os.access(path, os.W_OK | os.X_OK) if path.is_dir() else os.access(path, os.W_OK),
        )
        for path in paths
        if os.path.lexists(path)
    ]


def judge_access(entries: Sequence[Access], user: str) -> Iterator[Finding]:
    """Require directories that can be written and an `.env` that can be read."""
    faulty = False
    for entry in entries:
        if entry.path.name == ".env":
            wrong = "" if entry.readable else f"{user} may not read it"
        elif not entry.is_directory:
            wrong = "it is not a directory"
        else:
            wrong = "" if entry.writable and entry.readable else f"{user} may not write there"
        if wrong:
            faulty = True
            move = f"`mv {entry.path} {entry.path}.old`"
            yield error(
                "directory",
                wrong,
                place=str(entry.path),
                remedy=f"Run {move}."
                if wrong == "it is not a directory"
                else f"Run `sudo chown -R {user}: {entry.path}`, or run make as its owner. "
                "A file system mounted read-only must be mounted writable.",
            )
    if not faulty:
        yield ok("directory", f"{entries[0].path if entries else '.'} can be written by {user}")


def check_directory(directory: Path, user: str) -> list[Finding]:
    """Read and judge the deployment's directory."""
    return list(judge_access(read_access(directory), user))
