"""What an exam begins with comes into the folder that is called like it: what the course's grader lab has released by
the exam's name, as the desk gives it to this lab alone."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

from homeroom_lab import desk

LOOK_SECONDS = 10.0
ROLE = "exam"
MARK = ".local/share/homeroom/start-files"
"""Of the home: they came once, and what is deleted does not come again."""
NOT_TAKEN = "nbgrader_config.py"
log = logging.getLogger("homeroom_lab.start_files")


class StartFiles:
    """The files that an exam begins with.

    :param folder: of the home, in which they go.
    """

    def __init__(self, folder: str, home: Path | None = None, socket_path: str = "") -> None:
        self.home = home or Path.home()
        self.folder = self.home / folder
        self._socket_path = socket_path

    async def run(self) -> None:
        """Look until they are there: they may be released while the lab waits for the beginning, and after it."""
        while True:
            try:
                if await asyncio.to_thread(self.fetch):
                    return
            except Exception as error:  # of whatever kind: the next look may find it better
                log.error("What the exam begins with could not be fetched, and is tried again: %r", error)
            await asyncio.sleep(LOOK_SECONDS)

    def fetch(self) -> bool:
        """Lay them there, never over a file that is there; returns whether there is nothing more to wait for.

        :raises OSError: the home takes them not.
        """
        mark = self.home / MARK
        if mark.exists():
            return True
        mark.parent.mkdir(parents=True, exist_ok=True)
        growing = Path(mkdtemp(prefix="start-files-", dir=mark.parent))  # a half of them is not looked at there
        try:
            desk.fetch("/start-files", growing, self._socket_path)
            _lay(growing, self.folder)
        except desk.NotTaken:
            return False  # nothing is released yet, or the desk is not open yet
        finally:
            shutil.rmtree(growing, ignore_errors=True)
        mark.touch()
        return True


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
