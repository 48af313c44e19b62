"""Where labs, hub and proxy meet: Unix sockets in shared volumes, none of them on a network."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

LABS = Path("/run/labs")
"""Every lab's directory, as the hub and the proxy see it (volume `lab-sockets`)."""

LAB = Path("/run/lab")
"""A lab's own directory, as the lab sees it: one subdirectory of LABS."""

HUB = Path("/run/hub")
"""The hub's directory (volume `hub-socket`); the directory is mounted, so a restarted hub's new socket is seen."""

SHARED_GROUP = "100"
"""The group (`users` in Debian and in Jupyter's images) that hub, proxy and labs have in common, and nobody else."""


def url(socket: Path) -> str:
    """The address of a socket as JupyterHub and the proxy write it: `http+unix://%2Frun%2F...`."""
    return "http+unix://" + quote(str(socket), safe="")


def directory_name(user: str, server: str) -> str:
    """The name of a lab's directory: short whatever the names are, since a socket's path holds 107 bytes at most."""
    return hashlib.sha256(f"{user}\0{server}".encode()).hexdigest()[:24]


def prepare_directory(directory: Path) -> None:
    """Make a lab's directory, for its group alone, without the socket of an earlier lab.

    Mode 2770: the lab makes its socket there, and the socket takes the shared group, whatever user the image runs as.
    """
    directory.mkdir(exist_ok=True)
    os.chown(directory, -1, int(SHARED_GROUP))
    directory.chmod(0o2770)
    (directory / "lab.sock").unlink(missing_ok=True)
