"""The engine: is it new enough, and are its limits really in force?"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from generator.preflight.facts import EngineFacts
from generator.preflight.finding import Finding, error, ok, warning

MINIMUM_DOCKER = (24, 0)
MINIMUM_PODMAN = (4, 3)
MINIMUM_COMPOSE = (2, 20)

_DELEGATE = (
    "Run `sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n'"
    " | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload`, sign out and in again"
)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: `v2.26.1-4` is (2, 26, 1); empty when there are none."""
    match = re.match(r"\D*(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def buildx_version() -> str | None:
    """The version of Docker's buildx plugin, or None where it is missing."""
    try:
        done = subprocess.run(["docker", "buildx", "version"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\bv?(\d+\.\d+\S*)", done.stdout)
    return (match[1] if match else done.stdout.strip() or None) if done.returncode == 0 else None


def delegated_controllers(uid: int) -> frozenset[str] | None:
    """The cgroup controllers that systemd hands to a user, or None where that cannot be read (no cgroup v2)."""
    path = Path(f"/sys/fs/cgroup/user.slice/user-{uid}.slice/user@{uid}.service/cgroup.controllers")
    try:
        return frozenset(path.read_text().split())
    except OSError:
        return None


def judge_versions(facts: EngineFacts, compose: str | None, buildx: str | None) -> Iterator[Finding]:
    """Require an engine, Compose and buildx that know what the Compose file and the builds use."""
    title, minimum = ("Podman", MINIMUM_PODMAN) if facts.kind == "podman" else ("Docker", MINIMUM_DOCKER)
    package = "podman" if facts.kind == "podman" else "docker.io"
    if numbers(facts.version) < minimum:
        yield error(
            "engine",
            f"{title} {facts.version or 'of an unknown version'} is too old: {_dotted(minimum)} or newer is needed",
            place="engine",
            remedy=f"Upgrade it, on Debian 13 or Ubuntu 24.04 with `sudo apt install {package}`.",
        )
    else:
        yield ok("engine", f"{title} {facts.version}{', rootless' if facts.rootless else ''}")

    if compose is None or numbers(compose) < MINIMUM_COMPOSE:
        what = "Compose is missing" if compose is None else f"Compose {compose} is too old"
        yield error(
            "compose",
            f"{what}: {_dotted(MINIMUM_COMPOSE)} or newer is needed",
            place="docker compose",
            remedy="Install the plugin: `sudo apt install docker-compose` on Debian 13, "
            "`sudo apt install docker-compose-v2` on Ubuntu, `docker-compose-plugin` from Docker's own package source.",
        )
    else:
        yield ok("compose", f"Compose {compose.lstrip('v')}")

    if facts.kind == "docker":
        if buildx is None:
            yield error(
                "buildx",
                "the buildx plugin, which builds the images, is missing",
                place="docker buildx",
                remedy="Run `sudo apt install docker-buildx` "
                "(`docker-buildx-plugin` from Docker's own package source).",
            )
        else:
            yield ok("buildx", f"buildx {buildx}")


def judge_limits(
    facts: EngineFacts, controllers: frozenset[str] | None, *, swap_bytes: int = 0
) -> Iterator[Finding]:
    """Say which limits of a lab would not be in force.

    A rootless Podman repeats what the kernel can do, not what its user was given: `controllers` decides there.
    Docker refuses to create a container with a CPU limit that it cannot enforce; the other limits it drops silently.
    """
    memory, cpu, pids = facts.memory_limit, facts.cpu_limit, facts.pids_limit
    if facts.rootless and facts.kind == "podman":
        given = controllers if controllers is not None else frozenset[str]()
        memory, cpu, pids = "memory" in given, "cpu" in given, "pids" in given
    missing = [word for word, there in (("memory", memory), ("CPU", cpu), ("pids", pids)) if not there]

    if not missing:
        yield ok("limits", "memory, CPU and pids limits are in force")
    elif facts.rootless:
        yield Finding(
            name="limits",
            level="error" if not cpu and facts.kind == "docker" else "warn",
            cause=f"this rootless engine cannot enforce {_listed(missing)} limits: one lab can take the whole machine",
            place="cgroup delegation",
            remedy=f"{_DELEGATE}. With cgroup v1 there is no way: use a rootful engine."
            if facts.cgroup_version != "2"
            else f"{_DELEGATE}.",
        )
    else:
        yield Finding(
            name="limits",
            level="error" if not (memory and cpu) else "warn",
            cause=f"this machine's kernel does not let the engine enforce {_listed(missing)} limits: "
            "one lab can take the whole machine",
            place="kernel",
            remedy="Add `cgroup_enable=memory swapaccount=1` to GRUB_CMDLINE_LINUX in /etc/default/grub, "
            "run `sudo update-grub` and reboot."
            if not memory
            else "Boot a kernel with CONFIG_CFS_BANDWIDTH and CONFIG_CGROUP_PIDS, such as the distribution's own.",
        )
    if memory and not facts.swap_limit and swap_bytes and not facts.rootless:
        yield warning(
            "swap",
            "the kernel does not count swap: a lab at its memory limit swaps and slows everyone down",
            place="kernel",
            remedy="Run `sudo swapoff -a`, or add `swapaccount=1` to GRUB_CMDLINE_LINUX in /etc/default/grub, "
            "run `sudo update-grub` and reboot.",
        )


def check_limits(facts: EngineFacts, swap_bytes: int) -> list[Finding]:
    """Judge the limits with what this user was delegated."""
    return list(judge_limits(facts, delegated_controllers(os.getuid()), swap_bytes=swap_bytes))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
