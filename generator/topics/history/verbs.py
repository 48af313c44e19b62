"""`make stats`."""

from __future__ import annotations

from typing import Annotated

import typer

verbs = typer.Typer()


@verbs.command()
def stats(
    days: Annotated[str, typer.Option(help="How many days are counted, with today.")] = "",
    by: Annotated[
        str, typer.Option(help="group, person, image, profile or room; or course, minute, ten-minutes, hour or day.")
    ] = "",
    csv: Annotated[str, typer.Option(help="1: as a table for other programs.")] = "",
    names: Annotated[str, typer.Option(help="1: people by their names; of courses also what few students did.")] = "",
) -> None:
    """Show who used how much, or how it went over time."""
    from generator.core import console
    from generator.core.paths import RENDERED
    from generator.engine import deployment
    from generator.topics.history import stats
    from generator.topics.history.question import asked

    question = asked(days=days, by=by, csv=csv, names=names)
    here = deployment.open_deployment()
    shown = stats.answer(here, question, RENDERED)
    console.out.print(shown.text, markup=False, highlight=False, soft_wrap=True)
    for note in shown.notes:
        console.err.print(note, markup=False, highlight=False)
