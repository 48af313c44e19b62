"""`make drill`."""

from __future__ import annotations

from typing import Annotated

import typer

verbs = typer.Typer()


@verbs.command()
def drill(
    copy: Annotated[str, typer.Argument(help="A copy's name, or a day; the newest where none is named.")] = "",
) -> None:
    """Try whether everything comes back from the copies: beside what runs, and removed afterwards."""
    from generator.engine import deployment
    from generator.topics.drill import drill

    drill.drill(deployment.open_deployment(), copy)
