"""The hub's database from the host: copied whole, put back, and who has an account in it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment
from generator.engine.find import compose_command, compose_files, engine_environment
from generator.schema.settings import Settings

ACCOUNTS = ("SELECT name, admin FROM users", "SELECT username, is_authorized FROM users_info")
PUT = "umask 077; cat > accounts.new && rm -f jupyterhub.sqlite-* && mv accounts.new jupyterhub.sqlite"
"""The log of the database that was there would be played into the one that comes: it goes first."""


def copy(deployment: Deployment, to: Path) -> None:
    """Copy the hub's database as it is at this moment, whether the hub runs or not, and see that the copy is whole.

    :raises HomeroomError: it is not; the file is as it was.
    """
    part = to.with_name(f"{to.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            done = subprocess.run(
                _in_hub(deployment, "python", "-m", "homeroom.hub.database", "--copy"),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.PIPE,
                env=_environment(deployment),
                cwd=ROOT,
            )
            file.flush()
            os.fsync(file.fileno())
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise _not_copied(said[-1])
        check(part)
        os.replace(part, to)
    except OSError as error:
        raise _not_copied(error.strerror or str(error)) from None
    finally:
        part.unlink(missing_ok=True)


def put(deployment: Deployment, copied: Path) -> None:
    """Put a copy in the place of the hub's database; the hub does not run.

    :raises HomeroomError: the copy is not whole, or its disk is full; the database is as it was.
    """
    check(copied)
    with copied.open("rb") as file:
        done = subprocess.run(
            _in_hub(deployment, "sh", "-ec", PUT),
            stdin=file,
            capture_output=True,
            env=_environment(deployment),
            cwd=ROOT,
        )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise HomeroomError(
            f"the hub's database could not be put back: {said[-1]}",
            location=str(copied),
            remedy="Make room on the disk of the volumes, then `make up`.",
        )


def _in_hub(deployment: Deployment, *command: str) -> list[str]:
    """A command in a container of the hub's image with the hub's volumes, which is removed afterwards."""
    files = [word for file in compose_files(deployment.engine, ROOT) for word in ("--file", str(file))]
    compose = [*compose_command(deployment.engine), "--project-directory", str(ROOT), *files]
    return [*compose, "run", "--rm", "--no-deps", "-T", "hub", *command]


def _environment(deployment: Deployment) -> dict[str, str]:
    return engine_environment(deployment.engine, drop=set(Settings.model_fields))


def _not_copied(why: str) -> HomeroomError:
    return HomeroomError(
        f"the hub's database could not be copied: {why}",
        remedy="Make room where this directory is, or see docs/operations.md if it is damaged. Nothing was changed.",
    )


def check(path: Path) -> None:
    """See that a copy is whole.

    :raises HomeroomError: it is not, or is not there.
    """
    try:
        with _opened(path) as database:
            ((found,),) = database.execute("PRAGMA integrity_check(1)").fetchall()
            database.execute("SELECT count(*) FROM users").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise HomeroomError(
            f"the copy of the hub's database is not whole: {found}",
            location=str(path),
            remedy="`make restore` brings an earlier one back: docs/copies.md.",
        )


def accounts(path: Path) -> frozenset[tuple[str, str, bool]]:
    """Who is in a database: of each table of people the names, and whether they administer or are approved."""
    found: set[tuple[str, str, bool]] = set()
    with _opened(path) as database:
        for question in ACCOUNTS:
            with contextlib.suppress(sqlite3.OperationalError):  # a deployment without accounts of its own
                found |= {(question, str(name), bool(flag)) for name, flag in database.execute(question)}
    return frozenset(found)


def names(path: Path) -> frozenset[str]:
    """The names of the people in a database."""
    return frozenset(name for _, name, _ in accounts(path))


def tables(path: Path) -> frozenset[str]:
    """What tables and columns a database has."""
    with _opened(path) as database:
        return frozenset(
            " ".join(sql.split()) for (sql,) in database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        )


def missing(before: Path, after: Path) -> Sequence[str]:
    """Who had an account before and has it no more, or not as it was."""
    return sorted({name for _, name, _ in accounts(before) - accounts(after)})


def _opened(path: Path) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True))
