"""What can be reached from where: one probe, run in a lab and, as the proof that it can succeed, elsewhere."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from generator.engine.install import install_packages
from tests.hub_deployment import engine

OPEN = "open"
PORT = 8000
SERVER = ["/usr/bin/python3", "-m", "http.server", str(PORT)]
PATIENCE_SECONDS = 5
# Each target: `10.1.2.3:80`, `udp:10.1.2.3:53` (whoever is there answers whatever is sent) or the path of a socket.
PROBE = f"""
import errno, json, socket, sys
found = {{}}
for target in sys.argv[1:]:
    udp = target.startswith("udp:")
    family = socket.AF_UNIX if target.startswith("/") else socket.AF_INET
    host, _, port = target.removeprefix("udp:").rpartition(":")
    address = target if family == socket.AF_UNIX else (host, int(port))
    with socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as probe:
        probe.settimeout({PATIENCE_SECONDS})
        try:
            probe.connect(address)
            if udp:
                probe.send(b"?")
                probe.recv(64)
            found[target] = "{OPEN}"
        except OSError as error:
            found[target] = errno.errorcode.get(error.errno, "silence")
print(json.dumps(found))
"""


def reach(container: Any, *targets: str) -> dict[str, str]:
    """What becomes of each target from within a container, as its own user: OPEN, or the error's name."""
    code, output = container.exec_run(["python3", "-c", PROBE, *targets])
    assert code == 0, output.decode()
    found: dict[str, str] = json.loads(output)
    return found


def reach_from_here(*targets: str) -> dict[str, str]:
    """The same from this machine itself."""
    done = subprocess.run([sys.executable, "-c", PROBE, *targets], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def opened(found: dict[str, str]) -> set[str]:
    """The targets that were reached."""
    return {target for target, outcome in found.items() if outcome == OPEN}


def address_in(container: Any, network: str) -> str:
    """A container's address in a network of the engine."""
    container.reload()
    return str(container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"])


def gateway(network: str) -> str:
    """This machine's own address in a network of the engine."""
    (block,) = engine().networks.get(network).attrs["IPAM"]["Config"]
    return str(block.get("Gateway") or IPv4Network(block["Subnet"])[1])


@contextlib.contextmanager
def listening(*addresses: str) -> Iterator[int]:
    """A service of this machine at each of these of its addresses, TCP and UDP; gives its port."""
    with contextlib.ExitStack() as kept:
        stream = kept.enter_context(socket.create_server(("0.0.0.0", 0)))
        port = int(stream.getsockname()[1])
        for address in addresses:  # one each: an answer must come from the address that was asked
            datagrams = kept.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            datagrams.bind((address, port))
            threading.Thread(target=_echo, args=(datagrams,), daemon=True).start()
        yield port


def _echo(datagrams: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed at the end
        while True:
            datagrams.sendto(b"!", datagrams.recvfrom(64)[1])


def until_open(target: str) -> None:
    """Wait until a server that was just started answers."""
    deadline = time.monotonic() + 120
    while reach_from_here(target)[target] != OPEN:
        assert time.monotonic() < deadline, f"{target} does not answer"
        time.sleep(0.1)


@dataclass(frozen=True)
class Outside:
    """A server beside this machine, on a cable of its own and on none of the engine's networks.

    :param public: its address as one of the internet has it (from a range for documentation, which nobody has).
    :param private: its addresses in private networks.
    """

    public: str
    private: tuple[str, ...]


@contextlib.contextmanager
def outside(image: str, name: str) -> Iterator[Outside]:
    """Such a server, which listens on PORT; needs root."""
    if not shutil.which("ip"):
        install_packages(["iproute2"], "Installing iproute2")
    private = ("10.99.77.77", "172.30.77.77", "192.168.177.77", "100.99.77.77", "169.254.77.77", "198.18.77.77")
    server = Outside(public="198.51.100.77", private=private)
    container: Any = engine().containers.run(
        image, SERVER, name=name, network_mode="none", detach=True, healthcheck={"test": ["NONE"]}
    )
    here, there = f"{name[:11]}-a"[-15:], f"{name[:11]}-b"[-15:]
    try:
        container.reload()
        inside = ["nsenter", f"--net=/proc/{container.attrs['State']['Pid']}/ns/net"]
        run("ip", "link", "add", here, "type", "veth", "peer", "name", there)
        run("ip", "link", "set", there, "netns", str(container.attrs["State"]["Pid"]))
        run("ip", "link", "set", here, "up")
        run(*inside, "ip", "link", "set", there, "up")
        run(*inside, "ip", "route", "add", "default", "dev", there)
        for address in (server.public, *server.private):
            run(*inside, "ip", "address", "add", f"{address}/32", "dev", there)
            run("ip", "route", "add", f"{address}/32", "dev", here)
        until_open(f"{server.public}:{PORT}")
        yield server
    finally:
        container.remove(force=True)  # and with it the cable and its routes
        subprocess.run(["ip", "link", "delete", here], capture_output=True)


def run(*command: str) -> None:
    """Run a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"
