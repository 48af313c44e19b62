"""The labs' firewall: can this engine have it, and is it wanted?"""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding, error, ok, warning
from generator.preflight.engine_state import EngineState
from generator.preflight.requirements import Requirements
from generator.preflight.subject import Subject

REACHED = "labs can reach private networks, clouds' metadata addresses and this machine's own services"


def judge_firewall(requirements: Requirements, engine_state: EngineState) -> Iterator[Finding]:
    """Say whether private networks are closed to labs; where they would be open unknown to the operator, refuse."""
    if not requirements.lab_firewall:
        yield warning(
            "firewall",
            f"{REACHED}: LAB_FIREWALL=off",
            location=".env: LAB_FIREWALL",
            remedy="Nothing to do if that is intended. "
            + (
                "Only an engine that runs as root can close them."
                if engine_state.rootless
                else "Otherwise set LAB_FIREWALL=on."
            ),
        )
    elif engine_state.rootless:
        yield error(
            "firewall",
            f"a rootless engine cannot run Homeroom's firewall: {REACHED}",
            location=".env: LAB_FIREWALL",
            remedy="Set LAB_FIREWALL=off if they may, or use Docker or Podman that runs as root.",
        )
    else:
        opened = f", but for {requirements.lab_open_networks}" if requirements.lab_open_networks else ""
        yield ok("firewall", f"private networks and this machine's own services are closed to labs{opened}")


def check_firewall(requirements: Requirements, engine_state: EngineState) -> list[Finding]:
    """Judge."""
    return list(judge_firewall(requirements, engine_state))


ORDER = 50


def check(subject: Subject) -> list[Finding]:
    """Whether the labs' firewall can be had."""
    return check_firewall(subject.requirements, subject.engine_state) if subject.engine_state else []
