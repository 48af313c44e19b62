"""Courses that file and page both have: `make check` tells each difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses.made import edit, exams, form
from homeroom.courses.made.edit import Editor
from homeroom.courses.made.exams import Sittings

from generator.core.machine import Machine
from generator.topics.courses import checks, courses
from generator.topics.courses import exams as file_exams
from generator.topics.courses import made as read_courses
from generator.topics.labs import labs
from tests.sample_settings import settings

ZONE = ZoneInfo("Europe/Vienna")
FILE = """\
courses:
  - name: life
    title: Life
    teachers: {people: [ada]}
    students: {people: [chen, dora], groups: [bio]}
    archive: 2027-04-01
    assignments:
      - {name: week-1, due: 2026-10-12 23:59, extra_time: {chen: 2d}}
      - {name: week-2}
    exams:
      - {name: final, opens: 2026-12-14 10:00, minutes: 90, extra_time: {chen: 30m}}
"""


def told(directory: Path, **typed: str) -> list[str]:
    """What `make check` says where the page has the same course with other fields."""
    site = directory / "site"
    site.mkdir()
    (site / "groups.yaml").write_text("groups:\n  bio: {members: [b+ob]}\n")
    (site / "courses.yaml").write_text(FILE)
    known = labs.load(settings(), site, Machine(memory_bytes=16 * 2**30, cpus=4))
    (read,) = courses.load(settings(TIMEZONE=ZONE.key), site, known)
    editor = Editor(zone=ZONE, groups=None, known_groups=["bio"])
    people = {"people_teachers": "ada", "people_students": "chen\ndora", "groups_students": "bio"}
    page: dict[str, Any] = form.new()
    page, _ = edit.members("life", page, {**people, **typed}, editor)
    page, _ = edit.general("life", page, {"title": "Life", "archive": "2027-04-01", **typed}, editor)
    week = {"name": "week-1", "due": "2026-10-12 23:59", "extra_time": "chen 2d", **typed, "title": ""}
    for fields in (week, {"name": "week-2"}):
        page, faults = edit.assignment("life", page, fields, editor)
        assert faults == []
    final = {"name": "final", "opens": "2026-12-14 10:00", "minutes": "90", "extra_time": "chen 30m"}
    if typed:
        final |= {"opens": "2026-12-14 11:00", "minutes": "60"}
    page, faults = exams.exam("life", page, final, editor, Sittings(now=0))
    assert faults == []
    of_file = {"life": courses.as_data(read, known, ZONE)}
    found = checks.beside_the_file({"life": page, "other": form.new()}, of_file, known, ZONE)
    return [each.cause for each in found]


def test_the_same_is_no_difference(tmp_path: Path) -> None:
    """What was typed on the page as it stands in the file is the same, groups, times and extra time included."""
    assert told(tmp_path) == []


def test_each_difference_is_told(tmp_path: Path) -> None:
    """Each with its field, and what file and page say."""
    found = told(
        tmp_path, title="Life!", archive="", people_students="chen\nzoe", due="2026-10-13 12:00", extra_time="chen 1d"
    )
    assert [each.removesuffix("; the file counts") for each in found] == [
        "title: the file says Life, the page said Life!",
        "archive: the file says 2027-04-01 00:00:00, the page said nothing",
        "students: the file says dora, the page said zoe",
        "due of week-1: the file says 2026-10-12 23:59:00, the page said 2026-10-13 12:00:00",
        'extra_seconds of week-1: the file says {"chen": 172800}, the page said {"chen": 86400}',
        "opens of final: the file says 2026-12-14 10:00:00, the page said 2026-12-14 11:00:00",
        "seconds of final: the file says 5400, the page said 3600",
    ]


def exam_of_page(**changes: str) -> dict[str, Any]:
    """A course of the page with an exam, as the hub keeps it."""
    editor = Editor(zone=ZONE, profiles=["default", "gpu"], groups=None, known_groups=["bio"])
    people = {"people_teachers": "ada", "people_students": "chen\ndora", "groups_students": "bio"}
    page, _ = edit.members("life", form.new(), people, editor)
    typed = {
        "name": "final",
        "title": "The end",
        "opens": "2026-12-14 10:00",
        "minutes": "90",
        "extra_time": "chen 30m",
    }
    page, faults = exams.exam("life", page, {**typed, **changes}, editor, Sittings(now=0))
    assert faults == []
    return page


def test_a_rehearsal_has_courses_of_the_page(tmp_path: Path) -> None:
    """Who sits an exam, when and in what lab is as it would be in the file."""
    (tmp_path / "groups.yaml").write_text("groups:\n  bio: {members: [b+ob]}\n")
    known = labs.load(settings(), tmp_path, Machine(memory_bytes=16 * 2**30, cpus=4))
    key = "0f" * 32
    made = exam_of_page(profile="gpu", network="open", browser_keys=key)
    (read,) = read_courses.as_read({"life": made}, known, ZONE)
    assert (read.is_made, read.where) == (True, "its page of settings: life")
    assert sorted(read.named["students"]) == ["b+ob", "chen", "dora"]
    told_of_file = file_exams.as_data(read.course.exams[0], read.course, ZONE)
    assert told_of_file == made["exams"][0]


def test_a_profile_that_is_gone_is_told(tmp_path: Path) -> None:
    """For such a course, and for an exam of one, which begins with another kind of lab."""
    known = labs.load(settings(), tmp_path, Machine(memory_bytes=16 * 2**30, cpus=4))
    found = checks.without_profile({"life": exam_of_page(profile="gpu"), "other": exam_of_page()}, known)
    (first,) = {known.profiles[0]["name"]}
    assert [(each.location, each.cause) for each in found] == [
        ("its page of settings: life", f"final: there is no profile gpu; they get {first}")
    ]
