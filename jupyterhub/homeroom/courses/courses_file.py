"""`courses.json`, which `make up` renders from `site/courses.yaml`: looked at again while the hub runs, so that nothing
is restarted for a course."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from traitlets import Unicode
from traitlets.config import SingletonConfigurable

from homeroom.courses.course import Course

LARGEST_BYTES = 16 << 20
More = Mapping[tuple[str, str], Mapping[str, int]]
"""Seconds that exams last longer, by course and exam, and person; empty in the place of the person: for all."""


class Courses(SingletonConfigurable):
    """The courses of this hub. With a file that cannot be read it goes on with what it read last."""

    path = Unicode("/srv/jupyterhub/courses.json", config=True, help="The file, which is written whole or not at all.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._known: dict[str, Course] = {}
        self._read: tuple[int, ...] | None = None
        self.zone = ZoneInfo("UTC")
        self.raw: list[dict[str, Any]] = []
        """The same as plain data, for the hand-in desk."""
        self._file: Mapping[str, Any] | None = None
        self._more: More = {}
        self.is_read = False
        """Whether the file could be read: nobody is put out of a course as long as nobody knows who is in it."""

    def read(self) -> Mapping[str, Course]:
        """By name, as they are now."""
        path = Path(self.path)
        try:
            found = path.stat()
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen != self._read:
                self._read = seen
                if found.st_size > LARGEST_BYTES:
                    raise ValueError("larger than any list of courses")
                self._take(json.loads(path.read_text(encoding="utf-8")), self._more)
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.log.error("%s cannot be read, so the last courses count: %r", path, error)
        return self._known

    def give_more(self, more: More) -> None:
        """Have exams last so much longer than the file says."""
        if more != self._more:
            self._more = more
            if self._file is not None:
                self._take(self._file, more)

    def _take(self, values: Mapping[str, Any], more: More) -> None:
        raw = [with_more(each, more) for each in values["courses"]]
        courses = [Course.from_json(each) for each in raw]
        self.zone = ZoneInfo(values["zone"])
        self._known = {course.name: course for course in courses}
        self.raw, self._file = raw, values
        self.is_read = True


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
