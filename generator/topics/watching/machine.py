"""Memory and clock of the machine, as they were since the last look."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator.core.console import counted
from generator.core.finding import Finding, in_units, warning
from generator.core.machine import read_meminfo

PROC = Path("/proc")
STANDING_STILL_PERCENT = 10.0
"""Of five minutes all programs together stood still, waiting for memory: labs answer slowly then."""
SHORT_SHARE = 0.1
JUMP_SECONDS = 120.0
MEMORY = "machine"


def pressure(proc: Path = PROC) -> float | None:
    """Percent of the last five minutes in which all programs waited for memory; None where the kernel does not tell."""
    try:
        found = re.search(r"^full .*avg300=([\d.]+)", (proc / "pressure/memory").read_text(), re.MULTILINE)
    except OSError:
        return None
    return float(found[1]) if found else None


def kills(proc: Path = PROC) -> int:
    """How many programs were ended for want of memory since the machine was started, those of labs included."""
    try:
        found = re.search(r"^oom_kill (\d+)$", (proc / "vmstat").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def judge_memory(waiting_percent: float | None, killed: int, meminfo: dict[str, int]) -> Iterator[Finding]:
    """What is wrong with the machine's memory. Programs that are ended while there is plenty went over their own lab's
    limit, which is that lab's affair.

    :param killed: programs ended since the last look.
    """
    remedy = "`make status` shows which labs take it; lower TOTAL_LAB_MEMORY, or give the machine more memory."
    free, total = meminfo.get("MemAvailable", 0), meminfo.get("MemTotal", 0)
    if waiting_percent is not None and waiting_percent >= STANDING_STILL_PERCENT:
        cause = f"everything stood still for {waiting_percent:.0f} % of the last five minutes, waiting for memory"
        yield warning("memory", cause, location="machine", remedy=remedy)
    if killed and total and free < SHORT_SHARE * total:
        cause = f"{counted(killed, 'program')} ended for want of memory; {in_units(free)} of {in_units(total)} are free"
        yield warning("memory", cause, location="kills", remedy=remedy)


def judge_clock(before: dict[str, Any], wall: float, steady: float, boot: str) -> Iterator[Finding]:
    """Whether the clock was set while the machine ran.

    :param before: what the last look kept.
    :param wall: seconds since 1970; `steady`: since the machine was started, whatever the clock shows.
    :param boot: which start of the machine this is.
    """
    if before.get("boot") != boot or not {"wall", "steady"} <= before.keys():
        return
    jump = (wall - float(before["wall"])) - (steady - float(before["steady"]))
    if abs(jump) >= JUMP_SECONDS:
        way = "forward" if jump > 0 else "back"
        yield warning(
            "clock",
            f"the clock was set {way} by {_span(abs(jump))}",
            location="machine",
            remedy="`timedatectl` shows whether it is kept right; copies, sign-ins and certificates go by it.",
        )


def _span(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def faults(memory: dict[str, Any], proc: Path = PROC) -> list[Finding]:
    """What is wrong with both; what this look saw is kept for the next."""
    before: dict[str, Any] = memory.get(MEMORY) or {}
    boot = _boot(proc)
    wall, steady, killed = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), kills(proc)
    new_kills = max(0, killed - int(before.get("kills", killed))) if before.get("boot") == boot else 0
    memory[MEMORY] = {"boot": boot, "wall": wall, "steady": steady, "kills": killed, "new_kills": new_kills}
    return [
        *judge_memory(pressure(proc), new_kills, read_meminfo()),
        *judge_clock(before, wall, steady, boot),
    ]


def _boot(proc: Path) -> str:
    try:
        return (proc / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
