"""What would fail in a course's assignments, as far as it can be seen beforehand: pure decisions on what hub and desk
say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from generator.core.console import counted
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import Finding, error, in_units, warning
from generator.topics.courses.checks import NBGRADER
from generator.topics.courses.site import COURSES
from generator.topics.labs.labs import LabsConfig
from generator.topics.rehearsal import fitted, foreseen

OUT, WAITING = "out", "waiting"
"""What the desk calls an assignment that students find, and one that waits for a teacher."""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One of a course; times in seconds since 1970.

    :param closes: after it nothing is taken; None: it goes on.
    :param given_out: `out`, `waiting`, or empty: students find nothing.
    :param is_listed: whether the course says that it is to be handed in.
    """

    name: str
    is_listed: bool = False
    opens: int | None = None
    due: int | None = None
    closes: int | None = None
    given_out: str = ""

    def has_begun(self, now: float) -> bool:
        """Whether students are to find it."""
        return self.is_listed and (self.opens is None or self.opens <= now)

    def is_over(self, now: float) -> bool:
        """Whether nothing is taken any more."""
        return self.closes is not None and self.closes < now


@dataclass(frozen=True, kw_only=True)
class Work:
    """A course, as far as its assignments go.

    :param location: where it says what it is.
    :param students: how many are named.
    :param has_more: whether groups or a learning platform bring others.
    """

    course: str
    location: str
    profile: str
    grader_profile: str
    students: int
    has_more: bool
    assignments: tuple[Assignment, ...]


def of_course(values: Mapping[str, Any], given_out: Mapping[str, str], *, made: bool) -> Work:
    """The work of a course.

    :param values: the course as the hub is told of it.
    :param given_out: the state of each assignment that the desk has.
    :param made: whether it was made on a page.
    """
    students, lti = values["roles"]["students"], values.get("lti")
    listed = {each["name"]: each for each in values["assignments"]}
    others = [{"name": name} for name in given_out if name not in listed]
    return Work(
        course=values["name"],
        location=f"the page of {values['name']}" if made else f"site/{COURSES}: {values['name']}",
        profile=values["profile"],
        grader_profile=values.get("grader_profile") or values["profile"],
        students=len(students["people"]),
        has_more=bool(students.get("hub_groups") or students.get("groups") or lti),
        assignments=(
            *(_assignment(each, given_out, is_listed=True) for each in listed.values()),
            *(_assignment(each, given_out, is_listed=False) for each in others),
        ),
    )


def _assignment(values: Mapping[str, Any], given_out: Mapping[str, str], *, is_listed: bool) -> Assignment:
    due, closes = values.get("due"), values.get("closes")
    if values.get("late") == "refuse" and due is not None:
        closes = due
    return Assignment(
        name=values["name"],
        is_listed=is_listed,
        opens=values.get("opens"),
        due=due,
        closes=closes,
        given_out=given_out.get(values["name"], ""),
    )


def chosen(work: Work, name: str, now: float) -> list[Assignment]:
    """The assignments that are meant.

    :param name: of one; empty: all that are not over.
    :raises HomeroomError: there is none.
    """
    known = {each.name: each for each in work.assignments}
    if name:
        # one that is neither in the list nor given out may lie in the grader lab
        return [known.get(name) or Assignment(name=name)]
    found = [each for each in work.assignments if not each.is_over(now)]
    if not found:
        over = f"ASSIGNMENT={next(iter(known))} rehearses one that is over; " if known else ""
        raise HomeroomError(
            f"{work.course} has no assignment that is still to come",
            location="ASSIGNMENT",
            remedy=f"{over}ASSIGNMENT=week-1 rehearses one that lies in the grader lab; EXAM=final an exam.",
        )
    return found


def findings(
    work: Work, assignments: Sequence[Assignment], known: LabsConfig, zone: ZoneInfo, now: float
) -> Iterator[Finding]:
    """What is wrong, or hardly meant."""
    if not work.students and not work.has_more:
        remedy = "Name students, by people, groups or roster."
        yield warning("students", "nobody takes it", location=work.location, remedy=remedy)
    profile = known.profile(work.profile)
    room = foreseen.room_for(profile, known)
    if room is not None and work.students > room:
        more = " at least" if work.has_more else ""
        yield warning(
            "room",
            f"{counted(work.students, 'student')}{more} take it, and {counted(room, 'lab')} of {profile['name']} "
            f"({in_units(profile['memory_bytes'])}) fit at once: where all come at once, "
            f"{work.students - room} wait in the queue",
            location=work.location,
            remedy="Take a smaller profile, or give labs more (TOTAL_LAB_MEMORY).",
        )
    for each in assignments:
        yield from _of_assignment(work, each, zone, now)


def _of_assignment(work: Work, each: Assignment, zone: ZoneInfo, now: float) -> Iterator[Finding]:
    location = f"{work.location}, {each.name}"
    if each.given_out == WAITING:
        remedy = "A teacher releases it on the course's page."
        yield _level(each, now)(
            "release", "it waits for a teacher: students find nothing", location=location, remedy=remedy
        )
    elif not each.given_out:
        when = "" if each.opens is None else f"; it opens {_at(each.opens, zone)}"
        remedy = "Release it in the grader lab: the formgrader's button, or `nbgrader release_assignment`."
        cause = f"it is not released: students find nothing{when}"
        yield _level(each, now)("release", cause, location=location, remedy=remedy)
    if each.is_over(now):
        assert each.closes is not None
        cause = f"it is over: nothing is taken since {_at(each.closes, zone)}"
        yield warning("dates", cause, location=location, remedy="Say when it closes, if people are to hand it in.")
    elif each.due is not None and each.due < now:
        cause = f"its due date is past ({_at(each.due, zone)}): what is handed in now is late"
        yield warning("dates", cause, location=location, remedy="Say when it is due, if that is not meant.")


def _level(each: Assignment, now: float) -> Any:
    """Who looks for it now is hindered; who will look for it is not yet."""
    return error if each.has_begun(now) and not each.is_over(now) else warning


def _at(seconds: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M}"


def unknown(course: str, names: Sequence[str]) -> HomeroomError:
    """There is no such course."""
    remedy = did_you_mean(course, names, "Name one: `make course-rehearse COURSE=biology`.")
    cause = f"there is no course {course!r}" if course else "which course?"
    return HomeroomError(cause, location="COURSE", remedy=remedy)


def without_nbgrader(location: str) -> HomeroomError:
    """Nothing of it works: the labs have no nbgrader."""
    return HomeroomError(
        "labs have no nbgrader: nobody fetches assignments, and nothing is graded",
        location=location,
        remedy=f"Add {NBGRADER} to LAB_FEATURES and run `make up`.",
    )


def require_room(work: Work, known: LabsConfig, taken_bytes: int) -> None:
    """:raises HomeroomError: the labs of robots and grader have no room beside those that run."""
    student, grader = known.profile(work.profile), known.profile(work.grader_profile)
    wanted = fitted.WORKERS * student["memory_bytes"] + grader["memory_bytes"]
    labs = counted(fitted.WORKERS, "lab")
    if known.memory_bytes and known.memory_bytes - taken_bytes < wanted:
        raise HomeroomError(
            f"{labs} of {student['name']} and one of {grader['name']} ({in_units(wanted)}) have no "
            "room now beside those that run, so no robot can take the course",
            location="make course-rehearse",
            remedy="Run it when fewer people work. Nothing was changed.",
        )
