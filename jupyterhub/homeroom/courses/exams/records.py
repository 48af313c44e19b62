"""Who sat which exam, and what became of it, in the hub's database."""

from __future__ import annotations

from collections.abc import Mapping

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, Integer, String, or_
from sqlalchemy.orm import Mapped, Session, mapped_column

LONGEST_FAULT = 255


class ExamSitting(Base):
    """Somebody in an exam; without a person: what is true for all of it. The hub makes the table when it starts."""

    __tablename__ = "homeroom_exam_sittings"
    course: Mapped[str] = mapped_column(String(32), primary_key=True)
    exam: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str] = mapped_column(String(255), primary_key=True)
    more_seconds: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    """Time that was given while it went on."""
    entered_at: Mapped[int] = mapped_column(BigInteger, nullable=False, default=0)
    """When they first entered its lab, in seconds since 1970, as all times here; 0: not yet."""
    ends_at: Mapped[int] = mapped_column(BigInteger, nullable=False, default=0)
    """When it is over for them, as was last known."""
    sealed_at: Mapped[int] = mapped_column(BigInteger, nullable=False, default=0)
    """When the home was handed in at the end; 0: not yet."""
    receipt: Mapped[str] = mapped_column(String(32), nullable=False, default="")
    left_out: Mapped[int] = mapped_column(Integer, nullable=False, default=0)
    """How many files the desk would not have taken."""
    fault: Mapped[str] = mapped_column(String(LONGEST_FAULT), nullable=False, default="")
    """Why it could not be handed in yet."""

    @property
    def is_sealed(self) -> bool:
        """Whether it was handed in at its end. Who is given more time after that goes on, and is so once more."""
        return self.sealed_at > 0 and self.sealed_at >= self.ends_at


def sitting(db: Session, course: str, exam: str, person: str = "") -> ExamSitting:
    """What is kept of somebody in an exam; begun where there is nothing. The caller commits."""
    found = db.get(ExamSitting, (course, exam, person))
    if found is None:
        found = ExamSitting(
            course=course,
            exam=exam,
            person=person,
            more_seconds=0,
            entered_at=0,
            ends_at=0,
            sealed_at=0,
            receipt="",
            left_out=0,
            fault="",
        )
        db.add(found)
    return found


def of_exam(db: Session, course: str, exam: str) -> dict[str, ExamSitting]:
    """By person."""
    return {each.person: each for each in db.query(ExamSitting).filter_by(course=course, exam=exam)}


def entered(db: Session) -> list[ExamSitting]:
    """All who ever entered an exam and whose home is not handed in yet."""
    unsealed = or_(ExamSitting.sealed_at == 0, ExamSitting.sealed_at < ExamSitting.ends_at)
    return list(db.query(ExamSitting).filter(ExamSitting.person != "", ExamSitting.entered_at > 0, unsealed))


def written(db: Session, course: str) -> frozenset[str]:
    """The exams of a course that somebody has ever entered."""
    query = db.query(ExamSitting.exam).filter(ExamSitting.course == course, ExamSitting.entered_at > 0)
    return frozenset(name for (name,) in query)


def more(db: Session) -> dict[tuple[str, str], Mapping[str, int]]:
    """The time that was given, in seconds, by course and exam, and by person; without a person: to all."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for each in db.query(ExamSitting).filter(ExamSitting.more_seconds > 0):
        found.setdefault((each.course, each.exam), {})[each.person] = each.more_seconds
    return dict(found)
