"""The rules of made courses are those of site/courses.yaml: for each slip the same is said of both."""

from __future__ import annotations

import re
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeroom.courses.course import NAME
from homeroom.courses.made import class_list, edit, form, moments
from homeroom.courses.made.edit import Editor
from hypothesis import given
from hypothesis import strategies as st

from generator.core.errors import HomeroomError
from generator.core.machine import Machine
from generator.schema.types import USERNAME_PATTERN, known_as
from generator.topics.courses import courses, site
from generator.topics.courses import moments as of_file
from generator.topics.labs import labs
from generator.topics.sign_in import class_list as of_operator
from tests.sample_settings import settings

ZONE = ZoneInfo("Europe/Vienna")
PEOPLE = {"people_teachers": "ada", "people_students": "chen\nb+ob"}
WEEK = {"name": "week-1", "opens": "2026-10-05 08:00", "due": "2026-10-12 23:59", "closes": "2026-10-14"}


def yaml_of(people: dict[str, str], general: dict[str, str], week: dict[str, str]) -> str:
    """The same course as site/courses.yaml has it."""
    roles = []
    for role in site.ROLES:
        names = ", ".join(f'"{name}"' for name in people.get(f"people_{role}", "").split())
        roles.append(f"    {role}: {{people: [{names}]}}\n")
    term = ", ".join(f"{key}: {general[key]}" for key in ("first_day", "last_day") if key in general)
    plain = "".join(f"    {key}: {general[key]}\n" for key in ("profile", "archive") if key in general)
    work = dict(week)
    extra = work.pop("extra_time", "")
    fields = "".join(f"        {key}: {value}\n" for key, value in work.items() if key != "name" and value)
    more = f"        extra_time: {{{extra.replace(' ', ': ')}}}\n" if extra else ""
    name = f"      - name: {week['name']}\n"
    return (
        f"courses:\n  - name: life\n{''.join(roles)}{plain}    term: {{{term}}}\n    assignments:\n{name}{fields}{more}"
    )


def said_of_file(directory: Path, text: str) -> str:
    """What `make check` says of it; empty: it is taken."""
    folder = directory / "site"
    folder.mkdir(exist_ok=True)
    (folder / "courses.yaml").write_text(text)
    known = labs.load(settings(), folder, Machine(memory_bytes=16 * 2**30, cpus=4))
    try:
        courses.load(settings(TIMEZONE=ZONE.key), folder, known)
    except HomeroomError as error:
        return str(error)
    return ""


def said_on_page(people: dict[str, str], general: dict[str, str], week: dict[str, str]) -> list[str]:
    """What is said where the same is typed, by all forms together."""
    editor = Editor(zone=ZONE)
    course, faults = edit.members("life", form.new(), people, editor)
    course, more = edit.general("life", course, general, editor)
    course, last = edit.assignment("life", course, week, editor)
    return [each.said.english() for each in (*faults, *more, *last)]


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({}, ""),
        ({"people_teachers": ""}, "life has no teacher"),
        ({"people_students": "ada"}, "ada is among the teachers and the students of life"),
        ({"people_observers": "chen"}, "chen is among the observers and the students of life"),
        (
            {"people_students": "-rf"},
            "must be a user's name: small letters, digits and . _ @ + -, 64 at most, a letter or digit first, "
            "not grader- or room-",
        ),
        ({"people_students": "room-1"}, "must be a user's name"),
        ({"first_day": "2026-12-01", "last_day": "2026-11-01"}, "the last day is before the first, 2026-12-01"),
        ({"first_day": "soon"}, "is not a date such as 2026-10-05"),
        ({"last_day": "2027-01-29", "archive": "2027-01-29"}, "not after the last day, 2027-01-29"),
        ({"archive": "2026-10-13"}, "closes of week-1 is not before the course is archived, 2026-10-13"),
        ({"profile": "gpu"}, "there is no profile gpu"),
        (
            {"name": "week/1"},
            "must be letters, digits and . _ -, 64 at most, a letter or digit first: it is part of paths and addresses",
        ),
        ({"due": "2026-10-05 07:59"}, "due of week-1 is before opens"),
        ({"closes": "2026-10-11"}, "closes of week-1 is before due"),
        ({"due": "", "closes": "2026-10-01"}, "closes of week-1 is before opens"),
        ({"due": "soon"}, "is not a day with a time such as 2026-10-12 23:59, or a day alone"),
        (
            {"opens": "2026-03-29 02:30"},
            "no clock in Europe/Vienna shows this time, it is put forward then",
        ),
        ({"late": "refuse"}, "refuse takes nothing after due, so closes never comes"),
        ({"extra_time": "chen 2w"}, "is not a time span such as 30m, 2h or 3d, a year at most"),
        ({"extra_time": "chen 400d"}, "is not a time span such as 30m, 2h or 3d, a year at most"),
        ({"extra_time": "olga 2d"}, "olga is no student of life"),
    ],
)
def test_the_same_is_said_of_file_and_page(tmp_path: Path, changed: dict[str, str], cause: str) -> None:
    """A slip is one in both, in the same words; what is good is taken by both."""
    people = {**PEOPLE, **{key: value for key, value in changed.items() if key.startswith("people_")}}
    general = {key: value for key, value in changed.items() if key in ("first_day", "last_day", "archive", "profile")}
    week = {**WEEK, **{key: value for key, value in changed.items() if key in (*WEEK, "late", "extra_time")}}
    file, page = said_of_file(tmp_path, yaml_of(people, general, week)), said_on_page(people, general, week)
    if not cause:
        assert (file, page) == ("", [])
        return
    assert cause.casefold() in file.casefold()
    assert [each for each in page if cause.casefold() in each.casefold()], page


def test_two_assignments_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """Also where they differ in capitals alone."""
    editor = Editor(zone=ZONE)
    course, _ = edit.members("life", form.new(), PEOPLE, editor)
    course, none = edit.assignment("life", course, {"name": "week-1"}, editor)
    _, faults = edit.assignment("life", course, {"name": "Week-1"}, editor)
    text = yaml_of(PEOPLE, {}, {"name": "week-1"}) + "      - name: Week-1\n"
    assert none == []
    for said in (said_of_file(tmp_path, text), faults[0].said.english()):
        assert "assignment Week-1 is there twice" in said


@given(
    st.one_of(st.dates(date(1970, 1, 2), date(2199, 12, 30)), st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1)))
)
def test_times_are_those_of_the_file(moment: date | datetime) -> None:
    """The same day or time of day is the same second in both, also where clocks are put back; a time that is typed and
    shown again is the same to the minute."""
    text = moment.strftime("%Y-%m-%d %H:%M") if isinstance(moment, datetime) else moment.isoformat()
    found, said = moments.parse(text), site.parse_moment(text if " " in text else moment)
    assert found == said
    assert found is not None
    assert moments.begins(found, ZONE) == of_file.begins(said, ZONE)  # type: ignore[arg-type]
    assert moments.ends(found, ZONE) == of_file.ends(said, ZONE)  # type: ignore[arg-type]
    assert moments.is_skipped(found, ZONE) == of_file.is_skipped(said, ZONE)  # type: ignore[arg-type]
    if isinstance(found, datetime) and not moments.is_skipped(found, ZONE):
        assert moments.typed(moments.begins(found, ZONE), ZONE) == found.strftime("%Y-%m-%dT%H:%M")


@given(st.integers(1, 366 * 86400 // 60))
def test_a_span_is_written_as_it_is_read(minutes: int) -> None:
    """Extra time that the form shows is the same when it is sent again, and as the file reads it."""
    text = moments.written_span(minutes * 60)
    assert moments.parse_span(text) == site.parse_span(text) == minutes * 60


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60), st.sampled_from(["utf-8", "utf-16"])
)
def test_a_class_list_is_read_as_the_operators(text: str, encoding: str) -> None:
    """The same names or the same number of faults, of whatever is pasted."""
    data = text.encode(encoding)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            expected: Any = of_operator.read(Path(file.name))
        except HomeroomError:
            expected = None
    names, faults = class_list.read(data, "list")
    assert (names if not faults else None) == expected


@pytest.mark.parametrize("heading", ["Name;Vorname;Benutzername", "name;group;USERNAME", "Name;Vorname;Kennung"])
def test_what_people_are_called_is_no_user_name(tmp_path: Path, heading: str) -> None:
    """Where a list has a column of user names, nobody comes into a course by their family name."""
    data = f"{heading}\nschmidt;anna;aschmidt\n".encode()
    (tmp_path / "list.csv").write_bytes(data)
    assert class_list.read(data, "list") == (of_operator.read(tmp_path / "list.csv"), []) == (["aschmidt"], [])


def test_names_are_those_of_the_operators() -> None:
    """What a user, a course or an assignment may be called is the same in both."""
    for name in ("ada", "b+ob", "a.b@x.org", "x" * 64, "x" * 65, "-a", "Ada", "grader-x", "room-1", "grad", "ü", ""):
        assert class_list.is_user_name(name) == bool(re.match(USERNAME_PATTERN, name)), name
        assert class_list.known_as(name) == known_as(name)
    for name in ("bio-1", "x" * 32, "x" * 33, "-bio", "Bio", "bio_1", ""):
        try:
            site.Courses.model_validate({"courses": [{"name": name, "teachers": {"people": ["ada"]}}]})
            taken = True
        except ValueError:
            taken = False
        assert bool(re.fullmatch(NAME, name)) == taken, name
