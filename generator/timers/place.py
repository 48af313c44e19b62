"""The directory whose verbs the clock runs: may its user work there, and may root run what lies there?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from generator.core.finding import Finding, error, warning
from generator.timers.job import user_name

RUN = ("Makefile", "tests", "tests/verbs.mk", "docker-compose.yml", ".env", "rendered")
RUN_WHOLE = ("generator", ".venv")
"""What a run reads and obeys; of these folders all that is in them."""
WRITTEN = (".env", "timers", "watching", "backup")
"""What a run must be able to read or write, where it is there; `make` as another user leaves it to that one."""
OTHERS = stat.S_IWGRP | stat.S_IWOTH


def faults(directory: Path, user: str, names: Sequence[str] = ()) -> Iterator[Finding]:
    """What is wrong with a directory whose verbs the clock is to run as a user. With an error it must run none.

    :param names: of the timers, each of which has a folder.
    """
    typed = quote(str(directory))
    if not str(directory).isprintable():
        remedy = "Move it to a path of letters, and `make up` there."
        yield error("timers", "its path would be several lines for the clock", location=typed, remedy=remedy)
    elif user == "root" and (path := _of_others(directory)):
        remedy = (
            f"Move the directory to where only root writes, such as /srv, and run `sudo chown -R root: {typed}` and "
        )
        remedy += f"`sudo chmod -R go-w {typed}`; or give it to the one who uses it: `sudo chown -R NAME: {typed}`."
        cause = f"the clock would run this as root, and others may change {path}"
        yield error("timers", cause, location=typed, remedy=remedy)
    else:
        for name in (*WRITTEN, *(f"timers/{each}" for each in names)):
            whose = _owner(directory / name)
            if whose not in ("", user):
                remedy = f"Run `sudo chown -R {user}: {typed}`, and make as {user} from now on."
                cause = f"{name} belongs to {whose}, and the clock runs this as {user}"
                yield warning("timers", cause, location=name, remedy=remedy)
                return


def _owner(path: Path) -> str:
    """Whose a path is; empty where it is not there, or cannot be looked at."""
    try:
        return user_name(path.lstat().st_uid)
    except OSError:
        return ""


def _of_others(directory: Path) -> Path | None:
    """The first of what leads to the directory, or is run in it, that somebody else than root may change."""
    real = directory.resolve()
    above = dict.fromkeys([*reversed(directory.parents), directory, *reversed(real.parents), real])
    inside = (directory / name for name in RUN)
    found = (path for path in (*above, *inside, *_all(directory)) if _may_change(path, is_above=path in real.parents))
    return next(found, None)


def _all(directory: Path) -> Iterator[Path]:
    for name in RUN_WHOLE:
        for folder, folders, files in os.walk(directory / name):
            yield from (Path(folder, each) for each in (".", *folders, *files))


def _may_change(path: Path, *, is_above: bool) -> bool:
    """Whether somebody else than root may; what lies in a folder such as /tmp, only its owner renames or removes."""
    try:
        found = path.lstat()
    except OSError:
        return False
    if found.st_uid:
        return True
    if stat.S_ISLNK(found.st_mode):
        return False
    by_others = found.st_mode & (stat.S_IWOTH if found.st_gid == 0 else OTHERS)
    return bool(by_others) and not (is_above and found.st_mode & stat.S_ISVTX)
