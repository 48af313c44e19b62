"""What a lab's container is: its limits, mounts and locks, its environment, labels and arguments."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

from homeroom.contract import sockets
from homeroom.contract.labels import (
    CPUS_LABEL,
    IDLE_LABEL,
    MAX_AGE_LABEL,
    MEMORY_LABEL,
    PROFILE_LABEL,
    SERVER_LABEL,
)
from homeroom.contract.mounts import Mount
from homeroom.culling.culling import Prewarm, report_seconds
from homeroom.labs.plan import LabPlan
from homeroom.storage.storage import LabStorage

CPU_COUNTS = (
    "OMP_NUM_THREADS",  # numpy, scipy, PyTorch and whatever else is built on OpenMP; the command `nproc`
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "LOKY_MAX_CPU_COUNT",  # joblib and scikit-learn
    "PYTHON_CPU_COUNT",  # os.cpu_count() of Python 3.13
    "RAYON_NUM_THREADS",
    "JULIA_NUM_THREADS",
    "GOMAXPROCS",
    "MC_CORES",  # parallel of R
)
"""Variables that tell programs how many CPUs they have. A lab sees all of the machine's, and more threads than it has
CPU time for take memory and turns from each other. A profile's own environment takes their place."""
ENTRANCE_SECONDS = 1
"""A lab that several enter asks the hub so often who may: whoever may no more is out at once."""
EXAM_ENTRANCE_SECONDS = 10
"""Less often: a whole class sits an exam, and each page saves every ten seconds."""
SHARED, ROLE = "HOMEROOM_SHARED_LAB", "HOMEROOM_LAB_ROLE"
"""Tell a lab that several enter it, and what it is for."""
ROLE_CONFIG = Path("/opt/jupyter/etc/jupyter-roles")
"""Where the lab's image has the server's configuration for each role."""
RESET_SCRIPT = Path(__file__).with_name("lab_reset.sh").read_text(encoding="utf-8")


def limits(plan: LabPlan, *, pids: int, open_files: int) -> dict[str, Any]:
    """How much a lab may use, in the words of docker-py's `create_host_config`.

    :param pids: processes and threads.
    :param open_files: of each of its processes.
    """
    return {
        "pids_limit": pids,
        "mem_limit": plan.memory_bytes,
        "memswap_limit": plan.memory_bytes,
        "shm_size": min(plan.shm_bytes, plan.memory_bytes),
        "cpu_period": 100_000,
        "cpu_quota": int(plan.cpus * 100_000),
        "ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": open_files, "Hard": open_files},
        ],
    }


def locks(plan: LabPlan, *, network: str, log_max_size: str) -> dict[str, Any]:
    """What keeps a lab by itself, in the same words.

    :param network: the labs' own; a plan without network takes none.
    :param log_max_size: the size at which its log is cut; one older file is kept.
    """
    return {
        "network_mode": "none" if plan.network == "none" else network,
        "init": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "group_add": [sockets.SHARED_GROUP],
        "log_config": {"Type": "json-file", "Config": {"max-size": log_max_size, "max-file": "2"}},
    }


def socket_binds(hub_socket_volume: str, lab_directory: str) -> dict[str, dict[str, str]]:
    """The sockets that a lab sees: the hub's, and its own.

    :param lab_directory: the lab's directory on the host.
    """
    return {
        hub_socket_volume: {"bind": str(sockets.HUB), "mode": "ro"},
        lab_directory: {"bind": str(sockets.LAB), "mode": "rw"},
    }


def storage_mounts(storage: LabStorage) -> list[dict[str, Any]]:
    """Home and shares, in the engine's form: one volume may be in two places, which `binds` could not say."""
    home: tuple[Mount, ...] = (storage.home,) if storage.home else ()
    return [
        {
            "Type": "bind" if mount.source.startswith("/") else "volume",
            "Source": mount.source,
            "Target": mount.target,
            "ReadOnly": mount.read_only,
        }
        for mount in (*home, *storage.mounts)
    ]


def environment(plan: LabPlan, storage: LabStorage, *, role: str = "", shared: bool = False) -> dict[str, str]:
    """What a lab's environment says beside the hub's: limits, what profile and groups add, what the start script is
    told, and what the lab is for.

    :param role: whose configuration its server reads beside its own; empty: no more than its own.
    :param shared: whether several enter it.
    """
    said = {"MEM_LIMIT": str(plan.memory_bytes), "CPU_LIMIT": f"{plan.cpus:g}"}
    said |= dict.fromkeys(CPU_COUNTS, str(min(math.ceil(plan.cpus), os.cpu_count() or 1)))
    said["JUPYTERHUB_ACTIVITY_INTERVAL"] = str(report_seconds(plan.idle_seconds))
    said |= dict(plan.environment) | dict(storage.environment)
    if shared:
        said[SHARED] = "1"
    if role:
        said[ROLE] = role
        said["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
            filter(None, (str(ROLE_CONFIG / role), said.get("JUPYTER_CONFIG_PATH")))
        )
    return said


def reservation_labels(plan: LabPlan, server: str, start: Prewarm | None) -> dict[str, str]:
    """The labels that tell what a lab has reserved, and when it ends.

    :param server: the name of the lab.
    :param start: what it is started for before its user asks.
    """
    return {
        SERVER_LABEL: server,
        PROFILE_LABEL: plan.profile,
        MEMORY_LABEL: str(plan.memory_bytes),
        CPUS_LABEL: f"{plan.cpus:g}",
        IDLE_LABEL: str(plan.idle_seconds),
        MAX_AGE_LABEL: str(_max_age_seconds(plan, start)),
    }


def _max_age_seconds(plan: LabPlan, start: Prewarm | None) -> int:
    """How long the container may run, with the time before a lesson and all that its user may add; 0: no limit."""
    before_lesson = max(0, int(start.lesson_at - time.time())) if start else 0
    return plan.max_age_seconds and plan.max_age_seconds + plan.more_time_seconds + before_lesson


def command(image_command: list[str], storage: LabStorage, *, reset: bool) -> list[str]:
    """The image's command, after what readies the home; before both a reset, where its owner asked for it."""
    ready = storage.command(image_command)
    return ["/bin/sh", "-c", RESET_SCRIPT, "lab", *ready] if reset else ready


def arguments(plan: LabPlan, *, shared: bool = False, exam: bool = False) -> list[str]:
    """The server's arguments: its socket, when it stops idle kernels, and how long it takes the hub's word for who may
    enter, where several do or an exam is sat.

    The first has no slash: Jupyter looks for a program that is named after it, and what has a slash it would look for
    in the home.
    """
    seconds = ENTRANCE_SECONDS if shared else EXAM_ENTRANCE_SECONDS
    entrance = [f"--HubOAuth.cache_max_age={seconds}"] if shared or exam else []
    socket = ["--ServerApp.sock_mode=0660", f"--ServerApp.sock={sockets.LAB / 'lab.sock'}"]
    return [*socket, *entrance, *_kernel_arguments(plan)]


def _kernel_arguments(plan: LabPlan) -> list[str]:
    """When the lab stops idle kernels: also those that a page has open, never one in which a cell runs."""
    seconds = plan.kernel_idle_seconds
    if not seconds:
        return []
    manager = "--MappingKernelManager"
    return [
        f"{manager}.cull_idle_timeout={seconds}",
        f"{manager}.cull_interval={max(1, min(300, seconds // 4))}",
        f"{manager}.cull_connected=True",
    ]
