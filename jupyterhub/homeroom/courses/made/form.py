"""The form in which a made course is kept, and the same as the hub is told of one of `site/courses.yaml`. Pure, and
without JupyterHub.

A course is a mapping: `title`, `notice`, `profile`, `grader_profile`, `first_day`, `last_day` (texts, empty for none;
days as 2026-10-05), `archive` and `purge` (None, or seconds since 1970), `lti` (None, or the fields of `LMSCourse`),
`grades`, `roles` (of each the `people` and the `groups`), `assignments` and `exams` (the fields of `Assignment` and
`Exam`: times in seconds since 1970), `rooms` (the fields of `CourseRoom`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeroom.courses.course import ROLES

SiteGroups = Mapping[str, Mapping[str, Any]]
"""Groups of `site/groups.yaml`, as the hub is told of them: of each `members` and `hub_groups`."""


def new() -> dict[str, Any]:
    """A course that says nothing yet."""
    return {
        "title": "",
        "notice": "",
        "profile": "",
        "grader_profile": "",
        "first_day": "",
        "last_day": "",
        "archive": None,
        "purge": None,
        "lti": None,
        "grades": "per_assignment",
        "roles": {role: {"people": [], "groups": []} for role in ROLES},
        "assignments": [],
        "exams": [],
        "rooms": [],
    }


def whole(values: Mapping[str, Any]) -> dict[str, Any]:
    """A course as it is kept, with what an older version did not keep."""
    return {**new(), **values}


def as_told(name: str, values: Mapping[str, Any], groups: SiteGroups) -> dict[str, Any]:
    """A course as `courses.json` has those of the file: groups of `site/groups.yaml` by the names of their members.

    :raises KeyError: and TypeError: it has not that form.
    """
    course = whole(values)
    roles = {role: _members(course["roles"][role], groups) for role in ROLES}
    exams = [{**each, "profile": each["profile"] or course["profile"]} for each in course["exams"]]
    return {**course, "name": name, "title": course["title"] or name, "roles": roles, "exams": exams}


def _members(role: Mapping[str, Any], groups: SiteGroups) -> dict[str, list[str]]:
    people, hub_groups = set(role["people"]), set(role["groups"])
    for group in role["groups"]:
        if group in groups:
            people.update(groups[group]["members"])
            hub_groups.update(groups[group]["hub_groups"])
    return {"people": sorted(people), "hub_groups": sorted(hub_groups)}


def of_person(values: Mapping[str, Any], person: str) -> dict[str, Any]:
    """What a course says of somebody: their role, and the seconds that they have more, by assignment or exam; empty
    where it does not name them."""
    role = next((role for role in ROLES if person in values["roles"][role]["people"]), "")
    work = [*values["assignments"], *values["exams"]]
    extra = {each["name"]: each["extra_seconds"][person] for each in work if person in each["extra_seconds"]}
    return {**({"role": role} if role else {}), **({"extra_seconds": extra} if extra else {})}


def without_person(values: Mapping[str, Any], person: str) -> dict[str, Any]:
    """The same course, which does not name somebody any more."""
    roles = {
        role: {**one, "people": [each for each in one["people"] if each != person]}
        for role, one in values["roles"].items()
    }
    work = {
        kind: [
            {**each, "extra_seconds": {who: more for who, more in each["extra_seconds"].items() if who != person}}
            for each in values[kind]
        ]
        for kind in ("assignments", "exams")
    }
    return {**values, "roles": roles, **work}
