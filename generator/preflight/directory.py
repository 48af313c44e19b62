"""The deployment's directory: may this user write where the generator writes?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from generator.core.finding import Finding, error, ok, warning
from generator.preflight.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Access:
    """What this user may do with a path that exists.

    :param for_everybody: all users of this machine may read it.
    """

    path: Path
    is_directory: bool
    readable: bool
    writable: bool
    mounted_read_only: bool = False
    for_everybody: bool = False


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
        for_everybody=bool(path.lstat().st_mode & stat.S_IROTH),
    )


def judge_access(entries: Sequence[Access], user: str) -> Iterator[Finding]:
    """Require directories that can be written and an `.env` that can be read; warn where others can read it too."""
    faults = [finding for finding in (_fault(entry, user) for entry in entries) if finding]
    yield from faults
    for entry in entries:
        if entry.path.name == ".env" and entry.for_everybody:
            remedy = f"Run `chmod o-rwx {quote(str(entry.path))}`."
            yield warning(
                "directory",
                "all users of this machine may read it, and it holds a secret",
                location=".env",
                remedy=remedy,
            )
    if not faults:
        yield ok("directory", f"{entries[0].path} can be written by {user}")


def _fault(entry: Access, user: str) -> Finding | None:
    path, typed = entry.path, quote(str(entry.path))
    own = f"Run `sudo chown -R {user}: {typed}`, or run make as its owner."
    if path.name == ".env":
        cause, remedy = ("" if entry.readable else f"{user} may not read it"), own
    elif not entry.is_directory:
        cause, remedy = "it is not a directory", f"Run `mv {typed} {quote(f'{path}.old')}`."
    elif entry.mounted_read_only:
        mount = f'Run `sudo mount -o remount,rw "$(findmnt -no TARGET -T {typed})"`'
        cause, remedy = "its file system is mounted read-only", f"{mount}, or move the deployment."
    else:
        cause, remedy = ("" if entry.writable and entry.readable else f"{user} may not write there"), own
    return error("directory", cause, location=str(path), remedy=remedy) if cause else None


def check_directory(directory: Path, user: str) -> list[Finding]:
    """Read and judge the deployment's directory."""
    return list(judge_access(read_access(directory), user))


ORDER = 10


def check(subject: Subject) -> list[Finding]:
    """Whether this user may work in the deployment's directory."""
    return check_directory(subject.requirements.directory, subject.user)
