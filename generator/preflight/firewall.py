"""The labs' firewall: can this engine have it, and is it wanted?"""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding, error, ok, warning
from generator.preflight.facts import EngineFacts
from generator.preflight.subject import Subject
from generator.preflight.wanted import Wanted

REACHED = "labs can reach private networks, clouds' metadata addresses and this machine's own services"


def judge_firewall(wanted: Wanted, facts: EngineFacts) -> Iterator[Finding]:
    """Say whether private networks are closed to labs; where they would be open unknown to the operator, refuse."""
    if not wanted.lab_firewall:
        yield warning(
            "firewall",
            f"{REACHED}: LAB_FIREWALL=off",
            location=".env: LAB_FIREWALL",
            remedy="Nothing to do where they may. "
            + ("Only an engine that runs as root can close them." if facts.rootless else "Else set LAB_FIREWALL=on."),
        )
    elif facts.rootless:
        yield error(
            "firewall",
            f"a rootless engine gives Homeroom's firewall no place: {REACHED}",
            location=".env: LAB_FIREWALL",
            remedy="Set LAB_FIREWALL=off if they may, or use Docker or Podman that runs as root.",
        )
    else:
        opened = f", but for {wanted.lab_open_networks}" if wanted.lab_open_networks else ""
        yield ok("firewall", f"private networks and this machine's own services are closed to labs{opened}")


def check_firewall(wanted: Wanted, facts: EngineFacts) -> list[Finding]:
    """Judge."""
    return list(judge_firewall(wanted, facts))


ORDER = 50


def check(subject: Subject) -> list[Finding]:
    """Whether the labs' firewall can be had."""
    return check_firewall(subject.wanted, subject.facts) if subject.facts else []
