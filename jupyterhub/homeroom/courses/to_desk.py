"""How a container of the guard's, which sees one socket of the desk's, sends files there."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import tarfile
import time
from collections.abc import Callable
from typing import Any

from homeroom.contract.by_socket import BySocket
from homeroom.contract.mounts import LAB_SOCKETS_TARGET

SOCKET = f"{LAB_SOCKETS_TARGET}/desk.sock"
WAIT_SECONDS = 60.0
"""For how long it waits for the desk to open the socket."""
TIMEOUT_SECONDS = 180.0
FULL = http.client.INSUFFICIENT_STORAGE


class NotTaken(Exception):
    """The desk did not take it; says why.

    :param is_full: its disk is.
    """

    def __init__(self, why: str, *, is_full: bool = False) -> None:
        super().__init__(why)
        self.is_full = is_full


class _Chunks:
    """Sends what is written to it as the pieces of a request's body."""

    def __init__(self, desk: http.client.HTTPConnection) -> None:
        self._desk = desk

    def write(self, data: bytes) -> int:
        """Send a piece."""
        if data:
            self._desk.send(b"%x\r\n%b\r\n" % (len(data), data))
        return len(data)


def send(
    route: str, write: Callable[[tarfile.TarFile], None], path: str = SOCKET, seconds: float = TIMEOUT_SECONDS
) -> dict[str, Any]:
    """Send what `write` writes, and return what the desk says of it.

    :param seconds: how long each step may take.
    :raises NotTaken: it was not taken.
    """
    ends = time.monotonic() + WAIT_SECONDS
    while not _answers(path):
        if time.monotonic() > ends:
            raise NotTaken("the hand-in desk does not open")
        time.sleep(0.2)
    with contextlib.closing(BySocket(path, "desk", timeout=seconds)) as desk:
        try:
            desk.putrequest("POST", route)
            desk.putheader("Content-Type", "application/x-tar")
            desk.putheader("Transfer-Encoding", "chunked")
            desk.endheaders()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the answer says why
                with tarfile.open(fileobj=_Chunks(desk), mode="w|", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
                    write(archive)
                desk.send(b"0\r\n\r\n")
            answer = desk.getresponse()
            said: dict[str, Any] = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotTaken(f"the hand-in desk does not answer: {error}") from None
    if answer.status >= 300:
        raise NotTaken(str(said.get("error", answer.status)), is_full=answer.status == FULL)
    return said


def _answers(path: str) -> bool:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as tried:
        return tried.connect_ex(path) == 0
