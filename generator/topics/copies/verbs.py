"""`make backup` and `make restore`."""

from __future__ import annotations

from typing import Annotated

import typer

verbs = typer.Typer()


@verbs.command()
def backup() -> None:
    """Copy homes, shares, accounts and settings to BACKUP_TO, while all work."""
    from generator.engine import deployment
    from generator.topics.copies import backup

    backup.backup(deployment.open_deployment())


@verbs.command()
def restore(
    name: Annotated[str, typer.Argument(help="Whose files come back; without it the copies are listed.")] = "",
    file: Annotated[str, typer.Option(help="One file or folder of the home.")] = "",
    copy: Annotated[str, typer.Option(help="A copy's name, or a day; the newest where none is named.")] = "",
    over: Annotated[str, typer.Option(help="The same name again: what is there is replaced.")] = "",
) -> None:
    """Bring back a person's files from a copy, beside what is there."""
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.copies import restore
    from generator.topics.copies.restore import Wanted

    wanted = Wanted(person=known_as(name), file=file, copy=copy, over=known_as(over))
    restore.restore(deployment.open_deployment(), wanted)
