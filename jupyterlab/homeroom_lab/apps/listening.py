"""Which ports of the lab have a listener, and which program that is."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
LISTENING = "0A"
REACHED = frozenset(
    {
        "0100007F",  # 127.0.0.1
        "00000000",  # 0.0.0.0
        "0" * 24 + "01000000",  # ::1
        "0" * 32,  # ::
    }
)
"""Addresses at which this machine reaches itself, as the tables write them; not that of the engine's resolver."""
NOT_APPLICATIONS = ("debugpy",)
"""In the command of what listens for other programs."""
GREETING_SECONDS = 1.0
"""How long a port of a kernel's process is listened to. ZeroMQ greets at once, however busy the kernel is."""


@dataclass
class Program:
    """A process that holds some of the sockets in question."""

    command: list[str]
    sockets: set[int] = field(default_factory=set)

    def is_started_as_kernel(self) -> bool:
        """Whether the command names a connection file, as any kernel's does, whoever starts it."""
        return any(word.endswith(".json") for word in self.command)


def listening(table: str) -> dict[int, int]:
    """The ports in a table of the kernel's, each with the number of its socket."""
    found = {}
    for line in table.splitlines()[1:]:
        fields = line.split()
        address, _, port = fields[1].partition(":")
        if fields[3] == LISTENING and address in REACHED:
            found[int(port, 16)] = int(fields[9])
    return found


def host_of(port: int, tables: Iterable[Path] = TABLES) -> str:
    """The address of this machine at which a program listens on a port, as in a URL. Asking for `localhost` would look
    it up each time, and try the wrong one first."""
    old, new = (table.read_text(encoding="ascii") if table.exists() else "" for table in tables)
    return "[::1]" if port in listening(new) and port not in listening(old) else "127.0.0.1"


def programs(sockets: Collection[int], processes: Path = Path("/proc")) -> list[Program]:
    """The programs that hold these sockets."""
    wanted = {f"socket:[{number}]": number for number in sockets}
    found = []
    for process in processes.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            held = {wanted[link] for link in map(_leads_to, (process / "fd").iterdir()) if link in wanted}
            if held:
                found.append(Program((process / "cmdline").read_bytes().decode(errors="replace").split("\0"), held))
    return found


def _leads_to(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed meanwhile
        return ""


def _name(command: list[str]) -> str:
    """A command as people know it: the script or module rather than Python, and no options."""
    words = [word for word in command if word]
    name = Path(words[0]).name if words else "?"
    if name.startswith("python"):
        further = [word for word in words[1:] if not word.startswith("-")]
        return " ".join(Path(word).name for word in further[:3]) or name
    return " ".join([name, *(Path(word).name for word in words[1:3] if not word.startswith("-"))])


@lru_cache(maxsize=1024)
def greets(port: int, number: int) -> bool:
    """Whether a port says something before it is asked, as ZeroMQ's do, and no web application's.

    :param number: its socket's, which is asked once: the page looks every few seconds.
    """
    try:
        with socket.create_connection((host_of(port).strip("[]"), port), timeout=GREETING_SECONDS) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False


def applications(kernels: Collection[int], tables: Iterable[Path] = TABLES) -> list[tuple[int, str, str]]:
    """The ports on which an application may listen, with its program and where below `proxy/` it is seen.

    A kernel opens ports of its own beyond those that it is given (ipykernel one, for what its children print), and
    people open others in it: what a kernel's process holds is an application unless it greets.

    :param kernels: the ports that the server has given to its kernels.
    """
    ports: dict[int, int] = {}
    for table in tables:
        if table.exists():
            ports |= listening(table.read_text(encoding="ascii"))
    given = {ports[port] for port in kernels if port in ports}
    holding = programs(ports.values())
    commands = {number: one.command for one in holding for number in one.sockets}
    of_kernels = {
        number for one in holding if one.sockets & given or one.is_started_as_kernel() for number in one.sockets - given
    }
    found = []
    for port, number in sorted(ports.items()):
        if port in kernels or (number in of_kernels and greets(port, number)):
            continue
        command = commands.get(number, [])
        whole = f"absolute/{port}"  # it was told its path, and answers nowhere else
        path = whole if any(word.endswith(f"/proxy/{whole}") for word in command) else str(port)
        found.append((port, _name(command), path))
    return [each for each in found if not any(word in each[1] for word in NOT_APPLICATIONS)]
