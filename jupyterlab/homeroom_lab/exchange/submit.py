"""`nbgrader submit`: a folder is handed in at the desk, and the receipt is shown."""

from __future__ import annotations

from pathlib import Path

from nbgrader.exchange.default import ExchangeSubmit
from nbgrader.utils import find_all_notebooks

from homeroom_lab import desk, hand_in
from homeroom_lab.exchange.by_desk import ByDesk


class Submit(ByDesk, ExchangeSubmit):
    """Hands in what `homeroom hand-in` would, without feedback that was fetched into the folder."""

    def init_dest(self) -> None:
        """Know the course. Who hands in is the desk's to know."""
        self.take_course()
        if self.coursedir.student_id != "*":
            self.log.warning("--student does not count: the hand-in desk knows who hands in.")

    def copy_files(self) -> None:
        """Hand it in."""
        course, assignment = self.coursedir.course_id, self.coursedir.assignment_id
        self.log.info("Source: %s", self.src_path)
        self.compare(course, assignment)
        left_out = desk.LEFT_OUT | {"feedback"}
        receipt = hand_in.hand_in(course, assignment, Path(self.src_path), left_out=left_out)
        self.log.info("Submitted as: %s %s %s", course, assignment, receipt["time"])
        self.log.info("Receipt: %s", hand_in.told(receipt))

    def compare(self, course: str, assignment: str) -> None:
        """Tell of notebooks that were released and are not there, or that nobody released.

        :raises ExchangeError: some are missing, and `ExchangeSubmit.strict` is set.
        """
        released = desk.ask("/released")["released"]
        found = [each for each in released if (each["course"], each["assignment"]) == (course, assignment)]
        if not found:
            return  # it was given out otherwise
        wanted = {f"{name}.ipynb" for name in found[0]["notebooks"]}
        here = set(find_all_notebooks(self.src_path))
        missing, extra = sorted(wanted - here), sorted(here - wanted)
        if missing and self.strict:
            self.fail(f"Assignment {assignment} not submitted: {', '.join(missing)} is missing.")
        for names, what in ((missing, "missing"), (extra, "no notebook of this assignment")):
            for name in names:
                self.log.warning("%s is %s", name, what)
