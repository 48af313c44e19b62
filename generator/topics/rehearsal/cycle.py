"""`make course-rehearse` of a course's assignments: robots fetch them, hand in, and are graded, beside what runs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from generator.core.console import counted, note, warn
from generator.core.errors import HomeroomError, raise_all
from generator.core.finding import errors_of
from generator.core.machine import read_machine
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.topics.courses import courses
from generator.topics.courses.checks import NBGRADER
from generator.topics.environments import features
from generator.topics.labs import labs
from generator.topics.labs.labs import LabsConfig
from generator.topics.rehearsal import fitted, rehearsal, work
from generator.topics.rehearsal.work import Assignment, Work
from generator.topics.storage import homes
from generator.topics.terms import kept, lab_home

VERB = "course-work-beside"


def rehearse(deployment: Deployment, course: str, assignment: str) -> None:
    """Say what would fail in a course's assignments, and have robots do them. What runs is not touched, and whatever
    happens, nothing of the rehearsal is left. A course that has no assignments, and exams, has its next exam rehearsed.

    :param assignment: its name; empty: all that are not over.
    :raises HomeroomError: something is wrong, or the robots did not get through.
    """
    settings = deployment.settings
    known, zone, now = labs.load(settings, SITE, read_machine()), ZoneInfo(settings.TIMEZONE), time.time()
    of_file = {each.course.name: each for each in courses.load(settings, SITE, known)}
    read = of_file.get(course)
    if read is not None and not assignment and read.course.exams and not read.course.assignments:
        rehearsal.rehearse(deployment, course, "")
        return
    if not course:
        raise work.unknown(course, sorted(of_file))
    desk, made = _asked(deployment, course)
    if read is not None:
        values: Mapping[str, Any] = courses.as_data(read, known, zone)
    elif made is not None:
        values = {**made, "name": course}
    else:
        raise work.unknown(course, sorted(of_file))
    planned = work.of_course(values, desk, made=read is None)
    if not assignment and values["exams"] and not planned.assignments:
        rehearsal.rehearse(deployment, course, "")
        return
    if NBGRADER not in features.parse(settings.LAB_FEATURES):
        raise work.without_nbgrader(".env: LAB_FEATURES")
    meant = work.chosen(planned, assignment, now)
    found = list(work.findings(planned, meant, known, zone, now))
    for each in found:
        warn(f"{each.location}: {each.cause}\n  {each.remedy}")
    if not lab_home.is_there(deployment, course):
        raise HomeroomError(
            f"nothing lies in the grader lab of {course}: it was never started",
            location=planned.location,
            remedy="Start it on the course's page, or bring material by `make course-import`.",
        )
    _play(deployment, planned, meant, known, now)
    raise_all(errors_of(found))
    note(f"{counted(len(meant), 'assignment')} of {course} can be done: {', '.join(each.name for each in meant)}.")


def _asked(deployment: Deployment, course: str) -> tuple[dict[str, str], dict[str, Any] | None]:
    """The state of what is given out in a course, by assignment; and how it was made on a page."""
    answer = kept.ask(deployment, "given-out", course=course)
    return answer["given_out"], answer["made"]


def _play(deployment: Deployment, planned: Work, meant: list[Assignment], known: LabsConfig, now: float) -> None:
    """Have robots do them. :raises HomeroomError: there is no room, or they did not get through."""
    if any(known.profile(name)["gpus"] for name in (planned.profile, planned.grader_profile)):
        note("Robots take no GPU from those who work: none of them has done it.")
        return
    taken = sum(lab.attrs["HostConfig"]["Memory"] for lab in deployment.labs(running_only=True))
    work.require_room(planned, known, taken)
    home = homes.source(deployment.settings, deployment.project, lab_home.grader(planned.course))
    plan = {
        "course": planned.course,
        "home": home,
        "is_directory": bool(deployment.settings.HOMES),
        "profile": planned.profile,
        "assignments": [
            {"name": each.name, "is_listed": each.is_listed, "has_begun": each.has_begun(now)} for each in meant
        ],
    }
    rehearsal.beside_what_runs(
        deployment,
        {
            fitted.PLAN: json.dumps(plan, indent=1) + "\n",
            fitted.WITHOUT_TIME: fitted.work_courses(
                planned.course, planned.profile, planned.grader_profile, [each.name for each in meant]
            ),
        },
        [VERB, f"--of={deployment.project}"],
        what=f"the assignments of {planned.course}",
    )
