"""`make course-rehearse`."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.core.errors import HomeroomError

verbs = typer.Typer()


@verbs.command("course-rehearse")
def course_rehearse(
    course: Annotated[str, typer.Argument(help="The course's name.")] = "",
    exam: Annotated[str, typer.Option(help="An exam, instead of assignments.")] = "",
    assignment: Annotated[str, typer.Option(help="One assignment; all that are not over where none is named.")] = "",
) -> None:
    """Have robots take a course: beside what runs, and removed afterwards. Say what would fail."""
    from generator.engine import deployment
    from generator.topics.rehearsal import cycle, rehearsal

    if exam.strip() and assignment.strip():
        raise HomeroomError("EXAM and ASSIGNMENT are both named", location="EXAM", remedy="Name one of the two.")
    here = deployment.open_deployment()
    if exam.strip():
        rehearsal.rehearse(here, course.strip(), exam.strip())
    else:
        cycle.rehearse(here, course.strip(), assignment.strip())
