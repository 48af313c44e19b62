"""Labs in which an exam is sat: whose, from when to when, and what each gets. Pure; courses say which there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from homeroom.contract.exam_labs import is_exam
from homeroom.labs.plan import LabPlan

Key = tuple[str, str]
"""Whose lab, and its name."""
SOON_SECONDS = 300
_known: dict[Key, ExamLab] = {}


@dataclass(frozen=True, kw_only=True)
class ExamLab:
    """One of them; times in seconds since 1970.

    :param server: the lab's name.
    :param exam: its name, which the folder of the home has, too, in which its files lie.
    :param browser_keys: those of Safe Exam Browser, of which one must be right; empty: any browser will do.
    :param files: the folder that they come from, below that of all exams; empty: there are none.
    :param profile: the kind of lab; empty: the first.
    :param network: `none`, or `open` where the exam allows it.
    """

    person: str
    server: str
    course: str
    exam: str
    title: str
    begins_at: float
    ends_at: float
    profile: str = ""
    network: str = "none"
    files: str = ""
    browser_keys: tuple[str, ...] = ()

    def is_on(self, now: float) -> bool:
        """Whether its person sits the exam at this time."""
        return self.begins_at <= now < self.ends_at


def know(labs: Iterable[ExamLab]) -> None:
    """Have these be the labs for exams, and no others."""
    known = {(lab.person, lab.server): lab for lab in labs}
    _known.clear()
    _known.update(known)


def of(person: str, server: str) -> ExamLab | None:
    """The exam that is sat in a lab; None: it is for none, or for none any more."""
    return _known.get((person, server))


def sat_by(person: str, now: float) -> ExamLab | None:
    """The exam that somebody sits at this time: they have no other lab as long as it lasts. Of two that two courses
    have at once it is the one that began first."""
    on = first_of_each(lab for lab in _known.values() if lab.person == person and lab.is_on(now))
    return on[0] if on else None


def first_of_each(labs: Iterable[ExamLab]) -> list[ExamLab]:
    """Of each person the lab whose exam begins first."""
    first: dict[str, ExamLab] = {}
    for lab in sorted(labs, key=lambda lab: (lab.begins_at, lab.server)):
        first.setdefault(lab.person, lab)
    return list(first.values())


def of_other_courses(course: str) -> list[ExamLab]:
    """All that are of another course than this one."""
    return [lab for lab in _known.values() if lab.course != course]


def soon(person: str, now: float) -> ExamLab | None:
    """The exam that somebody sits within SOON_SECONDS, so that all their other labs are stopped."""
    return next(
        (lab for lab in _known.values() if lab.person == person and 0 < lab.begins_at - now <= SOON_SECONDS), None
    )


def is_closed(person: str, server: str, now: float) -> bool:
    """Whether nobody may enter a lab: it is for an exam that has not begun, or is over."""
    if not is_exam(server):
        return False
    lab = of(person, server)
    return lab is None or not lab.is_on(now)


def fitted(plan: LabPlan, lab: ExamLab) -> LabPlan:
    """What the lab gets of a profile: a home that stays, no network unless the exam allows it; and it ends by the
    exam's clock alone."""
    return replace(
        plan,
        network="open" if lab.network == "open" and plan.network != "none" else "none",
        idle_seconds=0,
        max_age_seconds=0,
        more_time_seconds=0,
        kernel_idle_seconds=0,
        ephemeral=False,
    )
