"""The disks that a deployment fills, with what was free over the last days, and when each is full."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from generator.core.console import counted
from generator.core.finding import Finding, error, in_units, warning
from generator.core.paths import ROOT
from generator.engine.watched import Watched
from generator.preflight.disk import Filesystem, read_filesystem
from generator.topics.watching import forecast

MEMORY = "disks"
EACH_SECONDS = 2 * 3600
KEPT_SECONDS = 10 * 86400
SOON_DAYS = 7
NEAR_HOURS = 36
LEAST_SHARE, LEAST_BYTES = 0.05, 5 * 2**30
"""What must be free: this share, or on a large disk these bytes."""
RESIZED_SHARE = 0.01
OWN_DIRECTORY = "this deployment"


@dataclass(frozen=True, kw_only=True)
class Disk:
    """One disk.

    :param name: what is on it, in words.
    :param full_at: when it is full at the pace of the last days, in seconds since 1970; None: not foreseeable.
    :param files_full_at: the same of its inodes, of which each file takes one.
    """

    name: str
    filesystem: Filesystem
    full_at: float | None = None
    files_full_at: float | None = None

    def in_words(self, now: datetime) -> str:
        """How much is free, and until when."""
        free, total = in_units(self.filesystem.free_bytes), in_units(self.filesystem.total_bytes)
        soonest, what = self._soonest()
        until = f"; {what} {_when(soonest, now)} at this pace" if soonest else ""
        return f"{free} of {total} free{until}"

    def _soonest(self) -> tuple[float | None, str]:
        found = [(self.full_at, "full"), (self.files_full_at, "out of inodes (files)")]
        known = [(at, what) for at, what in found if at is not None]
        return min(known) if known else (None, "")

    def fault(self, now: datetime) -> Finding | None:
        """What is wrong with it; None where nothing is."""
        disk, remedy = self.filesystem, f"`du -xhd1 {self.filesystem.path}` shows what takes it; docs/watching.md."
        least = min(LEAST_SHARE * disk.total_bytes, LEAST_BYTES)
        if disk.free_bytes < least:
            free, total = in_units(disk.free_bytes), in_units(disk.total_bytes)
            return error("disk", f"only {free} of {total} are free", location=self.name, remedy=remedy)
        if disk.total_inodes and disk.free_inodes < LEAST_SHARE * disk.total_inodes:
            cause = f"only {disk.free_inodes} of {disk.total_inodes} inodes (files) are free"
            return error("disk", cause, location=self.name, remedy=remedy)
        soonest, what = self._soonest()
        if soonest is not None and soonest - now.timestamp() < SOON_DAYS * 86400:
            return warning("disk", f"{what} {_when(soonest, now)} at this pace", location=self.name, remedy=remedy)
        return None


def look(watched: Watched) -> list[Disk]:
    """The disks as they are now, each once; what is free is added to what is kept of the last days."""
    kept: dict[str, list[list[float]]] = watched.memory.setdefault(MEMORY, {})
    at = watched.now.timestamp()
    return [_judged(name, disk, kept, at) for name, disk in _mounted(watched)]


def faults(disks: list[Disk], now: datetime) -> Iterator[Finding]:
    """What is wrong with them."""
    yield from filter(None, (disk.fault(now) for disk in disks))


def _mounted(watched: Watched) -> Iterator[tuple[str, Filesystem]]:
    """The disks by what is on them."""
    places: dict[str, Path] = {}
    engine = watched.memory.get("engine_root", "")
    if watched.deployment is not None:
        engine = watched.memory["engine_root"] = str(watched.deployment.client.info()["DockerRootDir"])
    if watched.settings.HOMES:
        places["homes"] = Path(watched.settings.HOMES)
    if engine:
        places["images and services" if watched.settings.HOMES else "homes and images"] = Path(engine)
    if watched.settings.BACKUP_TO.startswith("/"):
        places["copies"] = Path(watched.settings.BACKUP_TO)
    places[OWN_DIRECTORY] = ROOT
    found: dict[int, tuple[list[str], Filesystem]] = {}
    for name, path in places.items():
        disk = read_filesystem(path)
        if disk is not None:
            found.setdefault(disk.device, ([], disk))[0].append(name)
    for names, disk in found.values():
        # The deployment's own directory is small: it names a disk that has nothing else.
        others = [name for name in names if name != OWN_DIRECTORY]
        yield f"disk of {_listed(others or names)}", disk


def _listed(names: list[str]) -> str:
    """Names as people list them: `homes, images and copies`."""
    *first, last = [each for name in names for each in name.split(" and ")]
    return f"{', '.join(first)} and {last}" if first else last


def _judged(name: str, disk: Filesystem, kept: dict[str, list[list[float]]], now: float) -> Disk:
    rows = [row for row in _sane(kept.get(str(disk.path))) if now - KEPT_SECONDS <= row[0] <= now]
    if rows and not math.isclose(rows[-1][2], disk.total_bytes, rel_tol=RESIZED_SHARE):
        rows = []  # another disk, or one that was made larger
    present = [now, float(disk.free_bytes), float(disk.total_bytes), float(disk.free_inodes)]
    due = not rows or now - rows[-1][0] >= EACH_SECONDS
    kept[str(disk.path)] = [*rows, present] if due else rows
    seen = rows if rows and rows[-1][0] == now else [*rows, present]
    return Disk(
        name=name,
        filesystem=disk,
        full_at=forecast.full_at([(row[0], row[1]) for row in seen]),
        files_full_at=forecast.full_at([(row[0], row[3]) for row in seen]) if disk.total_inodes else None,
    )


def _sane(rows: Any) -> list[list[float]]:
    """What is kept, where it has the form that it should have."""
    return [row for row in rows or [] if isinstance(row, list) and len(row) == 4]


def _when(at: float, now: datetime) -> str:
    """A day as people write it: `on 12 March`, with the year where it is another; what is near, by hours."""
    hours = (at - now.timestamp()) / 3600
    if hours < NEAR_HOURS:
        return f"within {counted(max(1, round(hours)), 'hour')}"
    day = datetime.fromtimestamp(at, now.tzinfo)
    return f"on {day.day} {day:%B}" if day.year == now.year else f"on {day.day} {day:%B %Y}"
