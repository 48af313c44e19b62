"""`make handouts`, `make publish-handouts` and `make push`."""

from __future__ import annotations

from typing import Annotated

import typer

verbs = typer.Typer()


@verbs.command("handouts")
def handouts(name: Annotated[str, typer.Argument(help="Of this handout every person.")] = "") -> None:
    """Hand out what is due now, and show who has what."""
    from generator.topics.handouts import overview

    overview.show(name.strip())


@verbs.command("publish-handouts")
def publish_handouts() -> None:
    """Hand out what is due now; by the clock once a minute."""
    from generator.topics.handouts import overview

    overview.publish_quietly(fetch_all=False)


@verbs.command()
def push(
    files: Annotated[str, typer.Option(help="Files and folders, between blanks.")] = "",
    group: Annotated[str, typer.Option(help="Whose members get them.")] = "",
    person: Annotated[str, typer.Option(help="Or one person.")] = "",
    course: Annotated[str, typer.Option(help="Or the members of a course.")] = "",
    to: Annotated[str, typer.Option(help="The folder in the home; left out: the home itself.")] = "",
    confirm: Annotated[str, typer.Option(help="1: do it; else it is only shown.")] = "",
) -> None:
    """Copy files into homes now, by the rules of handouts; shown first, done with CONFIRM=1."""
    from generator.topics.handouts import overview

    overview.push_files(files, group.strip(), person, course.strip(), to.strip(), confirm)
