"""The courses that this hub has: those of `courses.json`, which `make up` renders from `site/courses.yaml`, and those
that were made on pages or by launches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from traitlets import Integer, List, Unicode
from traitlets.config import SingletonConfigurable

from homeroom.courses.course import Course
from homeroom.hub.told_file import ToldFile

More = Mapping[tuple[str, str], Mapping[str, int]]
"""Seconds that exams last longer, by course and exam, and person; empty in the place of the person: for all."""


class Courses(ToldFile, SingletonConfigurable):
    """The courses of this hub. Where file and page both speak of one, the file says how it is."""

    what: ClassVar[str] = "courses"
    path = Unicode("/srv/jupyterhub/courses.json", config=True, help="The file, which is written whole or not at all.")
    largest_handout_bytes = Integer(500 << 20, config=True, help="How large a handout of a course's page may be.")
    makers = List(Unicode(), config=True, help="Groups whose members make courses, too, beside administrators.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._known: dict[str, Course] = {}
        self.zone = ZoneInfo("UTC")
        self.raw: list[dict[str, Any]] = []
        """The same as plain data, for the hand-in desk."""
        self._file: Mapping[str, Any] | None = None
        self._made: Sequence[dict[str, Any]] = ()
        self.made_versions: Mapping[str, int] | None = None
        """Of the made courses that it goes by; None: nobody has said yet which there are."""
        self._more: More = {}

    @property
    def is_known(self) -> bool:
        """Whether file and made courses both were read: nobody is put out of a course as long as they are not."""
        return self.is_read and self.made_versions is not None

    def read(self) -> Mapping[str, Course]:
        """By name, as they are now; without those whose time is over."""
        self.look()
        now = time.time()
        return {name: course for name, course in self._known.items() if not course.is_over(now)}

    @property
    def of_file(self) -> frozenset[str]:
        """The names of those that `site/courses.yaml` has: no page changes them."""
        return frozenset(each["name"] for each in self._file["courses"]) if self._file is not None else frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Of all there are, also of those whose time is over."""
        return frozenset(self._known)

    def give_more(self, more: More) -> None:
        """Have exams last so much longer than the file says."""
        if more != self._more:
            self._more = more
            self._take_again()

    def give_made(self, made: Sequence[dict[str, Any]], versions: Mapping[str, int]) -> None:
        """Have there be these courses, too, as plain data of the same form.

        :raises KeyError: and TypeError: one of them is none; those from before stay.
        """
        for each in made:
            Course.from_json(each)
        self._made, self.made_versions = made, dict(versions)
        self._take_again()

    def _take_again(self) -> None:
        if self._file is not None:
            self._take(self._file)

    def _take(self, values: Mapping[str, Any]) -> None:
        together = beside(values["courses"], self._made)
        raw = [with_more(each, self._more) for each in together]
        courses = [Course.from_json(each) for each in raw]
        self.zone = ZoneInfo(values["zone"])
        self._known = {course.name: course for course in courses}
        self.raw, self._file = raw, values


def beside(of_file: Sequence[dict[str, Any]], made: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The courses of the file, and those made ones that it does not have. A course of a learning platform that the file
    names is no made course's, too."""
    names = {each["name"] for each in of_file}
    taken = {(lti["platform"], lti["context"]) for each in of_file if (lti := each.get("lti"))}
    found = list(of_file)
    for each in made:
        if each["name"] in names:
            continue
        lti = each.get("lti")
        if lti and (lti["platform"], lti["context"]) in taken:
            each = {**each, "lti": None}
        found.append(each)
    return found


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
