"""Courses as they are written in site/courses.yaml: what a new one says, and how it comes behind the others. The
operator's own text stays as it is."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError
from generator.core.machine import read_machine
from generator.schema.settings import Settings
from generator.site.reader import SiteFile
from generator.topics.courses import courses
from generator.topics.courses.site import COURSES, parse_moment
from generator.topics.labs import labs

DAYS = re.compile(r"([+-]?)([0-9]{1,9})([dw])")
MOST_DAYS = 3660
NOT_COPIED = ("assistants", "observers", "students", "lti")
"""Who was in it, and which course of a learning platform it was: the next one's are others."""


def days_of(text: str) -> int:
    """How many days `+364d` or `+52w` are; nothing typed: none. :raises HomeroomError: it is no such span."""
    found = DAYS.fullmatch(text.strip()) if text.strip() else None
    if found is None and text.strip():
        raise HomeroomError(
            f"{text.strip()[:40]!a} is no number of days", location="DATES", remedy="DATES=+364d, +52w or -7d."
        )
    days = 0 if found is None else int(f"{found[1]}{found[2]}") * (7 if found[3] == "w" else 1)
    if abs(days) > MOST_DAYS:
        raise HomeroomError("DATES is more than ten years", location="DATES", remedy="DATES=+364d moves by a year.")
    return days


def raw(file: SiteFile) -> list[dict[str, Any]]:
    """The courses of the file, as they are written."""
    values = file.values()
    return list(values["courses"]) if isinstance(values, dict) and values.get("courses") else []


def next_course(course: Mapping[str, Any], name: str, days: int) -> dict[str, Any]:
    """What the copy of a course says: other dates, the same teachers and assignments, and nobody else in it."""
    made = {key: value for key, value in course.items() if key not in NOT_COPIED}
    made["name"] = name
    if "title" not in made:
        made["title"] = course["name"]
    if isinstance(made.get("term"), dict):
        made["term"] = {key: _moved(value, days) for key, value in made["term"].items()}
    for field in ("archive", "purge"):
        if made.get(field) is not None:
            made[field] = _moved(made[field], days)
    for kind, fields in (("assignments", ("opens", "due", "closes")), ("exams", ("opens",))):
        if made.get(kind):
            made[kind] = [_next_work(each, fields, days) for each in made[kind]]
    return made


def _next_work(work: Mapping[str, Any], fields: tuple[str, ...], days: int) -> dict[str, Any]:
    kept = {key: value for key, value in work.items() if key != "extra_time"}
    return {key: _moved(value, days) if key in fields and value is not None else value for key, value in kept.items()}


def _moved(value: Any, days: int) -> Any:
    found = parse_moment(value)
    if not isinstance(found, date):
        return value
    moved = found + timedelta(days=days)
    return f"{moved:%Y-%m-%d %H:%M}" if isinstance(moved, datetime) and isinstance(value, str) else moved


def block(course: Mapping[str, Any], indent: str) -> str:
    """A course as an item of the list."""
    text = yaml.safe_dump([dict(course)], sort_keys=False, allow_unicode=True, default_flow_style=False, width=110)
    return "".join(f"{indent}{line}" if line.strip() else line for line in text.splitlines(keepends=True))


def with_course(site: Path, course: Mapping[str, Any], remark: str) -> str:
    """What site/courses.yaml says with a course behind the others; also where there is no such file yet.

    :param remark: a line of comment above it.
    :raises HomeroomError: the file is written so that nothing can come behind it; the course itself is in the remedy.
    """
    path = site / COURSES
    return appended(SiteFile(path), course, remark) if path.exists() else _first("", course, remark)


def appended(file: SiteFile, course: Mapping[str, Any], remark: str) -> str:
    """The file's text with a course behind the others.

    :param remark: a line of comment above it.
    :raises HomeroomError: the file is written so that nothing can come behind it; the course itself is in the remedy.
    """
    mark = file.mark(("courses", 0))
    lines = file.text.splitlines(keepends=True)
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    dash = re.match(r"( *)- +(?=\S)", line)
    text = file.text if file.text.endswith("\n") else f"{file.text}\n"
    if not raw(file) and (made := _first(text, course, remark)):
        return made
    if dash is not None:
        made = f"{text}\n{dash[1]}# {remark}\n{block(course, dash[1])}"
        try:
            values = yaml.safe_load(made)
            if values["courses"] == [*yaml.safe_load(file.text)["courses"], yaml.safe_load(block(course, ""))[0]]:
                return made
        except (yaml.YAMLError, TypeError, KeyError, ValueError):
            pass
    raise HomeroomError(
        f"{file.location} is written so that no course can be put behind the others",
        location=file.location,
        remedy=f"Put it there yourself, then run this again for the material:\n{block(course, '  ')}",
    )


def _first(text: str, course: Mapping[str, Any], remark: str) -> str:
    """The text of a file that has no course, with this one; empty where it is written so that none can come."""
    own = f"# {remark}\ncourses:\n{block(course, '  ')}"
    try:
        values = yaml.safe_load(text)
        if values is None:
            return f"{text}\n{own}" if text else own
        made, count = re.subn(r"(?m)^courses:[ \t]*(\[[ \t]*\])?[ \t]*(#.*)?$", lambda _: own.rstrip("\n"), text)
        if count == 1 and yaml.safe_load(made) == {**values, "courses": yaml.safe_load(block(course, ""))}:
            return made
    except yaml.YAMLError:
        pass
    return ""


def check(settings: Settings, site: Path, text: str, lists: Mapping[str, str] | None = None) -> None:
    """See that the file would be right with this text.

    :param lists: files of `site/` that come with it, by their names there.
    :raises HomeroomError: everything that would be wrong.
    """
    with tempfile.TemporaryDirectory() as made:
        beside = Path(made) / site.name
        beside.mkdir()
        for each in site.iterdir():
            if each.name != COURSES:
                (beside / each.name).symlink_to(each.resolve())
        (beside / COURSES).write_text(text, encoding="utf-8")
        for name, content in (lists or {}).items():
            _write_list(beside, name, content)
        courses.load(settings, beside, labs.load(settings, beside, read_machine()))


def write_lists(site: Path, lists: Mapping[str, str]) -> None:
    """Write class lists that are not there yet."""
    for name, content in lists.items():
        _write_list(site, name, content)


def _write_list(site: Path, name: str, content: str) -> None:
    path = site / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, content)


def write(site: Path, text: str) -> None:
    """Have the file say this, whole or as before; whose it is, and where a link leads, stays. A new one is of whose the
    folder is."""
    path = (site / COURSES).resolve()
    is_new = not path.exists()
    about = site.stat() if is_new else path.stat()
    write_atomically(path, text, mode=0o644 if is_new else about.st_mode & 0o777)
    if path.stat().st_uid != about.st_uid:
        os.chown(path, about.st_uid, about.st_gid)
