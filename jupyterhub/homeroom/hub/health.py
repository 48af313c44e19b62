"""The hub's healthcheck: `python -m homeroom.hub.health` ends with 0 when the hub answers on its socket.

Standard library only: it runs every few seconds.
"""

from __future__ import annotations

import socket
import sys

from homeroom.contract import sockets


def answers(base_url: str, timeout_seconds: float = 3.0) -> bool:
    """Whether the hub's API answers 200 on its socket."""
    request = f"GET {base_url}hub/api/ HTTP/1.0\r\nHost: hub\r\n\r\n"
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_seconds)
            connection.connect(str(sockets.HUB / "hub.sock"))
            connection.sendall(request.encode())
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(sys.argv[1]) else 1)
