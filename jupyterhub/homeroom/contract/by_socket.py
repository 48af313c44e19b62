"""HTTP over a Unix socket, with the standard library alone."""

from __future__ import annotations

import contextlib
import http.client
import socket
from pathlib import Path

CHECK_SECONDS = 5.0


class BySocket(http.client.HTTPConnection):
    """A connection to the service that listens on a socket.

    :param host: whom the request names.
    """

    def __init__(self, path: str, host: str, *, timeout: float) -> None:
        super().__init__(host, timeout=timeout)
        self.path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def answers(path: Path, host: str, question: str, *, status: int = 200, seconds: float = CHECK_SECONDS) -> bool:
    """Whether somebody answers a question at a socket, as it should be and soon.

    :param question: the address that is asked for.
    :param status: of the answer that it should be.
    """
    try:
        with contextlib.closing(BySocket(str(path), host, timeout=seconds)) as asked:
            asked.request("GET", question)
            return asked.getresponse().status == status
    except (OSError, http.client.HTTPException):
        return False
