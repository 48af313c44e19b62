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
    mounted_read_only: bool = False


def read_access(directory: Path) -> list[Access]:
    """Look at the directory, `rendered/`, `site/` and `.env`, as far as they exist."""
    paths = (directory, directory / "rendered", directory / "site", directory / ".env")
    return [_access(path) for path in paths if path == directory or os.path.lexists(path)]


def _access(path: Path) -> Access:
    try:
        read_only = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        read_only = False
    return Access(
        path=path,
        is_directory=path.is_dir(),
        readable=os.access(path, os.R_OK),
        writable=os.access(path, os.W_OK | os.X_OK),
        mounted_read_only=read_only,
    )


def judge_access(entries: Sequence[Access], user: str) -> Iterator[Finding]:
    """Require directories that can be written and an `.env` that can be read."""
    faults = [finding for finding in (_fault(entry, user) for entry in entries) if finding]
    yield from faults
    if not faults:
        yield ok("directory", f"{entries[0].path} can be written by {user}")


def _fault(entry: Access, user: str) -> Finding | None:
    path = entry.path
    own = f"Run `sudo chown -R {user}: {path}`, or run make as its owner."
    if path.name == ".env":
        cause, remedy = ("" if entry.readable else f"{user} may not read it"), own
    elif not entry.is_directory:
        cause, remedy = "it is not a directory", f"Run `mv {path} {path}.old`."
    elif entry.mounted_read_only:
        mount = f"Run `sudo mount -o remount,rw $(findmnt -no TARGET -T {path})`"
        cause, remedy = "its file system is mounted read-only", f"{mount}, or move the deployment."
    else:
        cause, remedy = ("" if entry.writable and entry.readable else f"{user} may not write there"), own
    return error("directory", cause, place=str(path), remedy=remedy) if cause else None


def check_directory(directory: Path, user: str) -> list[Finding]:
    """Read and judge the deployment's directory."""
    return list(judge_access(read_access(directory), user))
