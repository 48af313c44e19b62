"""`make prewarm`."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.core.errors import HomeroomError

verbs = typer.Typer()


@verbs.command()
def prewarm(
    group: Annotated[str, typer.Argument(help="Of site/groups.yaml, or the hub's own.")] = "",
    profile: Annotated[str, typer.Option(help="The profile; each user's default where none is named.")] = "",
    minutes: Annotated[str, typer.Option(help="How long a lab waits for its user.")] = "60",
) -> None:
    """Start the labs of a group before its lesson."""
    from generator.engine import deployment
    from generator.topics.prewarm import prewarm

    if not (minutes.isascii() and minutes.isdecimal()):
        raise HomeroomError(f"{minutes} is no number of minutes", location="MINUTES", remedy="Leave it out for 60.")
    prewarm.prewarm(deployment.open_deployment(), group, profile, int(minutes))
