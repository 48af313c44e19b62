"""What labs may reach, and how."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import AUTO, OFF, WebAddress, check_path
from generator.topics.network import firewall

NETWORK = Group(title="Network", text="What labs may reach, and how.", page="labs-network")


def check_subnet(value: str) -> str:
    """Require a private IPv4 network that holds a class: /16 to /24."""
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"is not a network such as 10.213.0.0/20 ({error})") from None
    private = network.is_private and not (network.is_loopback or network.is_link_local or network.is_reserved)
    if not private or not 16 <= network.prefixlen <= 24 or value != str(network):
        raise ValueError("must be a private network of size /16 to /24, such as 10.213.0.0/20")
    return value


def check_certificates(value: str) -> str:
    """Require `auto`, `off` or an absolute path."""
    return value if value in (AUTO, OFF) else check_path(value)


Subnet = Annotated[str, AfterValidator(check_subnet)]
Certificates = Annotated[str, AfterValidator(check_certificates)]
Openings = Annotated[str, AfterValidator(firewall.check_openings)]


class NetworkSettings(Part):
    """What labs may reach, and how."""

    LAB_SUBNET: Subnet = setting(
        "10.213.0.0/20",
        About(group=NETWORK, consumers=("compose", "hub", "generator"), unit="IPv4 network", example="10.214.0.0/22"),
        """Private network of the labs. Each running lab takes one address of it, and labs cannot reach each other on
        it. `make up` picks one that is free on this machine.""",
    )
    LAB_FIREWALL: Literal["on", "off"] = setting(
        "on",
        About(group=NETWORK, consumers=("hub", "generator"), example="off"),
        """`on`: labs reach the internet, but no private networks, cloud metadata addresses or services of this machine,
        and no lab starts before the firewall is active. Rootless engines cannot have it.""",
    )
    LAB_OPEN_NETWORKS: Openings = setting(
        "",
        About(
            group=NETWORK,
            consumers=("hub", "generator"),
            unit="IPv4 networks or addresses with commas between them",
            example="10.1.2.0/24,10.9.8.7:443",
        ),
        """What labs may reach in spite of the firewall, with or without a port: `10.1.2.0/24,10.9.8.7:443`. To open a
        service of this machine, give its address; a network around it does not open it.""",
    )
    LAB_CERTIFICATES: Certificates = setting(
        AUTO,
        About(
            group=NETWORK,
            consumers=("hub", "generator"),
            unit="auto, off or a file",
            example="/etc/ssl/certs/university.pem",
        ),
        """Certificates that labs trust in addition to the public ones, for networks that inspect TLS. `auto`: those
        that were added on this machine, if any. Otherwise the path of a PEM file.""",
    )
    LAB_PROXY: WebAddress = setting(
        AUTO,
        About(
            group=NETWORK,
            consumers=("hub", "generator"),
            unit="auto, off or an address",
            example="http://proxy.example.edu:3128",
        ),
        """HTTP proxy of the labs. `auto`: the one of the shell in which you run `make up` (HTTPS_PROXY, NO_PROXY),
        unless it has a password or labs cannot reach it. Otherwise its address, which every user can read.""",
    )
    LAB_PIP_INDEX: WebAddress = setting(
        AUTO,
        About(
            group=NETWORK,
            consumers=("hub", "generator"),
            unit="auto, off or an address",
            example="https://packages.example.edu/simple",
        ),
        """Package index of `pip` in labs. `auto`: the one that pip on this machine is set to, unless it has a password
        or labs cannot reach it. Otherwise its address, which every user can read.""",
    )
