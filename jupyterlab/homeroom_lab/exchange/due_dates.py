"""When assignments are due, as the course says it: nbgrader tells by its gradebook what is late."""

from __future__ import annotations

from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import parse_utc

from homeroom_lab import desk


def take_over(coursedir: Any) -> None:
    """Have an assignment's date in the gradebook be the one of the course, where it has one and the gradebook knows the
    assignment.

    :raises NotTaken: the desk does not say.
    """
    (course,) = desk.ask("/courses")["courses"]
    due = next((each["due"] for each in course["assignments"] if each["name"] == coursedir.assignment_id), None)
    if due is None:
        return
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        try:
            known = gradebook.find_assignment(coursedir.assignment_id)
        except MissingEntry:
            return
        if known.duedate != parse_utc(due):
            gradebook.update_or_create_assignment(coursedir.assignment_id, duedate=due)
