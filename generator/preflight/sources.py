"""The servers that this machine is set up to use anyway: apt's mirror, pip's index, the HTTP proxy."""

from __future__ import annotations

import importlib
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.core.host_network import is_http, read_apt_settings, read_pip_settings, read_proxies
from generator.core.process import Runner, run
from generator.engine.install_plan import read_os_release

# Without its package lists, which are not needed here, apt answers in a sixtieth of the time.
_LIST_SOURCES = (
    "apt-get",
    "-o",
    "Dir::State::Lists=/nonexistent/",
    "indextargets",
    "--no-release-info",
    "--format",
    "$(REPO_URI) $(RELEASE)",
    "Created-By: Packages",
)


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Addresses of servers, each None where the machine names none, and the HTTP proxies by scheme."""

    mirror: str | None
    index: str | None
    proxies: Mapping[str, str]


def pick_mirror(pairs: Iterable[tuple[str, str]], codename: str) -> str | None:
    """The first address of the distribution's own release, else the first of all; only http and https count."""
    web = [(address, suite) for address, suite in pairs if is_http(address)]
    own = [address for address, suite in web if suite == codename]
    return next(iter([*own, *(address for address, _ in web)]), None)


def read_mirror(runner: Runner = run) -> str | None:
    """The apt mirror of this machine's own sources; None on a system without apt."""
    if not shutil.which("apt-get"):
        return None
    done = runner(_LIST_SOURCES)
    words = [line.split() for line in done.stdout.splitlines()] if done.returncode == 0 else []
    pairs = [(_followed(pair[0]), pair[1]) for pair in words if len(pair) == 2]
    return pick_mirror(pairs, read_os_release().get("VERSION_CODENAME", ""))


def _followed(address: str) -> str:
    """Follow `mirror+file:/etc/apt/mirrors/...`, as cloud images have it, to the first mirror in that file."""
    if not address.startswith("mirror+file:"):
        return address
    try:
        words = Path("/" + address.removeprefix("mirror+file:").strip("/")).read_text().split()
    except (OSError, ValueError):
        return address
    return next((word for word in words if is_http(word)), address)


def pick_index(settings: Mapping[str, str], default: str | None) -> str | None:
    """The index that pip asks with these settings; None where it asks no web server."""
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        return None
    address = settings.get("index-url", "").strip() or default or ""
    return address if is_http(address) else None


def pip_default_index() -> str | None:
    """pip's own default; None where this Python has no pip."""
    try:
        return str(importlib.import_module("pip._internal.models.index").PyPI.simple_url)
    except (ImportError, AttributeError):
        return None


def pick_proxies(environment: Mapping[str, str], apt: Mapping[str, str]) -> dict[str, str]:
    """The HTTP proxies by scheme: the environment's, else apt's own."""
    own = {scheme: environment[f"{scheme}_proxy"] for scheme in ("http", "https") if f"{scheme}_proxy" in environment}
    if own:
        return own
    pattern = re.compile(r"Acquire::(https?)::Proxy", re.IGNORECASE)
    matches = ((pattern.fullmatch(name), value) for name, value in apt.items())
    return {match[1].lower(): value for match, value in matches if match and is_http(value)}


def read_sources(environ: Mapping[str, str], runner: Runner = run) -> Sources:
    """Read all of it from this machine's configuration; nothing is asked over the network."""
    home = Path(environ.get("HOME") or "~").expanduser()
    return Sources(
        mirror=read_mirror(runner),
        index=pick_index(read_pip_settings(environ, Path("/"), home), pip_default_index()),
        proxies=pick_proxies(read_proxies(environ), read_apt_settings(runner)),
    )
