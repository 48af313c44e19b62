"""Courses that were made on the hub's pages, beside those of `site/courses.yaml`: where both speak of one, the file
says how it is, and what the page says otherwise is told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from generator.core import operator
from generator.engine import hub_module
from generator.engine.deployment import Deployment
from generator.topics.courses.courses import ReadCourse, members_data
from generator.topics.courses.site import ROLES, Course
from generator.topics.labs.labs import LabsConfig

MODULE = "homeroom.courses.made.service"
PLAIN = ("title", "notice", "profile", "grader_profile", "first_day", "last_day", "lti", "grades")
MOMENTS = ("archive", "purge", "opens", "due", "closes")
WORK = ("assignments", "exams")
LONGEST = 100
Values = Mapping[str, Any]
Difference = tuple[str, str, str]


def ask_hub(deployment: Deployment) -> dict[str, Any]:
    """The made courses by name, as the hub keeps them.

    :raises HomeroomError: it does not run.
    """
    wanted = json.dumps({"verb": "list"})
    found = hub_module.ask(deployment, MODULE, about="about courses that were made on its pages", given=wanted)
    return {name: each["course"] for name, each in found["courses"].items()}


def as_read(found: Mapping[str, Values], known: LabsConfig, zone: ZoneInfo) -> list[ReadCourse]:
    """Made courses as if the file had them: who is in them, and their exams.

    :param found: as the hub keeps them.
    """
    return [_as_read(name, made, known, zone) for name, made in found.items()]


def _as_read(name: str, made: Values, known: LabsConfig, zone: ZoneInfo) -> ReadCourse:
    roles = {role: made["roles"][role] for role in ROLES}
    values = {"name": name, "title": made["title"], "profile": made["profile"] or None, "lti": made["lti"], **roles}
    course = Course.model_validate({**values, "exams": [_exam(each, zone) for each in made["exams"]]})
    named = {role: members_data(one["groups"], one["people"], known)["people"] for role, one in roles.items()}
    return ReadCourse(course=course, named=named, is_made=True)


def _exam(exam: Values, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "name": exam["name"],
        "title": exam["title"],
        "opens": datetime.fromtimestamp(exam["opens"], zone),
        "minutes": max(1, exam["seconds"] // 60),
        "extra_time": {person: f"{max(1, seconds // 60)}m" for person, seconds in exam["extra_seconds"].items()},
        "profile": exam["profile"] or None,
        "network": exam["network"],
        "safe_exam_browser": exam["browser_keys"],
    }


def add(deployment: Deployment, name: str, course: Values) -> bool:
    """Have there be a course as if it was made on a page; whether there was none of this name.

    :raises HomeroomError: the hub does not run, or that is no course.
    """
    wanted = {"verb": "keep", "name": name, "seen": 0, "who": operator.name(), "course": course}
    found = hub_module.ask(deployment, MODULE, about="to make a course", given=json.dumps(wanted))
    return bool(found["done"])


def differences(of_file: Values, made: Values, known: LabsConfig, zone: ZoneInfo) -> Iterator[Difference]:
    """Field by field what the file says and what the page says.

    :param of_file: as `courses.as_data` gives it.
    :param made: as the hub keeps it.
    """
    exams = [{**each, "profile": each["profile"] or made["profile"]} for each in made["exams"]]
    page = {**made, "title": made["title"] or of_file["name"], "exams": exams}
    for field in PLAIN:
        if of_file.get(field) != page.get(field):
            yield field, _plain(of_file.get(field)), _plain(page.get(field))
    for field in MOMENTS[:2]:
        yield from _at(field, of_file, page, zone)
    for role in ROLES:
        there, here = made["roles"][role], of_file["roles"][role]
        said = members_data(there["groups"], there["people"], known)
        for kind, what in (("people", role), ("hub_groups", f"groups of {role}")):
            more, less = sorted(set(here[kind]) - set(said[kind])), sorted(set(said[kind]) - set(here[kind]))
            if more or less:
                yield what, _names(more), _names(less)
    for kind in WORK:
        yield from _work(of_file[kind], page[kind], zone)


def _work(of_file: Iterable[Values], made: Iterable[Values], zone: ZoneInfo) -> Iterator[Difference]:
    first, then = {each["name"]: each for each in of_file}, {each["name"]: each for each in made}
    for name in dict.fromkeys([*first, *then]):
        if name not in first or name not in then:
            yield name, _there(name in first), _there(name in then)
            continue
        for field in first[name]:
            if field in MOMENTS:
                yield from _at(field, first[name], then[name], zone, name)
            elif first[name][field] != then[name].get(field, first[name][field]):
                yield f"{field} of {name}", _plain(first[name][field]), _plain(then[name].get(field))


def _at(field: str, of_file: Values, page: Values, zone: ZoneInfo, name: str = "") -> Iterator[Difference]:
    here, there = of_file.get(field), page.get(field)
    if here != there:
        yield f"{field} of {name}" if name else field, _moment(here, zone), _moment(there, zone)


def _moment(at: int | None, zone: ZoneInfo) -> str:
    return "nothing" if at is None else f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S}"


def _there(is_there: bool) -> str:
    return "it is there" if is_there else "there is none"


def _names(names: list[str]) -> str:
    return _plain(", ".join(names)) if names else "nobody more"


def _plain(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: LONGEST + 1])
    return ("nothing" if value in (None, "", {}, []) else shown) if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."
