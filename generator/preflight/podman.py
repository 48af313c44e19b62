"""What Podman needs beside itself, and what it does not do. Measured with Podman 4.3.1 and 5.4.2."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from generator.core.finding import Finding, error, ok, warning
from generator.engine.find import Engine
from generator.preflight.subject import Subject

_INIT = Path("/usr/libexec/podman/catatonit")
_SYSTEMD = Path("/run/systemd/system")


def judge_podman(*, has_init: bool, has_systemd: bool) -> Iterator[Finding]:
    """Name what lacks around Podman, and what labs must do without."""
    if not has_systemd:
        yield error(
            "healthchecks",
            "Podman runs healthchecks by systemd's timers, and systemd does not run here: nothing would become healthy",
            location="podman",
            remedy="Use Docker on this machine: remove podman, and `make up` installs Docker.",
        )
    if not has_init:
        yield warning(
            "init",
            "Podman finds no init program for the firewall and labs, which would not start",
            location="podman",
            remedy="Run `sudo apt install catatonit`, or set init_path in containers.conf.",
        )
    yield warning(
        "isolation",
        "Podman does not keep containers of one network from each other: a port that a user opens in their lab on "
        "all addresses can be reached from other labs (labs themselves open none)",
        location="podman",
        remedy="Nothing to do if your users trust each other; otherwise use Docker.",
    )


def check_podman(engine: Engine) -> list[Finding]:
    """Look at what is around Podman; nothing to say of Docker."""
    if engine.kind != "podman":
        return [ok("isolation", "labs do not reach each other's ports")]
    has_init = bool(shutil.which("catatonit")) or _INIT.exists()
    return list(judge_podman(has_init=has_init, has_systemd=_SYSTEMD.exists()))


ORDER = 30


def check(subject: Subject) -> list[Finding]:
    """What Podman needs beside it."""
    return check_podman(subject.engine) if subject.engine else []
