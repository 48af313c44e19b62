"""What all parts of the exchange have in common."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from homeroom_lab import desk, hand_in
from homeroom_lab.desk import NotTaken

REFUSED = ("nbgrader_config.py", ".*")
"""Names that nobody's hand-in and no assignment brings into another lab: programs there read them by themselves."""


def path(*parts: str) -> str:
    """A path at the desk."""
    return "".join("/" + quote(part, safe="") for part in parts)


class ByDesk:
    """For subclasses of nbgrader's: no directory, and what the desk says is the error."""

    coursedir: Any

    def ensure_root(self) -> None:
        """There is no directory that has to be there."""

    def start(self) -> Any:
        """Do it. :raises ExchangeError: it cannot be done; the log says why."""
        try:
            return super().start()  # type: ignore[misc]
        except NotTaken as error:
            self.fail(str(error))  # type: ignore[attr-defined]

    def take_course(self) -> None:
        """Have a course, where none is named: the one that has this assignment, or the one there is.

        :raises NotTaken: there is none, or there are several.
        """
        if self.coursedir.course_id:
            return
        courses = [str(each["name"]) for each in desk.ask("/courses")["courses"]]
        if len(courses) == 1:
            self.coursedir.course_id = courses[0]
        elif self.coursedir.assignment_id:
            self.coursedir.course_id = hand_in.course_of(self.coursedir.assignment_id)
        else:
            raise NotTaken(f"Say which course, with --course: {', '.join(courses) or 'there is none'}.")

    def is_asked_for(self, values: dict[str, Any]) -> bool:
        """Whether something that the desk lists is of the course and assignment that are asked for, if any are."""
        course, assignment = self.coursedir.course_id, self.coursedir.assignment_id
        return course in ("", "*", values["course"]) and assignment in ("", "*", values["assignment"])
