"""`site/shares.yaml`: directories that several people have in their labs, read-only or to write into.

What is wrong with a share is told before anything is changed. The paths that are checked here are the ones that labs
mount: they reach the hub and the guard with every symbolic link in them followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shlex import quote
from typing import Any

from generator.core.errors import HomeroomError, raise_all
from generator.site import reader
from generator.site.reader import SiteFile
from generator.topics.labs import labs
from generator.topics.storage.site import PLAIN_PATH, SHARES_FILE, Share, Shares, volume_name

LAB_USER_ID = 1000
LAB_GROUP_ID = 100

SYSTEM = ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "usr", "var/run")
ENGINES = ("var/lib/containerd", "var/lib/containers", "var/lib/docker")
FORBIDDEN = tuple(Path("/") / name for name in (*SYSTEM, *ENGINES))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A share, and where it stands in its file."""

    share: Share
    file: SiteFile
    index: int

    def error(self, field: str, cause: str, *, remedy: str) -> HomeroomError:
        """A fault of one of its fields."""
        return self.file.error(("shares", self.index, field), cause, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class SharedDirectory:
    """A share, ready for the hub and the guard: its source is a path without links, or an engine's volume name."""

    share: Share
    source: str

    def trait(self) -> dict[str, Any]:
        """As LabSpawner.shares has it."""
        return {
            "name": self.share.name,
            "source": self.source,
            "target": self.share.target,
            "mount_target": self.share.mount_target,
            "read_only": self.share.read_only,
            "groups": self.share.groups,
            "users": self.share.users,
        }

    def rule(self) -> dict[str, Any]:
        """As the guard's policy has it."""
        return {"source": self.source, "target": self.share.mount_target, "read_only": self.share.read_only}


def load(
    site: Path, project: str, *, protected: Sequence[Path], known_groups: Collection[str] = ()
) -> list[SharedDirectory]:
    """The shares of `site/shares.yaml`, checked; none where there is no such file.

    :param protected: places that are no share's, beside the system's own: the deployment's directory, the homes.
    :param known_groups: those of `site/groups.yaml`.
    :raises HomeroomError: everything that is wrong with them.
    """
    found = reader.load(site / SHARES_FILE, Shares)
    if found is None:
        return []
    file = SiteFile(site / SHARES_FILE)
    entries = [Entry(share=share, file=file, index=index) for index, share in enumerate(found.shares)]
    faults = [*clashes(entries), *unknown_groups(entries, known_groups)]
    ready: list[tuple[Entry, str]] = []
    for entry in entries:
        if entry.share.path is None:
            ready.append((entry, volume_name(project, str(entry.share.volume))))
            continue
        path_faults = list(path_faults_of(entry, protected))
        faults += path_faults
        if not path_faults:
            ready.append((entry, str(Path(entry.share.path).resolve())))
    raise_all([*faults, *inside_one_another(ready)])
    return [SharedDirectory(share=entry.share, source=source) for entry, source in ready]


def clashes(entries: Sequence[Entry]) -> Iterator[HomeroomError]:
    """Names twice; targets twice or one inside another; one volume with read-only and read-write shares is fine."""
    names: set[str] = set()
    for number, entry in enumerate(entries):
        share = entry.share
        if share.name in names:
            yield entry.error("name", f"the share {share.name} is there twice", remedy="Give each a name of its own.")
        names.add(share.name)
        for other in entries[:number]:
            one, two = PurePosixPath(share.target), PurePosixPath(other.share.target)
            if one.is_relative_to(two) or two.is_relative_to(one):
                cause = "the same as" if one == two else "inside or around"
                yield entry.error(
                    "target",
                    f"the target {one} is {cause} that of share {other.share.name}, {two}",
                    remedy="Give each share a target of its own.",
                )


def unknown_groups(entries: Sequence[Entry], known: Collection[str]) -> Iterator[HomeroomError]:
    """Groups that `site/groups.yaml` should have."""
    for entry in entries:
        location = ("shares", entry.index, "groups")
        yield from labs.unknown_groups(entry.file, location, entry.share.groups or [], known)


def path_faults_of(entry: Entry, protected: Sequence[Path]) -> Iterator[HomeroomError]:
    """What keeps a host directory from being shared."""
    path = Path(str(entry.share.path))
    try:
        real = path.resolve(strict=True)
        status = real.stat()
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        remedy = f"Make it: `sudo install -d -g 100 {quote(str(path))}`."
        yield entry.error("path", f"{path} cannot be shared: {why}", remedy=remedy)
        return
    shown = f"{path}" if real == path else f"{path} (a link to {real})"
    closed = forbidden_by(path, protected) or forbidden_by(real, protected)
    if closed:
        yield entry.error("path", f"{shown} may not be shared: {closed}", remedy="Share a directory made for it.")
    elif not PLAIN_PATH.fullmatch(str(real)):
        yield entry.error(
            "path",
            f"{shown}: the guard takes only letters, digits and . _ @ + - in a path",
            remedy="Mount or move it to a path of those.",
        )
    elif not stat.S_ISDIR(status.st_mode):
        yield entry.error("path", f"{shown} is no directory", remedy="Share the directory it is in.")
    else:
        yield from swappable(entry, real)
        yield from access_faults(entry, real, status)


def forbidden_by(path: Path, protected: Sequence[Path]) -> str | None:
    """Why a path is closed to shares; None where it is not."""
    if path == Path("/"):
        return "it is the whole machine"
    for closed in (*FORBIDDEN, *(one.resolve() for one in protected)):
        if path.is_relative_to(closed):
            return f"labs may not see {closed}"
        if closed.is_relative_to(path):
            return f"it contains {closed}, which labs may not see"
    return None


def swappable(entry: Entry, real: Path) -> Iterator[HomeroomError]:
    """A parent in which others could put a link to elsewhere in the directory's place."""
    for parent in real.parents:
        status = parent.stat()
        loose = status.st_mode & stat.S_IWOTH or (status.st_gid == LAB_GROUP_ID and status.st_mode & stat.S_IWGRP)
        if loose and not status.st_mode & stat.S_ISVTX:
            yield entry.error(
                "path",
                f"{parent} can be written by {'anybody' if status.st_mode & stat.S_IWOTH else 'the labs'}, "
                f"who could replace {real} by a link",
                remedy=f"Run `sudo chmod g-w,o-w {quote(str(parent))}`, or share another directory.",
            )


def access_faults(entry: Entry, real: Path, status: os.stat_result) -> Iterator[HomeroomError]:
    """Modes under which a lab (user 1000, group 100) could not use it. Where ACLs decide, nothing is said."""
    if "system.posix_acl_access" in _attributes(real):
        return
    if status.st_uid == LAB_USER_ID:
        may = status.st_mode >> 6
    elif status.st_gid == LAB_GROUP_ID:
        may = status.st_mode >> 3
    else:
        may = status.st_mode
    if entry.share.read_only and may & 0o5 != 0o5:
        yield entry.error(
            "path",
            f"labs (user 1000, group 100) may not read {real}",
            remedy=f"Run `sudo chgrp -R 100 {real} && sudo chmod -R g+rX {real}`.",
        )
    elif not entry.share.read_only and may & 0o7 != 0o7:
        yield entry.error(
            "path",
            f"labs (user 1000, group 100) may not write into {real}, which is shared to write into",
            remedy=f"Run `sudo chgrp -R 100 {real} && sudo chmod -R g+rwX {real} && "
            f"sudo find {real} -type d -exec chmod g+s {{}} +`, or set read_only: true.",
        )


def _attributes(path: Path) -> list[str]:
    try:
        return os.listxattr(path)
    except OSError:
        return []


def inside_one_another(shared: Sequence[tuple[Entry, str]]) -> Iterator[HomeroomError]:
    """A share inside one that labs write into: they could put a link to anywhere in its place."""
    paths = [(entry, source) for entry, source in shared if source.startswith("/")]
    for inner, inner_source in paths:
        for outer, outer_source in paths:
            writable = not outer.share.read_only and inner_source != outer_source
            if writable and Path(inner_source).is_relative_to(outer_source):
                yield inner.error(
                    "path",
                    f"{inner_source} is inside {outer_source}, which share {outer.share.name} lets people write into: "
                    "they could replace it by a link",
                    remedy="Move it out of there, or make the outer share read-only.",
                )


def guard_rules(shared: Sequence[SharedDirectory]) -> dict[str, list[dict[str, Any]]]:
    """What `guard.json` lets labs mount for them: these sources onto these targets, nothing near them."""
    rules = [one.rule() for one in shared]
    return {
        "binds": [rule for rule in rules if rule["source"].startswith("/")],
        "volumes": [rule for rule in rules if not rule["source"].startswith("/")],
    }
