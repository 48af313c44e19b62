"""The schema of a gradebook: brought up to date by nbgrader's own steps, and never without a copy of before."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import datetime
from pathlib import Path

COPIES = "gradebook-before-upgrade"


class NewerGradebook(Exception):
    """A newer nbgrader has written it than there is here."""


def bring_up_to_date(path: Path) -> Path | None:
    """Have a gradebook be as this nbgrader has it; returns the copy of before, or None where nothing was to be done.

    :raises NewerGradebook: this nbgrader is older; nothing is changed.
    """
    if not path.is_file():
        return None
    before, steps = _version(path), _steps()
    if not before or before == steps[0]:
        return None
    if before not in steps:
        raise NewerGradebook(
            f"it was written by another nbgrader than that of this lab (its schema is {before[:40]!a})"
        )
    kept = copy(path, before)
    from nbgrader import dbutil

    dbutil.upgrade(f"sqlite:///{path}")
    return kept


def copy(path: Path, version: str) -> Path:
    """Write a whole copy beside it, also while somebody has it open; returns its place."""
    kept = path.with_name(f"{COPIES}-{version}-{datetime.now():%Y-%m-%dT%H%M%S}.db")
    growing = kept.with_name(f".{kept.name}.new")
    growing.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as known, contextlib.closing(sqlite3.connect(growing)) as made:
        known.backup(made)
    with growing.open("rb") as file:
        os.fsync(file.fileno())
    growing.replace(kept)
    return kept


def _version(path: Path) -> str:
    """Its schema's; empty where it does not say."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        try:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return ""
    return str(row[0]) if row else ""


def _steps() -> list[str]:
    """The schemas that this nbgrader knows, the newest first."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from nbgrader import dbutil

    known = Config()
    known.set_main_option("script_location", dbutil.ALEMBIC_DIR)
    return [each.revision for each in ScriptDirectory.from_config(known).walk_revisions()]
