"""The form of site/courses.yaml."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from generator.schema.types import written_as
from generator.site.models import Date, Form, Name, Person, Strict, Text, check_year

COURSES = "courses.yaml"
ROLES = ("teachers", "assistants", "observers", "students")
"""What somebody is in a course, the most first: who is two things is the first of them."""
LONGEST_EXTRA_SECONDS = 366 * 86400
LONGEST_EXAM_MINUTES = 24 * 60
_UNITS = {"m": 60, "h": 3600, "d": 86400}
Late = Literal["accept", "mark", "refuse"]
Grades = Literal["per_assignment", "sum", "none"]
"""How grades go to a learning platform."""


def hub_groups(course: str) -> list[str]:
    """The hub's groups of a course's members, one a role."""
    return [f"course-{course}-{role}" for role in ROLES]


def parse_moment(value: object) -> object:
    """A day, or a day with a time of day, such as `2026-10-12 23:59`."""
    if isinstance(value, str):
        for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"):
            try:
                return datetime.strptime(value, form)
            except ValueError:
                continue
    if isinstance(value, date):  # a datetime is one, too
        return value
    raise ValueError("is not a day with a time such as 2026-10-12 23:59, or a day alone")


def parse_span(value: object) -> object:
    """A time span with its unit as seconds: `30m`, `2h`, `3d`."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", value) if isinstance(value, str) else None
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST_EXTRA_SECONDS:
        raise ValueError("is not a time span such as 30m, 2h or 3d, a year at most")
    return seconds


def check_roster(value: str) -> str:
    """Require a plain name of a file beside this one."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?", value):
        raise ValueError("must be a file of site/, such as biology.csv or rosters/biology.csv")
    return value


def require_time(value: object) -> object:
    """A day with a time of day."""
    found = parse_moment(value)
    if not isinstance(found, datetime):
        raise ValueError("is not a day with a time such as 2026-12-14 10:00")
    return found


Start = Annotated[datetime, BeforeValidator(require_time), AfterValidator(check_year)]
FOLDER = written_as("[a-z0-9][a-z0-9-]{0,63}", "a folder of site/exams: small letters, digits and dashes, 64 at most")
Moment = Annotated[date | datetime, BeforeValidator(parse_moment), AfterValidator(check_year)]
Span = Annotated[int, BeforeValidator(parse_span)]
AssignmentName = Annotated[
    Text,
    written_as(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        "letters, digits and . _ -, 64 at most, a letter or digit first: it is part of paths and addresses",
    ),
]


BrowserKey = Annotated[
    Text,
    written_as(r"[0-9A-Fa-f]{64}", "64 digits and letters a to f, as Safe Exam Browser's Exam pane shows the key"),
]


class Members(Strict):
    """Who has a role, by name, group and class list."""

    people: list[Person] = []
    groups: list[Text] = []
    roster: Annotated[Text, AfterValidator(check_roster)] | None = None


class Term(Strict):
    """When a course takes place."""

    first_day: Date | None = None
    last_day: Date | None = None


class Assignment(Strict):
    """One thing to hand in.

    :param late: what becomes of what comes between `due` and `closes`.
    :param extra_time: seconds by person: both times are later for them.
    :param checks: how often a day each student may have their work run before they hand it in.
    """

    name: AssignmentName
    title: Text = ""
    opens: Moment | None = None
    due: Moment | None = None
    closes: Moment | None = None
    late: Late = "mark"
    extra_time: dict[Person, Span] = {}
    checks: Annotated[int, Field(ge=0, le=100)] = 0


class Exam(Strict):
    """What is written by the clock, in a lab of its own.

    :param extra_time: seconds by person: it ends so much later for them.
    :param start_files: a folder of site/exams, which each person begins with; none: what is released by its name.
    :param network: whether the lab is on no network, or on that of the profile.
    :param safe_exam_browser: keys of its settings, of which one must be right; none: any browser will do.
    """

    name: AssignmentName
    title: Text = ""
    opens: Start
    minutes: Annotated[int, Field(ge=1, le=LONGEST_EXAM_MINUTES)]
    extra_time: dict[Person, Span] = {}
    start_files: Annotated[Text, FOLDER] | None = None
    profile: Text | None = None
    network: Literal["none", "open"] = "none"
    safe_exam_browser: list[BrowserKey] = []


class LMSCourse(Strict):
    """The course of a learning platform that a course is.

    :param platform: the platform's word in site/lti.yaml.
    :param context: the course's id there.
    :param link: the id of the link whose column takes a grade for the whole course; left out: the first one opened.
    :param roster: whether its members there are its members here.
    """

    platform: Name
    context: Annotated[Text, Field(min_length=1, max_length=255)]
    link: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    roster: bool = True


class Course(Strict):
    """One course.

    :param archive: the day from which on members only read, and nothing is handed in.
    :param purge: the day on which all that is kept of it is removed.
    """

    name: Name
    title: Text = ""
    term: Term = Term()
    teachers: Members = Members()
    assistants: Members = Members()
    observers: Members = Members()
    students: Members = Members()
    profile: Text | None = None
    grader_profile: Text | None = None
    assignments: list[Assignment] = []
    exams: list[Exam] = []
    lti: LMSCourse | None = None
    grades: Grades = "per_assignment"
    notice: Annotated[Text, Field(max_length=2000)] = ""
    archive: Date | None = None
    purge: Date | None = None

    def members(self, role: str) -> Members:
        """Who has a role."""
        found: Members = getattr(self, role)
        return found


class Courses(Strict):
    """`site/courses.yaml`."""

    courses: list[Course]


FORMS = (
    Form(
        name=COURSES,
        model=Courses,
        what="Courses: who teaches and who takes them, and what is due when.",
        page="courses/index",
        order=35,
    ),
)
