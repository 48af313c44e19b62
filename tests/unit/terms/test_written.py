"""The next term's course, as it comes behind the others in site/courses.yaml: the operator's own text stays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from generator.core.errors import HomeroomError
from generator.site.reader import SiteFile
from generator.topics.terms import named, written
from tests.sample_settings import settings
from tests.unit.courses.test_courses_file import VIENNA, known

TEXT = """\
# Ours.
courses:
  - name: bio-26   # the big one
    title: Cells
    term: {first_day: 2026-10-05, last_day: 2027-01-29}
    archive: 2027-04-01
    teachers: {people: [ada]}
    assistants: {people: [bela]}
    students: {people: [b+ob, "0123"], groups: [biology]}
    assignments:
      - {name: week-1, opens: 2026-10-05 08:00, due: 2026-10-12, extra_time: {b+ob: 2d}, late: accept}
    exams:
      - {name: final, opens: 2027-01-25 10:00, minutes: 90, extra_time: {chen: 30m}}
  # The end.
"""


def site(directory: Path, text: str = TEXT) -> Path:
    """A site with these courses."""
    path = directory / "site"
    known(path)
    (path / "courses.yaml").write_text(text)
    return path


def next_of(path: Path, days: int = 364) -> str:
    """The file's text with the copy of its first course."""
    file = SiteFile(path / "courses.yaml")
    return written.appended(file, written.next_course(written.raw(file)[0], "bio-27", days), "A copy.")


def test_the_next_course_has_other_dates_and_nobody_in_it(tmp_path: Path) -> None:
    """All dates are moved, times of day stay; teachers, assignments and rules are copied; students, assistants and
    whoever had more time are not. What the operator wrote is there as it was, to the last comment."""
    path = site(tmp_path)
    text = next_of(path)
    assert text.startswith(TEXT)
    made = yaml.safe_load(text)["courses"][1]
    assert (made["name"], made["title"], made["teachers"]) == ("bio-27", "Cells", {"people": ["ada"]})
    assert made.keys() & {"students", "assistants"} == set()
    assert str(made["term"]["first_day"]) == "2027-10-04"
    assert str(made["archive"]) == "2028-03-30"
    (week,), (exam,) = made["assignments"], made["exams"]
    assert (week["opens"], str(week["due"]), week["late"]) == ("2027-10-04 08:00", "2027-10-11", "accept")
    assert (exam["opens"], exam["minutes"]) == ("2028-01-24 10:00", 90)
    assert "extra_time" not in week.keys() | exam.keys()
    written.check(settings(TIMEZONE=VIENNA), path, text)
    written.write(path, text)
    assert (path / "courses.yaml").read_text() == text


def test_a_copy_that_would_be_wrong_changes_nothing(tmp_path: Path) -> None:
    """What the new text would have wrong is told before it is written; a file of another form is left as it is, and
    the course is shown."""
    path = site(tmp_path, TEXT.replace("2026-10-05 08:00", "2027-03-22 02:30").replace("due: 2026-10-12, ", ""))
    with pytest.raises(HomeroomError, match="no clock in Europe/Vienna shows this time"):
        written.check(settings(TIMEZONE=VIENNA), path, next_of(path, days=6))
    other = site(tmp_path, "courses: [{name: bio-26, teachers: {people: [ada]}}]\n")
    with pytest.raises(HomeroomError) as told:
        next_of(other)
    assert "name: bio-27" in str(told.value)
    assert "bio-27" not in (other / "courses.yaml").read_text()


def test_a_file_of_another_owner_stays_theirs(tmp_path: Path) -> None:
    """A link, as to a checkout of git, is followed; mode and owner stay."""
    path = site(tmp_path)
    (path / "courses.yaml").rename(tmp_path / "mine.yaml")
    (tmp_path / "mine.yaml").chmod(0o640)
    (path / "courses.yaml").symlink_to(tmp_path / "mine.yaml")
    written.write(path, f"{TEXT}#\n")
    assert (path / "courses.yaml").is_symlink()
    assert (tmp_path / "mine.yaml").read_text() == f"{TEXT}#\n"
    assert (tmp_path / "mine.yaml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(("typed", "days"), [("+364d", 364), ("-7d", -7), ("52w", 364), ("", 0)])
def test_days_are_read(typed: str, days: int) -> None:
    """Days and weeks, forward and back."""
    assert written.days_of(typed) == days


@pytest.mark.parametrize("typed", ["364", "+1y", "+9999d", "+99999d", "+1.5d", "d"])
def test_other_spans_are_refused(typed: str) -> None:
    """With the form that they have; too many days are called that."""
    with pytest.raises(HomeroomError, match="DATES") as told:
        written.days_of(typed)
    assert ("more than ten years" in str(told.value)) is typed.startswith("+9999")


@pytest.mark.parametrize("typed", ["", "Bio", "../bio", "bio 1", "b" * 33])
def test_a_name_that_is_none_is_told(typed: str) -> None:
    """Before anything is asked of the engine."""
    with pytest.raises(HomeroomError):
        named.require_name(typed, "COURSE", "make course-reset COURSE=biology-1")


@pytest.mark.parametrize(
    "text", ["## Courses.\n#courses:\n#  - name: bio\n", "courses: []  # none yet\n", "courses:\n"]
)
def test_the_first_course_of_a_file_is_put_into_it(tmp_path: Path, text: str) -> None:
    """What the operator wrote stays; the file says the course and nothing else."""
    (tmp_path / "courses.yaml").write_text(text)
    made = written.appended(SiteFile(tmp_path / "courses.yaml"), {"name": "bio", "archive": date(2027, 4, 1)}, "Back.")
    assert yaml.safe_load(made) == {"courses": [{"name": "bio", "archive": date(2027, 4, 1)}]}
    assert text.startswith("courses:") or made.startswith(text)
