"""`make backup`, `make restore` and `make recovery-sheet`."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.core.errors import HomeroomError
from generator.core.flag import is_set

verbs = typer.Typer()
MADE_WITH_ALARM = 3
"""The exit code of `make backup` where a copy was made, and something is wrong with those that there are."""


@verbs.command()
def backup(
    confirm: Annotated[str, typer.Option(help="1: what looks wrong with the copies is as it should be.")] = "",
) -> None:
    """Copy homes, shares, accounts and settings to BACKUP_TO, while all work."""
    from generator.engine import deployment
    from generator.topics.copies import backup, moved

    confirmed = is_set("CONFIRM", confirm)
    moved.require_here()  # its copies would be newer than those of the server that people work on
    if not backup.backup(deployment.open_deployment(), confirmed=confirmed):
        raise typer.Exit(MADE_WITH_ALARM)


@verbs.command()
def restore(
    name: Annotated[str, typer.Argument(help="Whose files come back; without it the copies are listed.")] = "",
    file: Annotated[str, typer.Option(help="One file or folder of the home.")] = "",
    copy: Annotated[str, typer.Option(help="A copy's name, or a day; the newest where none is named.")] = "",
    over: Annotated[str, typer.Option(help="The same name again: what is there is replaced.")] = "",
    removed: Annotated[str, typer.Option(help="The same name again: also of somebody who was removed.")] = "",
    everything: Annotated[str, typer.Option(help="The deployment's name: all comes back where nothing is yet.")] = "",
) -> None:
    """Bring back a person's files from a copy, beside what is there; or everything, where nothing is."""
    from generator.core.lock import exclusive
    from generator.core.paths import ROOT
    from generator.engine import deployment
    from generator.schema.types import known_as
    from generator.topics.copies import restore, restore_all
    from generator.topics.copies.restore import Wanted

    if everything:
        if name or file or over:
            raise HomeroomError(
                "ALL stands beside NAME, FILE or OVER", location="ALL", remedy="Everything, or one person's files."
            )
        with exclusive(ROOT):
            restore_all.restore_all(deployment.open_deployment(), everything, copy)
        return
    wanted = Wanted(person=known_as(name), file=file, copy=copy, over=known_as(over), removed=known_as(removed))
    restore.restore(deployment.open_deployment(), wanted)


@verbs.command("recovery-sheet")
def recovery_sheet(
    kept: Annotated[str, typer.Option(help="1: the sheet lies elsewhere; `make status` asks no more.")] = "",
) -> None:
    """Show what it takes to have everything back on another machine, to print."""
    from datetime import datetime

    from generator.core import console
    from generator.engine import deployment
    from generator.topics.copies import sheet

    is_kept, settings = is_set("KEPT", kept), deployment.load_settings()
    shown = sheet.text(settings, datetime.now())
    if is_kept:
        sheet.confirm(settings)
        console.note("Noted. Another password or address will be asked about again.")
        return
    console.out.print(shown, markup=False, soft_wrap=True)
