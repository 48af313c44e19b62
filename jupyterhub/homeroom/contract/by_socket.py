"""HTTP over a Unix socket, with the standard library alone."""

from __future__ import annotations

import http.client
import socket


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
