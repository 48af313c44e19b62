"""The courses that somebody is in, on their home page."""

from __future__ import annotations

import time
from typing import Any

from homeroom.courses import members
from homeroom.courses.calendar import written
from homeroom.courses.course import OBSERVERS, STUDENTS, Course
from homeroom.courses.courses_file import Courses
from homeroom.courses.made.makers import may_make
from homeroom.hub.home import Panel, Values

SHOWN_SECONDS = 3600
"""How long before it begins an exam is shown."""


async def courses(handler: Any) -> Values | None:
    """Each with what is due next; nothing where there is none, and this person makes none."""
    found = Courses.instance(config=handler.settings["config"])
    known = found.read()
    roles = members.roles_of(handler.current_user.orm_user, known)
    makes = may_make(handler)
    if not roles and not makes:
        return None
    person, now = handler.current_user.name, time.time()
    return {
        "makes": makes,
        "courses": [
            {
                "name": name,
                "title": known[name].title,
                "notice": known[name].notice,
                "role": role,
                "archived": known[name].is_archived(now),
                "next": next_of(known[name], person if role == STUDENTS else "", now, found),
            }
            for name, role in sorted(roles.items(), key=lambda pair: known[pair[0]].title)
        ],
    }


def next_of(course: Course, person: str, now: float, found: Courses) -> dict[str, str] | None:
    """What is open, and due first."""
    pending = [(each.times_of(person), each) for each in course.assignments]
    coming = [
        (times.due, each.title) for times, each in pending if times.due is not None and times.state(now) == "open"
    ]
    if not coming:
        return None
    due, title = min(coming)
    return {"title": title, "due": written(due, found.zone)}


async def exams(handler: Any) -> Values | None:
    """The exams that somebody sits or invigilates, from an hour before they begin to their end; nothing where there is
    none."""
    found = Courses.instance(config=handler.settings["config"])
    known = found.read()
    roles = members.roles_of(handler.current_user.orm_user, known)
    person, now = handler.current_user.name, time.time()
    shown = []
    for name, role in roles.items():
        for exam in known[name].exams if role != OBSERVERS else ():
            ends = exam.ends_for(person if role == STUDENTS else "")
            if exam.opens - SHOWN_SECONDS <= now < ends:
                on = now >= exam.opens
                page = f"homeroom/exams/{name}/{exam.name}"
                shown.append(
                    {"title": exam.title, "page": page, "on": on, "left_seconds": (ends if on else exam.opens) - now}
                )
    return {"exams": shown} if shown else None


PANELS = (
    Panel(name="exams", order=8, ask=exams, refreshed=True),
    Panel(name="courses", order=30, ask=courses),
)
