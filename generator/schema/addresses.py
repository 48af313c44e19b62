"""Addresses of web servers, as files of `site/` name them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def check_https(value: str, *, example: str, risk: str, query: bool = False) -> str:
    """Require an address that begins with https://; this machine's own may be without, for a trial.

    :param risk: what could be done on the way without it, in words that follow `so that`.
    :param query: whether the address may have one.
    :raises ValueError: it is another, in words.
    """
    parts = urlsplit(value)
    try:
        host = parts.hostname or ""
        parts.port  # noqa: B018 - it raises for one that is none
    except ValueError:
        host = ""
    odd = parts.fragment or parts.username or (parts.query and not query) or not value.isprintable() or " " in value
    if not host or odd or parts.scheme not in ("https", "http"):
        raise ValueError(f"is not an address such as {example}")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"begins with http://, so that {risk}; it must begin with https://")
    return value


def is_loopback(host: str) -> bool:
    """Whether a host of an address is the machine's own to whoever asks for it: `localhost`, or an address of it. Other
    names, `hub.localhost` too, are looked up, and somebody else may answer. The hub has the same in
    `homeroom.hub.loopback`."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
