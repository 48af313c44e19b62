"""What the rehearsal of a course's assignments foresees, and what it makes of the robots' grades."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from generator.core.errors import HomeroomError
from generator.topics.courses.site import Courses
from generator.topics.labs.labs import LabsConfig
from generator.topics.rehearsal import fitted, graded, work

ZONE = ZoneInfo("Europe/Vienna")
NOW = 1_800_000_000.0
DAY = 86400
GIB = 1 << 30
RIGHT: dict[str, Any] = {"points": 3, "maximum": 3, "tests": 1, "lost": [], "reasons": [], "errors": []}


def course(*assignments: dict[str, Any], given_out: dict[str, str] | None = None, students: int = 4) -> work.Work:
    """A course with these assignments."""
    people = [f"s{number}" for number in range(students)]
    roles = {"students": {"people": people, "hub_groups": []}}
    values = {"name": "biology", "profile": "small", "roles": roles, "assignments": assignments}
    return work.of_course(values, given_out or {}, made=False)


def known(memory_bytes: int = 8 * GIB) -> LabsConfig:
    """Labs of two kinds."""
    profiles = [
        {"name": name, "memory_bytes": size, "cpus": 1.0} for name, size in (("large", 4 * GIB), ("small", GIB))
    ]
    return LabsConfig(profiles=profiles, groups={}, memory_bytes=memory_bytes, cpus=0.0, open_files=1024)


def said(found: work.Work, name: str = "", **labs: Any) -> list[str]:
    """What is told of it."""
    meant = work.chosen(found, name, NOW)
    return [f"{each.level} {each.cause}" for each in work.findings(found, meant, known(**labs), ZONE, NOW)]


def test_what_students_do_not_find_is_told() -> None:
    """An assignment of the list that has begun and is not released would fail; one that has not begun, or that waits
    for a teacher before it begins, is told. What is out is well."""
    listed = ({"name": "week-1", "opens": int(NOW) - DAY}, {"name": "week-2", "opens": int(NOW) + DAY})
    assert said(course(*listed, given_out={"week-1": "out", "week-2": "out"})) == []
    first, second = said(course(*listed))
    assert first.startswith("error it is not released: students find nothing; it opens 2027-01-14")
    assert second.startswith("warn it is not released")
    waiting = said(course(*listed, given_out={"week-1": "waiting", "week-2": "out"}))
    assert waiting == ["error it waits for a teacher: students find nothing"]
    assert said(course(), "draft") == ["warn it is not released: students find nothing"]


def test_dates_that_are_over_are_told() -> None:
    """What nothing is taken of any more is left out where it is not named; what is late is told."""
    out = {"old": "out", "late": "out", "strict": "out", "new": "out"}
    found = course(
        {"name": "old", "due": int(NOW) - 9 * DAY, "closes": int(NOW) - DAY},
        {"name": "late", "due": int(NOW) - DAY},
        {"name": "strict", "due": int(NOW) - DAY, "late": "refuse"},
        {"name": "new", "due": int(NOW) + DAY},
        given_out=out,
    )
    assert [each.name for each in work.chosen(found, "", NOW)] == ["late", "new"]
    (told,) = said(found)
    assert told.startswith("warn its due date is past (2027-01-14")
    assert said(found, "old")[0].startswith("warn it is over: nothing is taken since 2027-01-14")
    assert said(found, "strict")[0].startswith("warn it is over")
    only_old = course({"name": "old", "closes": int(NOW) - DAY}, given_out=out)
    with pytest.raises(HomeroomError, match="no assignment that is still to come") as told_so:
        work.chosen(course({"name": "old", "closes": int(NOW) - DAY}), "", NOW)
    assert "ASSIGNMENT=old" in told_so.value.remedy
    assert [each.name for each in work.chosen(only_old, "", NOW)] == ["late", "strict", "new"]


def test_a_class_that_waits_in_the_queue_is_told() -> None:
    """As far as is known who takes it; robots need room themselves."""
    out = {"week-1": "out"}
    assert said(course({"name": "week-1"}, given_out=out, students=8)) == []
    (told,) = said(course({"name": "week-1"}, given_out=out, students=9))
    assert "9 students take it, and 8 labs of small (1.0 GiB) fit at once" in told
    assert said(course({"name": "week-1"}, given_out=out, students=0)) == ["warn nobody takes it"]
    work.require_room(course(), known(), 5 * GIB)
    with pytest.raises(HomeroomError, match="no room now"):
        work.require_room(course(), known(), 6 * GIB)
    work.require_room(course(), known(0), 99 * GIB)


def test_its_course_has_robots_and_no_dates() -> None:
    """Whatever the dates are, robots can do it; profiles are open to them, who are in no group."""
    text = fitted.work_courses("biology", "small", "", ["week-1", "week-2"])
    (made,) = Courses.model_validate(yaml.safe_load(text)).courses
    assert (made.profile, made.grader_profile) == ("small", None)
    assert made.students.people == ["robot-1", "robot-2"]
    assert [(each.name, each.opens, each.due) for each in made.assignments] == [
        ("week-1", None, None),
        ("week-2", None, None),
    ]
    profiles = "profiles:\n  - {name: small, allow: {groups: [physics]}, memory: 1G}\n"
    assert yaml.safe_load(fitted.for_everybody(profiles)) == {"profiles": [{"name": "small", "memory": "1G"}]}


def test_profiles_are_opened_to_robots(tmp_path: Path) -> None:
    """In the copy alone."""
    site = tmp_path / "site"
    site.mkdir()
    text = "profiles:\n  - {name: small, allow: {groups: [physics]}}\n"
    (site / "profiles.yaml").write_text(text)
    fitted.lay_out_site(site, tmp_path / "made")
    assert (site / "profiles.yaml").read_text() == text
    assert "physics" not in (tmp_path / "made/profiles.yaml").read_text()


@pytest.mark.parametrize(
    ("came", "words"),
    [
        ({"lost": ["t (0 of 3)"], "errors": ["a.ipynb: ModuleNotFoundError: No module 'scipy'"]}, "scipy.*lacks it"),
        ({"lost": ["t (0 of 3)"], "reasons": ["It needed more memory than there is."]}, "memory.*GRADING_MEMORY"),
        ({"lost": ["t (0 of 3)"], "errors": ["week.ipynb: CellTimeoutError: 30 s"]}, "GRADING_MINUTES"),
        ({"lost": ["t (2 of 3)"], "errors": ["week.ipynb: AssertionError: try"]}, r"t \(2 of 3\).*do not pass"),
    ],
    ids=["package", "memory", "time", "answer"],
)  # fmt: skip
def test_why_the_sources_answers_fail_is_told(came: dict[str, Any], words: str) -> None:
    """A missing package, too little memory or time, and answers that are wrong, each with what to do."""
    (fault,) = graded.faults("week-1", RIGHT | came, 512 << 20)
    assert re.search(words, str(fault), re.DOTALL), str(fault)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("VALIDATION FAILED ON 1 CELL(S)!\n\n    ModuleNotFoundError: No module 'scipy'\n", "scipy.*lacks it"),
        (f"{graded.PASSED}\nnbclient.exceptions.DeadKernelError: Kernel died", "larger profile"),
        ("VALIDATION FAILED ON 1 CELL(S)! If you submit", "FAILED ON 1.*nbgrader validate"),
        ("", "do not pass"),
    ],
    ids=["package", "memory", "answer", "nothing"],
)
def test_tests_that_do_not_pass_in_a_lab_are_told(said: str, words: str) -> None:
    """Of any of its notebooks, with why; where all pass nothing is told."""
    (fault,) = graded.faults_in_lab("week-1", said, 2, "small")
    assert re.search(words, str(fault), re.DOTALL), str(fault)
    assert list(graded.faults_in_lab("week-1", f"{graded.PASSED}\n" * 2, 2, "small")) == []


def test_an_assignment_that_works_is_no_fault() -> None:
    """All points for the source's answers; what earns them without an answer, and what earns none, is hinted at."""
    assert list(graded.faults("week-1", RIGHT, 512 << 20)) == []
    assert list(graded.faults("week-1", RIGHT | {"points": 1, "maximum": 3}, 512 << 20)) == [], "people grade the rest"
    assert [each.cause for each in graded.faults("week-1", None, 512 << 20)] == [
        "week-1: what was handed in was not graded"
    ]
    assert list(graded.hints("week-1", RIGHT | {"lost": ["t (0 of 3)"]})) == []
    assert "all points" in next(graded.hints("week-1", RIGHT))
    assert "nothing in it earns points" in next(graded.hints("week-1", RIGHT | {"maximum": 0}))
