"""The labs' firewall: what of private networks and of this machine labs may reach.

`firewall.nft.j2` prints the rules, the service `firewall` keeps them in force (`jupyterhub/firewall.sh`).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

CLOSED = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",  # carrier-grade NAT; some clouds and VPNs
    "127.0.0.0/8",
    "169.254.0.0/16",  # with 169.254.169.254, the clouds' metadata
    "172.16.0.0/12",
    "192.0.0.0/24",  # with 192.0.0.192, another cloud's metadata
    "192.168.0.0/16",
    "198.18.0.0/15",
    "240.0.0.0/4",
)
"""The networks that are not the internet's: RFC 6890's, but for those that exist in documentation only."""

MOST_CONNECTIONS = 2000
"""That a lab may have at a time, those included that ended in silence. Kernels keep 65536 or more, for all together."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Something that labs may reach in spite of the firewall.

    :param network: one address is a network of /32.
    :param port: of TCP and UDP; None: all of both.
    """

    network: IPv4Network
    port: int | None = None

    @property
    def is_address(self) -> bool:
        """Whether it is one address: only so does it open a service of this machine itself."""
        return self.network.prefixlen == self.network.max_prefixlen

    @property
    def match(self) -> str:
        """Its condition in a rule."""
        destination = f"ip daddr {self.network.with_prefixlen.removesuffix('/32')}"
        return destination if self.port is None else f"{destination} meta l4proto {{ tcp, udp }} th dport {self.port}"


def parse_openings(value: str) -> tuple[Opening, ...]:
    """`10.1.2.0/24,10.9.8.7:443` as openings.

    :raises ValueError: for a part that is neither a network nor an address of IPv4, with a port or without.
    """
    return tuple(_opening(part.strip()) for part in value.split(",") if part.strip())


def _opening(part: str) -> Opening:
    place, colon, port = part.partition(":")
    try:
        network = IPv4Network(place)
    except ValueError as error:
        if "host bits" in str(error):
            raise ValueError(f"has {part}, which is no network; {IPv4Network(place, strict=False)} is") from None
        raise ValueError(
            f"has {part}, which is no network or address of IPv4, such as 10.1.2.0/24, 10.9.8.7 or 10.9.8.7:443 "
            "(of a name, put in the address that `getent ahostsv4 NAME` shows)"
        ) from None
    if not colon:
        return Opening(network=network)
    if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        raise ValueError(f"has {part}, in which {port or 'nothing'} is no port")
    return Opening(network=network, port=int(port))


def check_openings(value: str) -> str:
    """Hand the value of a setting back. :raises ValueError: as `parse_openings` does."""
    parse_openings(value)
    return value
