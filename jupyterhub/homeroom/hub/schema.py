"""The hub's database brought to the tables of this version before the hub starts (`python -m homeroom.hub.schema`),
only after a copy of it that was found whole.

Exit codes: 0 when its tables are those of this version, 1 when they are not, with cause and remedy on standard error.
JupyterHub's own copy is one of the file alone: of a hub that was killed it lacks what is still in the log beside it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from homeroom.contract.database import DATABASE
from homeroom.hub.database import damage

NEWEST = "f460b0348206"
"""The revision that this version's JupyterHub wants; a test holds it equal."""
SIDES = ("-wal", "-shm", "-journal")
NEWER = (
    "the hub's database is of a newer version of Homeroom (revision {revision})\n  Run the version again that it is of."
)
NOT_KEPT = (
    "no copy of the hub's database could be made, so it was not brought to the tables of this version: {error}\n"
    "  Make room on its disk; the hub then starts by itself."
)
NOT_UPGRADED = (
    "the hub's database could not be brought to the tables of this version, and is as it was: {error}\n"
    "  The version before starts on it; homes and accounts are untouched."
)


class Failed(Exception):
    """The database is not of this version; the message says why, and what to do."""


def main(path: Path = DATABASE) -> int:
    """Bring the database up to date and return the exit code."""
    try:
        kept = bring_up_to_date(path)
    except Failed as failed:
        print(f"{path}: {failed}", file=sys.stderr)
        return 1
    if kept:
        print(f"{path}: brought to the tables of this version; as it was before it is kept as {kept}", file=sys.stderr)
    return 0


def bring_up_to_date(path: Path) -> Path | None:
    """Upgrade a database of an earlier version; returns where it is kept as it was, None where nothing was to be done.

    :raises Failed: it is of a newer version, cannot be copied, or cannot be upgraded; it is as it was then.
    """
    revision = revision_of(path)
    if revision in ("", NEWEST):
        return None
    if revision not in known_revisions():
        raise Failed(NEWER.format(revision=revision))
    try:
        kept = keep(path, revision)
    except (sqlite3.Error, OSError) as error:
        raise Failed(NOT_KEPT.format(error=error)) from None
    try:
        upgrade(path)
        with contextlib.closing(sqlite3.connect(path)) as database:
            found = damage(database) or ("" if revision_of(path) == NEWEST else "its revision is another")
    except (sqlite3.Error, OSError, subprocess.SubprocessError) as error:
        found = str(error)
    if found:
        put_back(kept, path)
        raise Failed(NOT_UPGRADED.format(error=found.splitlines()[0]))
    return kept


def revision_of(path: Path) -> str:
    """The revision of a database's tables; empty where there is none yet, or it says none."""
    if not path.exists():
        return ""
    with contextlib.closing(sqlite3.connect(path)) as database:
        try:
            found = database.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return ""
    return str(found[0]) if found else ""


def known_revisions() -> frozenset[str]:
    """The revisions that this version's JupyterHub knows the way from."""
    found = importlib.util.find_spec("jupyterhub")
    if found is None or not found.submodule_search_locations:
        return frozenset()
    scripts = Path(found.submodule_search_locations[0]) / "alembic/versions"
    return frozenset(path.name.partition("_")[0] for path in scripts.glob("*_*.py"))


def keep(path: Path, revision: str) -> Path:
    """Copy a database as it is, what stands in the log beside it included, and see that the copy is whole.

    :raises sqlite3.Error: it is not. OSError: its disk is full.
    """
    kept = path.with_name(f"{path.name}.before-{revision}")
    part = path.with_name(f"{kept.name}.part")
    part.unlink(missing_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("VACUUM INTO ?", (str(part),))
            people = database.execute("SELECT count(*) FROM users").fetchone()
        with contextlib.closing(sqlite3.connect(part)) as copy:
            if found := damage(copy):
                raise sqlite3.DatabaseError(found)
            if copy.execute("SELECT count(*) FROM users").fetchone() != people:
                raise sqlite3.DatabaseError("the copy lacks accounts")
        part.chmod(0o600)
        os.replace(part, kept)
    finally:
        part.unlink(missing_ok=True)
    return kept


def upgrade(path: Path) -> None:
    """Have JupyterHub's own scripts bring the tables up to date.

    :raises subprocess.SubprocessError: they fail.
    """
    from jupyterhub.dbutil import upgrade

    upgrade(f"sqlite:///{path}")


def put_back(kept: Path, path: Path) -> None:
    """Have a database as it was; the log of the newer one would be played into it, so that goes first."""
    for side in SIDES:
        path.with_name(f"{path.name}{side}").unlink(missing_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(kept.read_bytes())
    part.chmod(0o600)
    os.replace(part, path)


if __name__ == "__main__":
    sys.exit(main())
