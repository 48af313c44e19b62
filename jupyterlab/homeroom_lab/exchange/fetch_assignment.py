"""`nbgrader fetch_assignment`: an assignment that is released comes into the home."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from nbgrader.exchange.default import ExchangeFetchAssignment

from homeroom_lab import desk
from homeroom_lab.exchange.by_desk import ByDesk, path


class FetchAssignment(ByDesk, ExchangeFetchAssignment):
    """Fetches it by the desk, and copies as nbgrader does: never over a file that is there."""

    def init_src(self) -> None:
        """Know the course."""
        self.take_course()
        self.src_path = "the hand-in desk"

    def copy_files(self) -> None:
        """Fetch it, whole or not at all."""
        new = not Path(self.dest_path).exists()
        try:
            with TemporaryDirectory() as folder:
                Path(folder).chmod(0o755)
                desk.fetch(path("released", self.coursedir.course_id, self.coursedir.assignment_id), Path(folder))
                self.src_path = folder
                super().copy_files()
        except OSError as error:
            if new:
                shutil.rmtree(self.dest_path, ignore_errors=True)
            self.fail(f"The assignment cannot be written into your home. Is it full? {error}")
