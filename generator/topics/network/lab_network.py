"""What labs are given of this machine's network: the certificates it trusts beside the public ones, its HTTP proxy, and
its package index. Builds have the same (`host_network`). Where the machine has none of its own, nothing changes.

Labs are other people's, so what could be misused is not given unless a setting says it: no password of a proxy or an
index. What labs could not reach is not given either, since programs would ask it in vain.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

import certifi

from generator.core.errors import HomeroomError
from generator.core.finding import Finding, warning
from generator.core.host_network import LOOPBACK, find_ca_bundle, is_http, pip_conf, read_pip_settings, read_proxies
from generator.schema.settings import Settings
from generator.schema.types import AUTO, OFF
from generator.topics.network import firewall

CERTIFICATES = "lab/ca-certificates.crt"
PIP_CONF = "lab/pip.conf"
TARGETS = {CERTIFICATES: "/etc/ssl/certs/ca-certificates.crt", PIP_CONF: "/etc/pip.conf"}
"""The files by their names in `rendered/`, with where labs have them: where programs look anyway."""
CA_VARIABLES = (
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
)
"""For programs that bring certificates of their own and would not look there."""
OWN_HOST = "localhost,127.0.0.1,::1"
PUBLIC = Path("usr/share/ca-certificates")
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----")


@dataclass(frozen=True)
class LabNetwork:
    """What labs are given.

    :param files: texts by their names in `rendered/`; TARGETS says where labs have them.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def mounts(self, rendered: Path) -> dict[str, str]:
        """The files' paths on this machine, with their targets."""
        return {str(rendered / name): TARGETS[name] for name in self.files}


def load(settings: Settings, environ: Mapping[str, str] = os.environ, root: Path = Path("/")) -> LabNetwork:
    """What labs are given by the settings, and by this machine where they say `auto`. Reads only.

    :param root: where `/etc` and `/usr` are looked for, for the tests.
    :raises HomeroomError: LAB_CERTIFICATES names no file with certificates.
    """
    files: dict[str, str] = {}
    environment: dict[str, str] = {}
    findings: list[Finding] = []
    if bundle := certificates(settings.LAB_CERTIFICATES, environ, root):
        files[CERTIFICATES] = bundle
        environment |= dict.fromkeys(CA_VARIABLES, TARGETS[CERTIFICATES])
    environment |= proxies(settings, environ, findings)
    if index := pip_settings(settings, environ, root, findings):
        files[PIP_CONF] = index
    return LabNetwork(files, environment, tuple(findings))


def certificates(value: str, environ: Mapping[str, str], root: Path) -> str:
    """The public certificates with this machine's own; empty where it has none of its own."""
    if value == OFF:
        return ""
    bundle = find_ca_bundle(environ, root) if value == AUTO else Path(value)
    try:
        given = _bodies(bundle.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        given, reason = [], f"cannot be read: {error.strerror}"
    else:
        reason = "holds no certificate (BEGIN CERTIFICATE)"
    if not given and value != AUTO:
        remedy = "Name a PEM file, or set LAB_CERTIFICATES=auto."
        raise HomeroomError(f"{value} {reason}", location=".env: LAB_CERTIFICATES", remedy=remedy)
    public = Path(certifi.where()).read_text(encoding="utf-8")
    known = {_plain(body) for body in _bodies(public)}
    if value == AUTO:
        for path in (root / PUBLIC).rglob("*.crt"):
            with contextlib.suppress(OSError):
                known |= {_plain(body) for body in _bodies(path.read_text(encoding="utf-8", errors="replace"))}
    own = dict.fromkeys(_plain(body) for body in given if _plain(body) not in known)
    return public + "".join(map(_pem, own)) if own else ""


def _bodies(text: str) -> list[str]:
    return CERTIFICATE.findall(text)


def _plain(body: str) -> str:
    return "".join(body.split())


def _pem(body: str) -> str:
    lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def proxies(settings: Settings, environ: Mapping[str, str], findings: list[Finding]) -> dict[str, str]:
    """The proxy's variables in both spellings; a lab's own addresses are never asked of a proxy."""
    if settings.LAB_PROXY == OFF:
        return {}
    machines = read_proxies(environ)
    skipped = ",".join(dict.fromkeys([*OWN_HOST.split(","), *filter(None, machines.get("NO_PROXY", "").split(","))]))
    if settings.LAB_PROXY == AUTO:
        given = {
            name: url
            for name, url in machines.items()
            if name.upper() in ("HTTP_PROXY", "HTTPS_PROXY")
            and _may_have(url, settings, findings, "this machine's HTTP proxy", "LAB_PROXY")
        }
    else:
        names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
        given = dict.fromkeys(names, settings.LAB_PROXY)
        findings += _closed(settings.LAB_PROXY, settings, "LAB_PROXY")
    return {**given, "NO_PROXY": skipped, "no_proxy": skipped} if given else {}


def pip_settings(settings: Settings, environ: Mapping[str, str], root: Path, findings: list[Finding]) -> str:
    """The labs' `/etc/pip.conf`; what a user's own says goes before it. Empty: there is none."""
    if settings.LAB_PIP_INDEX == OFF:
        return ""
    if settings.LAB_PIP_INDEX != AUTO:
        findings += _closed(settings.LAB_PIP_INDEX, settings, "LAB_PIP_INDEX")
        return pip_conf({"index-url": settings.LAB_PIP_INDEX})
    home = Path(environ.get("HOME") or "/nonexistent")
    machines = read_pip_settings(environ, root, home)
    given = {
        name: " ".join(
            url
            for url in machines.get(name, "").split()
            if is_http(url) and _may_have(url, settings, findings, "this machine's package index", "LAB_PIP_INDEX")
        )
        for name in ("index-url", "extra-index-url")
    }
    if not any(given.values()):
        return ""
    return pip_conf({**given, "trusted-host": machines.get("trusted-host", "")})


def _may_have(url: str, settings: Settings, findings: list[Finding], what: str, setting: str) -> bool:
    """Whether labs are given an address of this machine's; why not is told once."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host = parts.hostname or ""
    shown = f"{host}:{parts.port}" if parts.port else host
    found = list(_closed(url, settings, setting))
    if parts.username or parts.password:
        remedy = f"Set {setting} to the address for labs, with a password if all users may know it; or to off."
        found = [
            warning(
                "labs' network",
                f"{what} {shown} has a password, which labs are not given",
                location=f".env: {setting}",
                remedy=remedy,
            )
        ]
    elif LOOPBACK.fullmatch(host):
        remedy = f"Set {setting} to an address of it that labs reach, and open that in LAB_OPEN_NETWORKS; or to off."
        cause = f"{what} listens on this machine alone ({shown}), where labs cannot reach it"
        found = [warning("labs' network", cause, location=f".env: {setting}", remedy=remedy)]
    findings += [one for one in found if one not in findings]
    return not found


def _closed(url: str, settings: Settings, setting: str) -> Iterator[Finding]:
    """A warning where the labs' firewall is in the way."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    closed = [IPv4Network(network) for network in firewall.CLOSED]
    openings = firewall.parse_openings(settings.LAB_OPEN_NETWORKS)
    for address in _addresses(parts.hostname or "") if settings.LAB_FIREWALL == "on" else []:
        opened = any(address in one.network and one.port in (None, port) for one in openings)
        if any(address in network for network in closed) and not opened:
            yield warning(
                "labs' network",
                f"{parts.hostname}:{port} is closed to labs by the firewall",
                location=f".env: {setting}",
                remedy=f"Add {address}:{port} to LAB_OPEN_NETWORKS, or set {setting}=off.",
            )


def _addresses(host: str) -> list[IPv4Address]:
    """The addresses of a host; none where its name is not known."""
    try:
        rows = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({IPv4Address(str(row[4][0])) for row in rows})
