"""`make update` and `make rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.core.errors import HomeroomError
from generator.core.flag import is_set
from generator.core.lock import exclusive
from generator.core.paths import ROOT

verbs = typer.Typer()


@verbs.command()
def update(
    to: Annotated[str, typer.Argument(help="A tag, a commit, or a file of `git bundle`.")] = "",
    anyway: Annotated[str, typer.Option(help="1: also where no copy is of today.")] = "",
    within: Annotated[str, typer.Option(help="So many seconds the new version may take to be well.")] = "",
    from_file: Annotated[str, typer.Option("--from", help="A file of `make bundle`, in the place of a version.")] = "",
) -> None:
    """Bring the deployment to another version, while labs run; back by itself if that is not well."""
    from generator.engine import deployment
    from generator.topics.copies import moved
    from generator.topics.updates import update

    seconds = update.seconds_of(within)
    moved.require_here()
    without_copy = is_set("ANYWAY", anyway)
    if to and from_file:
        raise HomeroomError("both a version and a bundle are named", location="TO, FROM", remedy="Name one of them.")
    with exclusive(ROOT) as lock:
        here = deployment.open_deployment()
        with update.bundled(from_file) as tree:
            update.update(here, lock, tree or to, without_copy=without_copy, within_seconds=seconds)


@verbs.command()
def rollback(
    anyway: Annotated[str, typer.Option(help="1: also where accounts that were made since are lost.")] = "",
) -> None:
    """Go back to the version before the last update, for 14 days."""
    from generator.engine import deployment
    from generator.topics.copies import moved
    from generator.topics.updates import update

    moved.require_here()
    is_meant = is_set("ANYWAY", anyway)
    with exclusive(ROOT) as lock:
        update.rollback(deployment.open_deployment(), lock, anyway=is_meant)
