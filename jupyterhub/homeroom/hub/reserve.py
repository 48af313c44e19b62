"""Room of its own for the hub's database: what labs or copies fill the disk with does not keep the hub from writing.

Room that is merely free is everybody's, so it is held where SQLite writes and nobody else can: empty pages within the
database's file, and a log beside it (`-wal`) of full length, which is written over in place. For a start on a full
disk, which needs some room that is free, a file is held that the start removes.

A disk that writes nothing in place (btrfs, ZFS) lends this in part only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyterhub.app import JupyterHub

RESERVED_BYTES = 4_500_000
"""More than the thousand pages at which SQLite writes its log into the database."""
FEW_BYTES = RESERVED_BYTES // 2
"""With fewer empty pages the reserve is made whole again."""
FOR_OTHERS = 2
"""So many times the reserve is left free when it is taken."""
AT_START_BYTES = 2 << 20
AT_START = "reserve"
TABLE = "homeroom_reserve"
INTERVAL_SECONDS = 300.0
FIRST_SECONDS = 1.0
LOCK_SECONDS = 5.0


def keep(path: Path) -> bool:
    """See that a database's reserve is there; whether something was taken.

    :param path: of the database; where there is none, there is nothing to do.
    :raises sqlite3.Error: another has it locked, or it is damaged. OSError: the disk cannot be written.
    """
    if not path.exists():
        return False
    with contextlib.closing(sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        needed = (0 if _is_there(database, path) else 2 * RESERVED_BYTES) + _missing_at_start(path)
        if not needed or shutil.disk_usage(path.parent).free < needed + FOR_OTHERS * RESERVED_BYTES:
            return False
        if not _is_there(database, path):
            _take(database)
    if _missing_at_start(path):
        _hold(path.with_name(AT_START))
    return True


def release(path: Path) -> bool:
    """Give free what is held for a start; whether there was something."""
    held = path.with_name(AT_START)
    is_there = held.exists()
    held.unlink(missing_ok=True)
    return is_there


def _is_there(database: sqlite3.Connection, path: Path) -> bool:
    ((pages,),) = database.execute("PRAGMA freelist_count").fetchall()
    ((size,),) = database.execute("PRAGMA page_size").fetchall()
    wal = path.with_name(f"{path.name}-wal")
    return pages * size >= FEW_BYTES and wal.exists() and wal.stat().st_size >= RESERVED_BYTES


def _take(database: sqlite3.Connection) -> None:
    """Write so much into the database, by way of its log, and give the pages free within it."""
    database.execute("PRAGMA secure_delete = OFF")  # else all of it is written a second time
    database.execute(f"DROP TABLE IF EXISTS {TABLE}")  # left by one that was cut off
    database.execute(f"CREATE TABLE {TABLE} (content BLOB)")
    database.execute(f"INSERT INTO {TABLE} VALUES (zeroblob(?))", (RESERVED_BYTES,))  # noqa: S608
    database.execute(f"DROP TABLE {TABLE}")
    database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _missing_at_start(path: Path) -> int:
    held = path.with_name(AT_START)
    return 0 if held.exists() and held.stat().st_size >= AT_START_BYTES else AT_START_BYTES


def _hold(file: Path) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(bytes(AT_START_BYTES))


async def keep_reserve(hub: JupyterHub) -> None:
    """Keep it from the hub's start to its end, beside the requests. A database of another kind looks after itself."""
    from sqlalchemy.engine import make_url

    url = make_url(hub.db_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    path = Path(url.database)
    told = ""
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        try:
            await asyncio.to_thread(keep, path)
            told = ""
        except (sqlite3.Error, OSError) as error:
            if str(error) != told:
                hub.log.warning("Room for the database cannot be reserved now: %s", error)
            told = str(error)
        await asyncio.sleep(INTERVAL_SECONDS)
