"""A lab that runs out of memory: its kernels go first, never the server, and the user is told why in the cell.

The kernel of the operating system ends the process with the highest score. Notebooks' kernels are started with the
highest there is; the server keeps its own, so that the lab, its other kernels and its files stay reachable.
"""

from __future__ import annotations

import os
from pathlib import Path

FIRST_TO_GO = ["/usr/bin/choom", "--adjust", "1000", "--"]
COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/sys/fs/cgroup/memory/memory.oom_control"))


def kills_in(text: str) -> int:
    """The number after `oom_kill` in `memory.events` (cgroup v2) or `memory.oom_control` (v1); 0 where it is not."""
    pairs = dict(line.split(maxsplit=1) for line in text.splitlines() if " " in line)
    return int(pairs.get("oom_kill", 0))


def kills() -> int:
    """How many processes of this lab were ended for memory, so far."""
    for counter in COUNTERS:
        if counter.exists():
            return kills_in(counter.read_text(encoding="ascii"))
    return 0


def _in_words(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.3g} GB" if size_bytes >= 2**30 else f"{size_bytes / 2**20:.0f} MB"


def shared_bytes() -> int:
    """How much shared memory this lab has: the size of /dev/shm; 0 where it has none."""
    try:
        size = os.statvfs("/dev/shm")  # noqa: S108 - asked for its size alone
    except OSError:
        return 0
    return size.f_blocks * size.f_frsize


def bus_error(shared: int) -> str:
    """What the user reads below the cell whose kernel ended by a bus error.

    :param shared: the size of /dev/shm in bytes.
    """
    return (
        "Bus error: this notebook's kernel used memory that is not there, so it was stopped. Most often shared memory\n"
        f"is full: multiprocessing and data loaders pass data through it, and this lab has {_in_words(shared)} of it.\n"
        "It starts again with no variables. Files and other notebooks are not touched.\n"
        "To get on: share less data at a time, use fewer workers (num_workers=0), or choose a larger lab."
    )


def explanation(limit: str) -> str:
    """What the user reads below the cell; `limit` is MEM_LIMIT, in bytes or empty."""
    has = f" ({_in_words(int(limit))})" if limit.isdigit() else ""
    return (
        f"Out of memory: this notebook's kernel needed more memory than this lab has{has}, so it was stopped.\n"
        "It starts again with no variables. Files and other notebooks are not touched.\n"
        "To get on: load less data at a time, shut down kernels you do not need, or choose a larger lab."
    )
