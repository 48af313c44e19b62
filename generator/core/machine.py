"""What this machine has."""

from __future__ import annotations

import os
import re
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
    return Machine(
        memory_bytes=read_meminfo()["MemTotal"],
        cpus=os.cpu_count() or 1,
        open_files=int(Path("/proc/sys/fs/file-max").read_text(encoding="ascii")),
    )


MEMORY_LEFT_BYTES = 2**30
"""What TOTAL_LAB_MEMORY=0 leaves to the machine itself."""


def memory_of_labs(rest_bytes: int, lab_memory_bytes: int) -> int:
    """Bytes that all labs together may reserve where TOTAL_LAB_MEMORY does not say it: one lab at least.

    :param rest_bytes: of the machine, beside Homeroom's services.
    """
    return max(rest_bytes - MEMORY_LEFT_BYTES, lab_memory_bytes)


def parse_meminfo(text: str) -> dict[str, int]:
    """The fields of /proc/meminfo in bytes."""
    return {name: int(kib) * 1024 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}


def read_meminfo() -> dict[str, int]:
    """This machine's memory in bytes by field; empty where the kernel does not tell."""
    try:
        return parse_meminfo(Path("/proc/meminfo").read_text())
    except OSError:
        return {}
