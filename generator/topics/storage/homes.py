"""Homes, on the host's side: what HOMES, its limits and `site/skeleton` must be, and what each of them takes.

The host's side reads modes and mounts. Whatever needs to look into homes is done by `homeroom.storage.homes`, in a
container of the hub's image that lives for one verb and has the capabilities for it; so an operator who may use the
engine, and is not root, can run every verb of ours.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import docker.errors
from docker.types import Mount

from generator.core.errors import HomeroomError, raise_all
from generator.core.labels import DEPLOYMENT_LABEL, SERVER_LABEL, SERVICE_LABEL, USER_LABEL
from generator.schema.settings import Settings
from generator.topics.storage.shares import forbidden_by
from generator.topics.storage.site import PLAIN_PATH

SKELETON = "skeleton"
MOUNTED = "/srv/homes"
LAB_USER, LAB_GROUP = 1000, 100
CAPABILITIES = {
    "ensure": ["CHOWN"],
    "limit": ["DAC_READ_SEARCH", "FOWNER", "SYS_ADMIN"],
    "use": ["DAC_READ_SEARCH"],
    "remove": ["DAC_OVERRIDE", "FOWNER"],
}
"""As in `homeroom.storage.homes`, which a test holds equal."""

QUOTA_OPTIONS = frozenset({"prjquota", "pquota"})
LARGEST_SKELETON_FILES = 2000


def skeleton_path(site: Path) -> str:
    """The skeleton's path, as labs mount it; empty where there is none.

    :raises HomeroomError: labs could not read it.
    """
    raise_all(list(skeleton_faults(site / SKELETON)))
    return str((site / SKELETON).resolve()) if (site / SKELETON).is_dir() else ""


def homes_faults(settings: Settings, directory: Path) -> Iterator[HomeroomError]:
    """What keeps HOMES from holding homes, on this machine.

    :param directory: the deployment's.
    """
    if not settings.HOMES:
        return
    path, location = Path(settings.HOMES), ".env: HOMES"
    if not PLAIN_PATH.fullmatch(str(path)):
        remedy = "Take a directory whose path is of letters, digits and . _ @ + - only, without spaces."
        yield HomeroomError(f"{path} cannot hold homes: labs could not be given it", location=location, remedy=remedy)
        return
    make = f"Run `sudo install -d -o root -g root -m 0711 {path}`"
    closed = forbidden_by(path, [directory])
    if closed:
        yield HomeroomError(
            f"{path} cannot hold homes: {closed}", location=location, remedy="Take a directory made for it."
        )
        return
    try:
        status, real = path.stat(), path.resolve()
    except OSError as error:
        yield HomeroomError(
            f"{path}: {error.strerror}",
            location=location,
            remedy=f"{make}; if it is a disk of its own, mount that first.",
        )
        return
    if real != path:
        yield HomeroomError(
            f"{path} is a link to {real}", location=location, remedy="Give the path without symbolic links."
        )
    elif not stat.S_ISDIR(status.st_mode):
        yield HomeroomError(f"{path} is no directory", location=location, remedy=f"{make}.")
    else:
        for one in (path, *path.parents):
            if not _is_roots(one, sticky_will_do=one != path):
                yield HomeroomError(
                    f"{one} can be written by others than root, who could replace a home by a link",
                    location=location,
                    remedy=f"Run `sudo chown root {one} && sudo chmod g-w,o-w {one}`.",
                )
        if settings.HOME_HARD_LIMIT:
            yield from quota_faults(path, Path("/proc/self/mountinfo").read_text())


def _is_roots(path: Path, *, sticky_will_do: bool) -> bool:
    """Whether only root can replace what is in a directory."""
    status = path.stat()
    groups = stat.S_IWGRP if status.st_gid else 0  # root's own group is root
    loose = status.st_mode & (stat.S_IWOTH | groups)
    return status.st_uid == 0 and not (loose and not (sticky_will_do and status.st_mode & stat.S_ISVTX))


def quota_faults(path: Path, mountinfo: str) -> Iterator[HomeroomError]:
    """A file system that keeps no project quotas."""
    kind, options, point = mount_of(path, mountinfo)
    if options & QUOTA_OPTIONS:
        return
    how = {
        "ext4": f"with it unmounted, `tune2fs -O project -Q prjquota DEVICE`; then mount {point} with `prjquota`",
        "xfs": f"mount {point} with `prjquota` (for /, the kernel's parameter rootflags=prjquota)",
    }.get(kind, "put HOMES on ext4 or XFS, mounted with `prjquota`")
    yield HomeroomError(
        f"{path} is on {kind or 'a file system'} without project quotas: homes there cannot be limited",
        location=".env: HOME_HARD_LIMIT",
        remedy=f"Either {how}; or set HOME_SOFT_LIMIT alone, which warns.",
    )


def mount_of(path: Path, mountinfo: str) -> tuple[str, frozenset[str], str]:
    """File system, options and mount point of a path, from the text of /proc/self/mountinfo."""
    best, found = "", ("", frozenset[str](), "")
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, last = before.split(), after.split()
        if len(fields) < 6 or len(last) < 3:
            continue
        point = fields[4].replace("\\040", " ")
        if path.is_relative_to(point) and len(point) >= len(best):
            best, found = point, (last[0], frozenset(f"{fields[5]},{last[2]}".split(",")), point)
    return found


def skeleton_faults(skeleton: Path) -> Iterator[HomeroomError]:
    """What labs (user 1000) could not read or copy."""
    location = f"site/{SKELETON}"
    if not os.path.lexists(skeleton):
        return
    if skeleton.is_symlink() or not skeleton.is_dir():
        yield HomeroomError(
            "must be a directory", location=location, remedy="Make it one: each new home gets its content."
        )
        return
    if not PLAIN_PATH.fullmatch(str(skeleton.resolve())):
        yield HomeroomError(
            f"{skeleton.resolve()}: the guard takes only letters, digits and . _ @ + - in a path that labs mount",
            location=location,
            remedy="Move the deployment to a plainer directory, or do without a skeleton.",
        )
        return
    closed = [path for path in _walk(skeleton) if not _readable(path)]
    if closed:
        yield HomeroomError(
            f"labs cannot copy {closed[0].relative_to(skeleton.parent)}: not all users may read it",
            location=location,
            remedy=f"Run `chmod -R o+rX {shlex.quote(str(skeleton))}`. What is secret does not belong there.",
        )


def _walk(top: Path) -> Iterator[Path]:
    yield top
    for count, path in enumerate(sorted(top.rglob("*"))):
        if count >= LARGEST_SKELETON_FILES:
            yield top / "(more than 2000 files)"
            return
        yield path


def _readable(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    if stat.S_ISLNK(mode):
        return True
    if stat.S_ISDIR(mode):
        return mode & 0o005 == 0o005
    return stat.S_ISREG(mode) and bool(mode & 0o004)


# -- what a container of ours does -------------------------------------------------------------------------------------


def person_of(name: str) -> str:
    """The user whose home has this name: the inverse of `homeroom.contract.home_names.directory_name`."""
    raw = re.sub(rb"-([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), name.encode())
    return raw.decode(errors="replace")


def home_name(person: str) -> str:
    """What a user's home is called: as `homeroom.contract.home_names.directory_name`, which a test holds equal."""
    return re.sub(rb"[^a-z0-9]", lambda found: b"-%02x" % found[0][0], person.encode()).decode()


def volume_prefix(project: str) -> str:
    """What the names of volumes that are homes begin with; the home's own name comes after it."""
    return f"{project}-user-"


def exam_prefix(project: str) -> str:
    """What the names of volumes begin with that are homes of exams."""
    return f"{project}-exam-"


def source(settings: Settings, project: str, person: str) -> str:
    """What is mounted as a person's home: a directory of HOMES, or a volume."""
    name = home_name(person)
    return f"{settings.HOMES}/{name}" if settings.HOMES else volume_prefix(project) + name


def mount(settings: Settings, project: str, person: str, target: str, *, read_only: bool) -> Mount:
    """A person's home, mounted somewhere."""
    kind: Literal["bind", "volume"] = "bind" if settings.HOMES else "volume"
    return Mount(target=target, source=source(settings, project, person), type=kind, read_only=read_only)


def has_directory(settings: Settings, project: str, person: str) -> bool:
    """Whether a person has a directory in HOMES. Where others than root may not look into it, the engine knows."""
    try:
        Path(source(settings, project, person)).lstat()
    except FileNotFoundError:
        return False
    except OSError:
        pass
    return True


def owners(client: Any, settings: Settings) -> list[str]:
    """Whose homes there are; of directories, those that this user may see."""
    if settings.HOMES:
        try:
            return sorted(person_of(entry.name) for entry in os.scandir(settings.HOMES) if entry.is_dir())
        except OSError:
            return []
    labels = [f"{DEPLOYMENT_LABEL}={settings.COMPOSE_PROJECT_NAME}", USER_LABEL]
    found = [volume.attrs["Labels"] for volume in client.volumes.list(filters={"label": labels})]
    return sorted(each[USER_LABEL] for each in found if SERVER_LABEL not in each)  # that of an exam has it


def ensure(client: Any, settings: Settings, project: str, person: str) -> None:
    """See that there is a home of somebody's, as the hub makes it; one that is there is left alone.

    :raises HomeroomError: it cannot be made.
    """
    if settings.HOMES:
        run_verb(client, settings, "ensure", home_name(person), f"--hard-limit={settings.HOME_HARD_LIMIT}")
        return
    name = source(settings, project, person)
    try:
        client.volumes.get(name)
    except docker.errors.NotFound:
        client.volumes.create(name, labels={DEPLOYMENT_LABEL: project, USER_LABEL: person})
    # Also where it was there: a run that was killed may have left it root's.
    client.containers.run(
        f"{project}-hub:local",
        ["chown", f"{LAB_USER}:{LAB_GROUP}", MOUNTED],
        user="0:0",
        volumes={name: {"bind": MOUNTED, "mode": "rw"}},
        network_mode="none",
        cap_drop=["ALL"],
        cap_add=CAPABILITIES["ensure"],
        security_opt=["no-new-privileges"],
        read_only=True,
        remove=True,
        labels={DEPLOYMENT_LABEL: project, SERVICE_LABEL: "homes"},
    )


def run_verb(client: Any, settings: Settings, verb: str, *arguments: str) -> Any:
    """Run one verb of `homeroom.storage.homes` on HOMES and return what it says.

    :raises HomeroomError: it failed, with its reason.
    """
    try:
        output = client.containers.run(
            f"{settings.COMPOSE_PROJECT_NAME}-hub:local",
            ["python", "-m", "homeroom.storage.homes", verb, *arguments],
            user="0:0",
            volumes={settings.HOMES: {"bind": MOUNTED, "mode": "ro" if verb == "use" else "rw"}},
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=[*CAPABILITIES[verb], *(["SYS_ADMIN"] if verb == "ensure" and settings.HOME_HARD_LIMIT else [])],
            security_opt=["no-new-privileges"],
            read_only=True,
            mem_limit="256m",
            pids_limit=16,
            remove=True,
            stdout=True,
            stderr=False,
            labels={DEPLOYMENT_LABEL: settings.COMPOSE_PROJECT_NAME, SERVICE_LABEL: "homes"},
        )
    except docker.errors.ContainerError as error:
        said: Any = error.stderr or b""
        raise HomeroomError(
            _reason(_last(said.decode(errors="replace"))) or "homes could not be looked at",
            location=".env: HOMES",
            remedy="`make check` looks settings and machine over.",
        ) from None
    return json.loads(_last(output.decode()))


def _reason(line: str) -> str:
    """Why a verb failed: a text in JSON; or what came before it could say anything."""
    try:
        return str(json.loads(line))
    except ValueError:
        return line


def _last(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def limit_homes(client: Any, settings: Settings) -> str:
    """Put the homes there are under the limit of the settings; returns what was done, in words.

    :raises HomeroomError: the file system does not keep it.
    """
    done = run_verb(client, settings, "limit", f"--hard-limit={settings.HOME_HARD_LIMIT}")
    moved = f", {done['moved']} for the first time" if done["moved"] else ""
    return f"{done['homes']} homes{moved}"


def closed_places(settings: Settings, directory: Path) -> Sequence[Path]:
    """What no share may reach: the deployment's directory and the homes."""
    return [directory, *([Path(settings.HOMES)] if settings.HOMES else [])]
