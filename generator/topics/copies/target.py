"""Where copies go: what BACKUP_TO names, and how restic in its container is told."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.core.errors import HomeroomError
from generator.schema.settings import Settings

Kind = Literal["directory", "sftp", "s3", "rest"]
REMOTE: tuple[Kind, ...] = ("sftp", "s3", "rest")
MOUNTED = "/repository"
SECRETS_MOUNTED = "/run/backup"
LOCATION = ".env: BACKUP_TO"
SSH_SECONDS = 20
RESTIC_FILES = {"config", "data", "index", "keys", "locks", "snapshots"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A place for copies.

    :param address: as BACKUP_TO has it.
    """

    address: str

    @property
    def kind(self) -> Kind:
        """What is spoken there."""
        return next((kind for kind in REMOTE if self.address.startswith(f"{kind}:")), "directory")

    @property
    def repository(self) -> str:
        """The address as restic in its container has it."""
        return MOUNTED if self.kind == "directory" else self.address

    @property
    def account(self) -> tuple[str, str]:
        """Who signs in where, as `hub@copies.example.edu`, and the port where one is named; of an SFTP address."""
        rest = self.address.removeprefix("sftp:")
        if not rest.startswith("//"):
            return re.split(r":(?![0-9A-Fa-f:]*\])", rest, maxsplit=1)[0], ""
        found = re.fullmatch(r"(.*?)(?::([0-9]+))?", rest.removeprefix("//").partition("/")[0])
        return (found[1], found[2] or "") if found else (rest, "")

    @property
    def host(self) -> str:
        """The server of an SFTP address."""
        return self.account[0].rpartition("@")[2].strip("[]")

    @property
    def ssh(self) -> list[str]:
        """What ssh is told: our key, the servers that are known, and to ask nobody."""
        return [
            *("-F", "/dev/null", "-i", f"{SECRETS_MOUNTED}/ssh/id_ed25519", "-o", "IdentitiesOnly=yes"),
            *("-o", f"UserKnownHostsFile={SECRETS_MOUNTED}/ssh/known_hosts", "-o", "StrictHostKeyChecking=yes"),
            *("-o", "BatchMode=yes", "-o", f"ConnectTimeout={SSH_SECONDS}", "-o", "ServerAliveInterval=30"),
        ]

    @property
    def ssh_probe(self) -> list[str]:
        """The call that signs in by SFTP and leaves again."""
        account, port = self.account
        return [
            "ssh",
            *self.ssh,
            *(["-p", port] if port else []),
            "-s",
            account.replace("[", "").replace("]", ""),
            "sftp",
        ]

    @property
    def options(self) -> list[str]:
        """What restic is told beside the address."""
        return ["-o", f"sftp.args={' '.join(self.ssh)}"] if self.kind == "sftp" else []


def of(settings: Settings, directory: Path) -> Target:
    """The target of a deployment.

    :param directory: the deployment's.
    :raises HomeroomError: none is set, or the directory is none that can hold copies.
    """
    if not settings.BACKUP_TO:
        raise HomeroomError(
            "is not set: there is no place for copies",
            location=LOCATION,
            remedy="Set it to a directory on another disk, or to an address such as "
            "sftp:hub@copies.example.edu:/srv/hub (docs/copies.md).",
        )
    target = Target(address=settings.BACKUP_TO)
    for fault in directory_faults(target, settings, directory):
        raise fault
    return target


def directory_faults(target: Target, settings: Settings, directory: Path) -> Iterator[HomeroomError]:
    """What keeps a directory of this machine from holding copies; nothing for other targets."""
    if target.kind != "directory":
        return
    path = Path(target.address)
    try:
        status = path.stat()
    except OSError as error:
        yield HomeroomError(
            f"{path}: {error.strerror}",
            location=LOCATION,
            remedy=f"If it is a disk of its own, mount that first; else make it: `sudo install -d -m 0700 {path}`.",
        )
        return
    real = path.resolve()
    homes = [Path(settings.HOMES)] if settings.HOMES else []
    inside = next((one for one in (directory, *homes) if real.is_relative_to(one) or one.is_relative_to(real)), None)
    if not stat.S_ISDIR(status.st_mode):
        yield HomeroomError(f"{path} is no directory", location=LOCATION, remedy="Name the directory it is in.")
    elif inside is not None:
        yield HomeroomError(
            f"{path} lies in or around {inside}, of which copies are made",
            location=LOCATION,
            remedy="Take a directory of its own, on another disk or machine.",
        )
    elif foreign := foreign_file(real):
        yield HomeroomError(
            f"{path} holds other files than copies ({foreign})",
            location=LOCATION,
            remedy="Name an empty directory, or the one that holds the copies.",
        )


def foreign_file(path: Path) -> str:
    """The name of something that is no repository's; empty where there is none, or where one may not look."""
    try:
        names = {one.name for one in path.iterdir()} - {"lost+found"}
    except OSError:
        return ""
    return min(names - RESTIC_FILES, default="") if "config" not in names else ""


def is_on_same_disk(target: Target, other: str) -> bool:
    """Whether a directory lies on the disk of another path: one fault may take both."""
    try:
        return target.kind == "directory" and Path(target.address).stat().st_dev == Path(other).stat().st_dev
    except OSError:
        return False
