"""How an engine would be installed here, and whether it may be."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.core.console import note, out
from generator.core.errors import HomeroomError
from generator.core.host_network import DEBIAN_KEYRING, AptSource, own_sources
from generator.core.process import indented
from generator.engine.find import version_tuple

RELEASE = "trixie"
SOURCE_FILE = Path("/etc/apt/sources.list.d/homeroom-trixie.sources")
PIN_FILE = Path("/etc/apt/preferences.d/homeroom-trixie.pref")
FROM_TRIXIE = ("docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd")


class InstallRefused(HomeroomError):
    """The engine is missing and INSTALL_ENGINE or the operator's answer forbids installing it."""


@dataclass(frozen=True)
class InstallPlan:
    """What will be installed and from where; nothing has happened yet.

    :param packages: as apt-get takes them (`docker.io/trixie`).
    :param origin: where they come from, in words.
    :param source: the apt source file to write, or empty.
    :param pin: the apt preferences file to write, or empty.
    """

    packages: tuple[str, ...]
    origin: str
    source: str = ""
    pin: str = ""

    def say(self) -> str:
        """The plan in one sentence."""
        names = ", ".join(package.partition("/")[0] for package in self.packages)
        return f"{names} from {self.origin}"

    def commands(self) -> list[str]:
        """The same by hand, for an operator who would rather do it."""
        files = [(SOURCE_FILE, self.source), (PIN_FILE, self.pin)]
        return [
            *(f"printf '%s' {shell_quoted(text)} > {path}" for path, text in files if text),
            "apt-get update",
            f"apt-get install --no-install-recommends {' '.join(self.packages)}",
        ]


def shell_quoted(text: str) -> str:
    """Text as one word of a shell line, newlines as bash's $'...' writes them."""
    return "$'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def read_os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The fields of os-release; empty where there is none."""
    try:
        text = path.read_text()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def plan_install(
    os_release: Mapping[str, str],
    sources: Sequence[AptSource] = (),
    *,
    missing: Collection[Part] = ("engine", "compose", "buildx"),
) -> InstallPlan:
    """Say what to install for the missing parts. Decides only.

    :param sources: Debian's repositories among the host's apt sources; Debian 12 needs one of the archive.
    :raises HomeroomError: a system that Homeroom installs nothing on, or no mirror to take Debian 13's packages from.
    """
    families = [os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()]
    system = os_release.get("PRETTY_NAME") or os_release.get("ID") or "this system"
    by_hand = "Install Docker >= 24.0 with Compose v2 and buildx (or Podman >= 4.3 with Compose v2) and run this again."
    if "ubuntu" in families:
        family = "ubuntu"
    elif "debian" in families:
        family = "debian"
    else:
        raise HomeroomError(f"Homeroom installs an engine on Debian and Ubuntu only, not on {system}", remedy=by_hand)
    parts: tuple[Part, ...] = ("engine", "compose", "buildx")
    names = tuple(name for part in parts if part in missing for name in PACKAGES[family][part])
    codename = os_release.get("UBUNTU_CODENAME") or os_release.get("DEBIAN_CODENAME")
    codename = codename or os_release.get("VERSION_CODENAME", "")
    if family == "ubuntu":
        if os_release.get("ID") == "ubuntu" and version_tuple(os_release.get("VERSION_ID", "")) < (24, 4):
            raise HomeroomError(f"the packages of {system} are too old; Ubuntu 24.04 is the first", remedy=by_hand)
        return InstallPlan(names, origin=f"Ubuntu's packages ({codename})")
    if codename == "bookworm":
        return plan_from_trixie(names, sources, remedy=by_hand)
    if codename in ("buster", "bullseye") or version_tuple(os_release.get("VERSION_ID", "")) == (11,):
        raise HomeroomError(f"the packages of {system} are too old; Debian 12 is the first", remedy=by_hand)
    return InstallPlan(names, origin=f"Debian's packages ({codename or 'of this release'})")


def plan_from_trixie(names: Sequence[str], sources: Sequence[AptSource], *, remedy: str) -> InstallPlan:
    """Debian 12: the packages of Debian 13 that run on it, the mirror taken from the host's own apt sources.

    A trixie source of the operator's own is used as it is, and left alone with its pins.
    """
    names = [*names, *(["containerd"] if "docker.io" in names else [])]
    packages = tuple(f"{name}/{RELEASE}" if name in FROM_TRIXIE else name for name in names)
    archive = [source for source in sources if not source.security]
    if any(source.codename == RELEASE and source.file != str(SOURCE_FILE) for source in archive):
        return InstallPlan(packages, origin="Debian 13's packages, by the apt source for it that is already here")
    mirrors = [source for source in own_sources(archive, "bookworm") if source.codename == "bookworm"]
    if not mirrors:
        raise HomeroomError(
            "no mirror of the Debian archive is among this machine's apt sources, to take Docker from",
            location="/etc/apt/sources.list.d",
            remedy=f"Add one (suite bookworm, component main), run `apt-get update`, and try again. Or: {remedy}",
        )
    uris = list(dict.fromkeys(source.uri for source in mirrors))
    # A key for this mirror is the host's own matter; where the entry names none, apt's usual keyrings hold it.
    signed_by = mirrors[0].signed_by or f"{DEBIAN_KEYRING}.gpg"
    source = (
        "# Made by Homeroom: Docker and Compose of Debian 13, for Debian 12 (see preferences.d).\n"
        f"Types: deb\nURIs: {' '.join(uris)}\nSuites: {RELEASE}\nComponents: main\nSigned-By: {signed_by}\n"
    )
    # Any priority above 0 makes a candidate of a package that Debian 12 lacks or that was installed by hand, hence -1.
    pin = (
        "# Made by Homeroom: of Debian 13 only what the container engine needs; nothing else of it is ever chosen.\n"
        f"Package: *\nPin: release n={RELEASE}\nPin-Priority: -1\n\n"
        f"Package: {' '.join(FROM_TRIXIE)}\nPin: release n={RELEASE}\nPin-Priority: 100\n"
    )
    return InstallPlan(packages, origin=f"Debian 13's packages at {' '.join(uris)}", source=source, pin=pin)


def refusal(policy: InstallPolicy) -> str:
    """Why nothing may be installed."""
    missing = "a usable container engine with Compose v2 is missing"
    return f"{missing}, and " + (
        "INSTALL_ENGINE=never forbids installing it" if policy == "never" else "only root can install it"
    )


def allow_install(plan: InstallPlan, policy: InstallPolicy, ask: Callable[[str], bool] | None) -> None:
    """Return when the plan may be carried out; without a terminal `ask` counts as yes, and the plan is said.

    :raises InstallRefused: otherwise, with the commands to do it by hand.
    """
    by_hand = "Do it yourself, as root:" + indented(plan.commands())
    if policy == "never" or os.geteuid() != 0:
        raise InstallRefused(refusal(policy), remedy=by_hand)
    if policy == "ask" and ask is not None:
        if not ask(f"No usable container engine here. Install {plan.say()}?"):
            raise InstallRefused("the container engine was not installed", remedy=by_hand)
    else:
        note(f"Installing {plan.say()}.")


def terminal_question() -> Callable[[str], bool] | None:
    """How to ask the operator yes or no; None without a terminal."""
    if not (sys.stdin.isatty() and out.is_terminal):
        return None
    return lambda question: out.input(f"{question} [Y/n] ").strip().lower() in ("", "y", "yes")


InstallPolicy = Literal["ask", "always", "never"]
Part = Literal["engine", "compose", "buildx"]


# What gives each part, by family. Not runc of trixie: it needs a newer libc than Debian 12 has.
PACKAGES: Mapping[str, Mapping[Part, tuple[str, ...]]] = {
    "debian": {
        "engine": ("docker.io", "docker-cli", "iptables"),
        "compose": ("docker-compose",),
        "buildx": ("docker-buildx",),
    },
    "ubuntu": {"engine": ("docker.io",), "compose": ("docker-compose-v2",), "buildx": ("docker-buildx",)},
}
