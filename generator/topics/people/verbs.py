"""`make user-remove`, `make user-restore` and `make purge-removed`."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.core.errors import HomeroomError

verbs = typer.Typer()


@verbs.command("user-remove")
def user_remove(
    name: Annotated[str, typer.Argument(help="Who leaves.")] = "",
    now: Annotated[str, typer.Option(help="The same name again: the files go at once, for good.")] = "",
    why: Annotated[str, typer.Option(help="Why, for the records.")] = "",
) -> None:
    """Remove a person: locked out at once, the files are kept RETENTION_DAYS."""
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.people import removal

    name = known_as(name)
    removal.require_name(name, "user-remove")
    if now and known_as(now) != name:
        raise HomeroomError(
            f"NOW={now} is not the person who leaves ({name})",
            location="NOW",
            remedy="Give the same name again to have the files removed for good, or leave it out.",
        )
    removal.remove(deployment.open_deployment(), [name], why, now=bool(now))


@verbs.command("user-restore")
def user_restore(name: Annotated[str, typer.Argument(help="Who comes back.")] = "") -> None:
    """Bring back somebody who was removed, with files, groups and password."""
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.people import removal

    removal.require_name(known_as(name), "user-restore")
    removal.restore(deployment.open_deployment(), known_as(name))


@verbs.command("purge-removed")
def purge_removed() -> None:
    """Remove the files of those for good who were removed RETENTION_DAYS ago."""
    from generator.engine import deployment
    from generator.topics.people import removal

    removal.purge_due(deployment.open_deployment())
