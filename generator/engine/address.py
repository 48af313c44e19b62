"""Where people find the hub."""

from __future__ import annotations

import ipaddress
import socket

from generator.schema.settings import Settings


def url_host(address: str) -> str:
    """An address as it stands in a URL: IPv6 goes in brackets."""
    return f"[{address}]" if ":" in address else address


def own_address() -> str:
    """The address by which others most likely reach this machine: that of its default route, or its name."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # no packet is sent: it only picks the route (RFC 5737's address)
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()


def address(settings: Settings) -> str:
    """The address to give to people."""
    if settings.HUB_HOST:
        return settings.public_url
    unspecified = ipaddress.ip_address(settings.HUB_IP).is_unspecified
    host = own_address() if unspecified else settings.HUB_IP
    port = "" if settings.HUB_PORT == 80 else f":{settings.HUB_PORT}"
    return f"http://{url_host(host)}{port}{settings.BASE_URL}"
