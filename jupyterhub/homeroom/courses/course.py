"""Courses, as `courses.json` says them; and what holds for one person. Pure, and without JupyterHub: the hand-in desk
uses it, too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

NAME = r"[a-z0-9][a-z0-9-]{0,31}"
"""What courses are called."""
ASSIGNMENT_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""What assignments and exams are called."""
TEACHERS, ASSISTANTS, OBSERVERS, STUDENTS = ROLES = ("teachers", "assistants", "observers", "students")
"""The most first: who is two things in a course is the first of them."""
GRADERS = "graders"
"""No role of people: the group of the user in whose lab a course is graded, so that shares and limits can name it."""
PREFIX, ROOM_PREFIX = "course-", "room-"


def group_name(course: str, role: str) -> str:
    """The hub's group of those who have a role in a course: `course-biology-students`."""
    return f"{PREFIX}{course}-{role}"


def room_of(course: str, name: str) -> str:
    """What a course's room is called among all rooms of the hub."""
    return f"{course}-{name}"


def room_user(course: str, name: str) -> str:
    """The service user whose lab a course's room is, and whose home has its files: `room-biology-lab`."""
    return f"{ROOM_PREFIX}{room_of(course, name)}"


@dataclass(frozen=True, kw_only=True)
class Times:
    """When one person may hand in, in seconds since 1970; None: no such time.

    :param closes: after it, nothing is taken.
    :param extra_seconds: how much later than the others' `due` and `closes` are.
    """

    opens: int | None
    due: int | None
    closes: int | None
    extra_seconds: int = 0

    def state(self, now: float) -> str:
        """`before`, `open`, `late` (past due, and still taken) or `closed`."""
        if self.opens is not None and now < self.opens:
            return "before"
        if self.closes is not None and now > self.closes:
            return "closed"
        return "late" if self.due is not None and now > self.due else "open"


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One thing to hand in; times in seconds since 1970.

    :param late: what becomes of what comes after `due`: `accept`, `mark` or `refuse`.
    :param extra_seconds: by person.
    :param checks: how often a day each student may have their work run; 0: not at all.
    :param archived: from when on nothing is taken of anybody, whatever extra time they have; None: the course goes on.
    """

    name: str
    title: str
    opens: int | None = None
    due: int | None = None
    closes: int | None = None
    late: str = "mark"
    extra_seconds: Mapping[str, int] = field(default_factory=dict)
    checks: int = 0
    archived: int | None = None

    def times_of(self, person: str) -> Times:
        """When somebody may hand in."""
        extra = self.extra_seconds.get(person, 0)
        due = None if self.due is None else self.due + extra
        closes = None if self.closes is None else self.closes + extra
        if self.late == "refuse" and due is not None:
            closes = due
        if self.archived is not None:
            closes = self.archived if closes is None else min(closes, self.archived)
        return Times(opens=self.opens, due=due, closes=closes, extra_seconds=extra)


@dataclass(frozen=True, kw_only=True)
class Exam:
    """What is written by a clock, in a lab of its own; times in seconds since 1970.

    :param seconds: how long it takes, from `opens` on.
    :param extra_seconds: by person, at the end.
    :param profile: the kind of lab; empty: that of the course, or the first.
    :param network: `none` or `open`.
    :param start_files: the operator's folder of what it begins with; empty: what is released by its name.
    :param browser_keys: those of Safe Exam Browser in which it is written; empty: in any browser.
    """

    name: str
    title: str
    opens: int
    seconds: int
    extra_seconds: Mapping[str, int] = field(default_factory=dict)
    profile: str = ""
    network: str = "none"
    start_files: str = ""
    browser_keys: Collection[str] = ()

    def ends_for(self, person: str) -> int:
        """When it is over for somebody."""
        return self.opens + self.seconds + self.extra_seconds.get(person, 0)

    @property
    def ends_at_last(self) -> int:
        """When it is over for everybody."""
        return self.opens + self.seconds + max(self.extra_seconds.values(), default=0)

    @property
    def assignment(self) -> Assignment:
        """The same as something to hand in."""
        ends = self.opens + self.seconds
        return Assignment(
            name=self.name,
            title=self.title,
            opens=self.opens,
            due=ends,
            closes=ends,
            late="refuse",
            extra_seconds=self.extra_seconds,
        )


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Who has a role: people by name, and the members of groups of the hub's."""

    people: frozenset[str] = frozenset()
    hub_groups: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class LMSCourse:
    """The course of a learning platform that a course is.

    :param link: whose column takes a grade for the whole course; None: the first that was opened.
    :param roster: whether its members there are its members here.
    """

    platform: str
    context: str
    link: str | None = None
    roster: bool = True


@dataclass(frozen=True, kw_only=True)
class CourseRoom:
    """A room that was made on a course's page, for its members.

    :param name: within the course.
    :param profile: the kind of lab; empty: that of the course, or the first.
    """

    name: str
    title: str
    profile: str
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class Course:
    """One course.

    :param profile: the kind of lab that it works in; empty: each person's choice.
    :param grades: how they go to the learning platform: `per_assignment`, `sum` or `none`.
    :param grader_profile: the kind of lab that it is graded in; empty: the first.
    :param assignments: all that is handed in, its exams among it.
    :param archive: from when on members only read, in seconds since 1970; None: it goes on.
    :param purge: from when on it is no course any more, and what is kept of it is removed.
    :param rooms: those that were made on its page; others are of `site/rooms.yaml`.
    """

    name: str
    title: str
    notice: str
    profile: str
    grader_profile: str
    first_day: str
    last_day: str
    roles: Mapping[str, Membership]
    assignments: tuple[Assignment, ...]
    exams: tuple[Exam, ...] = ()
    lti: LMSCourse | None = None
    grades: str = "per_assignment"
    archive: int | None = None
    purge: int | None = None
    rooms: tuple[CourseRoom, ...] = ()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Course:
        """:raises KeyError: and TypeError: it is none of ours."""
        roles = {
            role: Membership(people=frozenset(one["people"]), hub_groups=frozenset(one["hub_groups"]))
            for role, one in values["roles"].items()
        }
        exams = tuple(Exam(**each) for each in values.get("exams", ()))
        work = (*(Assignment(**each) for each in values["assignments"]), *(exam.assignment for exam in exams))
        archive = values.get("archive")
        return cls(
            name=values["name"],
            title=values["title"],
            notice=values["notice"],
            profile=values["profile"],
            grader_profile=values.get("grader_profile", ""),
            first_day=values["first_day"],
            last_day=values["last_day"],
            roles=roles,
            assignments=tuple(replace(each, archived=archive) for each in work),
            exams=exams,
            lti=LMSCourse(**found) if (found := values.get("lti")) else None,
            grades=values.get("grades", "per_assignment"),
            archive=archive,
            purge=values.get("purge"),
            rooms=tuple(CourseRoom(**each) for each in values.get("rooms", ())),
        )

    def is_archived(self, now: float) -> bool:
        """Whether its members only read."""
        return self.archive is not None and now >= self.archive

    def is_over(self, now: float) -> bool:
        """Whether it is no course any more."""
        return self.purge is not None and now >= self.purge

    def role_of(self, person: str, hub_groups: Collection[str]) -> str | None:
        """What somebody is in it; None: nothing."""
        for role in ROLES:
            one = self.roles[role]
            if person in one.people or not one.hub_groups.isdisjoint(hub_groups):
                return role
        return None

    def assignment(self, name: str) -> Assignment | None:
        """The assignment of a name; None where there is none."""
        return next((each for each in self.assignments if each.name == name), None)

    def exam(self, name: str) -> Exam | None:
        """The exam of a name; None where there is none."""
        return next((each for each in self.exams if each.name == name), None)

    def work(self, released: Collection[str]) -> list[Assignment]:
        """All there is to hand in: the assignments that the file names, and what was released without being named
        there, which is open without end.

        :param released: the names of what was released.
        """
        named = {each.name for each in self.assignments}
        more = [name for name in released if name not in named]
        return [*self.assignments, *(Assignment(name=name, title=name, archived=self.archive) for name in more)]
