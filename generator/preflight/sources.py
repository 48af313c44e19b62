"""The servers that this machine is set up to use anyway: apt's mirror, pip's index, the HTTP proxy."""

from __future__ import annotations

import configparser
import importlib
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_APT = Path("/etc/apt")


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Addresses of servers, each None where the machine names none, and the proxies by scheme."""

    mirror: str | None
    index: str | None
    proxies: Mapping[str, str]


def parse_apt_lines(text: str) -> Iterator[tuple[str, str]]:
    """The (address, suite) pairs of a one-line-style apt source list."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^\]]*\]\s*)?(\S+)\s+(\S+)", line)
        if match:
            yield match[1], match[2]


def parse_apt_stanzas(text: str) -> Iterator[tuple[str, str]]:
    """The (address, suite) pairs of a deb822-style apt source file; disabled stanzas are left out."""
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", kept):
        unfolded = re.sub(r"\n[ \t]+", " ", stanza)
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", unfolded, re.MULTILINE))
        fields = {name.lower(): value.split() for name, value in fields.items()}
        if fields.get("enabled", ["yes"]) == ["no"] or "deb" not in fields.get("types", []):
            continue
        for address in fields.get("uris", []):
            for suite in fields.get("suites", [])[:1]:
                yield address, suite


def pick_mirror(pairs: Iterable[tuple[str, str]], codename: str) -> str | None:
    """The address of the distribution's own source, else the first one; only http and https count."""
    web = [(address, suite) for address, suite in pairs if urlsplit(address).scheme in ("http", "https")]
    own = [address for address, suite in web if codename and suite.split("-")[0].rstrip("/") == codename]
    return (own or [address for address, _ in web] or [None])[0]


def read_mirror() -> str | None:
    """The apt mirror of this machine's own sources; None on a system without apt."""
    pairs: list[tuple[str, str]] = []
    for path in sorted([_APT / "sources.list", *_APT.glob("sources.list.d/*")]):
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        if path.suffix == ".sources":
            pairs += parse_apt_stanzas(text)
        elif path.suffix == ".list":
            pairs += parse_apt_lines(text)
    return pick_mirror([_resolved(pair) for pair in pairs], _codename())


def _resolved(pair: tuple[str, str]) -> tuple[str, str]:
    """Follow `mirror+file:/etc/apt/mirrors/...`, as cloud images have it, to the first mirror in that file."""
    address, suite = pair
    if not address.startswith("mirror+file:"):
        return pair
    try:
        lines = Path("/" + address.removeprefix("mirror+file:").lstrip("/")).read_text().split()
    except OSError:
        return pair
    return next((word for word in lines if word.startswith("http")), address), suite


def _codename() -> str:
    try:
        match = re.search(r"^VERSION_CODENAME=\"?(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)
    except OSError:
        return ""
    return match[1] if match else ""


def read_index(environment: Mapping[str, str]) -> str | None:
    """The package index that pip is set up for, or pip's own default; None where that is no web server."""
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if environment.get(name):
            return _web(environment[name])
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    home = Path(environment.get("HOME", "/nonexistent"))
    files = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", home / ".pip/pip.conf", home / ".config/pip/pip.conf"]
    files += [Path(sys.prefix) / "pip.conf", *filter(None, [environment.get("PIP_CONFIG_FILE")])]
    try:
        settings.read(files)
    except (configparser.Error, UnicodeDecodeError):
        return None
    for section in ("install", "global"):
        if settings.has_option(section, "index-url"):
            return _web(settings.get(section, "index-url"))
    if any(settings.getboolean(section, "no-index", fallback=False) for section in ("install", "global")):
        return None
    try:
        # pip knows its default, so that it stands nowhere else.
        return _web(str(importlib.import_module("pip._internal.models.index").PyPI.simple_url))
    except (ImportError, AttributeError):
        return None


def _web(address: str) -> str | None:
    return address if urlsplit(address).scheme in ("http", "https") else None


def read_proxies() -> dict[str, str]:
    """The HTTP proxies by scheme: the environment's, else apt's own."""
    proxies = {scheme: url for scheme, url in urllib.request.getproxies().items() if scheme in ("http", "https")}
    if proxies:
        return proxies
    command = ["apt-config", "shell", "HTTP", "Acquire::http::Proxy", "HTTPS", "Acquire::https::Proxy"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=2, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found = re.findall(r"^(HTTPS?)='(https?://[^']+)'", done.stdout, re.MULTILINE)
    return {scheme.lower(): url for scheme, url in found}


def read_sources() -> Sources:
    """Read all of it from this machine's configuration; nothing is asked over the network."""
    return Sources(mirror=read_mirror(), index=read_index(os.environ), proxies=read_proxies())
