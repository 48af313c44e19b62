"""Set-ups of the engine that people trip over, as far as they can be seen."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from generator.core.finding import Finding, error, ok, warning
from generator.preflight.engine_state import EngineState
from generator.preflight.requirements import Requirements
from generator.preflight.subject import Subject
from generator.preflight.subnet import LABS_NETWORK

_SNAP_ROOT = "/var/snap/docker"
_BRIDGE_FILTER = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
_SELINUX_ENFORCES = Path("/sys/fs/selinux/enforce")


def judge_traps(
    requirements: Requirements, engine_state: EngineState, *, bridge_filter: str, selinux: str
) -> Iterator[Finding]:
    """Name each trap that this engine is in.

    :param bridge_filter: the kernel's bridge-nf-call-iptables: `1`, `0`, or empty where the module is not loaded.
    :param selinux: `1` where SELinux enforces.
    """
    found = False
    for finding in (
        _snap(requirements, engine_state),
        _remapped(engine_state),
        _selinux(requirements, engine_state, selinux),
        _forwarding(engine_state),
        _bridge(requirements, engine_state, bridge_filter),
    ):
        if finding:
            found = True
            yield finding
    if not found:
        yield ok("traps", "none of the known ones")


def _snap(requirements: Requirements, engine_state: EngineState) -> Finding | None:
    if not str(engine_state.root_directory).startswith(_SNAP_ROOT):
        return None
    make = warning if requirements.directory.is_relative_to("/home") else error
    return make(
        "snap",
        "Docker is installed as a snap, which sees files under /home only, "
        f"and the deployment is in {requirements.directory}",
        location="engine",
        remedy="Run `sudo snap remove docker` and `sudo apt install docker.io docker-compose-v2 docker-buildx`. "
        "The snap's images and volumes do not come along.",
    )


def _remapped(engine_state: EngineState) -> Finding | None:
    if not any(option.startswith("name=userns") for option in engine_state.security_options):
        return None
    return error(
        "userns",
        "the engine maps container users to others (userns-remap), so that Homeroom's guard cannot open its socket",
        location="/etc/docker/daemon.json: userns-remap",
        remedy="Remove `userns-remap` there and run `sudo systemctl restart docker`, or use a rootless engine.",
    )


def _selinux(requirements: Requirements, engine_state: EngineState, selinux: str) -> Finding | None:
    if selinux != "1" or not any(option.startswith("name=selinux") for option in engine_state.security_options):
        return None
    paths = shlex.join(str(requirements.directory / name) for name in ("rendered", "site"))
    return warning(
        "selinux",
        "SELinux enforces its rules for containers: they may not read files of the deployment that lack its label",
        location="SELinux",
        remedy=f"If the hub cannot read its configuration, run `sudo chcon -R -t container_file_t {paths}`.",
    )


def _forwarding(engine_state: EngineState) -> Finding | None:
    if engine_state.forwards_ipv4 or engine_state.rootless:
        return None
    return warning(
        "forwarding",
        "IPv4 forwarding is off: labs cannot reach the internet, and other machines may not reach the hub",
        location="net.ipv4.ip_forward",
        remedy="Run `echo net.ipv4.ip_forward=1 | sudo tee /etc/sysctl.d/90-homeroom.conf && sudo sysctl --system`.",
    )


def _bridge(requirements: Requirements, engine_state: EngineState, bridge_filter: str) -> Finding | None:
    """Docker turns the filter on when it makes the labs' network; something can turn it off again later."""
    made = any(network.name == f"{requirements.project}_{LABS_NETWORK}" for network in engine_state.networks)
    if bridge_filter != "0" or not made or engine_state.kind != "docker":
        return None
    return warning(
        "isolation",
        "the kernel's bridge filter is off: the engine cannot keep labs from reaching each other",
        location="net.bridge.bridge-nf-call-iptables",
        remedy="Run `sudo sysctl net.bridge.bridge-nf-call-iptables=1`, and look for the file that sets it to 0: "
        "`grep -r bridge-nf /etc/sysctl.conf /etc/sysctl.d`.",
    )


def check_traps(requirements: Requirements, engine_state: EngineState) -> list[Finding]:
    """Read and judge."""
    return list(
        judge_traps(requirements, engine_state, bridge_filter=_text(_BRIDGE_FILTER), selinux=_text(_SELINUX_ENFORCES))
    )


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


ORDER = 40


def check(subject: Subject) -> list[Finding]:
    """What keeps labs from starting or from being apart, though all seems well."""
    return check_traps(subject.requirements, subject.engine_state) if subject.engine_state else []
