"""`make backup`."""

from __future__ import annotations

import typer

verbs = typer.Typer()


@verbs.command()
def backup() -> None:
    """Copy homes, shares, accounts and settings to BACKUP_TO, while all work."""
    from generator.engine import deployment
    from generator.topics.copies import backup

    backup.backup(deployment.open_deployment())
