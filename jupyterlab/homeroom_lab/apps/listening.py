"""Which ports of the lab somebody listens on, and which program that is."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
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
    """The address of this machine at which somebody listens on a port, as in a URL. Asking for `localhost` would look
    it up each time, and try the wrong one first."""
    old, new = (table.read_text(encoding="ascii") if table.exists() else "" for table in tables)
    return "[::1]" if port in listening(new) and port not in listening(old) else "127.0.0.1"


def programs(sockets: Collection[int], processes: Path = Path("/proc")) -> dict[int, list[str]]:
    """The commands of the programs that hold these sockets."""
    wanted = {f"socket:[{number}]": number for number in sockets}
    found: dict[int, list[str]] = {}
    for process in processes.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            for number in filter(None, map(wanted.get, map(_leads_to, (process / "fd").iterdir()))):
                found[number] = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
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


def applications(not_these: Iterable[int], tables: Iterable[Path] = TABLES) -> list[tuple[int, str, str]]:
    """The ports on which an application may listen, with its program and where below `proxy/` it is seen.

    :param not_these: the kernels' own.
    """
    ports: dict[int, int] = {}
    for table in tables:
        if table.exists():
            ports |= listening(table.read_text(encoding="ascii"))
    ports = {port: number for port, number in ports.items() if port not in set(not_these)}
    commands = programs(ports.values())
    found = []
    for port, number in sorted(ports.items()):
        command = commands.get(number, [])
        whole = f"absolute/{port}"  # it was told its path, and answers nowhere else
        path = whole if any(word.endswith(f"/proxy/{whole}") for word in command) else str(port)
        found.append((port, _name(command), path))
    return [each for each in found if not any(word in each[1] for word in NOT_APPLICATIONS)]
