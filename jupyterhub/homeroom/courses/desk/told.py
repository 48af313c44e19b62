"""What the hub tells the desk: the courses, who is what in each, and which lab has which directory of sockets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses.course import ASSISTANTS, STUDENTS, Assignment, Course
from homeroom.courses.desk.doors import Visitor
from homeroom.courses.desk.refused import Refused


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """Somebody in an exam of a course.

    :param ends_at: of a home that is handed in: when it was over, in seconds since 1970.
    """

    course: str
    exam: str
    person: str
    ends_at: int = 0

    def as_text(self) -> str:
        """It as the name of a visitor."""
        return f"{self.course}/{self.exam}/{self.ends_at}/{self.person}"

    @classmethod
    def from_text(cls, text: str) -> Sitting:
        """It again: names of courses and exams have no slash."""
        course, exam, ends_at, person = text.split("/", 3)
        return cls(course=course, exam=exam, person=person, ends_at=int(ends_at))


@dataclass(frozen=True, kw_only=True)
class Bringing:
    """A handout whose files are just on their way here.

    :param to: the folder in each home.
    :param visible_at: from when on members have it, in seconds since 1970; None: at once.
    :param source: where it comes from, as its teachers said it.
    :param most_bytes: how large it may be.
    """

    course: str
    name: str
    to: str
    visible_at: int | None
    source: Mapping[str, str]
    most_bytes: int

    def as_text(self) -> str:
        """It as the name of a visitor."""
        return json.dumps(vars(self), sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Bringing:
        """It again."""
        return cls(**json.loads(text))


@dataclass(frozen=True, kw_only=True)
class Told:
    """It, as it was told last.

    :param members: roles by person, by course.
    :param names: given and family names of students, as far as they are known, by person, by course.
    :param labs: people by the names of their labs' directories.
    :param exams: who sits which exam, by the names of the directories of these labs.
    :param ending: whose home of an exam is just handed in, by the names of the directories made for that.
    :param bringing: handouts that are on their way here, by the names of the directories made for that.
    :param graders: courses by the names of the directories of the labs in which they are graded.
    """

    courses: Mapping[str, Course] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    labs: Mapping[str, str] = field(default_factory=dict)
    graders: Mapping[str, str] = field(default_factory=dict)
    exams: Mapping[str, Sitting] = field(default_factory=dict)
    ending: Mapping[str, Sitting] = field(default_factory=dict)
    bringing: Mapping[str, Bringing] = field(default_factory=dict)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    digest: str = ""

    @classmethod
    def from_json(cls, text: bytes) -> Told:
        """:raises ValueError: KeyError and TypeError: it is none of ours."""
        values: dict[str, Any] = json.loads(text)
        return cls(
            courses={each["name"]: Course.from_json(each) for each in values["courses"]},
            members=values["members"],
            names=values.get("names", {}),
            labs=values["labs"],
            graders=values["graders"],
            exams={name: Sitting(**each) for name, each in values.get("exams", {}).items()},
            ending={name: Sitting(**each) for name, each in values.get("ending", {}).items()},
            bringing={name: Bringing(**each) for name, each in values.get("bringing", {}).items()},
            zone=ZoneInfo(values["zone"]),
            digest=hashlib.sha256(text).hexdigest(),
        )

    @property
    def visitors(self) -> dict[str, Visitor]:
        """Who asks at the socket in each directory."""
        students = {name: Visitor("student", person) for name, person in self.labs.items()}
        exams = {name: Visitor("exam", each.as_text()) for name, each in self.exams.items()}
        ending = {name: Visitor("ending", each.as_text()) for name, each in self.ending.items()}
        graders = {name: Visitor("grader", course) for name, course in self.graders.items()}
        bringing = {name: Visitor("bringing", each.as_text()) for name, each in self.bringing.items()}
        return students | graders | exams | ending | bringing

    def graded(self, course: str) -> Course:
        """The course of a lab in which is graded. :raises Refused: it is no more."""
        found = self.courses.get(course)
        if found is None:
            raise Refused(404, f"There is no course {course} any more.")
        return found

    def taken_by(self, person: str) -> list[Course]:
        """The courses that somebody takes."""
        return [each for name, each in self.courses.items() if self.members.get(name, {}).get(person) == STUDENTS]

    def courses_of(self, person: str) -> list[Course]:
        """The courses that somebody is in, whatever they are there."""
        return [each for name, each in self.courses.items() if person in self.members.get(name, {})]

    def takes(self, person: str, course: str) -> Course:
        """A course that somebody takes. :raises Refused: they do not, or there is none."""
        found = next((each for each in self.taken_by(person) if each.name == course), None)
        if found is None:
            raise Refused(404, "There is no such course, or you do not take it.")
        return found

    def work(self, course: str, assignment: str, person: str, released: Collection[str]) -> tuple[Course, Assignment]:
        """What somebody hands in.

        :param released: the names of what was released in this course.
        :raises Refused: they do not take such a course, or it has no such assignment.
        """
        found = self.takes(person, course)
        assignments = found.work(released)
        work = next((each for each in assignments if each.name == assignment), None)
        if work is None:
            known = ", ".join(each.name for each in assignments) or "none yet"
            raise Refused(404, f"There is no such assignment in {course}; it has {known}.")
        return found, work

    def has_assistants(self, course: Course) -> bool:
        """Whether somebody grades who does not release."""
        here = self.members.get(course.name, {}).values()
        return bool(course.roles[ASSISTANTS].people) or ASSISTANTS in here


def require_open(assignment: Assignment, person: str, now: float) -> None:
    """:raises Refused: nothing is taken now of this person for this."""
    state = assignment.times_of(person).state(now)
    if state == "before":
        raise Refused(403, f"{assignment.name} is not open yet.")
    if assignment.archived is not None and now >= assignment.archived:
        raise Refused(403, "The course is archived: nothing more is taken.")
    if state == "closed":
        raise Refused(403, f"{assignment.name} is closed: nothing more is taken.")
