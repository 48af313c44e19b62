"""How much of its home a lab's owner has used, and what to tell them about it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LONGEST_COUNT_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A home's state: bytes used (None: not counted in time), its limits (0: none), and how this lab was started:
    in rescue mode, with a home that keeps nothing, or without settings of the home that no program could have read; and
    whether an exam is sat in it."""

    used_bytes: int | None
    soft_limit_bytes: int
    hard_limit_bytes: int
    rescue: bool
    ephemeral: bool
    without_settings: bool = False
    exam: bool = False


def message(disk: Disk) -> tuple[str, str] | None:
    """What the page says, as (kind, text); None where all is well. JupyterLab shows 140 characters."""
    if disk.rescue:
        return (
            "error",
            "Your home is full: this lab runs in rescue mode. "
            "Delete what you no longer need, then restart it (File > Hub Control Panel).",
        )
    if disk.without_settings:
        return (
            "warning",
            "Settings in your home cannot be read: this lab runs without them. "
            "Reset the environment (File > Hub Control Panel) to fix it.",
        )
    if disk.ephemeral:
        return "warning", "This lab keeps nothing: when it stops, all files in it are gone. Download what you need."
    if disk.exam and disk.used_bytes is not None and disk.used_bytes > disk.soft_limit_bytes > 0:
        return (
            "warning",
            f"This lab takes {in_units(disk.used_bytes)}; no more than {in_units(disk.soft_limit_bytes)} are handed in "
            "at the end of the exam. Delete what is not part of it.",
        )
    if disk.used_bytes is not None and 0 < disk.soft_limit_bytes < disk.used_bytes:
        most = f" At {in_units(disk.hard_limit_bytes)} nothing can be saved." if disk.hard_limit_bytes else ""
        return (
            "warning",
            f"Your home takes {in_units(disk.used_bytes)}; it should stay below {in_units(disk.soft_limit_bytes)}."
            f"{most} Please delete something.",
        )
    return None


def in_units(size_bytes: int) -> str:
    """A size as people read it."""
    return f"{size_bytes / 2**20:.0f} MB" if size_bytes < 2**30 else f"{size_bytes / 2**30:.1f} GB"


def used_bytes(home: Path, hard_limit_bytes: int) -> int | None:
    """Bytes that a home takes: from its quota, which the file system tells at once, else counted; None: too long."""
    own = os.statvfs(home)
    if hard_limit_bytes and abs(own.f_blocks * own.f_frsize - hard_limit_bytes) < own.f_frsize * 2:
        return (own.f_blocks - own.f_bfree) * own.f_frsize
    until = time.monotonic() + LONGEST_COUNT_SECONDS
    total, waiting, seen = 0, [str(home)], set()
    device = home.stat().st_dev
    while waiting:
        if time.monotonic() > until:
            return None
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if status.st_dev != device or (status.st_nlink > 1 and status.st_ino in seen):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif status.st_nlink > 1:
                        seen.add(status.st_ino)
                    total += status.st_blocks * 512
        except OSError:
            continue
    return total


def is_exam(environment: Mapping[str, str]) -> bool:
    """Whether an exam is sat in this lab."""
    return environment.get("HOMEROOM_LAB_ROLE") == "exam"


def look(environment: Mapping[str, str], home: Path) -> Disk:
    """The state of a home, as the hub's environment and the file system tell it."""
    soft = int(environment.get("HOMEROOM_HOME_SOFT_LIMIT") or 0)
    hard = int(environment.get("HOMEROOM_HOME_HARD_LIMIT") or 0)
    return Disk(
        used_bytes=used_bytes(home, hard) if soft or hard else None,
        soft_limit_bytes=soft,
        hard_limit_bytes=hard,
        rescue=environment.get("HOMEROOM_RESCUE") == "1",
        ephemeral=environment.get("HOMEROOM_HOME") == "ephemeral",
        without_settings=environment.get("HOMEROOM_RESCUE") == "settings",
        exam=is_exam(environment),
    )
