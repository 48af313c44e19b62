"""Whether the service that reads copies answers: `python3 -m homeroom_copies.health`. Run often, it loads little."""

from __future__ import annotations

import socket
import sys

SOCKET = "/run/reader/reader.sock"
CHECK_SECONDS = 10.0


def answers(path: str) -> bool:
    """Whether a reader answers at a socket."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(CHECK_SECONDS)
            client.connect(path)
            client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            return client.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(SOCKET) else 1)
