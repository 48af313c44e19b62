"""What the engine and the operating system tell of containers: CPU seconds and memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

ENGINE_PROCESSES = {"dockerd", "containerd", "podman"}
PSS_SCRIPT = "for each in /proc/[0-9]*; do [ $each = /proc/$$ ] || grep -h ^Pss: $each/smaps_rollup 2>/dev/null; done"


def cpu_seconds(container: Any) -> float:
    """What a container has used since its start, of all CPUs."""
    found = container.stats(stream=False, one_shot=True)["cpu_stats"]["cpu_usage"]["total_usage"]
    return float(found) / 1e9


def process_cpu_seconds(container: Any) -> float:
    """What a container's first process has used, without children, of an engine on this machine."""
    words = Path(f"/proc/{container.attrs['State']['Pid']}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(container: Any) -> float:
    """Memory as `docker stats` counts it: the cgroup's, without files that are not in use."""
    found = container.stats(stream=False, one_shot=True)["memory_stats"]
    details = found.get("stats", {})
    unused = details.get("total_inactive_file", details.get("inactive_file", 0))
    return float(found["usage"] - unused) / 2**20


def pss_mib(container: Any) -> float:
    """Memory of its processes, what they share with others counted in part (PSS)."""
    lines = container.exec_run(["sh", "-c", PSS_SCRIPT]).output.decode().splitlines()
    return sum(int(line.split()[1]) for line in lines) / 1024


def engine_cpu_seconds() -> float | None:
    """What the engine's lasting processes have used, with children that ended; None where they cannot be seen."""
    total, seen = 0, False
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = path.read_text().rpartition(")")
        except OSError:
            continue
        if head.partition("(")[2] in ENGINE_PROCESSES:
            seen = True
            total += sum(int(word) for word in tail.split()[11:15])
    return total / os.sysconf("SC_CLK_TCK") if seen else None
