"""`nbgrader release_assignment`: an assignment goes out by the desk, or waits there for a teacher."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from nbgrader.exchange.default import ExchangeReleaseAssignment

from homeroom_lab import desk
from homeroom_lab.exchange import due_dates
from homeroom_lab.exchange.by_desk import ByDesk, path


class ReleaseAssignment(ByDesk, ExchangeReleaseAssignment):
    """Sends what nbgrader would copy."""

    def init_dest(self) -> None:
        """Know the course."""
        self.take_course()

    def copy_files(self) -> None:
        """Send it."""
        course, assignment = self.coursedir.course_id, self.coursedir.assignment_id
        self.log.info("Source: %s", self.src_path)
        with TemporaryDirectory() as folder:
            copy = Path(folder) / assignment
            self.do_copy(self.src_path, str(copy))
            query = "?force" if self.force else ""
            answer = desk.send("PUT", path("released", assignment) + query, copy, list(desk.files_of(copy)))
        due_dates.take_over(self.coursedir)
        if answer["state"] == "waiting":
            self.log.info("%s waits for a teacher, who releases it on the course's page.", assignment)
        else:
            self.log.info("Released as: %s %s", course, assignment)
