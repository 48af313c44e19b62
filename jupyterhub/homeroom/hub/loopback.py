"""Which hosts are this machine, where nobody listens in between."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host of an address is the machine's own to whoever asks for it: `localhost`, or an address of it. Other
    names, `hub.localhost` too, are looked up, and somebody else may answer. The generator has the same in
    `generator.schema.addresses`."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
