"""The labs' firewall, and what labs are given of the machine's network."""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Network
from pathlib import Path

from generator.core.paths import RENDERED
from generator.engine.resources import resource_names
from generator.preflight import host_routes
from generator.rendering.context import Context, Rendered
from generator.rendering.template import render as filled
from generator.schema.settings import Settings
from generator.topics.network import firewall, lab_network

FIREWALL_RULES = "firewall.nft"
FILES = {FIREWALL_RULES: "firewall", **dict.fromkeys(lab_network.TARGETS, "")}
"""What it may write, with the service that reads it at its start; labs read the rest."""
TEMPLATE = Path(__file__).with_name("firewall.nft.j2")


def render(context: Context) -> Rendered:
    """The network's name, and what labs have of this machine's certificates, proxy and package index."""
    settings, given = context.settings, lab_network.load(context.settings)
    name, files = resource_names(settings)["lab_network"], given.mounts(RENDERED)
    return Rendered(
        hub={"lab_network": name, "network_environment": dict(given.environment), "network_files": files},
        guard={
            "networks": [name],
            "firewall": settings.LAB_FIREWALL == "on",
            "fetch_environment": sorted(f"{name}={value}" for name, value in given.environment.items()),
            "binds": [{"source": path, "target": target, "read_only": True} for path, target in files.items()],
        },
        files={FIREWALL_RULES: firewall_rules(settings, _name_servers()), **given.files},
    )


def firewall_rules(settings: Settings, name_servers: list[str]) -> str:
    """The text of `firewall.nft`: what labs may reach. It holds a digest of itself, which the kernel keeps with the
    rules, so that it can be told whether these very rules are in force.

    :param name_servers: those that this machine uses; the engine asks them from within a lab's network.
    """
    values = {
        "on": settings.LAB_FIREWALL == "on",
        "table": f"homeroom_{settings.COMPOSE_PROJECT_NAME}",
        "lab_subnet": settings.LAB_SUBNET,
        "gateway": IPv4Network(settings.LAB_SUBNET)[1],
        "openings": firewall.parse_openings(settings.LAB_OPEN_NETWORKS),
        "name_servers": sorted(name_servers),
        "closed": firewall.CLOSED,
        "most_connections": firewall.MOST_CONNECTIONS,
    }
    digest = hashlib.sha256(filled(TEMPLATE, {"digest": "", **values}).encode()).hexdigest()[:16]
    return filled(TEMPLATE, {"digest": digest, **values})


def _name_servers() -> list[str]:
    return [route.subnet.removesuffix("/32") for route in host_routes() if route.via == "name server"]
