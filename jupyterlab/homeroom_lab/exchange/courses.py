"""Which courses somebody takes, or grades, for nbgrader: the desk knows it."""

from __future__ import annotations

from nbgrader.auth import BaseAuthPlugin
from nbgrader.exchange import ExchangeError

from homeroom_lab import desk
from homeroom_lab.desk import NotTaken


class DeskCourses(BaseAuthPlugin):
    """Members are the hub's to keep: nothing that nbgrader does adds or removes one."""

    def get_student_courses(self, student_id: str) -> list[str]:
        """The courses of this lab. :raises ExchangeError: the desk does not say."""
        try:
            return [str(each["name"]) for each in desk.ask("/courses")["courses"]]
        except NotTaken as error:
            raise ExchangeError(str(error)) from None

    def add_student_to_course(self, student_id: str, course_id: str) -> None:
        """Nothing."""

    def remove_student_from_course(self, student_id: str, course_id: str) -> None:
        """Nothing."""
