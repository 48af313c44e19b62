"""`make course-rehearse`."""

from __future__ import annotations

from typing import Annotated

import typer

verbs = typer.Typer()


@verbs.command("course-rehearse")
def course_rehearse(
    course: Annotated[str, typer.Argument(help="The course's name.")] = "",
    exam: Annotated[str, typer.Option(help="Which exam; the next one where none is named.")] = "",
) -> None:
    """Have robots write an exam of a course: beside what runs, and removed afterwards. Say what would fail."""
    from generator.engine import deployment
    from generator.topics.rehearsal import rehearsal

    rehearsal.rehearse(deployment.open_deployment(), course, exam)
