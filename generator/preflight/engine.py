"""The engine and its tools: are they there, and are the limits of a lab really in force?

Whether engine and Compose are new enough is `generator.engine.find`'s to say, which finds them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from generator.core.finding import Finding, error, ok, warning
from generator.core.machine import read_meminfo
from generator.engine.find import ComposeMissing, Engine, Version, buildx_works, compose_version, dotted
from generator.preflight.engine_state import EngineState
from generator.preflight.subject import Subject

_DELEGATE = (
    "Run `sudo mkdir -p /etc/systemd/system/user@.service.d && "
    "printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' "
    "| sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload`, "
    "then sign out and in again"
)


def read_compose(engine: Engine) -> Version | ComposeMissing:
    """Compose's version, or the error that says why there is none to use."""
    try:
        return compose_version(engine)
    except ComposeMissing as missing:
        return missing


def check_tools(engine: Engine) -> list[Finding]:
    """Run Compose and buildx once each and judge what they said."""
    return list(judge_tools(engine, read_compose(engine), buildx=buildx_works(engine)))


def judge_tools(engine: Engine, compose: Version | ComposeMissing, *, buildx: bool) -> Iterator[Finding]:
    """Require Compose, and what builds the images, beside an engine that `find_engine` has found new enough.

    :param buildx: whether buildx (with Podman: its own client) answered.
    """
    yield ok("engine", engine.title)
    if isinstance(compose, ComposeMissing):
        yield error("compose", compose.cause, location=compose.location or "docker compose", remedy=compose.remedy)
    else:
        yield ok("compose", f"Compose {dotted(compose)}")
    if buildx:
        yield ok("builder", "buildx" if engine.kind == "docker" else "podman build")
    elif engine.kind == "docker":
        yield error(
            "builder",
            "the buildx plugin, which builds the images, is missing",
            location="docker buildx",
            remedy="Run `sudo apt install docker-buildx`, or `docker-buildx-plugin` from Docker's own package source.",
        )
    else:
        yield error(
            "builder",
            "the podman command, which builds the images, is missing",
            location="podman",
            remedy="Run `sudo apt install podman`.",
        )


def delegated_controllers(uid: int) -> frozenset[str] | None:
    """The cgroup controllers that systemd hands to a user, or None where that cannot be read (no cgroup v2)."""
    path = Path(f"/sys/fs/cgroup/user.slice/user-{uid}.slice/user@{uid}.service/cgroup.controllers")
    try:
        return frozenset(path.read_text().split())
    except OSError:
        return None


def judge_limits(
    engine_state: EngineState, controllers: frozenset[str] | None, *, swap_bytes: int = 0
) -> Iterator[Finding]:
    """Say which limits of a lab would not be in force.

    A rootless Podman repeats what the kernel can do, not what its user was given: `controllers` decides there.
    Docker refuses to create a container with a CPU limit that it cannot enforce; the other limits it drops silently.
    """
    memory, cpu, pids = engine_state.memory_limit, engine_state.cpu_limit, engine_state.pids_limit
    if engine_state.rootless and engine_state.kind == "podman":
        given = controllers if controllers is not None else frozenset[str]()
        memory, cpu, pids = "memory" in given, "cpu" in given, "pids" in given
    missing = [word for word, there in (("memory", memory), ("CPU", cpu), ("pids", pids)) if not there]

    if not missing:
        yield ok("limits", "memory, CPU and pids limits are enforced")
    elif engine_state.rootless:
        yield Finding(
            name="limits",
            level="error" if not cpu and engine_state.kind == "docker" else "warn",
            cause=f"this rootless engine cannot enforce {_listed(missing)} limits: one lab can take the whole machine",
            location="cgroup delegation",
            remedy=f"{_DELEGATE}. With cgroup v1 there is no way: use a rootful engine."
            if engine_state.cgroup_version != "2"
            else f"{_DELEGATE}.",
        )
    else:
        yield Finding(
            name="limits",
            level="error" if not (memory and cpu) else "warn",
            cause=f"this machine's kernel does not let the engine enforce {_listed(missing)} limits: "
            "one lab can take the whole machine",
            location="kernel",
            remedy="Add `cgroup_enable=memory swapaccount=1` to GRUB_CMDLINE_LINUX in /etc/default/grub, "
            "run `sudo update-grub` and reboot."
            if not memory
            else "Boot a kernel with CONFIG_CFS_BANDWIDTH and CONFIG_CGROUP_PIDS, such as the distribution's own.",
        )
    if memory and not engine_state.swap_limit and swap_bytes and not engine_state.rootless:
        yield warning(
            "swap",
            "the kernel does not count swap: a lab at its memory limit swaps and slows everyone down",
            location="kernel",
            remedy="Run `sudo swapoff -a`, or add `swapaccount=1` to GRUB_CMDLINE_LINUX in /etc/default/grub, "
            "run `sudo update-grub` and reboot.",
        )


def check_limits(engine_state: EngineState, swap_bytes: int) -> list[Finding]:
    """Judge the limits with what this user was delegated."""
    return list(judge_limits(engine_state, delegated_controllers(os.getuid()), swap_bytes=swap_bytes))


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


ORDER = 20


def check(subject: Subject) -> list[Finding]:
    """Whether the engine has its tools, and keeps the limits that labs are given."""
    found = check_tools(subject.engine) if subject.engine else []
    return found + (
        check_limits(subject.engine_state, read_meminfo().get("SwapTotal", 0)) if subject.engine_state else []
    )
