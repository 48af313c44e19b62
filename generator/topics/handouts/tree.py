"""Reads what is to be handed out. The operator's commands may do it for a lecturer who could change it meanwhile: no
link is followed, each file is opened where it stands, and all of it has a bound."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from generator.core.errors import HomeroomError
from generator.core.finding import in_units

MOST_ENTRIES = 20_000
DEEPEST = 40
LEFT_OUT = frozenset({".git", ".ipynb_checkpoints", "__pycache__"})
PIECE_BYTES = 1 << 20
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Unfit(HomeroomError):
    """Something cannot be handed out; the message says what, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing in a handout.

    :param name: its path from the handout's folder on.
    :param target: of a link; empty for what is none.
    :param folder: the descriptor of the folder that it is in, as long as it is looked at.
    """

    name: str
    about: os.stat_result
    target: str
    folder: int

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.about.st_mode)


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a handout takes."""

    files: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A folder to be handed out.

    :param root: the operator's directory.
    :param inner: the folder in it, whose parts may be no links; empty: all of it.
    :param shown: what it is called in words.
    """

    root: Path
    inner: str
    shown: str
    max_bytes: int

    def revision(self) -> str:
        """Another one whenever something in it changes. :raises Unfit: it cannot be handed out."""
        seen = hashlib.sha256()
        for entry in self._entries():
            about = entry.about
            facts = (entry.name, about.st_mode, about.st_size, about.st_mtime_ns, about.st_ino, entry.target)
            seen.update(repr(facts if not entry.is_folder else (entry.name, about.st_mode)).encode())
        return seen.hexdigest()[:32]

    def copy(self, to: Path) -> Size:
        """Copy it into a new folder, readable for all. :raises Unfit: it cannot be handed out."""
        files = copied = 0
        _make_folder(to)
        for entry in self._entries():
            place = to / entry.name
            if entry.is_folder:
                _make_folder(place)
            elif entry.target:
                place.symlink_to(entry.target)
            else:
                copied += self._copy_file(entry, place, self.max_bytes - copied)
                files += 1
        return Size(files=files, size_bytes=copied)

    def _entries(self) -> Iterator[Entry]:
        try:
            top = self._open()
        except OSError as error:
            why = (
                "is no folder, or a link"
                if error.errno in (errno.ENOTDIR, errno.ELOOP)
                else (error.strerror or "").lower()
            )
            raise self._unfit(f"cannot be read: {why}", "Lay the folder there, or change `from` or `folder`.") from None
        entries = total = 0
        for entry in self._walk(top, "", 0):
            entries, total = entries + 1, total + (0 if entry.is_folder else entry.about.st_size)
            if entries > MOST_ENTRIES:
                raise self._unfit(f"has more than {MOST_ENTRIES} files and folders", "Hand out a part of it.")
            if total > self.max_bytes:
                raise self._too_large()
            yield entry

    def _open(self) -> int:
        held = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in PurePosixPath(self.inner).parts:
            try:
                inner = os.open(part, OPEN_FOLDER, dir_fd=held)
            finally:
                os.close(held)
            held = inner
        return held

    def _walk(self, folder: int, above: str, depth: int) -> Iterator[Entry]:
        """What is in a folder, in order; takes the descriptor."""
        try:
            if depth > DEEPEST:
                raise self._unfit(f"has folders in folders, more than {DEEPEST}", "Hand out a part of it.")
            for name in sorted(set(os.listdir(folder)) - LEFT_OUT):
                yield from self._look(folder, above, name, depth)
        except OSError as error:
            raise self._unfit(f"cannot be read: {(error.strerror or '').lower()}", "Make it readable.") from None
        finally:
            os.close(folder)

    def _look(self, folder: int, above: str, name: str, depth: int) -> Iterator[Entry]:
        about = os.stat(name, dir_fd=folder, follow_symlinks=False)
        path, kind = f"{above}{name}", stat.S_IFMT(about.st_mode)
        if kind == stat.S_IFLNK:
            target = os.readlink(name, dir_fd=folder)
            if not stays_within(path, target):
                raise self._unfit(
                    f"holds a link that leads out of it: {shown(path)} -> {shown(target)}",
                    "Lay the file itself there, or a relative link to a file of the same handout.",
                )
            yield Entry(name=path, about=about, target=target, folder=folder)
        elif kind == stat.S_IFDIR:
            yield Entry(name=path, about=about, target="", folder=folder)
            yield from self._walk(os.open(name, OPEN_FOLDER, dir_fd=folder), f"{path}/", depth + 1)
        elif kind == stat.S_IFREG:
            yield Entry(name=path, about=about, target="", folder=folder)
        else:
            raise self._unfit(f"holds what is neither file, folder nor link: {shown(path)}", "Take it away.")

    def _copy_file(self, entry: Entry, place: Path, left_bytes: int) -> int:
        """Copy a file as it is where it was looked at; returns its size."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        changes = self._unfit(f"changes while it is read: {shown(entry.name)}", "It is tried again in a minute.")
        copied = 0
        try:
            opened = os.open(PurePosixPath(entry.name).name, flags, dir_fd=entry.folder)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOENT, errno.ENXIO):
                raise changes from None
            raise
        with os.fdopen(opened, "rb") as original:
            about = os.fstat(original.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise changes
            with place.open("xb") as copy:
                while piece := original.read(PIECE_BYTES):
                    copied += len(piece)
                    if copied > left_bytes:
                        raise self._too_large()
                    copy.write(piece)
        place.chmod(0o755 if about.st_mode & 0o111 else 0o644)
        return copied

    def _too_large(self) -> Unfit:
        cause = f"is larger than HANDOUT_MAX_SIZE, {in_units(self.max_bytes)}"
        return self._unfit(cause, "Hand out less, share large data (site/shares.yaml), or raise it in .env.")

    def _unfit(self, cause: str, remedy: str) -> Unfit:
        return Unfit(cause, location=self.shown, remedy=remedy)


def _make_folder(place: Path) -> None:
    place.mkdir()
    place.chmod(0o755)


def stays_within(name: str, target: str) -> bool:
    """Whether a link leads to a place in the same tree: up from the folder that it is in, then down, and never up
    again, which through another link could be anywhere."""
    if target.startswith("/") or not target:
        return False
    parts = [part for part in target.split("/") if part not in ("", ".")]
    ups = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    return ups <= name.count("/") and ".." not in parts[ups:]


def shown(name: str) -> str:
    """A name from outside, as part of a line."""
    return ascii(name)[1:-1][:120]
