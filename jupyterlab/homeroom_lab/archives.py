"""Folders that are downloaded as one file, and archives that are extracted: what jupyter-archive leaves open.

It reads whatever a link in the folder leads to, waits for ever where it meets a named pipe, and takes paths that lead
out of the home. It extracts whatever an archive holds over what is there, until the disk is full.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jupyter_archive
from jupyter_archive import handlers
from jupyter_archive.handlers import DownloadArchiveHandler, ExtractArchiveHandler
from tornado import web

from homeroom_lab.contents import no_room

LEFT_OUT = "LEFT-OUT.txt"
MOST_MEMBERS = 100_000
COMPRESSED_BY_XZ = ("txz", "tar.xz")
"""What xz needs to compress or read is beyond small labs: the archive says how much."""
FORMATS = frozenset(handlers.SUPPORTED_FORMAT) - frozenset(COMPRESSED_BY_XZ)


class TooMuch(Exception):
    """An archive that is not extracted; its text is for the user."""


def content(folder: Path, *, hidden: bool) -> Iterator[tuple[Path, bool]]:
    """All below a folder, with whether it goes into an archive: folders and files do; links, pipes and devices do not.

    :param hidden: with what begins with a dot.
    """
    for parent, folders, files in os.walk(folder):
        if not hidden:
            folders[:] = [name for name in folders if not name.startswith(".")]
        for name in [*folders, *files]:
            path = Path(parent, name)
            if hidden or not name.startswith("."):
                ordinary = not path.is_symlink() and (path.is_dir() or path.is_file())
                yield path, ordinary and os.access(path, os.R_OK) and _can_be_named(name)


def _can_be_named(name: str) -> bool:
    return not any("\udc80" <= letter <= "\udcff" for letter in name)


def sized_members(archive: zipfile.ZipFile | tarfile.TarFile) -> Iterator[tuple[str, int, bool]]:
    """Each member's name, its size in bytes and whether it is a folder."""
    if isinstance(archive, zipfile.ZipFile):
        yield from ((each.filename, each.file_size, each.is_dir()) for each in archive.infolist())
    else:
        yield from ((each.name, each.size, each.isdir()) for each in archive)


def check_members(members: Iterable[tuple[str, int, bool]], target: Path, free_bytes: int) -> None:
    """Look an archive over before anything is extracted.

    :raises TooMuch: it holds more than there is room for, or what is there already.
    """
    total = 0
    for number, (name, size_bytes, is_folder) in enumerate(members):
        total += size_bytes
        if total > free_bytes or number >= MOST_MEMBERS:
            raise TooMuch("This archive holds more than there is room for. Nothing was extracted.")
        if not is_folder and os.path.lexists(target / name):
            raise TooMuch(f"{name} is there already. Rename it, or move the archive to a folder of its own.")


def free_bytes(folder: Path) -> int:
    """What an archive may fill: half of what is free."""
    there = os.statvfs(folder)
    return there.f_bavail * there.f_frsize // 2


def path_of(handler: Any) -> Path:
    """Where the file or folder lies that a request names.

    :raises tornado.web.HTTPError: 404 outside of the home, 400 on a drive.
    """
    files, path = handler.contents_manager, handler.path_args[0].strip("/")
    if hasattr(files, "drive_of"):
        if files.drive_of(path):
            raise web.HTTPError(HTTPStatus.BAD_REQUEST, "On a drive there are no archives. Copy it to the home first.")
        files = files.root_manager
    found = Path(files._get_os_path(path))
    if not found.exists():
        raise web.HTTPError(HTTPStatus.NOT_FOUND, f"No such file or directory: {path}")
    return found


def add(archive: zipfile.ZipFile | tarfile.TarFile, path: Path, name: Path) -> None:
    """Put one file or folder into an archive that is being sent."""
    if isinstance(archive, tarfile.TarFile):
        archive.add(path, name, recursive=False)
        return
    member = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)  # some are from before 1980
    if member.is_dir():
        archive.writestr(member, b"")
    else:
        member.compress_type = zipfile.ZIP_DEFLATED
        with path.open("rb") as file, archive.open(member, "w") as target:
            shutil.copyfileobj(file, target)


def add_note(archive: zipfile.ZipFile | tarfile.TarFile, folder: str, left_out: Iterable[str]) -> None:
    """Say in an archive what of the folder is not in it."""
    text = "Left out of this archive, as links, as special files, or for want of rights:\n"
    data = (text + "".join(f"{name}\n" for name in left_out)).encode()
    if isinstance(archive, zipfile.ZipFile):
        archive.writestr(f"{folder}/{LEFT_OUT}", data)
    else:
        member = tarfile.TarInfo(f"{folder}/{LEFT_OUT}")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))


class DownloadFolder(DownloadArchiveHandler):
    """Sends a folder's files and folders piece by piece, and says in the archive what is left out."""

    async def get(self, *arguments: Any, **options: Any) -> None:
        """Send a folder as one file."""
        if self.get_argument("archiveFormat", "zip") not in FORMATS:
            raise web.HTTPError(HTTPStatus.BAD_REQUEST, "Choose another format: zip, tgz or tbz.")
        path_of(self)
        try:
            await super().get(*arguments, **options)
        except Exception:
            if self._headers_written:
                self.request.connection.stream.close()  # half an archive must not look like a whole one
            raise

    def archive_and_download(
        self, _: Any, archive_format: str, _token: str, _follow_links: bool, download_hidden: bool
    ) -> None:
        folder = path_of(self)
        left_out: list[str] = []
        with handlers.make_writer(self, archive_format) as archive:
            for path, goes in content(folder, hidden=download_hidden):
                name = path.relative_to(folder.parent)
                if self.canceled:
                    return
                if goes:
                    add(archive, path, name)
                else:
                    left_out.append(os.fsencode(name).decode(errors="replace"))
            if left_out:
                add_note(archive, folder.name, left_out)


class ExtractArchive(ExtractArchiveHandler):
    """Extracts an archive beside itself, if there is room for it and nothing is in its way."""

    def extract_archive(self, _: Any) -> None:
        source = path_of(self)
        if source.name.endswith(COMPRESSED_BY_XZ):
            raise web.HTTPError(HTTPStatus.BAD_REQUEST, f"Extract {source.name} in a terminal: tar xf {source.name}")
        try:
            with handlers.make_reader(source) as archive:
                check_members(sized_members(archive), source.parent, free_bytes(source.parent))
            super().extract_archive(source)
        except TooMuch as error:
            raise web.HTTPError(HTTPStatus.CONFLICT, str(error)) from error
        except OSError as error:
            raise web.HTTPError(HTTPStatus.INSUFFICIENT_STORAGE, no_room(source.name)) from error
        except (ValueError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
            raise web.HTTPError(HTTPStatus.BAD_REQUEST, f"{source.name} cannot be extracted: {error}") from error


def setup_handlers(web_app: Any) -> None:
    """Answer as jupyter-archive does. Its own classes keep their names: they call their parents by them."""
    base = web_app.settings["base_url"].rstrip("/")
    rules = [(f"{base}/directories/(.*)", DownloadFolder), (f"{base}/extract-archive/(.*)", ExtractArchive)]
    web_app.add_handlers(".*$", rules)


def install() -> None:
    """Have jupyter-archive answer by these."""
    jupyter_archive.setup_handlers = setup_handlers
