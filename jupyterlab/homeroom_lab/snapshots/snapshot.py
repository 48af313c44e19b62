"""One snapshot: a folder of the home with all that people see of it, read-only. What did not change since the one
before takes no room again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

FOLDER = "snapshots"
GROWING = ".growing"
EVERY_SECONDS = 300.0
FORMAT = "%Y-%m-%d %H.%M"
MOST_FILES = 20_000
LARGEST_FILE_BYTES = 50 << 20
KEPT_ALL_SECONDS = 3600
KEPT_HOURLY_SECONDS = 86400
KEPT_DAILY_SECONDS = 14 * 86400
Files = dict[str, tuple[int, int]]
"""Size in bytes and time of change in nanoseconds, by path from the home on."""


async def take_again_and_again(home: Path, log: Any) -> None:
    """As long as the lab runs, each in a thread."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await asyncio.to_thread(take, home)
        except OSError as error:  # a full home: nothing of the snapshot stays, and the next one may find room
            log.warning("No snapshot of the room could be taken: %s", error)


def take(home: Path, now: float | None = None) -> Path | None:
    """Take one, unless nothing has changed; returns it. Then remove those that are old enough.

    :raises OSError: it cannot be written; nothing of it stays.
    """
    now = time.time() if now is None else now
    place = home / FOLDER
    before = _all(place)
    last = before[-1] if before else None
    found = dict(files(home))
    if not found or (last is not None and found == dict(_inside(last))):
        return None
    target = place / datetime.fromtimestamp(now).strftime(FORMAT)
    if target.exists():
        return None
    growing = place / GROWING
    remove(growing)
    growing.mkdir(parents=True)
    try:
        for name, known in found.items():
            _keep(home / name, growing / name, last / name if last else None, known)
        _close(growing)
        growing.rename(target)
    except BaseException:
        remove(growing)
        raise
    for path in expired(_all(place), now):
        remove(path)
    return target


def files(home: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """The plain files that people see, but the snapshots and what is too large: the first so many."""
    yield from _inside(home, without=FOLDER)


def _inside(folder: Path, *, without: str = "") -> Iterator[tuple[str, tuple[int, int]]]:
    number = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and (Path(place) != folder or name != without))
        for name in sorted(names):
            path = Path(place, name)
            with contextlib.suppress(OSError):
                about = path.lstat()
                plain = path.is_file() and not path.is_symlink()
                if plain and name[0] != "." and about.st_size <= LARGEST_FILE_BYTES:
                    number += 1
                    if number > MOST_FILES:
                        return
                    yield str(path.relative_to(folder)), (about.st_size, about.st_mtime_ns)


def _keep(source: Path, target: Path, earlier: Path | None, known: tuple[int, int]) -> None:
    """Copy a file, or link it to an earlier snapshot's that is the same. One that is gone by now is left out."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if earlier is not None:
        with contextlib.suppress(OSError):
            about = earlier.lstat()
            if (about.st_size, about.st_mtime_ns) == known:
                os.link(earlier, target, follow_symlinks=False)
                return
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(source, target, follow_symlinks=False)
        os.utime(target, ns=(known[1], known[1]))
        target.chmod(0o440)


def _close(folder: Path) -> None:
    """Nobody writes there by mistake."""
    for place, _, _ in os.walk(folder, topdown=False):
        Path(place).chmod(0o550)


def remove(folder: Path) -> None:
    """Remove a snapshot."""
    for place, _, _ in os.walk(folder):
        Path(place).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _all(place: Path) -> list[Path]:
    """The snapshots that there are, the first first."""
    return sorted(
        (path for path in place.glob("2*") if _moment(path) is not None), key=lambda path: _moment(path) or 0.0
    )


def _moment(path: Path) -> float | None:
    """When it was taken; None: it is none."""
    try:
        return datetime.strptime(path.name, FORMAT).timestamp()
    except ValueError:
        return None


def expired(snapshots: list[Path], now: float) -> list[Path]:
    """Those that go: all of the last hour stay, then one an hour of a day, then one a day of two weeks."""
    kept: set[str] = set()
    gone = []
    for path in reversed(snapshots):
        at = _moment(path) or 0.0
        age = now - at
        if age <= KEPT_ALL_SECONDS:
            continue
        day = datetime.fromtimestamp(at).strftime("%Y-%m-%d")
        slot = f"{day} {datetime.fromtimestamp(at).hour}" if age <= KEPT_HOURLY_SECONDS else day
        if age > KEPT_DAILY_SECONDS or slot in kept:
            gone.append(path)
        kept.add(slot)
    return gone
