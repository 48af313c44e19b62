"""The labs' private network: does it overlap one that this machine uses already?"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path

from generator.core.finding import Finding, error, ok, warning
from generator.preflight.engine_state import EngineState, Network
from generator.preflight.requirements import Requirements
from generator.preflight.subject import Subject

SUBNET_PREFIX = 20
BROAD_PREFIX = 12
"""A route at least this broad (a VPN's 10.0.0.0/8) leaves its addresses to the labs' more exact one: bearable."""
LABS_NETWORK = "labs"
ENGINE_BRIDGE = re.compile(r"interface (br-[0-9a-f]{12}|(docker|podman|cni-podman)\d+)")


@dataclass(frozen=True, kw_only=True)
class Route:
    """A range of addresses that this machine reaches by something other than its default route."""

    subnet: str
    via: str
    """In words: `interface eth0`, `name server`."""

    @property
    def network(self) -> IPv4Network:
        """The range itself."""
        return IPv4Network(self.subnet)


def parse_routes(text: str) -> list[Route]:
    """The routes in the text of /proc/net/route, without default routes and their halves as VPNs set them."""
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        # Numbers of the machine's own byte order, printed in hexadecimal.
        start, mask = (IPv4Address(int(fields[column], 16).to_bytes(4, sys.byteorder)) for column in (1, 7))
        network = IPv4Network(f"{start}/{mask}")
        if network.prefixlen > 1:
            found.append(Route(subnet=str(network), via=f"interface {fields[0]}"))
    return found


def parse_name_servers(text: str) -> list[Route]:
    """The IPv4 name servers in the text of a resolv.conf, but for those on this machine itself."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            address = IPv4Address(words[1])
        except AddressValueError:
            continue
        if not address.is_loopback:
            found.append(Route(subnet=f"{address}/32", via="name server"))
    return found


def host_routes() -> list[Route]:
    """What of the private ranges this machine uses itself: its routes and its name servers. Needs no engine."""
    # systemd-resolved writes itself into /etc/resolv.conf and the real servers into its own file.
    resolvers = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
    found = parse_routes(_text(Path("/proc/net/route")))
    for path in resolvers:
        found += parse_name_servers(_text(path))
    return list(dict.fromkeys(found))


def free_subnet(taken: Iterable[str], project: str = "") -> str:
    """A free /20 of 10.213.0.0/16 to 10.254.0.0/16, else of 172.16.0.0/12 and 192.168.0.0/16.

    Where broad routes take all of it, they are passed over: the labs' more exact route wins against them.

    :param project: the search begins elsewhere for each name, so that two deployments that are made at once, before
        either has a network, hardly find the same; without a name it begins at the first.
    :raises LookupError: when not one is left even then.
    """
    ranges = [IPv4Network(one, strict=False) for one in taken if ":" not in one]
    for rivals in (ranges, [one for one in ranges if one.prefixlen > BROAD_PREFIX]):
        for candidate in _candidates(project):
            if not any(candidate.overlaps(rival) for rival in rivals):
                return str(candidate)
    raise LookupError("no private /20 is free on this machine")


def _candidates(project: str) -> Iterator[IPv4Network]:
    first = list(_parts([f"10.{second}.0.0/16" for second in range(213, 255)]))
    start = zlib.crc32(project.encode()) % len(first) if project else 0
    yield from [*first[start:], *first[:start]]
    # The engine hands out 172.17 and up by itself: come from the other end.
    yield from _parts([f"172.{second}.0.0/16" for second in range(31, 15, -1)] + ["192.168.0.0/16"])


def _parts(pools: Sequence[str]) -> Iterator[IPv4Network]:
    for pool in pools:
        yield from IPv4Network(pool).subnets(new_prefix=SUBNET_PREFIX)


def judge_subnet(requirements: Requirements, networks: Sequence[Network], routes: Sequence[Route]) -> Iterator[Finding]:
    """Refuse a LAB_SUBNET that overlaps another network of the engine, or one of this machine's own."""
    subnet = IPv4Network(requirements.lab_subnet)
    labs = f"{requirements.project}_{LABS_NETWORK}"
    bridges = {block for network in networks for block in network.subnets}
    # An engine network is a route too, on its bridge: it is judged once, under its own name.
    routes = [route for route in routes if route.subnet not in bridges]
    clashes = [
        f"{block} of the engine's network {network.name}"
        + (f" (Compose project {network.project})" if network.project else "")
        for network in networks
        if network.name != labs
        for block in network.subnets
        if subnet.overlaps(IPv4Network(block))
    ]
    broad: list[str] = []
    for route in routes:
        if subnet.overlaps(route.network):
            words = f"{route.subnet.removesuffix('/32')} ({route.via} of this machine)"
            (broad if route.network.prefixlen <= BROAD_PREFIX else clashes).append(words)

    remedy = f"Set LAB_SUBNET to a free network{_proposal([*bridges, *(route.subnet for route in routes)])}."
    if clashes:
        yield error(
            "subnet",
            f"{requirements.lab_subnet} overlaps {', '.join(clashes)}",
            location=".env: LAB_SUBNET",
            remedy=remedy,
        )
    elif broad:
        yield warning(
            "subnet",
            f"{requirements.lab_subnet} lies in {', '.join(broad)}: this machine no longer reaches "
            "servers of that network that have such an address",
            location=".env: LAB_SUBNET",
            remedy="Nothing to do if you use no such server; otherwise set LAB_SUBNET to an unused part of it.",
        )
    else:
        yield ok("subnet", f"{requirements.lab_subnet} is free for labs")

    current = [network for network in networks if network.name == labs]
    if current and current[0].subnets and requirements.lab_subnet not in current[0].subnets:
        make = error if requirements.lab_firewall else warning  # the firewall's rules would be for the other one
        yield make(
            "subnet",
            f"the labs' network still has {', '.join(current[0].subnets)}; LAB_SUBNET={requirements.lab_subnet} "
            "takes effect only when that network is made again",
            location=".env: LAB_SUBNET",
            remedy="Stop the labs, then run `make down` and `make up`.",
        )


def _proposal(taken: Sequence[str]) -> str:
    try:
        return f", such as LAB_SUBNET={free_subnet(taken)}"
    except LookupError:
        return ""


def routes_to_judge(routes: Sequence[Route], engine_state: EngineState | None) -> list[Route]:
    """The routes, without an engine's bridges where there is no engine to tell whose they are.

    A stopped engine leaves them behind, the deployment's own among them. They are judged once it runs.
    """
    return [route for route in routes if engine_state or not ENGINE_BRIDGE.fullmatch(route.via)]


def check_subnet(requirements: Requirements, engine_state: EngineState | None) -> list[Finding]:
    """Judge the labs' network against the engine's networks and this machine's routes."""
    return list(
        judge_subnet(
            requirements, engine_state.networks if engine_state else (), routes_to_judge(host_routes(), engine_state)
        )
    )


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


ORDER = 80


def check(subject: Subject) -> list[Finding]:
    """Whether the labs' network is free."""
    return check_subnet(subject.requirements, subject.engine_state)
