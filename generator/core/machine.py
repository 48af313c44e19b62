"""What this machine has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the machine has for labs and services together."""

    memory_bytes: int
    cpus: int
    open_files: int = 2**63 - 1
    """Files that all programs of the machine together may have open (fs.file-max)."""


def read_machine() -> Machine:
    """This machine's memory and CPUs."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    total = next(line for line in lines if line.startswith("MemTotal:"))
    return Machine(
        memory_bytes=int(total.split()[1]) * 1024,
        cpus=os.cpu_count() or 1,
        open_files=int(Path("/proc/sys/fs/file-max").read_text(encoding="ascii")),
    )


MEMORY_LEFT_BYTES = 2**30
"""What TOTAL_LAB_MEMORY=0 leaves to the machine itself."""


def memory_of_labs(rest_bytes: int, lab_memory_bytes: int) -> int:
    """Bytes that all labs together may be promised where TOTAL_LAB_MEMORY does not say it: one lab at least.

    :param rest_bytes: of the machine, beside Homeroom's services.
    """
    return max(rest_bytes - MEMORY_LEFT_BYTES, lab_memory_bytes)
