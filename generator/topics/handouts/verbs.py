"""`make handouts` and `make publish-handouts`."""

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
