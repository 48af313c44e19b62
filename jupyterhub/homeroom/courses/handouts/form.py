"""What teachers type of a handout, made into what the desk is to keep. Pure: nothing is kept here.

The rules are those of `site/handouts.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.contract.handouts import BRANCH, FOLDER, LONGEST_URL, NAME, URL
from homeroom.courses.made import moments
from homeroom.courses.made.fault import Fault
from homeroom.texts.said import say

Given = Mapping[str, str]
Known = Mapping[str, Mapping[str, Any]]
LONGEST_PATH = 200
FIELDS = ("name", "folder", "url", "branch", "inner", "to", "visible_at")


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A handout as it was typed.

    :param source: where it comes from.
    :param visible_at: in seconds since 1970; None: at once.
    :param faults: what is wrong; then nothing else counts.
    """

    name: str
    source: dict[str, str]
    to: str
    visible_at: int | None
    faults: list[Fault] = field(default_factory=list)


def new(course: str, given: Given, zone: ZoneInfo, *, known: Known, of_file: Collection[str]) -> Typed:
    """A new one. Where no folder of the grader lab is said, it is called as the handout; where none of homes is,
    it is one in the course's.

    :param known: those that there are, by name, as the desk has them.
    :param of_file: the folders in homes of those that `site/handouts.yaml` has for the course.
    """
    name = given.get("name", "").strip()
    faults = []
    if not re.fullmatch(NAME, name):
        faults.append(Fault("name", say("course_handouts.wrong.name")))
    elif name in known:
        faults.append(Fault("name", say("course_handouts.wrong.twice", name=name)))
    source, wrong = _repository(given) if given.get("url", "").strip() else _folder(given, name)
    faults += wrong if not faults or given.get("folder") or given.get("url") else []
    to, wrong = _to(given.get("to", "").strip() or f"{course}/{name}", _folders(known), of_file)
    faults += wrong if not faults or given.get("to") else []
    visible_at, wrong = _moment(given, None, zone)
    return Typed(name=name, source=source, to=to, visible_at=visible_at, faults=[*faults, *wrong])


def _folder(given: Given, name: str) -> tuple[dict[str, str], list[Fault]]:
    folder = given.get("folder", "").strip().removeprefix("course/").removeprefix("handouts/").rstrip("/") or name
    faults = [] if re.fullmatch(FOLDER, folder) else [Fault("folder", say("course_handouts.wrong.folder"))]
    return {"folder": folder}, faults


def _repository(given: Given) -> tuple[dict[str, str], list[Fault]]:
    url, branch, inner = (given.get(field, "").strip() for field in ("url", "branch", "inner"))
    faults = []
    if given.get("folder", "").strip():
        faults.append(Fault("url", say("course_handouts.wrong.both")))
    elif len(url) > LONGEST_URL or not re.fullmatch(URL, url):
        faults.append(Fault("url", say("course_handouts.wrong.url")))
    if branch and not re.fullmatch(BRANCH, branch):
        faults.append(Fault("branch", say("course_handouts.wrong.branch")))
    inner = inner.strip("/")
    if inner and not _is_inner(inner):
        faults.append(Fault("inner", say("course_handouts.wrong.inner")))
    return {"url": url, "branch": branch, "inner": inner}, faults


def changed(name: str, given: Given, zone: ZoneInfo, *, known: Known, of_file: Collection[str]) -> Typed:
    """One that there is, with another time or folder in homes.

    :param known: all that there are, by name, as the desk has them.
    """
    one = known[name]
    others = _folders({other: each for other, each in known.items() if other != name})
    to, faults = _to(given.get("to", "").strip(), others, of_file)
    visible_at, wrong = _moment(given, one["visible_at"], zone)
    return Typed(name=name, source=one["source"], to=to, visible_at=visible_at, faults=[*faults, *wrong])


def _folders(known: Known) -> dict[str, str]:
    return {each["to"]: name for name, each in known.items()}


def _to(typed: str, others: Mapping[str, str], of_file: Collection[str]) -> tuple[str, list[Fault]]:
    to = typed.rstrip("/")
    if not is_target(to):
        return to, [Fault("to", say("course_handouts.wrong.to", most=LONGEST_PATH))]
    if to in of_file:
        return to, [Fault("to", say("course_handouts.wrong.of_file"))]
    if to in others:  # a lab tells of each folder what came into it
        return to, [Fault("to", say("course_handouts.wrong.same_to", name=others[to]))]
    return to, []


def is_target(path: str) -> bool:
    """Whether it is a folder of the home that its owner sees, in plain parts."""
    return _is_inner(path) and not any(part.startswith(".") for part in PurePosixPath(path).parts)


def _is_inner(path: str) -> bool:
    """Whether it leads to a place within a directory, in plain parts."""
    parts = PurePosixPath(path).parts
    return (
        path.isprintable()
        and "\\" not in path
        and len(path) <= LONGEST_PATH
        and bool(parts)
        and not path.startswith("/")
        and str(PurePosixPath(path)) == path
        and ".." not in parts
    )


def _moment(given: Given, before: int | None, zone: ZoneInfo) -> tuple[int | None, list[Fault]]:
    typed = given.get("visible_at", "").strip()
    if not typed:
        return None, []
    if before is not None and typed == moments.typed(before, zone):
        return before, []  # seconds, and the second of two hours of one name, are in no field of a form
    found = moments.parse(typed)
    if found is None:
        return None, [Fault("visible_at", say("course_settings.wrong.moment"))]
    if moments.is_skipped(found, zone):
        return None, [Fault("visible_at", say("course_settings.wrong.skipped", zone=zone.key))]
    return moments.begins(found, zone), []


def typed(one: Mapping[str, Any], zone: ZoneInfo) -> dict[str, str]:
    """One that there is as the fields of its form hold it."""
    return {"to": one["to"], "visible_at": moments.typed(one["visible_at"], zone)}
