"""The hand-in desk, as a lab asks it: by its own socket, which says who asks. No network and no token is needed."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import tarfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

SOCKET = "/run/lab/desk.sock"
WAIT_SECONDS = 15.0
"""For how long a lab that has just started waits for the desk to open for it."""
PAGE_WAIT_SECONDS = 1.0
"""For how long a page of the lab's server does: nothing else is answered meanwhile."""
TIMEOUT_SECONDS = 180.0
LEFT_OUT = frozenset({".ipynb_checkpoints", "__pycache__", ".git", ".nbgrader.log"})


class NotTaken(Exception):
    """The desk did not do what it was asked for; says why.

    :param is_full: its disk is.
    """

    def __init__(self, why: str, *, is_full: bool = False) -> None:
        super().__init__(why)
        self.is_full = is_full


class NoDesk(NotTaken):
    """This lab has none."""


class Desk(http.client.HTTPConnection):
    """A connection to the desk."""

    def __init__(self, path: str = "") -> None:
        super().__init__("desk", timeout=TIMEOUT_SECONDS)
        self.path = path or SOCKET

    def connect(self) -> None:
        """Connect to this lab's socket. :raises NoDesk: there is none."""
        ends = time.monotonic() + min(WAIT_SECONDS, PAGE_WAIT_SECONDS if _in_server() else WAIT_SECONDS)
        while True:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(TIMEOUT_SECONDS)
            try:
                self.sock.connect(self.path)
            except OSError:
                self.sock.close()
                if time.monotonic() > ends:
                    raise NoDesk("There is no hand-in desk for this lab: you take no course here.") from None
                time.sleep(0.2)
            else:
                return


def _in_server() -> bool:
    """Whether everything that this thread serves waits with it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _Chunks:
    """Sends what is written to it as the pieces of a request's body."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def write(self, data: bytes) -> int:
        """Send a piece."""
        if data:
            self._desk.send(b"%x\r\n%b\r\n" % (len(data), data))
        return len(data)


def ask(path: str, socket_path: str = "", method: str = "GET") -> dict[str, Any]:
    """What the desk answers to a question. :raises NotTaken: it refuses, or is away."""
    with closing(Desk(socket_path)) as desk:
        desk.request(method, path)
        return answer_of(desk)


def send(method: str, path: str, folder: Path, files: Iterable[Path], socket_path: str = "") -> dict[str, Any]:
    """Send files of a folder, each as it is read, and return the answer. :raises NotTaken: they were not taken."""

    def write(body: _Chunks) -> None:
        with tarfile.open(fileobj=body, mode="w|") as archive:  # type: ignore[call-overload]
            for file in files:
                archive.add(file, str(file.relative_to(folder)), recursive=False)

    return _send(method, path, write, socket_path)


def send_whole(method: str, path: str, archive: Iterable[bytes], socket_path: str = "") -> dict[str, Any]:
    """Send a tar, each piece as it comes, and return the answer. :raises NotTaken: it was not taken."""

    def write(body: _Chunks) -> None:
        for piece in archive:
            body.write(piece)

    return _send(method, path, write, socket_path)


def _send(method: str, path: str, write: Callable[[_Chunks], None], socket_path: str) -> dict[str, Any]:
    with closing(Desk(socket_path)) as desk:
        with suppress(BrokenPipeError, ConnectionResetError):  # the desk has said no already: its answer is there
            desk.putrequest(method, path)
            desk.putheader("Content-Type", "application/x-tar")
            desk.putheader("Transfer-Encoding", "chunked")
            desk.endheaders()
            write(_Chunks(desk))
            desk.send(b"0\r\n\r\n")
        return answer_of(desk)


def fetch(path: str, target: Path, socket_path: str = "") -> str:
    """Lay the files that the desk sends into a folder; returns which version they are, where it says so.

    :raises NotTaken: it sends none, or not all.
    """
    with closing(Desk(socket_path)) as desk:
        desk.request("GET", path)
        try:
            answer = desk.getresponse()
            if answer.status >= 300:
                raise NotTaken(str(json.loads(answer.read()).get("error", answer.status)))
            with tarfile.open(fileobj=answer, mode="r|") as archive:
                archive.extractall(target, filter="data")
            answer.read()
            return answer.headers.get("ETag", "")
        except (ConnectionError, TimeoutError, http.client.HTTPException, ValueError, tarfile.TarError):
            raise NotTaken("The hand-in desk does not answer, or not to the end. Please try again.") from None


def answer_of(desk: Desk) -> dict[str, Any]:
    """What the desk has answered. :raises NotTaken: it refuses, or is away."""
    try:
        answer = desk.getresponse()
        values = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        raise NotTaken("The hand-in desk does not answer. Nothing was handed in; please try again.") from None
    if answer.status >= 300:
        is_full = answer.status == http.client.INSUFFICIENT_STORAGE
        raise NotTaken(str(values.get("error", answer.status)), is_full=is_full)
    found: dict[str, Any] = values
    return found


def files_of(folder: Path, left_out: Collection[str] = LEFT_OUT) -> Iterator[Path]:
    """The files below a folder. :raises NotTaken: one is a link or something else that the desk does not take."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - set(left_out))
        for name in sorted({*files, *folders} - set(left_out)):
            path = Path(place, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise NotTaken(f"{path} is a link or no plain file. Put the file itself there.")
            if path.is_file():
                yield path
