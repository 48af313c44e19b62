"""What an exam begins with comes into the folder that is called like it: what the course's grader lab has released by
the exam's name, as the desk gives it to this lab alone."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

from homeroom_lab import desk

LOOK_SECONDS = 10.0
LATER_SECONDS = 30.0
"""How often it is asked for them, and for newer ones."""
ROLE = "exam"
MARK = ".local/share/homeroom/start-files.json"
"""Of the home: which version is there, and the names of its files."""
NOT_TAKEN = "nbgrader_config.py"
log = logging.getLogger("homeroom_lab.start_files")


class StartFiles:
    """The files that an exam begins with. Before the exam begins, when nobody is there, newer ones take their place;
    afterwards the desk gives none to a lab that has some, and what is deleted does not come again.

    :param folder: of the home, in which they go.
    """

    def __init__(self, folder: str, home: Path | None = None, socket_path: str = "") -> None:
        self.home = home or Path.home()
        self.folder = self.home / folder
        self._socket_path = socket_path

    async def run(self) -> None:
        """Look again and again: they may be released while the lab waits for the beginning, and after it."""
        are_there = False
        while True:
            try:
                are_there = await asyncio.to_thread(self.fetch)
            except Exception as error:  # of whatever kind: the next look may find it better
                log.error("What the exam begins with could not be fetched, and is tried again: %r", error)
            await asyncio.sleep(LATER_SECONDS if are_there else LOOK_SECONDS)

    def fetch(self) -> bool:
        """Lay them there, never over a file that somebody else has put there; returns whether there are some.

        :raises OSError: the home takes them not.
        """
        mark = self.home / MARK
        seen, names = _read(mark)
        mark.parent.mkdir(parents=True, exist_ok=True)
        growing = Path(mkdtemp(prefix="start-files-", dir=mark.parent))  # a half of them is not looked at there
        try:
            version = desk.fetch(f"/start-files?seen={quote(seen)}", growing, self._socket_path)
            new = sorted(str(path.relative_to(growing)) for path in growing.rglob("*") if path.is_file())
            _write(mark, seen, sorted({*names, *new}))  # a copy that is broken off is begun anew
            _lift(self.folder, names)
            _lay(growing, self.folder)
        except desk.NotTaken:
            return bool(seen)  # nothing is released yet, or nothing newer, or the desk is not open yet
        finally:
            shutil.rmtree(growing, ignore_errors=True)
        _write(mark, version, new)
        return True


def _read(mark: Path) -> tuple[str, list[str]]:
    """Which version is there, and its files; nothing where there is none, or nobody can say."""
    try:
        kept = json.loads(mark.read_text(encoding="utf-8"))
        return str(kept["version"]), [str(name) for name in kept["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return "", []


def _write(mark: Path, version: str, names: list[str]) -> None:
    growing = mark.with_suffix(".new")
    growing.write_text(json.dumps({"version": version, "files": names}), encoding="utf-8")
    growing.replace(mark)


def _lift(folder: Path, names: list[str]) -> None:
    """Take files away that came before."""
    for name in names:
        if ".." not in Path(name).parts:
            (folder / name).unlink(missing_ok=True)


def _lay(source: Path, target: Path) -> None:
    for place, folders, files in os.walk(source):
        into = target / Path(place).relative_to(source)
        into.mkdir(parents=True, exist_ok=True)
        for name in files:
            if name != NOT_TAKEN and not os.path.lexists(into / name):
                Path(place, name).rename(into / name)
        folders[:] = [name for name in folders if not (into / name).is_symlink()]


def folder_of(environment: Mapping[str, str]) -> str:
    """The folder of the home that they go into; empty: this is no lab of an exam, or it begins with a folder of the
    operator's."""
    if environment.get("HOMEROOM_LAB_ROLE") != ROLE or environment.get("HOMEROOM_SKELETON"):
        return ""
    return environment.get("HOMEROOM_SKELETON_FOLDER", "")


def install() -> None:
    """Have them come, in the lab of an exam."""
    if folder := folder_of(os.environ):
        from tornado.ioloop import IOLoop

        IOLoop.current().add_callback(StartFiles(folder).run)
