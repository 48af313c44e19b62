"""Memory and CPUs: how many labs of the default size fit on this machine at once?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from generator.core.console import counted
from generator.core.finding import Finding, error, in_units, ok, warning
from generator.core.machine import MEMORY_LEFT_BYTES, memory_of_labs, read_meminfo
from generator.preflight.engine_state import EngineState
from generator.preflight.requirements import Requirements
from generator.preflight.subject import Subject

FEW_LABS = 3
SAME_MACHINE = 0.05
"""An engine whose memory differs by a larger share than this runs elsewhere, as in a virtual machine."""


def engine_memory(said_bytes: int, meminfo: Mapping[str, int]) -> tuple[int, int | None]:
    """Total and available memory in bytes where the engine runs; available is None where only it would know.

    :param said_bytes: the total that the engine says, or 0.
    """
    total = meminfo.get("MemTotal", 0)
    if said_bytes and abs(said_bytes - total) > SAME_MACHINE * said_bytes:
        return said_bytes, None
    return total, meminfo.get("MemAvailable")


def judge_memory(
    requirements: Requirements, *, total_bytes: int, available_bytes: int | None, running: bool
) -> Iterator[Finding]:
    """Require room for the services and one lab; warn where fewer than three labs fit, or labs may reserve more than
    there is.

    :param running: this deployment is up, so that what it uses itself is missing from `available_bytes`.
    """
    if not total_bytes:
        yield ok("memory", "the machine's memory is not known: not checked")
        return
    room = total_bytes - requirements.services_memory_bytes
    one = requirements.lab_memory_bytes
    labs = memory_of_labs(room, one) // one if room >= one else 0
    sizes = (
        f"LAB_MEMORY={in_units(requirements.lab_memory_bytes)} and {in_units(requirements.services_memory_bytes)} "
        f"for Homeroom's services"
    )
    suggestion = _lab_memory_for(room - MEMORY_LEFT_BYTES)
    lower = f"Set LAB_MEMORY={suggestion} or less" if suggestion else "Lower HUB_MEMORY and LAB_MEMORY"
    if labs < 1:
        yield error(
            "memory",
            f"not one lab fits: {sizes} are more than this machine's {in_units(total_bytes)}",
            location=".env: LAB_MEMORY",
            remedy=f"{lower}, or give the machine more memory.",
        )
    elif requirements.total_lab_memory_bytes > room:
        yield warning(
            "memory",
            f"labs may reserve {in_units(requirements.total_lab_memory_bytes)}, and this machine has {in_units(room)} "
            "beside Homeroom's services: labs will run out of memory that is theirs",
            location=".env: TOTAL_LAB_MEMORY",
            remedy="Lower it, or leave it out: labs then get what there is.",
        )
    elif labs < FEW_LABS:
        yield warning(
            "memory",
            f"only {counted(labs, 'lab')} fit{'' if labs > 1 else 's'} at once: {sizes}, on {in_units(total_bytes)}",
            location=".env: LAB_MEMORY",
            remedy=f"{lower}, or give the machine more memory.",
        )
    elif requirements.total_lab_memory_bytes:
        yield ok("memory", f"labs may have {in_units(requirements.total_lab_memory_bytes)} of {in_units(total_bytes)}")
    else:
        yield ok(
            "memory", f"{labs} labs of {in_units(requirements.lab_memory_bytes)} fit at once on {in_units(total_bytes)}"
        )
    needed = requirements.services_memory_bytes + requirements.lab_memory_bytes
    if labs >= 1 and not running and available_bytes is not None and available_bytes < needed:
        yield warning(
            "memory",
            f"only {in_units(available_bytes)} of {in_units(total_bytes)} are not in use now: "
            f"{in_units(needed)} are needed for the services and one lab",
            location="machine",
            remedy="See what takes it with `ps aux --sort=-rss | head`, and stop what is not needed.",
        )


def _lab_memory_for(room_bytes: int) -> str | None:
    """The largest customary lab size of which `FEW_LABS` fit, as `.env` writes it."""
    sizes_mib = (64 * 1024, 32 * 1024, 16 * 1024, 8 * 1024, 4 * 1024, 2 * 1024, 1024, 768, 512, 384, 256)
    fitting = next((size for size in sizes_mib if size * 2**20 * FEW_LABS <= room_bytes), None)
    if fitting is None:
        return None
    return f"{fitting // 1024}G" if fitting % 1024 == 0 else f"{fitting}M"


def judge_cpus(lab_cpus: float, cpus: int, total_lab_cpus: float = 0, by_memory: int = 0) -> Finding:
    """Refuse a lab with more CPUs than there are: the engine would refuse to create its container.

    :param total_lab_cpus: what all labs together may reserve; 0: no limit.
    :param by_memory: labs that there is memory for; 0: not known.
    """
    if cpus and lab_cpus > cpus:
        return error(
            "cpus",
            f"{lab_cpus:g} is more than this machine's {cpus} CPU{'s' if cpus > 1 else ''}",
            location=".env: LAB_CPUS",
            remedy=f"Set LAB_CPUS={cpus} or less.",
        )
    if not cpus or not lab_cpus:
        return ok("cpus", "labs have as many as there are")
    if not total_lab_cpus:
        shared = f"{counted(cpus, 'CPU')} shared by all labs, each using {lab_cpus:g} at most: none waits for them"
        return ok("cpus", f"{shared}; memory alone says how many fit")
    labs = int(total_lab_cpus / lab_cpus)
    short = "" if not by_memory else "; CPUs are short first" if labs < by_memory else "; memory is short first"
    return ok(
        "cpus",
        f"{counted(labs, 'lab')} with LAB_CPUS={lab_cpus:g} fit at once into TOTAL_LAB_CPUS={total_lab_cpus:g}{short}",
    )


LEAST_BYTES_OF_A_FILE = 256
"""What the kernel keeps of an open file at least; it counts to the memory of the lab that opened it."""


def judge_open_files(requirements: Requirements, *, total_bytes: int, file_max: int) -> Finding:
    """Warn where labs could open all files that the kernel has for all programs, before their own memory stops them.

    :param file_max: files that all programs of the machine together may have open; 0: not known.
    """
    labs_bytes = requirements.total_lab_memory_bytes or max(
        total_bytes - requirements.services_memory_bytes, requirements.lab_memory_bytes
    )
    labs = max(1, labs_bytes // requirements.lab_memory_bytes)
    most = min(labs * requirements.lab_pids * requirements.lab_open_files, labs_bytes // LEAST_BYTES_OF_A_FILE)
    if not file_max or most < file_max:
        return ok("open files", f"{requirements.lab_open_files} for each process of a lab")
    return warning(
        "open files",
        f"all labs together could open {most} files, and the machine has {file_max}: a few users could use up "
        "all of them",
        location="machine",
        remedy="Run `sysctl -w fs.file-max=9223372036854775807`, as systemd does at boot, and write the same into "
        "/etc/sysctl.d/.",
    )


def read_file_max() -> int:
    """Files that all programs of this machine together may have open; 0 where the kernel does not tell."""
    try:
        return int(Path("/proc/sys/fs/file-max").read_text())
    except (OSError, ValueError):
        return 0


LEAST_LAB_BYTES = 256 * 2**20
"""JupyterLab's server with one kernel takes 150 MB that do nothing."""


def judge_lab_size(lab_memory_bytes: int) -> Iterator[Finding]:
    """Warn where a lab starts, and its first notebook ends it."""
    if lab_memory_bytes < LEAST_LAB_BYTES:
        yield warning(
            "memory",
            f"{in_units(lab_memory_bytes)} are too little for a notebook: JupyterLab and one kernel take 150 MB before "
            "anything runs",
            location=".env: LAB_MEMORY",
            remedy=f"Set LAB_MEMORY={LEAST_LAB_BYTES // 2**20}M or more, where labs are Homeroom's own.",
        )


def check_memory(
    requirements: Requirements, engine_state: EngineState | None, meminfo: Mapping[str, int]
) -> list[Finding]:
    """Judge memory and CPUs as the engine has them; without an engine, as this machine has them."""
    total, available = engine_memory(engine_state.memory_bytes if engine_state else 0, meminfo)
    running = engine_state is not None and any(one.project == requirements.project for one in engine_state.containers)
    room = requirements.total_lab_memory_bytes or memory_of_labs(
        total - requirements.services_memory_bytes, requirements.lab_memory_bytes
    )
    by_memory = room // requirements.lab_memory_bytes if total else 0
    return [
        *judge_lab_size(requirements.lab_memory_bytes),
        *judge_memory(requirements, total_bytes=total, available_bytes=available, running=running),
        judge_cpus(
            requirements.lab_cpus,
            engine_state.cpus if engine_state else os.cpu_count() or 0,
            requirements.total_lab_cpus,
            by_memory,
        ),
        judge_open_files(requirements, total_bytes=total, file_max=read_file_max() if available is not None else 0),
    ]


ORDER = 100


def check(subject: Subject) -> list[Finding]:
    """Whether labs fit."""
    return check_memory(subject.requirements, subject.engine_state, read_meminfo())
