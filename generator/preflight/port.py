"""The ports on which hub and edge are published: are they free, and if not, who has them?"""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from generator.core.finding import Finding, error, ok
from generator.preflight.engine_state import Container, EngineState
from generator.preflight.requirements import Requirements
from generator.preflight.subject import Subject

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
PROXY_SERVICE, EDGE_SERVICE = "proxy", "edge"
_LISTEN = "0A"
_TRIED_PORTS = 50


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A listening TCP socket of this machine."""

    address: IPAddress
    port: int
    inode: int


@dataclass(frozen=True, kw_only=True)
class Process:
    """Who holds a socket; `command` is its command line."""

    pid: int
    command: str


@dataclass(frozen=True, kw_only=True)
class PortFacts:
    """What the machine says about one address and port.

    :param address_errno: why nothing can be bound to the address at all, or None.
    :param port_errno: why the port cannot be bound there, or None.
    :param listening: whether /proc knows a listener in the way.
    :param holders: the listening processes, as far as this user may see them.
    :param unprivileged_from: the first port that needs no privilege.
    :param free_port: a port of that address that is free, or None.
    """

    address_errno: int | None
    port_errno: int | None
    listening: bool
    holders: tuple[Process, ...]
    unprivileged_from: int
    free_port: int | None
    addresses: tuple[str, ...]


def parse_listeners(text: str) -> list[Listener]:
    """The listening sockets in the text of /proc/net/tcp or tcp6."""
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTEN:
            address, port = fields[1].split(":")
            found.append(Listener(address=_address(address), port=int(port, 16), inode=int(fields[9])))
    return found


def _address(digits: str) -> IPAddress:
    """The kernel prints each 32-bit word of an address as a number of the machine's own byte order."""
    words = [int(digits[start : start + 8], 16) for start in range(0, len(digits), 8)]
    address = ipaddress.ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words))
    return getattr(address, "ipv4_mapped", None) or address


def parse_local_addresses(text: str) -> list[str]:
    """The IPv4 addresses of this machine in the text of /proc/net/fib_trie, loopback last."""
    found = dict.fromkeys(re.findall(r"\|-- (\S+)\n\s+/32 host LOCAL", text))
    return sorted(found, key=lambda address: ipaddress.ip_address(address).is_loopback)


def in_the_way(one: IPAddress, other: IPAddress) -> bool:
    """Whether two listeners on one port exclude each other. `::` usually takes IPv4 along."""
    if one == other or "::" in (str(one), str(other)):
        return True
    return one.version == other.version and (one.is_unspecified or other.is_unspecified)


def bind_errno(ip: str, port: int) -> int | None:
    """Try to listen as the engine will, and let go at once; the errno of the refusal, or None."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            trial.bind((ip, port))
            trial.listen()
    except OSError as refusal:
        return refusal.errno
    return None


def read_listeners(port: int) -> list[Listener]:
    """Who listens on `port` on any address of this machine."""
    found = []
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with suppress(OSError):
            found += [listener for listener in parse_listeners(table.read_text()) if listener.port == port]
    return found


def holders_of(inodes: Iterable[int]) -> list[Process]:
    """The processes that hold these sockets; without root only one's own are seen."""
    requirements = {f"socket:[{inode}]" for inode in inodes}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(_link(descriptor.path) in requirements for descriptor in os.scandir(process / "fd")):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                found.append(Process(pid=int(process.name), command=command or (process / "comm").read_text().strip()))
    return found


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def read_port(ip: str, port: int, taken: Callable[[int], bool]) -> PortFacts:
    """Look at one address and port; `taken` says of a port whether a container publishes it."""
    address_errno = bind_errno(ip, 0)
    port_errno = None if address_errno else bind_errno(ip, port)
    rivals = [one for one in read_listeners(port) if in_the_way(one.address, ipaddress.ip_address(ip))]
    candidates = range(port + 1, port + _TRIED_PORTS) if port >= 1024 else range(8000, 8000 + _TRIED_PORTS)
    free = next((one for one in candidates if one < 65536 and not taken(one) and bind_errno(ip, one) is None), None)
    return PortFacts(
        address_errno=address_errno,
        port_errno=port_errno,
        listening=bool(rivals),
        holders=tuple(holders_of(one.inode for one in rivals)) if rivals else (),
        unprivileged_from=_number(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start"), 1024),
        free_port=free,
        addresses=tuple(parse_local_addresses(_text(Path("/proc/net/fib_trie")))),
    )


def publishers(containers: Sequence[Container], ip: str, port: int) -> list[Container]:
    """The containers that publish `port` on an address in the way of `ip`."""
    wanted = ipaddress.ip_address(ip)
    return [
        container
        for container in containers
        if any(held == port and in_the_way(ipaddress.ip_address(at), wanted) for at, held in container.ports)
    ]


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port to be published: the setting that says which, and the service that will hold it."""

    setting: str
    number: int
    service: str


def hub_port(requirements: Requirements) -> Port:
    """The proxy's own."""
    return Port(setting="HUB_PORT", number=requirements.hub_port, service=PROXY_SERVICE)


def judge_port(
    requirements: Requirements,
    containers: Sequence[Container],
    facts: PortFacts,
    *,
    rootless: bool,
    port: Port | None = None,
) -> Finding:
    """Pass a port that is free or held by this deployment itself; else name who has it.

    :param port: another than the hub's own.
    """
    port = port or hub_port(requirements)
    where = (
        f"[{requirements.hub_ip}]:{port.number}"
        if ":" in requirements.hub_ip
        else f"{requirements.hub_ip}:{port.number}"
    )
    if facts.address_errno is not None:
        return error(
            "port",
            f"{requirements.hub_ip} is not an address of this machine ({os.strerror(facts.address_errno)})",
            location=".env: HUB_IP",
            remedy=f"Set HUB_IP to 0.0.0.0 (all addresses) or one of {', '.join(facts.addresses) or '127.0.0.1'}.",
        )
    if rootless and port.number < facts.unprivileged_from:
        return error(
            "port",
            f"a rootless engine may not publish port {port.number}, below {facts.unprivileged_from}",
            location=f".env: {port.setting}",
            remedy=f"Set {port.setting}={facts.free_port or 8000}, or run "
            f"`sudo sysctl net.ipv4.ip_unprivileged_port_start={port.number}` "
            "(and write it to /etc/sysctl.d/ to keep it).",
        )
    others = [
        one for one in publishers(containers, requirements.hub_ip, port.number) if not _is_own(one, requirements, port)
    ]
    if others:
        return _taken(requirements, port, _container_in_words(others[0]), facts)
    if publishers(containers, requirements.hub_ip, port.number):
        return ok("port", f"{where} is used by this deployment's own {port.service}")
    # Below 1024 an ordinary user's trial says EACCES, taken or not: there the kernel's table decides.
    if facts.port_errno == errno.EADDRINUSE or (facts.port_errno == errno.EACCES and facts.listening):
        if facts.holders:
            holders = "; ".join(f"process {one.pid} (`{one.command[:100]}`)" for one in facts.holders)
            return _taken(requirements, port, holders, facts)
        return _taken(requirements, port, "a process that this user may not see", facts)
    if facts.port_errno is not None and facts.port_errno != errno.EACCES:
        return error(
            "port",
            f"nothing can listen on {where}: {os.strerror(facts.port_errno)}",
            location=f".env: {port.setting}",
            remedy=f"Set {port.setting}={facts.free_port or 8000}.",
        )
    return ok("port", f"{where} is free")


def _is_own(container: Container, requirements: Requirements, port: Port) -> bool:
    same = not container.directory or Path(container.directory).resolve() == requirements.directory.resolve()
    return container.project == requirements.project and container.service == port.service and same


def _container_in_words(container: Container) -> str:
    if not container.project:
        return f"the container {container.name}"
    where = f" in {container.directory}" if container.directory else ""
    return f"the container {container.name} (Compose project {container.project}{where})"


def _taken(requirements: Requirements, port: Port, by: str, facts: PortFacts) -> Finding:
    unknown = not (facts.holders or by.startswith("the container"))
    look = f" Find it with `sudo ss -ltnp 'sport = :{port.number}'`." if unknown else ""
    another = (
        f"set {port.setting}={facts.free_port}, which is free" if facts.free_port else f"set another {port.setting}"
    )
    return error(
        "port",
        f"port {port.number} on {requirements.hub_ip} is taken by {by}",
        location=f".env: {port.setting}",
        remedy=f"Stop it, or {another}.{look}",
    )


def check_port(requirements: Requirements, engine: EngineState | None) -> list[Finding]:
    """Read and judge the ports to be published; without an engine no container holds one."""
    containers = engine.containers if engine else ()
    rootless = engine is not None and engine.rootless
    edge = [Port(setting=name, number=number, service=EDGE_SERVICE) for name, number in requirements.edge_ports.items()]
    found = []
    for port in (hub_port(requirements), *edge):
        facts = read_port(
            requirements.hub_ip, port.number, lambda one: bool(publishers(containers, requirements.hub_ip, one))
        )
        found.append(judge_port(requirements, containers, facts, rootless=rootless, port=port))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _number(path: Path, otherwise: int) -> int:
    text = _text(path).strip()
    return int(text) if text.isdigit() else otherwise


ORDER = 70


def check(subject: Subject) -> list[Finding]:
    """Whether the hub's port is free."""
    return check_port(subject.requirements, subject.engine_state)
