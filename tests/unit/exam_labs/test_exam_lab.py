"""Labs in which an exam is sat: when, by whom, and what they get of a profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from homeroom.contract.exam_labs import is_exam, lab_name
from homeroom.exam_labs import exam_lab
from homeroom.exam_labs.exam_lab import ExamLab
from homeroom.labs.plan import LabPlan
from jupyterhub.slugs import is_valid_safe_slug

SERVER = lab_name("biology", "final")


def lab(person: str = "ada", ends_at: float = 200.0) -> ExamLab:
    """An exam from 100 on."""
    where: dict[str, Any] = {"server": SERVER, "title": "Final", "course": "biology", "exam": "final"}
    return ExamLab(person=person, begins_at=100.0, ends_at=ends_at, **where)


@pytest.fixture(autouse=True)
def _known() -> Iterator[None]:
    exam_lab.know([lab(), lab("chen", 260.0)])
    yield
    exam_lab.know([])


def test_each_sits_it_until_their_own_end() -> None:
    """From its beginning to the end of each person, and not a moment longer."""
    sat = {now: [exam_lab.sat_by(name, now) is not None for name in ("ada", "chen", "olga")] for now in (99, 100, 200)}
    assert sat == {99: [False] * 3, 100: [True, True, False], 200: [False, True, False]}
    assert exam_lab.sat_by("chen", 260) is None


def test_of_two_at_once_the_first_counts() -> None:
    """Where two courses have somebody at once, they sit the exam that began first, and the other one once it is over:
    neither ends the other's lab over and over."""
    other = replace(lab("chen", 400.0), server=lab_name("chem", "final"), course="chem", begins_at=150.0)
    for known in ([lab("chen", 260.0), other], [other, lab("chen", 260.0)]):
        exam_lab.know(known)
        sat = [found and found.course for found in (exam_lab.sat_by("chen", now) for now in (120, 200, 300, 400))]
        assert sat == ["biology", "biology", "chem", None]
        assert [each.course for each in exam_lab.first_of_each(known)] == ["biology"]


def test_nobody_enters_it_before_or_after() -> None:
    """The way into such a lab is closed before and after, and where nobody knows of the exam; others' are open."""
    assert [exam_lab.is_closed("ada", SERVER, now) for now in (99, 150, 200)] == [True, False, True]
    assert exam_lab.is_closed("olga", SERVER, 150)
    assert not exam_lab.is_closed("ada", "", 150)


def test_it_ends_by_the_clock_alone() -> None:
    """Neither idle nor old, with a home that is kept, and on no network whatever the profile says."""
    plan = LabPlan(
        profile="p",
        image="i",
        memory_bytes=1,
        cpus=1,
        idle_seconds=9,
        max_age_seconds=9,
        kernel_idle_seconds=9,
        more_time_seconds=9,
        ephemeral=True,
    )
    found = exam_lab.fitted(plan, lab())
    times = (found.idle_seconds, found.max_age_seconds, found.kernel_idle_seconds, found.more_time_seconds)
    assert (times, found.ephemeral, found.network) == ((0, 0, 0, 0), False, "none")


@pytest.mark.parametrize("exam", ["final", "A.b_c-D", "x" * 64, "1", "Final.", "final-"])
def test_its_name_is_one_that_the_hub_takes(exam: str) -> None:
    """Whatever courses and exams are called, no two of them share a lab, and no lab of people's is called so."""
    found = lab_name("a-very-long-name-of-a-course-1", exam)
    assert is_valid_safe_slug(found)
    assert is_exam(found)
    assert lab_name("a-b", "c") != lab_name("a", "b-c")
    assert not any(map(is_exam, ("", "exam", "exam-final", "exam-room-2", "my-exam")))
