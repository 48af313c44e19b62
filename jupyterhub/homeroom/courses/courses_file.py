"""`courses.json`, which `make up` renders from `site/courses.yaml`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from traitlets import Unicode
from traitlets.config import SingletonConfigurable

from homeroom.courses.course import Course
from homeroom.hub.told_file import ToldFile

More = Mapping[tuple[str, str], Mapping[str, int]]
"""Seconds that exams last longer, by course and exam, and person; empty in the place of the person: for all."""


class Courses(ToldFile, SingletonConfigurable):
    """The courses of this hub."""

    what: ClassVar[str] = "courses"
    path = Unicode("/srv/jupyterhub/courses.json", config=True, help="The file, which is written whole or not at all.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._known: dict[str, Course] = {}
        self.zone = ZoneInfo("UTC")
        self.raw: list[dict[str, Any]] = []
        """The same as plain data, for the hand-in desk."""
        self._file: Mapping[str, Any] | None = None
        self._more: More = {}

    def read(self) -> Mapping[str, Course]:
        """By name, as they are now; without those whose time is over."""
        self.look()
        now = time.time()
        return {name: course for name, course in self._known.items() if not course.is_over(now)}

    def give_more(self, more: More) -> None:
        """Have exams last so much longer than the file says."""
        if more != self._more:
            self._more = more
            if self._file is not None:
                self._take(self._file)

    def _take(self, values: Mapping[str, Any]) -> None:
        raw = [with_more(each, self._more) for each in values["courses"]]
        courses = [Course.from_json(each) for each in raw]
        self.zone = ZoneInfo(values["zone"])
        self._known = {course.name: course for course in courses}
        self.raw, self._file = raw, values


def with_more(course: dict[str, Any], more: More) -> dict[str, Any]:
    """A course, as plain data, whose exams last so much longer."""
    exams = []
    for exam in course.get("exams", ()):
        given = more.get((course["name"], exam["name"]), {})
        extra = dict(exam.get("extra_seconds", {}))
        for person, seconds in given.items():
            if person:
                extra[person] = extra.get(person, 0) + seconds
        exams.append({**exam, "seconds": exam["seconds"] + given.get("", 0), "extra_seconds": extra})
    return {**course, "exams": exams} if exams else course
