"""Where labs, hub and proxy meet: Unix sockets in shared volumes, none of them on a network."""

from __future__ import annotations

import hashlib
import stat
from functools import partial
from pathlib import Path
from urllib.parse import quote

LABS = Path("/run/labs")
"""Every lab's directory, as the hub and the proxy see it (volume `lab-sockets`); the guard makes them."""

LAB = Path("/run/lab")
"""A lab's own directory, as the lab sees it: one subdirectory of LABS."""

HUB = Path("/run/hub")
"""The hub's directory (volume `hub-socket`); the directory is mounted, so a restarted hub's new socket is seen."""

SHARED_GROUP = "100"
"""The group (`users` in Debian and in Jupyter's images) that hub, proxy and labs have in common, and no one else."""

SCHEME = "http+unix"

WAITING_CALLERS = 4096
"""Callers that the hub's socket holds while the hub is busy; the system's own limit is the same."""


def hold_waiting_callers() -> None:
    """Have the sockets that this process opens from now on hold WAITING_CALLERS, instead of tornado's 128.

    A Unix socket that is full refuses the next caller at once, whom the proxy then tells 503: half of a large class.
    """
    from tornado import netutil

    netutil.bind_unix_socket = partial(netutil.bind_unix_socket, backlog=WAITING_CALLERS)


def url(socket: Path) -> str:
    """The address of a socket as JupyterHub and the proxy write it: `http+unix://%2Frun%2F...`."""
    return f"{SCHEME}://" + quote(str(socket), safe="")


def directory_name(user: str, server: str) -> str:
    """The name of a lab's directory: short whatever the names are, since a socket's path holds 107 bytes at most."""
    return hashlib.sha256(f"{user}\0{server}".encode()).hexdigest()[:24]


def is_socket(path: Path) -> bool:
    """Whether there is a socket, and not a link to another lab's that the lab's owner laid there."""
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False
