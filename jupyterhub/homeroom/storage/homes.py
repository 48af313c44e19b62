"""Homes as directories of the host: `python -m homeroom.storage.homes VERB`, run in a container that lives for one
verb.

The guard runs `ensure` for a user who has no directory yet, `make up` runs `limit`, `make status` runs `use`, and what
removes somebody's files for good runs `remove`. Each time the container has HOMES at /srv/homes, no network, and of
root's capabilities only those that the verb needs; in between nobody has them. The directory above the homes is root's
alone, so no one else can put a link in a home's place.

Every verb prints one line of JSON. Exit codes: 0, or 1 with the reason as that line, on standard error.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import fcntl
import json
import os
import re
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from homeroom.contract.home_names import CAPABILITIES, GROUP, OWNER, ROOT

MODE = 0o700
FIRST_PROJECT = 1_000_000
"""Project ids below are the operator's."""

HOME_NAME = re.compile(r"[a-z0-9-]{1,200}")

# linux/fs.h, linux/quota.h
FSGETXATTR = 0x801C581F
FSSETXATTR = 0x401C5820
INHERIT = 0x200
FSXATTR = struct.Struct("=5I8s")
DQBLK = struct.Struct("=8QI4x")
QUOTACTL_FD = 443
PROJECT_QUOTA = 2
SET_QUOTA = 0x800008 << 8 | PROJECT_QUOTA
BLOCK_LIMITS = 1
BLOCK_BYTES = 1024


class CannotHold(Exception):
    """A home cannot be made or limited; the text is the reason, for the operator."""


def homes(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The homes there are, with what the file system says of each."""
    with os.scandir(root) as entries:
        for entry in entries:
            if HOME_NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                yield entry.name, entry.stat(follow_symlinks=False)


def list_homes(root: Path) -> list[str]:
    """The names of the homes that a lab can use as they are."""
    return sorted(name for name, status in homes(root) if status.st_uid == OWNER)


def ensure(root: Path, name: str, hard_limit_bytes: int = 0) -> None:
    """See that there is a home of this name, of the labs' user alone; one that is there is left alone.

    It is made whole under another name first: an interrupted run leaves no half of it.

    :raises CannotHold: others could write where homes are, something else has the name, or it cannot be limited.
    """
    if not HOME_NAME.fullmatch(name):
        raise CannotHold(f"{name!r} is no home's name")
    above = root.stat()
    if above.st_uid != os.geteuid() or above.st_mode & 0o022:
        raise CannotHold("the directory of the homes (HOMES) must be root's, and writable by root alone")
    try:
        there = (root / name).lstat()
    except FileNotFoundError:
        pass
    else:
        if not stat.S_ISDIR(there.st_mode) or there.st_uid != OWNER:
            raise CannotHold(f"{name} is there already and no directory of user {OWNER}: `chown -R {OWNER}:{GROUP}` it")
        return
    growing = root / f".{name}.new"  # no home's name begins with a dot
    if growing.exists():
        growing.rmdir()
    growing.mkdir(mode=MODE)
    descriptor = os.open(growing, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(descriptor, MODE)
        if hard_limit_bytes:
            # Before it is given away: afterwards it would take one more capability.
            project = next_project(root)
            set_project(descriptor, project)
            set_limit(descriptor, project, hard_limit_bytes)
        os.fchown(descriptor, OWNER, GROUP)
        os.fsync(descriptor)
    except OSError:
        growing.rmdir()
        raise
    finally:
        os.close(descriptor)
    growing.rename(root / name)


def remove(root: Path, name: str) -> None:
    """Remove a home with all that is in it; one that is not there is no fault. It has its name no more from the first
    moment on, and what an interrupted run has left goes with the next.

    :raises CannotHold: it is no directory, or the name is no home's.
    """
    if not HOME_NAME.fullmatch(name):
        raise CannotHold(f"{name!r} is no home's name")
    going = root / f".{name}.removed"  # no home's name begins with a dot
    if going.exists():
        _remove_tree(going)
    try:
        there = (root / name).lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(there.st_mode):
        raise CannotHold(f"{name} is no directory, and was left alone")
    (root / name).rename(going)
    _remove_tree(going)


def _remove_tree(top: Path) -> None:
    """Remove a directory with all that is in it, of any depth and any number of files: Python's own opens every level
    at once, and a lab can nest more of them than a process may open.

    :raises CannotHold: something in it cannot be removed.
    """
    done = subprocess.run(["rm", "-rf", "--", str(top)], capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise CannotHold((done.stderr.strip().splitlines() or [f"{top} cannot be removed"])[0])


# -- quotas ------------------------------------------------------------------------------------------------------------


def next_project(root: Path) -> int:
    """A project id that no home ever had. The last one is kept in a file beside the homes, which only root writes."""
    kept = root / ".projects"
    last = int(kept.read_text()) if kept.exists() else FIRST_PROJECT - 1
    fresh = kept.with_name(".projects.new")
    fresh.write_text(f"{last + 1}\n")
    fresh.chmod(0o600)
    fresh.rename(kept)
    return last + 1


def project_of(descriptor: int) -> int:
    """The project id of an open file or directory; 0: none."""
    answer = fcntl.ioctl(descriptor, FSGETXATTR, bytes(FSXATTR.size))
    return int(FSXATTR.unpack(answer)[3])


def set_project(descriptor: int, project: int) -> None:
    """Give an open file or directory a project id; in a directory, what is made there later has it too."""
    flags, extent, extents, _, copy_extent, padding = FSXATTR.unpack(
        fcntl.ioctl(descriptor, FSGETXATTR, bytes(FSXATTR.size))
    )
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        flags |= INHERIT
    fcntl.ioctl(descriptor, FSSETXATTR, FSXATTR.pack(flags, extent, extents, project, copy_extent, padding))


def quotactl(descriptor: int, command: int, project: int, block: ctypes.Array[ctypes.c_char]) -> None:
    """The system call on the file system of an open file; libc has no wrapper for it. :raises OSError: its error."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    arguments = (ctypes.c_long(QUOTACTL_FD), ctypes.c_uint(descriptor), ctypes.c_uint(command), ctypes.c_uint(project))
    if libc.syscall(*arguments, block) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"quota: {os.strerror(number)}")


def set_limit(descriptor: int, project: int, hard_limit_bytes: int) -> None:
    """Limit what a project's files take together; 0: no limit."""
    values = (-(-hard_limit_bytes // BLOCK_BYTES), 0, 0, 0, 0, 0, 0, 0, BLOCK_LIMITS)
    quotactl(descriptor, SET_QUOTA, project, ctypes.create_string_buffer(DQBLK.pack(*values), DQBLK.size))


def limit_all(root: Path, hard_limit_bytes: int) -> dict[str, int]:
    """Put every home under a hard limit, also those made before there was one; 0 takes the limits away.

    :returns: how many homes there are, and how many were given a project of their own now.
    """
    count = moved = 0
    for name, status in sorted(homes(root)):
        if status.st_uid != OWNER:
            continue
        count += 1
        descriptor = os.open(root / name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            project = project_of(descriptor)
            if not project and not hard_limit_bytes:
                continue
            if not project:
                project = next_project(root)
                move_tree(descriptor, project)
                moved += 1
            set_limit(descriptor, project, hard_limit_bytes)
        finally:
            os.close(descriptor)
    return {"homes": count, "moved": moved}


def move_tree(top: int, project: int) -> None:
    """Give a whole tree a project id, the top last: a run that was interrupted is seen by it and begins again."""
    for _, directories, files, descriptor in os.fwalk(".", dir_fd=top, follow_symlinks=False):
        for name in (*directories, *files):
            # Links, sockets and pipes have no project of their own and take no room to speak of.
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                continue
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            try:
                opened = os.open(name, flags, dir_fd=descriptor)
            except FileNotFoundError:
                continue  # the user deleted it meanwhile
            try:
                set_project(opened, project)
            finally:
                os.close(opened)
    set_project(top, project)


# -- use ---------------------------------------------------------------------------------------------------------------


def tree_bytes(top: Path, until: float, clock: Callable[[], float] = time.monotonic) -> int | None:
    """What the files under a directory take on the disk, each once however many names it has; None: too late."""
    total = 0
    device = top.stat().st_dev
    seen: set[int] = set()
    waiting = [str(top)]
    while waiting:
        if clock() > until:
            return None
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if status.st_dev != device or (status.st_nlink > 1 and status.st_ino in seen):
                        continue
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(entry.path)
                    elif status.st_nlink > 1:
                        seen.add(status.st_ino)
                    total += status.st_blocks * 512
        except OSError:
            continue  # gone meanwhile
    return total


def use(root: Path, seconds: float) -> dict[str, int | None]:
    """Bytes that each home takes: asked of the quota where there is one, else counted; None: not in this time."""
    until = time.monotonic() + seconds
    found: dict[str, int | None] = {}
    for name, _ in sorted(homes(root)):
        found[name] = _quota_bytes(root / name)
        if found[name] is None:
            found[name] = tree_bytes(root / name, until)
    return found


def _quota_bytes(home: Path) -> int | None:
    """What the kernel counts for a home of a project of its own: `statvfs` of such a directory tells its quota."""
    try:
        descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        whole, own = os.statvfs(home.parent), os.fstatvfs(descriptor)
        if not project_of(descriptor) or own.f_blocks == whole.f_blocks:
            return None
        return (own.f_blocks - own.f_bfree) * own.f_frsize
    except OSError:
        return None
    finally:
        os.close(descriptor)


# -- the command -------------------------------------------------------------------------------------------------------

NO_QUOTA = (errno.ESRCH, errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


def explained(error: OSError) -> str:
    """What the kernel said, in an operator's words."""
    if error.errno in NO_QUOTA:
        return "the file system of HOMES keeps no project quotas: mount it with `prjquota`, or leave HOME_HARD_LIMIT"
    return f"{error.filename or 'HOMES'}: {error.strerror}"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run one verb."""
    parser = argparse.ArgumentParser(prog="homeroom.storage.homes", description="Homes as directories of the host.")
    parser.add_argument("verb", choices=sorted(CAPABILITIES))
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--hard-limit", type=int, default=0, help="bytes; 0: none")
    parser.add_argument("--seconds", type=float, default=20.0, help="longest count of `use`")
    options = parser.parse_args(arguments)
    answer: Any = None
    try:
        if options.verb == "list":
            answer = list_homes(root)
        elif options.verb == "ensure":
            ensure(root, options.name, options.hard_limit)
        elif options.verb == "limit":
            answer = limit_all(root, options.hard_limit)
        elif options.verb == "remove":
            remove(root, options.name)
        else:
            answer = use(root, options.seconds)
    except CannotHold as refusal:
        print(json.dumps(str(refusal)), file=sys.stderr)
        return 1
    except OSError as error:
        print(json.dumps(explained(error)), file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
