"""How it goes in courses, in numbers: nobody is named, and nobody's points are told."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from homeroom.courses.course import ROLES, STUDENTS
from homeroom.courses.desk.grades import Grades
from homeroom.courses.desk.shelf import Shelf
from homeroom.courses.desk.store import Store
from homeroom.courses.desk.told import Told

WEEK_SECONDS = 7 * 86400


def of_courses(told: Told, store: Store, shelf: Shelf, grades: Grades) -> list[dict[str, Any]]:
    """Each course that there is: its members by role, assignments and exams, hand-ins, how many of its students handed
    something in, how many pieces of students' work have all their points, and for how many hand-ins feedback is out."""
    return [_of_course(name, told, store, shelf, grades) for name in sorted(told.courses)]


def _of_course(name: str, told: Told, store: Store, shelf: Shelf, grades: Grades) -> dict[str, Any]:
    course, members = told.courses[name], told.members.get(name, {})
    students = {person for person, role in members.items() if role == STUDENTS}
    receipts, found = store.receipts(course=name), grades.of_course(name) or {"assignments": []}
    scores = [score for each in found["assignments"] for score in each["scores"].values()]
    roles = Counter(members.values())
    return {
        "course": name,
        **{role: roles[role] for role in ROLES},
        "assignments": len(course.work(shelf.unlisted(name))) - len(course.exams),
        "exams": len(course.exams),
        "hand_ins": len(receipts),
        "hand_ins_of_week": sum(each.at > time.time() - WEEK_SECONDS for each in receipts),
        "handed_in_by": len({each.person for each in receipts} & students),
        "graded": sum(not score["needs_grading"] for score in scores),
        "feedback_out": len(shelf.all_feedback(name)),
    }
