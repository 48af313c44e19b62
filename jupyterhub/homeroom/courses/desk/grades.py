"""Grades of a course, as its grader lab's gradebook has them: kept whole or not at all, the last ones alone."""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from homeroom.contract.grader_labs import NOT_RUN
from homeroom.courses.course import ASSIGNMENT_NAME, STUDENTS, Course
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route
from homeroom.courses.desk.told import Told
from homeroom.courses.nbgrader_names import person_of

FILE = "gradebook.json"
LARGEST_BYTES = 16 << 20
MOST_ASSIGNMENTS = 500
MOST_POINTS = 1_000_000.0
UNKNOWN_SHOWN = 20
UPLOAD_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Score:
    """What one person has for one assignment.

    :param points: with what was given by hand, and without what being late costs.
    :param penalty: what being late cost.
    :param needs_grading: whether somebody has to look at it still.
    :param not_run: why it could not be run, as `homeroom.contract.grader_labs` has it; empty: it was, or the lab does
        not say.
    """

    points: float
    penalty: float
    late: bool
    needs_grading: bool
    not_run: str = ""


class Grades:
    """The grades of all courses, a file a course, beside what was handed in.

    :param told: gives what the hub has told last.
    """

    def __init__(self, root: Path, told: Callable[[], Told], clock: Callable[[], float] = time.time) -> None:
        self.root = root
        self._told = told
        self._clock = clock

    @property
    def routes(self) -> tuple[Route, ...]:
        """What grader labs can ask for."""
        return (Route("POST", re.compile(r"/grades"), self._take),)

    async def _take(self, course: Course, request: web.BaseRequest) -> web.Response:
        """Keep what a grader lab sends.

        :raises Refused: it is too much, or no grades.
        """
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                text = await _received(request)
        except TimeoutError:
            raise Refused(408, f"It did not come within {UPLOAD_SECONDS:.0f} seconds.") from None
        members = self._told().members.get(course.name, {})
        kept, unknown = read(text, members)
        await asyncio.to_thread(self._write, course.name, {"at": self._clock(), "assignments": kept})
        people = len({person for each in kept for person in each["scores"]})
        return web.json_response({"people": people, "unknown": unknown[:UNKNOWN_SHOWN]})

    def of_course(self, course: str) -> dict[str, Any] | None:
        """The grades of a course, and when they came; None: there are none."""
        try:
            found: dict[str, Any] = json.loads((self.root / course / FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return found

    def of_person(self, person: str) -> list[dict[str, Any]]:
        """What somebody has, in all courses."""
        return [
            {"course": path.parent.name, "assignment": each["name"], "maximum": each["maximum"], **score}
            for path in sorted(self.root.glob(f"*/{FILE}"))
            for each in (self.of_course(path.parent.name) or {"assignments": []})["assignments"]
            if (score := each["scores"].get(person))
        ]

    def forget(self, person: str) -> None:
        """Remove what somebody has, in all courses."""
        for path in self.root.glob(f"*/{FILE}"):
            found = self.of_course(path.parent.name)
            if found is None or not any(person in each["scores"] for each in found["assignments"]):
                continue
            for each in found["assignments"]:
                each["scores"].pop(person, None)
            self._write(path.parent.name, found)

    def _write(self, course: str, values: dict[str, Any]) -> None:
        folder = self.root / course
        folder.mkdir(mode=0o700, exist_ok=True)
        fresh = folder / f".{FILE}.{secrets.token_hex(4)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(values, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(folder / FILE)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


async def _received(request: web.BaseRequest) -> bytes:
    """What comes. :raises Refused: it is too much; no more of it is read."""
    pieces, size_bytes = [], 0
    async for piece in request.content.iter_chunked(1 << 16):
        size_bytes += len(piece)
        if size_bytes > LARGEST_BYTES:
            raise Refused(413, f"The grades are larger than {LARGEST_BYTES >> 20} MiB.")
        pieces.append(piece)
    return b"".join(pieces)


def read(text: bytes, members: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Grades as a grader lab sends them, of the course's students; and the ids of those who are none.

    :raises Refused: they are none.
    """
    try:
        listed = json.loads(text)["assignments"]
        if not isinstance(listed, list) or len(listed) > MOST_ASSIGNMENTS:
            raise ValueError(f"more than {MOST_ASSIGNMENTS} assignments")
        found = [_assignment(each, members) for each in listed]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(422, f"What came are no grades: {str(error)[:200]}") from None
    if len({each["name"] for each, _ in found}) != len(found):
        raise Refused(422, "What came are no grades: an assignment is there twice")
    return [each for each, _ in found], sorted({name for _, names in found for name in names})


def _assignment(values: dict[str, Any], members: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """One assignment, and the students of it who are none of the course's. :raises ValueError: it is none."""
    name, maximum = values["name"], _points(values["maximum"])
    if not isinstance(name, str) or not re.fullmatch(ASSIGNMENT_NAME, name) or maximum < 0:
        raise ValueError(f"no assignment: {str(name)[:80]!r}")
    scores: dict[str, Any] = {}
    unknown = []
    for each in values["scores"]:
        student = each["student"]
        if not isinstance(student, str):
            raise ValueError("a student without an id")
        person = person_of(student)
        if members.get(person) != STUDENTS:
            unknown.append(student[:80])
            continue
        if person in scores:
            raise ValueError(f"{person} is there twice in {name}")
        penalty = _points(each["penalty"])
        score = Score(
            points=_points(each["points"]),
            penalty=penalty,
            late=bool(each["late"]),
            needs_grading=bool(each["needs_grading"]),
            not_run=why if (why := each.get("not_run")) in NOT_RUN else "",
        )
        scores[person] = vars(score)
    return {"name": name, "maximum": maximum, "scores": scores}, unknown


def _points(value: object) -> float:
    """:raises ValueError: it is no number of points."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MOST_POINTS:
        raise ValueError("points are no number, or too many")
    if not math.isfinite(value):
        raise ValueError("points are no number")
    return float(value)
