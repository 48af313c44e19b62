"""Name resolution of the servers that a build asks."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from generator.core.finding import Finding, ok, warning
from generator.preflight.sources import Sources


def hosts_to_resolve(sources: Sources) -> list[str]:
    """The host names that this machine itself must resolve; none behind a proxy, which resolves them."""
    if sources.proxies:
        return []
    hosts = [urlsplit(url).hostname for url in (sources.mirror, sources.index) if url]
    return list(dict.fromkeys(host for host in hosts if host))


def resolve(host: str) -> str | None:
    """Why `host` does not resolve, or None where it does. Blocks as long as the resolver likes."""
    try:
        socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as refusal:
        return getattr(refusal, "strerror", None) or str(refusal)
    return None


def judge_names(answers: Mapping[str, str | None], *, proxied: bool) -> Finding:
    """Warn of names that do not resolve; only warn, since everything may be on the machine already."""
    failed = {host: why for host, why in answers.items() if why is not None}
    if proxied:
        return ok("names", "left to the HTTP proxy")
    if failed:
        return warning(
            "names",
            "; ".join(f"{host} does not resolve ({why})" for host, why in failed.items()),
            location="/etc/resolv.conf",
            remedy=f"Try `getent hosts {next(iter(failed))}`; set the name servers, or `https_proxy` where this "
            "network has a proxy. What is built already keeps working.",
        )
    return ok("names", f"{', '.join(answers)} resolve{'s' if len(answers) == 1 else ''}" if answers else "none needed")
