"""`make user-export`: everything of one person in one archive."""

from __future__ import annotations

import fcntl
import gzip
import io
import json
import os
import secrets
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import docker.errors
from docker.types import Mount

from generator.core.console import note, quoted, step
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import in_units
from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL, USER_LABEL
from generator.core.paths import ROOT, SITE
from generator.engine import hub_module
from generator.engine.deployment import Deployment
from generator.topics.courses import desk
from generator.topics.people import records
from generator.topics.storage import homes, storage

MODULE = "homeroom.people.export"
MOUNTED = "/export/home"
"""Its last part is the archive's folder."""
ACCOUNT = "account.json"
ENDINGS = (".tar.gz", ".tgz")
"""Another name is taken for a folder's that is not there."""
FAST = 1
"""Of gzip's levels: notebooks and data shrink little more at others, which take four times as long."""


def export(deployment: Deployment, name: str, to: str) -> None:
    """Write the archive: files, and what the hub keeps. One that is there is never replaced.

    :param to: a file that is not there yet, or a folder.
    :raises HomeroomError: there is nobody of this name, their lab writes meanwhile, or it cannot be written.
    """
    target = target_of(to, name, datetime.now())
    with desk.open_for_a_verb(deployment):
        answer = hub_module.ask(deployment, MODULE, name, about=f"about {name}")
    if answer["found"] is None:
        raise HomeroomError(
            f"there is nobody called {quoted(name)}",
            location="NAME",
            remedy=did_you_mean(name, answer["known"], "`make people` lists everybody whom the hub knows."),
        )
    if any(lab.labels[USER_LABEL] == name for lab in deployment.labs(running_only=True)):
        raise HomeroomError(
            f"a lab of {quoted(name)} is running, and writes into the files meanwhile",
            location="NAME",
            remedy="Have it stopped first (the page Admin stops labs), then run this again.",
        )
    found = {**answer["found"], "shares": shares(deployment, name, answer["found"]["hub"]["groups"])}
    with step(f"Writing all that there is of {quoted(name)}") as shown:
        count = write(target, found, home(deployment, name))
        shown.say(f"{count} files and folders, {in_units(target.stat().st_size)}")
    records.note(deployment, "user-export", name)
    if not count:
        note(f"There is no home of {quoted(name)}.")
    note(f"{target}: what the hub keeps is in {ACCOUNT}, the files are in home/. Only you can read it.")


def target_of(to: str, name: str, now: datetime) -> Path:
    """The file to write.

    :raises HomeroomError: none is named, it is there already, or its folder is not.
    """
    if not to:
        raise HomeroomError(
            "TO is missing", location="TO", remedy=f"Run `make user-export NAME={name} TO=/srv/{name}.tar.gz`."
        )
    path = Path(to).expanduser().absolute()
    if path.is_dir():
        path /= f"{homes.home_name(name)}-{now:%Y-%m-%d}.tar.gz"
    elif not path.name.endswith(ENDINGS):
        raise HomeroomError(
            f"there is no folder {path}", location="TO", remedy="Make it, or name a file that ends with .tar.gz."
        )
    if os.path.lexists(path):
        raise HomeroomError(f"{path} is there already", location="TO", remedy="Name another file, or move that one.")
    if not path.parent.is_dir():
        raise HomeroomError(f"there is no folder {path.parent}", location="TO", remedy="Make it, or name another one.")
    return path


def shares(deployment: Deployment, name: str, groups: list[str]) -> list[str]:
    """The names of the shares that somebody has."""
    found = []
    for one in storage.load(deployment.settings, SITE, ROOT).shared:
        of_groups, of_users = one.share.groups, one.share.users
        everybody = of_groups is None and of_users is None
        if everybody or name in (of_users or ()) or not set(of_groups or ()).isdisjoint(groups):
            found.append(one.share.name)
    return found


def home(deployment: Deployment, name: str) -> Iterator[bytes]:
    """Somebody's files as the engine hands them out, as a tar; nothing where they have none.

    :raises HomeroomError: the engine does not.
    """
    client, settings = deployment.client, deployment.settings
    source = homes.source(settings, deployment.project, name)
    if not (_is_there(source) if settings.HOMES else name in homes.owners(client, settings)):
        return
    try:
        container = client.containers.create(
            f"{deployment.project}-hub:local",
            ["true"],
            name=f"{deployment.project}-export-{secrets.token_hex(4)}",
            mounts=[Mount(target=MOUNTED, source=source, type="bind" if settings.HOMES else "volume", read_only=True)],
            network_mode="none",
            cap_drop=["ALL"],
            labels={DEPLOYMENT_LABEL: deployment.project, SERVICE_LABEL: "export"},
        )
        try:
            chunks, _ = client.api.get_archive(container.id, MOUNTED)
            yield from chunks
        finally:
            with suppress(docker.errors.APIError):
                container.remove(force=True)
    except docker.errors.APIError as error:
        raise HomeroomError(
            f"the engine does not hand out the files of {quoted(name)}: {error.explanation}",
            remedy="Run it again; `make check` looks the machine over.",
        ) from None


def _is_there(home: str) -> bool:
    """Whether there is a home's directory. Where others than root may not look into HOMES, the engine knows."""
    try:
        Path(home).lstat()
    except FileNotFoundError:
        return False
    except OSError:
        pass
    return True


class Stream(io.RawIOBase):
    """Pieces that come one after the other, as a file to read; `tail` is the end of what came."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.rest = b""
        self.tail = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        while not self.rest:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.rest = piece
            self.tail = (self.tail + piece)[-tarfile.BLOCKSIZE :]
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count


def write(target: Path, found: dict[str, Any], files: Iterator[bytes]) -> int:
    """Write the archive, whole or not at all; returns how many files and folders of the home are in it.

    :raises HomeroomError: it cannot be written.
    """
    try:
        with _alone(target.with_name(f".{target.name}.part"), target) as (growing, descriptor):
            with (
                os.fdopen(descriptor, "wb", closefd=False) as file,
                gzip.GzipFile(fileobj=file, mode="wb", compresslevel=FAST) as packed,
                tarfile.open(fileobj=packed, mode="w|") as archive,
            ):
                _add_text(archive, json.dumps(found, indent=2) + "\n")
                count = _add_files(archive, files)
            os.link(growing, target)  # never over a file that came meanwhile
    except (OSError, tarfile.TarError) as error:
        raise HomeroomError(
            f"the archive cannot be written: {error}", location=str(target), remedy="Make room, or name another place."
        ) from None
    return count


@contextmanager
def _alone(growing: Path, target: Path) -> Iterator[tuple[Path, int]]:
    """The file to write into and its descriptor; it is gone at the end. What a run that was killed has left goes first.

    :raises HomeroomError: another run writes it now.
    """
    try:
        with suppress(FileNotFoundError):
            _require_left(growing)
            growing.unlink()
        descriptor = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except (BlockingIOError, FileExistsError):
        raise HomeroomError(
            "another run is just writing it", location=str(target), remedy="Wait until it has ended, or name another."
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield growing, descriptor
    finally:
        growing.unlink(missing_ok=True)
        os.close(descriptor)


def _require_left(growing: Path) -> None:
    """:raises BlockingIOError: whoever made this file still writes it."""
    try:
        left = os.open(growing, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # none, or none of ours
        return
    try:
        fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(left)


def _add_text(archive: tarfile.TarFile, text: str) -> None:
    content = text.encode()
    entry = tarfile.TarInfo(ACCOUNT)
    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(content))


def _add_files(archive: tarfile.TarFile, files: Iterator[bytes]) -> int:
    first = next(files, b"")
    if not first:
        return 0

    def all_pieces() -> Iterator[bytes]:
        yield first
        yield from files

    count = 0
    stream = Stream(all_pieces())
    reader = io.BufferedReader(stream)
    with tarfile.open(fileobj=reader, mode="r|") as given:
        for entry in given:
            archive.addfile(entry, given.extractfile(entry) if entry.isreg() else None)
            for each in (given, archive):  # they keep all of them, and somebody may have millions of files
                each.members.clear()  # type: ignore[attr-defined]  # it is there, as it is in Python's documentation
            count += 1
    while reader.read(tarfile.RECORDSIZE):
        pass
    if stream.tail.strip(b"\0"):
        raise tarfile.ReadError("the files end in the middle")
    return count
