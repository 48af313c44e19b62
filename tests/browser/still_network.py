"""A network in which nothing ever changes, for Chromium.

Chromium gives up whatever it is loading (ERR_NETWORK_CHANGED) when an interface of the machine comes, goes or gets an
address, and each container that starts or ends makes that happen. In a network namespace of its own it sees none of it;
a SOCKS proxy there, whose own connections are made outside, takes it to the tests' deployments.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
SUCCEEDED = b"\5\0\0\1" + bytes(6)


@contextmanager
def still_network() -> Iterator[tuple[str, int]]:
    """A namespace for as long as the body runs: the path by which to enter it, and the proxy's port in it."""
    ready, over = threading.Event(), threading.Event()
    listening: list[tuple[str, socket.socket]] = []

    def inhabit() -> None:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):  # of this thread alone
            raise OSError(ctypes.get_errno(), "no network namespace can be made")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        made = socket.create_server(("127.0.0.1", 0))
        listening.append((f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net", made))
        ready.set()
        over.wait()

    threading.Thread(target=inhabit, daemon=True).start()
    assert ready.wait(10), "no network namespace was made"
    path, made = listening[0]
    with ThreadingTCPServer(made.getsockname(), Socks, bind_and_activate=False) as server:
        server.socket.close()
        server.socket, server.daemon_threads = made, True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield path, made.getsockname()[1]
        finally:
            server.shutdown()
            over.set()


class Socks(BaseRequestHandler):
    """One connection by SOCKS 5, to wherever it is asked for. https://www.rfc-editor.org/rfc/rfc1928"""

    def handle(self) -> None:
        """Carry it until one side ends it."""
        with suppress(OSError):
            inner: socket.socket = self.request
            self._read(self._read(2)[1])
            inner.sendall(b"\5\0")
            kind = self._read(4)[3]
            host = self._read(self._read(1)[0]).decode() if kind == 3 else socket.inet_ntoa(self._read(4))
            host = "127.0.0.1" if host.endswith(".test") else host  # names for tests, RFC 6761
            with socket.create_connection((host, *struct.unpack(">H", self._read(2)))) as outer:
                inner.sendall(SUCCEEDED)
                back = threading.Thread(target=carry, args=(outer, inner), daemon=True)
                back.start()
                carry(inner, outer)
                back.join()

    def _read(self, count: int) -> bytes:
        found: bytes = self.request.recv(count, socket.MSG_WAITALL)
        if len(found) < count:
            raise ConnectionResetError
        return found


def carry(one: socket.socket, other: socket.socket) -> None:
    """Send on whatever comes, and the end of it."""
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)
