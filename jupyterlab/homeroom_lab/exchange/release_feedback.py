"""`nbgrader release_feedback`: the feedback for each student goes to the desk, which gives it to its owner alone."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback

from homeroom_lab import desk
from homeroom_lab.desk import NotTaken
from homeroom_lab.exchange.by_desk import ByDesk, path
from homeroom_lab.exchange.collect import CODE


class ReleaseFeedback(ByDesk, ExchangeReleaseFeedback):
    """Sends the pages of each student for the hand-in that they are about."""

    def init_dest(self) -> None:
        """Know the course."""
        self.take_course()

    def copy_files(self) -> None:
        """Send them; where one student's are not taken, the others' are. :raises ExchangeError: some were not."""
        assignment, failed = self.coursedir.assignment_id, 0
        excluded = set(self.coursedir.student_id_exclude.split(","))
        for student, folder in self.folders().items():
            if student in excluded:
                continue
            try:
                self.send(student, folder)
            except NotTaken as error:
                self.log.error("Feedback for student '%s' on '%s' is not released: %s", student, assignment, error)
                failed += 1
        if failed:
            self.fail(f"Feedback for {failed} students on {assignment} is not released: see above.")

    def folders(self) -> dict[str, Path]:
        """The folders of feedback, by student."""
        place = self.coursedir.feedback_directory, "(?P<student>[^/]+)", self.coursedir.assignment_id
        form = re.compile(self.coursedir.format_path(*place, escape=True))
        found = {}
        for each in sorted(glob.glob(self.src_path)):  # noqa: PTH207 - a pattern of nbgrader's, from the root
            match = form.fullmatch(each)
            if match and any(Path(each).glob("*.html")):
                found[match["student"]] = Path(each)
        return found

    def send(self, student: str, folder: Path) -> None:
        """Send one student's. :raises NotTaken: it was not taken."""
        code = (folder / CODE).read_text(encoding="utf-8").strip() if (folder / CODE).is_file() else ""
        course, assignment = self.coursedir.course_id, self.coursedir.assignment_id
        pages = sorted(each for each in folder.glob("*.html") if each.is_file())
        query = f"{path('feedback', assignment, student)}?code={code}"
        state = desk.send("PUT", query, folder, pages)["state"]
        waits = " waits for a teacher, on the course's page" if state == "waiting" else ""
        self.log.info("Releasing feedback for student '%s' on assignment '%s/%s'%s", student, course, assignment, waits)
